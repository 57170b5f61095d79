#include "services/store/syncs.hpp"

#include <algorithm>
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

// States are the numbers of queue/job.hpp: 0 waiting, 1 scheduled, 2 blocked, 4 unknown, 5 parked, below 6 open.

/// Jobs of the lane (?2) that cannot go on by themselves: parked ones, those that wait for the next sync or for a key
/// without an open job, and from them along the waits. A stuck follow-up does not hold back who waits for its key, as
/// the job that it follows may still bring it; a follow-up is stuck with the job that it follows.
#define SPILLWAY_STUCK                                                                                               \
    "WITH RECURSIVE lane(id) AS (SELECT id FROM lanes WHERE name = ?2),"                                             \
    " missing(key) AS (SELECT k.key FROM (SELECT DISTINCT key FROM waits WHERE lane_id = (SELECT id FROM lane)) k"   \
    "  WHERE NOT EXISTS (SELECT 1 FROM jobs o INDEXED BY jobs_open_key WHERE o.open = 1 AND o.lane_id = (SELECT id " \
    "FROM lane)"                                                                                                     \
    "  AND o.key = k.key)),"                                                                                         \
    " stuck(id, key, follow_up) AS ("                                                                                \
    "  SELECT id, key, follow_up FROM jobs INDEXED BY jobs_lane_changed WHERE lane_id = (SELECT id FROM lane)"       \
    "   AND state = 5 AND state NOT IN (0, 4)"                                                                       \
    "  UNION SELECT j.id, j.key, j.follow_up FROM missing m CROSS JOIN waits w ON w.lane_id = (SELECT id FROM lane)" \
    "   AND w.key = m.key JOIN jobs j ON j.id = w.job_id WHERE j.state = 2"                                          \
    "  UNION SELECT j.id, j.key, j.follow_up FROM stuck s CROSS JOIN waits w ON w.lane_id = (SELECT id FROM lane)"   \
    "   AND w.key = s.key JOIN jobs j ON j.id = w.job_id WHERE s.follow_up = 0 AND j.state = 2"                      \
    "  UNION SELECT j.id, j.key, 1 FROM stuck s CROSS JOIN jobs j INDEXED BY jobs_open_key ON j.open = 1 AND "       \
    "j.lane_id = (SELECT id FROM lane)"                                                                              \
    "   AND j.key = s.key AND j.follow_up = 1 WHERE s.follow_up = 0) "

bool any(SQLite::Statement& statement) {
    return first_row(statement, [](SQLite::Statement&) { return true; }).has_value();
}

std::int64_t count_stuck(Connection& connection, const SyncRow& sync) {
    const auto count = first_row(
        query(connection,
              SPILLWAY_STUCK "SELECT count(*) FROM stuck s JOIN sync_jobs y ON y.sync_id = ?1 AND y.job_id = s.id"
                             " JOIN jobs j ON j.id = s.id WHERE j.state = 2",
              sync.id.value, sync.connection.value),
        [](SQLite::Statement& row) { return integer(row, 0); });
    return count.value_or(0);
}

/// Whether the lane of the sync has jobs that move, in the sync or not.
bool lane_moves(Connection& connection, const SyncRow& sync) {
    return any(query(connection,
                     "SELECT 1 FROM lane_counts WHERE lane_id = (SELECT id FROM lanes WHERE name = ?1)"
                     " AND state IN (0, 1, 4) AND jobs > pruned LIMIT 1",
                     sync.connection.value));
}

/// Whether a job of the sync is waiting, scheduled or unknown. Walks the open jobs of the lane and stops at the first
/// such one: the ended ones, by far the most, cost nothing; where all that is left is blocked, neither do they.
bool any_moving(Connection& connection, const SyncRow& sync) {
    if (!lane_moves(connection, sync)) return false;
    return any(query(connection,
                     "SELECT 1 FROM jobs j INDEXED BY jobs_open_key WHERE j.open = 1 AND j.lane_id ="
                     " (SELECT id FROM lanes WHERE name = ?2) AND j.state IN (0, 1, 4) AND EXISTS (SELECT 1 FROM"
                     " sync_jobs y WHERE y.sync_id = ?1 AND y.job_id = j.id) LIMIT 1",
                     sync.id.value, sync.connection.value));
}

/// Whether a job of the sync is blocked; the oldest change first, to stop at the first one.
bool any_blocked(Connection& connection, const SyncRow& sync) {
    return any(query(connection,
                     "SELECT 1 FROM jobs j INDEXED BY jobs_lane_changed WHERE j.lane_id ="
                     " (SELECT id FROM lanes WHERE name = ?2) AND j.state = 2 AND j.state NOT IN (0, 4) AND EXISTS"
                     " (SELECT 1 FROM sync_jobs y WHERE y.sync_id = ?1 AND y.job_id = j.id) ORDER BY j.changed_ms"
                     " LIMIT 1",
                     sync.id.value, sync.connection.value));
}

