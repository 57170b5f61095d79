#include "services/store/replays.hpp"

#include <limits>

namespace spillway::store {
namespace {

ReplayRow read_replay(SQLite::Statement& row) {
    return {text(row, 0), text(row, 1), text(row, 2), text(row, 3), integer(row, 4), time(row, 5)};
}

}  // namespace

void insert_replay(Connection& connection, const ReplayRow& replay) {
    run(connection,
        "INSERT INTO replays (id, partner_id, requested_by, filter, jobs, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        replay.id, replay.partner, replay.requested_by, replay.filter, replay.jobs, replay.created);
}

std::optional<ReplayRow> get_replay(Connection& connection, const std::string& id) {
    return first_row(
        query(connection, "SELECT id, partner_id, requested_by, filter, jobs, created_ms FROM replays WHERE id = ?1",
              id),
        read_replay);
}

std::vector<ReplayRow> list_replays(Connection& connection, const std::optional<std::string>& partner,
                                    std::optional<std::pair<std::int64_t, std::string>> after, std::size_t limit) {
    const auto [ms, id] = after.value_or(std::pair{std::numeric_limits<std::int64_t>::max(), std::string()});
    return rows(query(connection,
                      "SELECT id, partner_id, requested_by, filter, jobs, created_ms FROM replays"
                      " WHERE (created_ms, id) < (?1, ?2) AND (?3 IS NULL OR partner_id = ?3)"
                      " ORDER BY created_ms DESC, id DESC LIMIT ?4",
                      ms, id, partner, limit),
                read_replay);
}

}  // namespace spillway::store
