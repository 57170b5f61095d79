#include "services/store/syncs.hpp"

#include <limits>

#include "schema/assert.hpp"
#include "schema/json_text.hpp"
#include "services/store/connections.hpp"
#include "services/store/events.hpp"

namespace spillway::store {
namespace {

#define SPILLWAY_SYNC_COLUMNS "id, connection_id, state, total, requested_by, created_ms, finished_ms"

SyncRow read_sync(SQLite::Statement& row) {
    return {SyncId(text(row, 0)), ConnectionId(text(row, 1)), text(row, 2), integer(row, 3), text(row, 4),
            time(row, 5),         time_or_none(row, 6)};
}

/// States are the numbers of queue/job.hpp: 5 parked, 2 blocked, below 6 open. From every parked job of the lane along
/// the waits: what is blocked because of it.
std::int64_t count_blocked_by_parked(Connection& connection, const SyncRow& sync) {
    const auto count =
        first_row(query(connection,
                        "WITH RECURSIVE lane(id) AS (SELECT id FROM lanes WHERE name = ?2), stuck(key) AS ("
                        " SELECT key FROM jobs WHERE lane_id = (SELECT id FROM lane) AND state = 5"
                        " UNION"
                        " SELECT j.key FROM stuck s JOIN waits w ON w.lane_id = (SELECT id FROM lane) AND w.key = s.key"
                        " JOIN jobs j ON j.id = w.job_id WHERE j.state = 2)"
                        "SELECT count(*) FROM sync_jobs y JOIN jobs j ON j.id = y.job_id"
                        " WHERE y.sync_id = ?1 AND j.state = 2 AND j.key IN (SELECT key FROM stuck)",
                        sync.id.value, sync.connection.value),
                  [](SQLite::Statement& row) { return integer(row, 0); });
    return count.value_or(0);
}

}  // namespace

std::int64_t insert_sync(Connection& connection, const SyncRow& sync) {
    run(connection,
        "INSERT INTO syncs (id, connection_id, state, total, requested_by, created_ms) VALUES (?1, ?2, 'running', 0, "
        "?3, ?4)",
        sync.id.value, sync.connection.value, sync.requested_by, sync.created);
    const int total = run(connection,
                          "INSERT INTO sync_jobs (sync_id, job_id) SELECT ?1, id FROM jobs"
                          " WHERE lane_id = (SELECT id FROM lanes WHERE name = ?2) AND state < 6",
                          sync.id.value, sync.connection.value);
    run(connection, "UPDATE syncs SET total = ?2 WHERE id = ?1", sync.id.value, total);
    return total;
}

std::optional<SyncRow> get_sync(Connection& connection, const SyncId& id) {
    return first_row(query(connection, "SELECT " SPILLWAY_SYNC_COLUMNS " FROM syncs WHERE id = ?1", id.value),
                     read_sync);
}

std::vector<SyncRow> list_syncs(Connection& connection, const ConnectionId& owner,
                                std::optional<std::pair<std::int64_t, std::string>> after, std::size_t limit) {
    const auto [ms, id] = after.value_or(std::pair{std::numeric_limits<std::int64_t>::max(), std::string()});
    return rows(
        query(connection,
              "SELECT " SPILLWAY_SYNC_COLUMNS " FROM syncs WHERE connection_id = ?1 AND (created_ms, id) < (?2, ?3)"
              " ORDER BY created_ms DESC, id DESC LIMIT ?4",
              owner.value, ms, id, limit),
        read_sync);
}

SyncProgress sync_progress(Connection& connection, const SyncRow& sync) {
    SyncProgress progress;
    std::int64_t blocked = 0, open = 0;
    auto& counts = query(connection,
                         "SELECT j.state, count(*) FROM sync_jobs y JOIN jobs j ON j.id = y.job_id"
                         " WHERE y.sync_id = ?1 GROUP BY j.state",
                         sync.id.value);
    while (counts.executeStep()) {
        const auto state = static_cast<queue::JobState>(integer(counts, 0));
        const std::int64_t count = integer(counts, 1);
        progress.by_state.emplace_back(state, count);
        if (queue::is_ended(state))
            progress.ended += count;
        else if (state == queue::JobState::parked)
            progress.parked += count;
        else
            open += count;
        if (state == queue::JobState::blocked) blocked = count;
    }
    if (blocked > 0) progress.blocked_by_parked = count_blocked_by_parked(connection, sync);
    progress.left = open - progress.blocked_by_parked;
    return progress;
}

bool finish_sync(Connection& connection, const SyncRow& sync, WallTime now) {
    const int changed =
        run(connection, "UPDATE syncs SET state = 'done', finished_ms = ?2 WHERE id = ?1 AND state = 'running'",
            sync.id.value, now);
    if (changed == 0) return false;
    const auto owner = get_connection(connection, sync.connection);
    SPILLWAY_ASSERT(owner.has_value());
    JsonText json;
    json.object().member("sync_id", sync.id.value).member("total", sync.total).close();
    append_event(connection, {now, owner->partner, sync.connection, "sync.done", std::move(json).take()});
    return true;
}

std::vector<SyncRow> running_syncs(Connection& connection, const ConnectionId& owner) {
    return rows(query(connection,
                      "SELECT " SPILLWAY_SYNC_COLUMNS " FROM syncs WHERE connection_id = ?1 AND state = 'running'"
                      " ORDER BY created_ms",
                      owner.value),
                read_sync);
}

}  // namespace spillway::store
