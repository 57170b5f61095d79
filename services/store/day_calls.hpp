#pragma once
// The stored side of day budgets: calls already used, in buckets (see connectors/pacing/day_budget.hpp).

#include <string>
#include <vector>

#include "connectors/pacing/day_budget.hpp"
#include "services/store/sql.hpp"

namespace spillway::store {

/// `budget` is "<provider app>/<tenant>": two connections to one organisation share it.
void save_day_calls(Connection& connection, const std::string& budget, const std::vector<pacing::DayRow>& rows);
std::vector<pacing::DayRow> load_day_calls(Connection& connection, const std::string& budget);
/// Forgets buckets that no sliding day can hold any more.
void forget_day_calls(Connection& connection, WallTime before);

}  // namespace spillway::store