/// Whether a blocked job of the sync waits, at some distance, for one that is on its way: one accepted after the sync
/// began. Where none does, all that is blocked is stuck, and nobody needs to know by what: the walk along every wait of
/// a lane (1 s for 140,000 blocked jobs) is left out in all but rare moments.
bool any_behind_moving(Connection& connection, const SyncRow& sync) {
    if (!lane_moves(connection, sync)) return false;
    return any(
        query(connection,
              "WITH RECURSIVE lane(id) AS (SELECT id FROM lanes WHERE name = ?2), moving(id, key) AS ("
              " SELECT id, key FROM jobs INDEXED BY jobs_open_key WHERE open = 1 AND lane_id = (SELECT id FROM lane)"
              " AND state IN (0, 1, 4)"
              " UNION SELECT j.id, j.key FROM moving m CROSS JOIN waits w ON w.lane_id = (SELECT id FROM lane)"
              " AND w.key = m.key JOIN jobs j ON j.id = w.job_id WHERE j.state = 2)"
              "SELECT 1 FROM moving m JOIN sync_jobs y ON y.sync_id = ?1 AND y.job_id = m.id JOIN jobs j"
              " ON j.id = m.id WHERE j.state = 2 LIMIT 1",
              sync.id.value, sync.connection.value));
}

}  // namespace

std::int64_t insert_sync(Connection& connection, const SyncRow& sync) {
    run(connection,
        "INSERT INTO syncs (id, connection_id, state, total, requested_by, created_ms) VALUES (?1, ?2, 'running', 0, "
        "?3, ?4)",
        sync.id.value, sync.connection.value, sync.requested_by, sync.created);
    const int total = run(connection,
                          "INSERT INTO sync_jobs (sync_id, job_id) SELECT ?1, id FROM jobs INDEXED BY jobs_open_key"
                          " WHERE open = 1 AND lane_id = (SELECT id FROM lanes WHERE name = ?2)",
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

namespace {

using ByState = std::vector<std::pair<queue::JobState, std::int64_t>>;

/// The scope was every job of the lane that was open when the sync began, and ids only rise: its open jobs are those up
/// to the last id of the scope, its ended ones those that ended since. Both are counted in an index alone, in half
/// the time that a look at each job of the scope takes.
ByState count_by_state(Connection& connection, const SyncRow& sync) {
    const auto last =
        first_row(query(connection, "SELECT max(job_id) FROM sync_jobs WHERE sync_id = ?1", sync.id.value),
                  [](SQLite::Statement& row) { return integer(row, 0); });
    const auto read = [](SQLite::Statement& row) {
        return std::pair(static_cast<queue::JobState>(integer(row, 0)), integer(row, 1));
    };
    auto counts = rows(query(connection,
                             "SELECT state, count(*) FROM jobs INDEXED BY jobs_open WHERE open = 1 AND id <= ?2 AND"
                             " lane_id = (SELECT id FROM lanes WHERE name = ?1) GROUP BY state",
                             sync.connection.value, last),
                       read);
    const auto ended = rows(query(connection,
                                  "SELECT state, count(*) FROM jobs j INDEXED BY jobs_lane_changed WHERE lane_id ="
                                  " (SELECT id FROM lanes WHERE name = ?1) AND state BETWEEN 6 AND 10 AND state NOT IN"
                                  " (0, 4) AND changed_ms >= ?3 AND id <= ?2 AND (changed_ms > ?3 OR EXISTS (SELECT 1"
                                  " FROM sync_jobs y WHERE y.sync_id = ?4 AND y.job_id = j.id)) GROUP BY state",
                                  sync.connection.value, last, sync.created, sync.id.value),
                            read);
    counts.insert(counts.end(), ended.begin(), ended.end());
    return counts;
}

}  // namespace

SyncProgress sync_progress(Connection& connection, const SyncRow& sync) {
    SyncProgress progress;
    std::int64_t blocked = 0, open = 0, counted = 0;
    bool moving = false;
    progress.by_state = count_by_state(connection, sync);
    for (const auto& [state, count] : progress.by_state) {
        counted += count;
        if (queue::is_ended(state))
            progress.ended += count;
        else if (state == queue::JobState::parked)
            progress.parked += count;
        else
            open += count;
        if (state == queue::JobState::blocked) blocked = count;
        moving = moving ||
                 (!queue::is_ended(state) && state != queue::JobState::blocked && state != queue::JobState::parked);
    }
    progress.ended += std::max<std::int64_t>(0, sync.total - counted);  // those that retention has deleted had ended
    // What is stuck is asked only once nothing moves any more: before, the walk along the waits would cost most when
    // the answer matters least.
    if (blocked > 0 && !moving)
        progress.blocked_by_parked = any_behind_moving(connection, sync) ? count_stuck(connection, sync) : blocked;
    progress.left = open - progress.blocked_by_parked;
    return progress;
}

std::optional<queue::JobState> state_in_sync(Connection& connection, const SyncRow& sync, queue::JobId job) {
    return first_row(query(connection,
                           "SELECT j.state FROM sync_jobs y JOIN jobs j ON j.id = y.job_id"
                           " WHERE y.sync_id = ?1 AND y.job_id = ?2",
                           sync.id.value, job),
                     [](SQLite::Statement& row) { return static_cast<queue::JobState>(integer(row, 0)); });
}

bool sync_done(Connection& connection, const SyncRow& sync) {
    if (any_moving(connection, sync)) return false;
    if (!any_blocked(connection, sync) || !any_behind_moving(connection, sync)) return true;
    return !any(query(connection,
                      SPILLWAY_STUCK
                      "SELECT 1 FROM jobs j INDEXED BY jobs_lane_changed WHERE j.lane_id = (SELECT id FROM lane) AND"
                      " j.state = 2 AND j.state NOT IN (0, 4) AND EXISTS (SELECT 1 FROM sync_jobs y WHERE y.sync_id = "
                      "?1 AND y.job_id = j.id)"
                      " AND j.id NOT IN (SELECT id FROM stuck) LIMIT 1",
                      sync.id.value, sync.connection.value));
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
