#include "services/relay/ledger.hpp"

namespace spillway::relay {
namespace {

using store::integer;
using store::query;
using store::run;
using store::text;

Result<std::optional<Cursor>> read_cursor(SQLite::Statement& row) {
    if (text(row, 0).empty()) return std::optional<Cursor>();
    Cursor cursor;
    cursor.identity = {text(row, 0), static_cast<std::uint32_t>(integer(row, 1)), store::flag(row, 2)};
    auto seen = Snapshot::parse(text(row, 3));
    if (!seen.ok()) return std::move(seen).error();
    cursor.seen = *std::move(seen);
    if (const auto target = text(row, 4); !target.empty()) {
        auto parsed = Snapshot::parse(target);
        if (!parsed.ok()) return std::move(parsed).error();
        cursor.target = *std::move(parsed);
    }
    cursor.after = integer(row, 5);
    cursor.reread_since = store::time_or_none(row, 6);
    cursor.last_id = integer(row, 7);
    cursor.last_event = text(row, 8);
    cursor.last_at = store::time(row, 9);
    return std::optional<Cursor>(std::move(cursor));
}

}  // namespace

Result<State> load_state(store::Connection& connection) {
    auto& row = query(connection,
                      "SELECT system, timeline, replica, seen, target, after_id, reread_since_ms, last_id, last_event,"
                      " last_ms, released, alarm, alarm_detail, alarm_ms FROM relay_state WHERE id = 1");
    if (!row.executeStep()) return Error{ErrorKind::bug, "relay_state", "the row of the relay is missing"};
    auto cursor = read_cursor(row);
    if (!cursor.ok()) return Error{ErrorKind::bug, "relay_state", cursor.error().detail};
    State state;
    state.cursor = *std::move(cursor);
    state.released = store::flag(row, 10);
    if (const auto code = text(row, 11); !code.empty()) state.alarm = Alarm{code, text(row, 12), store::time(row, 13)};
    row.reset();
    return state;
}

void save_cursor(store::Connection& connection, const Cursor& cursor) {
    run(connection,
        "UPDATE relay_state SET system = ?1, timeline = ?2, replica = ?3, seen = ?4, target = ?5, after_id = ?6,"
        " reread_since_ms = ?7, last_id = ?8, last_event = ?9, last_ms = ?10 WHERE id = 1",
        cursor.identity.system, cursor.identity.timeline, cursor.identity.replica, cursor.seen.to_text(),
        cursor.target ? cursor.target->to_text() : std::string(), cursor.after, cursor.reread_since, cursor.last_id,
        cursor.last_event, cursor.last_at);
}

void drop_cursor(store::Connection& connection) { run(connection, "UPDATE relay_state SET system = '' WHERE id = 1"); }

void save_released(store::Connection& connection, bool released) {
    run(connection, "UPDATE relay_state SET released = ?1 WHERE id = 1", released);
}

void save_alarm(store::Connection& connection, const std::optional<Alarm>& alarm) {
    const Alarm stored = alarm.value_or(Alarm{});
    run(connection, "UPDATE relay_state SET alarm = ?1, alarm_detail = ?2, alarm_ms = ?3 WHERE id = 1", stored.code,
        stored.detail, stored.since);
}

bool remember_event(store::Connection& connection, const std::string& event_id, WallTime now) {
    return run(connection, "INSERT OR IGNORE INTO relay_events (event_id, at_ms) VALUES (?1, ?2)", event_id, now) > 0;
}

void forget_events(store::Connection& connection, WallTime before, std::size_t limit) {
    run(connection,
        "DELETE FROM relay_events WHERE event_id IN (SELECT event_id FROM relay_events WHERE at_ms < ?1"
        " ORDER BY at_ms LIMIT ?2)",
        before, limit);
}

void add_refusal(store::Connection& connection, const Refusal& refusal) {
    const OutboxRow& row = refusal.row;
    run(connection,
        "INSERT INTO relay_refusals (event_id, row_id, connection, kind, external_id, operation, code, detail, pointer,"
        " at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        row.event_id, row.id, row.connection, row.kind, row.external_id, row.operation, refusal.error.code,
        refusal.error.detail, refusal.error.pointer, refusal.at);
    const std::int64_t newest = connection.database().getLastInsertRowid();
    run(connection, "DELETE FROM relay_refusals WHERE id <= ?1", newest - kRefusalsKept);
}

std::vector<Refusal> list_refusals(store::Connection& connection, std::int64_t before, std::size_t limit) {
    return store::rows(
        query(connection,
              "SELECT id, event_id, row_id, connection, kind, external_id, operation, code, detail, pointer, at_ms"
              " FROM relay_refusals WHERE ?1 = 0 OR id < ?1 ORDER BY id DESC LIMIT ?2",
              before, limit),
        [](SQLite::Statement& row) {
            Refusal out;
            out.id = integer(row, 0);
            out.row.event_id = text(row, 1);
            out.row.id = integer(row, 2);
            out.row.connection = text(row, 3);
            out.row.kind = text(row, 4);
            out.row.external_id = text(row, 5);
            out.row.operation = text(row, 6);
            out.error = invalid(text(row, 7), text(row, 8), text(row, 9));
            out.at = store::time(row, 10);
            return out;
        });
}

}  // namespace spillway::relay
