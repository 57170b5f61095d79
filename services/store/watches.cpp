#include "services/store/watches.hpp"

#include <algorithm>

#include "services/store/sql.hpp"

namespace spillway::store {
namespace {

constexpr Millis kLookAtMostEvery{60 * 60 * 1000};

/// Hourly at first, then ever rarer: about thirty looks in seven days.
Millis pause_after(Millis age) { return std::max(kLookAtMostEvery, age / 8); }

Watch read_watch(SQLite::Statement& row) {
    Watch watch;
    watch.id = integer(row, 0);
    watch.connection = text(row, 1);
    watch.provider = text(row, 2);
    watch.tenant = text(row, 3);
    watch.record_id = integer(row, 4);
    watch.record_version = integer(row, 5);
    watch.job_id = integer(row, 6);
    auto object = read_object(text(row, 7));
    SPILLWAY_ASSERT(object.ok());
    watch.object = std::move(*object);
    watch.since = time(row, 8);
    watch.told = text(row, 9);
    return watch;
}

}  // namespace

void add_watch(Connection& connection, const ConnectionId& owner, const Intent& intent, WallTime now) {
    run(connection,
        "INSERT INTO watches (connection_id, record_id, record_version, job_id, object, since_ms, due_ms) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        owner.value, intent.record_id, intent.record_version, intent.job_id, write_object(intent.object), now,
        now + pause_after(Millis{0}));
}

std::vector<std::string> connections_to_watch(Connection& connection, WallTime now) {
    return rows(query(connection,
                      "SELECT DISTINCT w.connection_id FROM watches w JOIN connections c ON c.id = w.connection_id "
                      "WHERE w.due_ms <= ?1 AND c.state = 'active'",
                      now),
                [](SQLite::Statement& row) { return text(row, 0); });
}

std::vector<Watch> due_watches(Connection& connection, const std::string& owner, WallTime now, std::size_t limit) {
    return rows(query(connection,
                      "SELECT w.id, w.connection_id, c.provider, c.tenant_id, w.record_id, w.record_version, w.job_id, "
                      "w.object, w.since_ms, w.told FROM watches w JOIN connections c ON c.id = w.connection_id "
                      "WHERE w.connection_id = ?1 AND w.due_ms <= ?2 AND c.state = 'active' ORDER BY w.due_ms LIMIT ?3",
                      owner, now, limit),
                read_watch);
}

void looked(Connection& connection, const Watch& watch, WallTime now) {
    const auto age = now - watch.since;
    if (age >= kWatched)
        run(connection, "DELETE FROM watches WHERE id = ?1", watch.id);
    else
        run(connection, "UPDATE watches SET due_ms = ?2 WHERE id = ?1", watch.id, now + pause_after(age));
}

void put_off(Connection& connection, const Watch& watch, WallTime now) {
    run(connection, "UPDATE watches SET due_ms = ?2 WHERE id = ?1", watch.id, now + kLookAtMostEvery);
}

void told(Connection& connection, const Watch& watch, const std::string& finding) {
    run(connection, "UPDATE watches SET told = ?2 WHERE id = ?1", watch.id, finding);
}

void forget_watches(Connection& connection, WallTime before) {
    run(connection,
        "DELETE FROM watches WHERE since_ms < ?1 AND connection_id IN (SELECT id FROM connections WHERE state = "
        "'disconnected')",
        before);
}

bool has_open_intent(Connection& connection, queue::JobId job) {
    return first_row(query(connection, "SELECT 1 FROM intents WHERE job_id = ?1 AND state = 'open' LIMIT 1", job),
                     [](SQLite::Statement&) { return true; })
        .has_value();
}

}  // namespace spillway::store
