#include "services/store/retention.hpp"

#include "queue/sqlite/prune.hpp"

namespace spillway::store {
namespace {

constexpr std::int64_t kRowsAtOnce = 200;

/// The oldest rows of a table whose ids rise with time, up to the first that is younger.
std::vector<std::int64_t> old_ids(SQLite::Statement& oldest, WallTime before) {
    std::vector<std::int64_t> ids;
    while (oldest.executeStep() && time(oldest, 1) < before) ids.push_back(integer(oldest, 0));
    oldest.reset();
    return ids;
}

std::int64_t delete_attempts(Connection& connection, WallTime before) {
    const auto ids =
        old_ids(query(connection, "SELECT id, at_ms FROM attempts ORDER BY id LIMIT ?1", kRowsAtOnce), before);
    for (const std::int64_t id : ids) run(connection, "DELETE FROM attempts WHERE id = ?1", id);
    return static_cast<std::int64_t>(ids.size());
}

std::int64_t delete_events(Connection& connection, WallTime before) {
    const auto ids =
        old_ids(query(connection, "SELECT seq, at_ms FROM events ORDER BY seq LIMIT ?1", kRowsAtOnce), before);
    for (const std::int64_t id : ids) run(connection, "DELETE FROM events WHERE seq = ?1", id);
    return static_cast<std::int64_t>(ids.size());
}

/// A sync goes once its jobs' places are gone.
std::int64_t delete_syncs(Connection& connection, WallTime before) {
    const auto sync =
        first_row(query(connection, "SELECT id FROM syncs WHERE state = 'done' AND finished_ms < ?1 LIMIT 1", before),
                  [](SQLite::Statement& row) { return text(row, 0); });
    if (!sync) return 0;
    const int places = run(connection,
                           "DELETE FROM sync_jobs WHERE sync_id = ?1 AND job_id IN (SELECT job_id FROM sync_jobs WHERE "
                           "sync_id = ?1 LIMIT ?2)",
                           *sync, kRowsAtOnce);
    if (places < kRowsAtOnce) run(connection, "DELETE FROM syncs WHERE id = ?1", *sync);
    return places + 1;
}

struct OldCall {
    std::int64_t row = 0;
    std::string key;
    bool deletable = false;
    bool old = false;
};

/// By row id, which rises with time: what a call holds is too big to be read past. One that is still open is left
/// behind.
std::int64_t delete_calls(Connection& connection, WallTime before, RetentionCursor& cursor) {
    constexpr std::int64_t kCallsAtOnce = 50;  // each with a body of up to hundreds of kilobytes
    const auto calls =
        rows(query(connection,
                   "SELECT c.rowid, c.key, c.state = 'closed' AND NOT EXISTS (SELECT 1 FROM intents i WHERE i.call_key "
                   "= c.key AND"
                   " i.state = 'open'), c.sent_ms < ?2 AND coalesce(c.closed_ms, 0) < ?2"
                   " FROM calls c WHERE c.rowid > ?1 ORDER BY c.rowid LIMIT ?3",
                   cursor.call, before, kCallsAtOnce),
             [](SQLite::Statement& row) { return OldCall{integer(row, 0), text(row, 1), flag(row, 2), flag(row, 3)}; });
    std::int64_t looked_at = 0;
    for (const OldCall& call : calls) {
        if (!call.old) break;
        cursor.call = call.row;
        ++looked_at;
        if (!call.deletable) continue;
        run(connection, "DELETE FROM intents WHERE call_key = ?1", call.key);
        run(connection, "DELETE FROM calls WHERE key = ?1", call.key);
    }
    return looked_at;
}

std::int64_t delete_replays(Connection& connection, WallTime before) {
    return run(connection,
               "DELETE FROM replays WHERE id IN (SELECT id FROM replays WHERE state <> 'running' AND created_ms < ?1 "
               "LIMIT ?2)",
               before, kRowsAtOnce);
}

/// A pending one stays: its receiver has not had it.
std::int64_t delete_deliveries(Connection& connection, WallTime before) {
    return run(connection,
               "DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries WHERE done_ms < ?1"
               " ORDER BY done_ms LIMIT ?2)",
               before, kRowsAtOnce);
}

std::int64_t delete_audit(Connection& connection, WallTime before, RetentionCursor& cursor) {
    std::int64_t deleted = delete_attempts(connection, before);
    if (deleted == 0) deleted = delete_calls(connection, before, cursor);
    if (deleted == 0) deleted = delete_events(connection, before);
    if (deleted == 0) deleted = delete_replays(connection, before);
    if (deleted == 0) deleted = delete_deliveries(connection, before);
    return deleted;
}

}  // namespace

std::int64_t retention_step(queue::Transaction& transaction, const Retention& retention, RetentionCursor& cursor) {
    Connection& connection = queue::sqlite::connection_of(transaction);
    std::int64_t deleted = 0;
    if (retention.jobs_before) {
        deleted = queue::sqlite::prune_ended(transaction, *retention.jobs_before);
        if (deleted == 0) deleted = delete_syncs(connection, *retention.jobs_before);
    }
    if (deleted == 0 && retention.audit_before) deleted = delete_audit(connection, *retention.audit_before, cursor);
    return deleted;
}

}  // namespace spillway::store
