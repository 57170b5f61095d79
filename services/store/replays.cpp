#include "services/store/replays.hpp"

#include <limits>

namespace spillway::store {
namespace {

#define SPILLWAY_REPLAY                                                                                             \
    "SELECT id, partner_id, requested_by, filter, jobs, created_ms, state, matched, before_token, lane_id, job_id," \
    " finished_ms FROM replays"

ReplayRow read_replay(SQLite::Statement& row) {
    return {text(row, 0),
            text(row, 1),
            text(row, 2),
            text(row, 3),
            integer(row, 4),
            time(row, 5),
            text(row, 6),
            integer(row, 7),
            static_cast<std::uint64_t>(integer(row, 8)),
            {integer(row, 9), integer(row, 10)},
            time_or_none(row, 11)};
}

}  // namespace

void insert_replay(Connection& connection, const ReplayRow& replay) {
    run(connection,
        "INSERT INTO replays (id, partner_id, requested_by, filter, jobs, created_ms, state, matched, before_token,"
        " finished_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        replay.id, replay.partner, replay.requested_by, replay.filter, replay.jobs, replay.created, replay.state,
        replay.matched, static_cast<std::int64_t>(replay.before_token), replay.finished);
}

void update_replay(Connection& connection, const ReplayRow& replay) {
    run(connection,
        "UPDATE replays SET state = ?2, jobs = ?3, lane_id = ?4, job_id = ?5, finished_ms = ?6 WHERE id = ?1",
        replay.id, replay.state, replay.jobs, replay.reached.lane, replay.reached.job, replay.finished);
}

std::optional<ReplayRow> get_replay(Connection& connection, const std::string& id) {
    return first_row(query(connection, SPILLWAY_REPLAY " WHERE id = ?1", id), read_replay);
}

std::vector<ReplayRow> list_replays(Connection& connection, const std::optional<std::string>& partner,
                                    std::optional<std::pair<std::int64_t, std::string>> after, std::size_t limit) {
    const auto [ms, id] = after.value_or(std::pair{std::numeric_limits<std::int64_t>::max(), std::string()});
    return rows(query(connection,
                      SPILLWAY_REPLAY " WHERE (created_ms, id) < (?1, ?2) AND (?3 IS NULL OR partner_id = ?3)"
                                      " ORDER BY created_ms DESC, id DESC LIMIT ?4",
                      ms, id, partner, limit),
                read_replay);
}

std::vector<std::string> running_replays(Connection& connection) {
    return rows(query(connection,
                      "SELECT id FROM replays INDEXED BY replays_running WHERE state = 'running' ORDER BY created_ms"),
                [](SQLite::Statement& row) { return text(row, 0); });
}

}  // namespace spillway::store
