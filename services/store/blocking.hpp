#pragma once
// What holds blocked jobs up: the root of a chain of waits, and chains whose root never came.

#include "queue/job.hpp"
#include "services/store/sql.hpp"

namespace spillway::store {

/// The wait-key of jobs that wait for the next sync; no job ever has it.
inline constexpr const char* kPostingKey = "posting";

/// No answer here visits more jobs than this.
inline constexpr std::int64_t kBlockedMax = 1000;

/// Where a chain of waits ends.
struct Blocker {
    std::string key;                         ///< "contact/C1"; kPostingKey: the next sync
    std::optional<queue::JobId> job{};       ///< its open job; nothing: there is none (never submitted, or ended)
    std::optional<queue::JobState> state{};  ///< of that job, as stored (never `running`)
    std::string cause{};                     ///< of that job
    std::int64_t blocks = 0;                 ///< jobs that it holds up, directly or not, at most kBlockedMax
    bool more = false;                       ///< there are more of them
};

/// The root of a blocked job's waits. Where there are several: a parked one first, then one that is missing, then the
/// next sync, then whatever is on its way. Nothing for a job that is not blocked.
std::optional<Blocker> blocker_of(Connection& connection, const queue::Job& job);

/// Jobs of `lane` (nothing: of all), blocked without a change since before `before`, that wait for a key which no open
/// job of their lane has; the longest blocked first. The next sync is no such key. To be asked inside the transaction
/// that parks them (Transaction::park_blocked), else a referent may have come in between. Cost: one index walk over
/// the jobs that are blocked that long, about 3 µs each.
std::vector<queue::JobId> orphans(Connection& connection, const std::optional<std::string>& lane, WallTime before,
                                  std::size_t limit);

}  // namespace spillway::store
