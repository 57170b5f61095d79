#pragma once
// Replays by filter, as they were asked for.

#include "services/store/sql.hpp"

namespace spillway::store {

struct ReplayRow {
    std::string id;
    std::string partner;  ///< of a partner's key; empty: seen by platform and administrators only
    std::string requested_by;
    std::string filter;  ///< JSON
    std::int64_t jobs = 0;
    WallTime created{};
};

void insert_replay(Connection& connection, const ReplayRow& replay);
std::optional<ReplayRow> get_replay(Connection& connection, const std::string& id);
/// Newest first behind (created, id) of the last row; of one partner only, when given.
std::vector<ReplayRow> list_replays(Connection& connection, const std::optional<std::string>& partner,
                                    std::optional<std::pair<std::int64_t, std::string>> after, std::size_t limit);

}  // namespace spillway::store
