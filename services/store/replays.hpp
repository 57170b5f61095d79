#pragma once
// Replays by filter: what was asked for, and how far each has come.

#include "queue/sqlite/parked.hpp"
#include "services/store/sql.hpp"

namespace spillway::store {

struct ReplayRow {
    std::string id;
    std::string partner;  ///< of a partner's key; empty: seen by platform and administrators only
    std::string requested_by;
    std::string filter;     ///< JSON
    std::int64_t jobs = 0;  ///< run again so far
    WallTime created{};
    std::string state = "done";  ///< running, done, cancelled
    std::int64_t matched = 0;    ///< parked jobs that matched when it was accepted
    std::uint64_t before_token = 0;
    queue::sqlite::ReplayCursor reached{};
    std::optional<WallTime> finished{};
};

void insert_replay(Connection& connection, const ReplayRow& replay);
/// Writes how far it has come: state, jobs, reached, finished.
void update_replay(Connection& connection, const ReplayRow& replay);
std::optional<ReplayRow> get_replay(Connection& connection, const std::string& id);
/// Newest first behind (created, id) of the last row; of one partner only, when given.
std::vector<ReplayRow> list_replays(Connection& connection, const std::optional<std::string>& partner,
                                    std::optional<std::pair<std::int64_t, std::string>> after, std::size_t limit);
/// Those that go on, oldest first.
std::vector<std::string> running_replays(Connection& connection);

}  // namespace spillway::store
