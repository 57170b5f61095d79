#include "services/store/day_calls.hpp"

namespace spillway::store {

void save_day_calls(Connection& connection, const std::string& budget, const std::vector<pacing::DayRow>& rows) {
    for (const auto& row : rows)
        run(connection,
            "INSERT INTO day_calls (budget, bucket_ms, calls) VALUES (?1, ?2, ?3) "
            "ON CONFLICT (budget, bucket_ms) DO UPDATE SET calls = excluded.calls",
            budget, row.bucket_ms, row.calls);
}

std::vector<pacing::DayRow> load_day_calls(Connection& connection, const std::string& budget) {
    auto& select =
        query(connection, "SELECT bucket_ms, calls FROM day_calls WHERE budget = ?1 ORDER BY bucket_ms", budget);
    return rows(select, [](SQLite::Statement& row) {
        return pacing::DayRow{integer(row, 0), static_cast<int>(integer(row, 1))};
    });
}

void forget_day_calls(Connection& connection, WallTime before) {
    run(connection, "DELETE FROM day_calls WHERE bucket_ms < ?1", before);
}

}  // namespace spillway::store
