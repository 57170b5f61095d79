#pragma once
// Syncs: a scope of jobs frozen at the start, and how far they are. Two syncs share jobs.

#include "queue/job.hpp"
#include "schema/ids.hpp"
#include "services/store/sql.hpp"

namespace spillway::store {

struct SyncRow {
    SyncId id;
    ConnectionId connection;
    std::string state = "running";  ///< running | done
    std::int64_t total = 0;
    std::string requested_by;
    WallTime created{};
    std::optional<WallTime> finished{};
};

/// How the jobs of a sync stand. `blocked_by_parked` of those in state blocked cannot go on by themselves: they wait,
/// at the root, for a parked job, for a key without an open job (it was never submitted), or for the next sync.
/// Counted only while nothing else is left that could still move.
struct SyncProgress {
    std::vector<std::pair<queue::JobState, std::int64_t>> by_state;
    std::int64_t ended = 0, parked = 0, blocked_by_parked = 0, left = 0;
    /// Each is ended, parked, or blocked by what the sync cannot bring.
    [[nodiscard]] bool done() const { return left == 0; }
};

/// Writes the sync with every open job of its connection as its scope. @return how many there are.
std::int64_t insert_sync(Connection& connection, const SyncRow& sync);
std::optional<SyncRow> get_sync(Connection& connection, const SyncId& id);
/// Newest first behind (created, id) of the last row.
std::vector<SyncRow> list_syncs(Connection& connection, const ConnectionId& owner,
                                std::optional<std::pair<std::int64_t, std::string>> after, std::size_t limit);
SyncProgress sync_progress(Connection& connection, const SyncRow& sync);
/// The state of a job of that sync as stored; nothing when it is not of the sync.
std::optional<queue::JobState> state_in_sync(Connection& connection, const SyncRow& sync, queue::JobId job);
/// sync_progress(...).done(), for who asks often: ends at the first job that is still on its way, and looks at what
/// blocks what only when there is none. Safe on a reader and in a transaction.
bool sync_done(Connection& connection, const SyncRow& sync);
/// Running -> done, with its event. @return false when it was done already.
bool finish_sync(Connection& connection, const SyncRow& sync, WallTime now);
/// Syncs of a connection that are still running.
std::vector<SyncRow> running_syncs(Connection& connection, const ConnectionId& owner);

}  // namespace spillway::store
