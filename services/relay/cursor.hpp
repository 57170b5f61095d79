#pragma once
// Where the relay stands in the outbox, and what a look at the database means for it. Pure: no I/O, no clock.

#include "services/relay/payment_db.hpp"

namespace spillway::relay {

/// Durable, and changed only in the transaction that takes rows in (or notes an empty step).
struct Cursor {
    Identity identity;
    Snapshot seen;  ///< every row that it shows has been taken in
    /// The step under way: rows that `target` shows and `seen` does not, taken in ascending order of ids.
    std::optional<Snapshot> target{};
    std::int64_t after = 0;  ///< of the step: rows up to this id are in
    /// Set while the retention is read again: rows older than that are left, for their event ids may be forgotten.
    std::optional<WallTime> reread_since{};
    /// The newest row taken in: when it is gone or another, the database was set back.
    std::int64_t last_id = 0;
    std::string last_event{};
    WallTime last_at{};
};

enum class Verdict {
    first,        ///< no cursor yet
    go_on,        ///< the same database, later
    behind,       ///< a replica that has not got as far as the cursor: wait
    failed_over,  ///< the same database on another timeline: commits may be lost, ids given out again
    rewound,      ///< the same timeline, set back (a file copy, a machine's snapshot)
    other,        ///< not the database that the cursor belongs to
};
std::string_view to_string(Verdict verdict);

/// What a first look through a new session, or any later snapshot, says. `now` is as the database gave it.
Verdict judge(const std::optional<Cursor>& cursor, const Identity& identity, const Snapshot& now);

/// Whether the row that stands where the cursor's last one stood proves that time went back. A missing row does within
/// `kept`, for which the platform promises not to delete.
bool last_row_proves_rewind(const Cursor& cursor, const std::optional<OutboxRow>& found, WallTime now, Millis kept);

/// Fixes the next step. Nothing when there is none: everything that `now` shows has been seen.
void begin_step(Cursor& cursor, const Snapshot& now);
/// The step under way is complete.
void end_step(Cursor& cursor);
/// Everything again, from rows written since `since` on.
Cursor start_over(const Identity& identity, std::optional<WallTime> since);

}  // namespace spillway::relay
