#pragma once
// Retention: what has ended goes after a while, its counts stay.

#include "queue/sqlite/sqlite_store.hpp"

namespace spillway::queue::sqlite {

/// Jobs that one step deletes at most: a few milliseconds on the storage thread.
inline constexpr std::size_t kPrunedAtOnce = 100;

/// Deletes the oldest ended jobs that have not changed since `before`, with their bodies and histories;
/// `lane_counts.pruned` says how many are gone. Jobs that are open, parked ones included, stay whatever their age.
/// @return how many: 0 when none is left.
std::int64_t prune_ended(Transaction& transaction, WallTime before);

}  // namespace spillway::queue::sqlite
