#include "queue/sqlite/schedules.hpp"

#include <algorithm>

#include "queue/sqlite/transaction.hpp"

namespace spillway::queue::sqlite {

namespace {

#define SPILLWAY_SCHEDULE                                                                                            \
    "SELECT s.name, every_ms, daily_ms, catch_up, lanes.name, kinds.name, priority, body, next_ms FROM schedules s " \
    "JOIN lanes ON lanes.id = lane_id JOIN kinds ON kinds.id = kind_id "

std::optional<Millis> millis(const SQLite::Column& value) {
    if (value.isNull()) return std::nullopt;
    return Millis{value.getInt64()};
}

std::optional<std::int64_t> count_of(const std::optional<Millis>& span) {
    if (!span) return std::nullopt;
    return span->count();
}

std::vector<ScheduleRow> read_rows(SQLite::Statement& rows) {
    std::vector<ScheduleRow> out;
    while (rows.executeStep()) {
        ScheduleRow row;
        row.schedule.name = rows.getColumn(0).getString();
        row.schedule.every = millis(rows.getColumn(1));
        row.schedule.daily_at = millis(rows.getColumn(2));
        row.schedule.catch_up = static_cast<CatchUp>(rows.getColumn(3).getInt());
        row.schedule.lane = rows.getColumn(4).getString();
        row.schedule.kind = rows.getColumn(5).getString();
        row.schedule.priority = static_cast<Priority>(rows.getColumn(6).getInt());
        const SQLite::Column body = rows.getColumn(7);
        row.schedule.body.assign(static_cast<const char*>(body.getBlob()), static_cast<std::size_t>(body.getBytes()));
        row.next = from_ms(rows.getColumn(8).getInt64());
        out.push_back(std::move(row));
    }
    rows.reset();
    return out;
}

std::optional<ScheduleRow> find(Connection& connection, const std::string& name) {
    auto rows = read_rows(bound(connection, SPILLWAY_SCHEDULE "WHERE s.name = ?1", name));
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

bool has_run(Connection& connection, const std::string& name, WallTime slot) {
    SQLite::Statement& found =
        bound(connection, "SELECT 1 FROM schedule_slots WHERE name = ?1 AND slot_ms = ?2", name, to_ms(slot));
    const bool there = found.executeStep();
    found.reset();
    return there;
}

void move_to(Connection& connection, const std::string& name, WallTime next) {
    run(connection, "UPDATE schedules SET next_ms = ?2 WHERE name = ?1", name, to_ms(next));
}

std::string key_of(const Schedule& schedule, WallTime slot) {
    return schedule.catch_up == CatchUp::all ? schedule.name + "@" + std::to_string(to_ms(slot)) : schedule.name;
}

/// Remembered for longer than a clock is ever set back.
WallTime forgotten_before(const Schedule& schedule, WallTime slot) {
    return slot - std::max<Millis>(std::chrono::hours(400 * 24), 10 * period_of(schedule));
}

Result<SlotRun> run_slot(Transaction& transaction, const Schedule& schedule, WallTime slot) {
    NewJob job;
    job.lane = schedule.lane;
    job.kind = schedule.kind;
    job.key = key_of(schedule, slot);
    job.priority = schedule.priority;
    job.body = schedule.body;
    const auto made = transaction.enqueue(job);
    if (!made.ok()) return made.error();
    Connection& connection = connection_of(transaction);
    run(connection, "INSERT INTO schedule_slots (name, slot_ms, job_id) VALUES (?1, ?2, ?3)", schedule.name,
        to_ms(slot), made->id);
    run(connection, "DELETE FROM schedule_slots WHERE name = ?1 AND slot_ms < ?2", schedule.name,
        to_ms(forgotten_before(schedule, slot)));
    return SlotRun{schedule.name, slot, made->id};
}

/// Open jobs that came from the schedule, the follow-ups first.
std::vector<JobId> open_jobs(Connection& connection, const std::string& name) {
    std::vector<JobId> ids;
    SQLite::Statement& rows = bound(connection,
                                    "SELECT DISTINCT j.id FROM schedule_slots s JOIN jobs j ON j.id = s.job_id WHERE "
                                    "s.name = ?1 AND j.open = 1 ORDER BY j.follow_up DESC, j.id",
                                    name);
    while (rows.executeStep()) ids.push_back(rows.getColumn(0).getInt64());
    rows.reset();
    return ids;
}

}  // namespace

Result<void> define_schedule(Transaction& transaction, const Schedule& schedule, WallTime now) {
    auto checked = check(schedule);
    if (!checked.ok()) return checked;
    Connection& connection = connection_of(transaction);
    const auto before = find(connection, schedule.name);
    const bool same_times =
        before && before->schedule.every == schedule.every && before->schedule.daily_at == schedule.daily_at;
    const WallTime next = same_times ? before->next : slot_after(schedule, now);
    run(connection,
        "INSERT INTO schedules (name, every_ms, daily_ms, catch_up, lane_id, kind_id, priority, body, next_ms, "
        "changed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (name) DO UPDATE SET every_ms = "
        "excluded.every_ms, daily_ms = excluded.daily_ms, catch_up = excluded.catch_up, lane_id = excluded.lane_id, "
        "kind_id = excluded.kind_id, priority = excluded.priority, body = excluded.body, next_ms = excluded.next_ms, "
        "changed_ms = excluded.changed_ms",
        schedule.name, count_of(schedule.every), count_of(schedule.daily_at),
        static_cast<std::int64_t>(schedule.catch_up), over_sqlite(transaction).lane_number(schedule.lane),
        over_sqlite(transaction).kind_number(schedule.kind), static_cast<std::int64_t>(schedule.priority),
        Blob{schedule.body}, to_ms(next), to_ms(now));
    return success();
}

Result<bool> remove_schedule(Transaction& transaction, const std::string& name) {
    Connection& connection = connection_of(transaction);
    if (!find(connection, name)) return false;
    for (const JobId id : open_jobs(connection, name)) {
        auto cancelled = transaction.cancel(id);
        // What is being carried out is finished.
        if (!cancelled.ok() && cancelled.error().code != "in_flight") return std::move(cancelled).error();
    }
    run(connection, "DELETE FROM schedule_slots WHERE name = ?1", name);
    run(connection, "DELETE FROM schedules WHERE name = ?1", name);
    return true;
}

Result<SlotsDone> run_schedules(Transaction& transaction, WallTime now) {
    Connection& connection = connection_of(transaction);
    SlotsDone done;
    for (const auto& [schedule, stored_next] : list_schedules(connection)) {
        WallTime next = stored_next;
        if (next - now > period_of(schedule)) {  // the clock was set back
            next = slot_after(schedule, now);
            move_to(connection, schedule.name, next);
        }
        if (next > now) continue;
        const std::size_t room = kSlotsAtOnce - done.runs.size();
        const auto slots = slots_due(schedule, next, now, room);
        for (const WallTime slot : slots) {
            if (has_run(connection, schedule.name, slot)) continue;
            auto ran = run_slot(transaction, schedule, slot);
            if (!ran.ok()) return std::move(ran).error();
            done.runs.push_back(*std::move(ran));
        }
        const bool all = slots.size() < room || slots.empty() || slot_after(schedule, slots.back()) > now;
        if (room == 0) {
            done.more = true;
            break;
        }
        move_to(connection, schedule.name, all ? slot_after(schedule, now) : slot_after(schedule, slots.back()));
        done.more = done.more || !all;
    }
    return done;
}

std::vector<ScheduleRow> list_schedules(Connection& connection) {
    return read_rows(bound(connection, SPILLWAY_SCHEDULE "ORDER BY s.name"));
}

}  // namespace spillway::queue::sqlite
