#pragma once
// Entries of the spill file become what they would have become at once: versions and jobs, in order, each exactly once.
// The mark moves in the same transaction.

#include "queue/spill_file.hpp"
#include "services/spill/entry.hpp"

namespace spillway::spill {

/// One entry, made ready off the loop and off the storage thread.
struct Ready {
    std::uint64_t sequence = 0;
    std::string payload;
    std::optional<Entry> entry{};                   ///< absent: it cannot be read
    std::optional<store::PreparedRecord> record{};  ///< absent for a void
    std::optional<Error> refused{};                 ///< why it cannot be taken in
};
Ready make_ready(const queue::SpillEntry& entry);

/// What became of entries.
struct Merged {
    std::int64_t accepted = 0, unchanged = 0, superseded = 0;
    std::int64_t repeated = 0;  ///< the Idempotency-Key was answered before: nothing to do
    std::int64_t refused = 0;
    Merged& operator+=(const Merged& other);
};

/// The highest sequence that the store has taken in.
std::uint64_t spill_mark(store::Connection& connection);

/// Takes in what lies above the mark and moves it. Refusals are noted (event, row) and hold up nothing. Errors: the
/// store's and the queue's own; roll back then.
Result<Merged> merge(queue::Transaction& transaction, const std::vector<Ready>& entries, WallTime now);

}  // namespace spillway::spill
