#pragma once
// The raw SQLite beside a figure: what a run changed between two copies of a database, written again by SQLite's C API
// alone, into the same schema under the same pragmas, in transactions of a given size. No lookups, no rules, one
// thread: no program that keeps these rows can be faster, so a figure's share of it is what our own work costs.

#include <cstdint>
#include <string>

namespace spillway::bench {

struct Replayed {
    double seconds = 0;
    double cpu_seconds = 0;
    std::int64_t rows = 0;  ///< inserted, updated and deleted
    std::int64_t syncs = 0;
};

/// Brings `before` (which is changed) to the content of `after` in `groups` transactions of equal shares. Both must be
/// closed and checkpointed. Throws std::runtime_error.
Replayed replay(const std::string& before, const std::string& after, std::int64_t groups);

}  // namespace spillway::bench
