#pragma once
// What is normal at this hour: learned per hour of the week, and per business day counted from month end, because a
// month end is neither like last Tuesday nor trouble.

#include <array>
#include <map>
#include <optional>

#include "schema/clock.hpp"

namespace spillway::guard {

/// A latency in microseconds; no amount of money is ever measured so.
using Micros = double;

/// Business days (Monday to Friday) from `at` to the last one of its month: 0 on that one, and on a weekend behind it.
int business_days_left(WallTime at);

class Baseline {
 public:
    /// Cells with fewer say nothing.
    static constexpr int kSamplesMin = 4;
    /// How much a cell may rise in a week: trouble that grows slowly must not become normal.
    static constexpr double kRiseWeekMax = 1.10;

    /// One hour's typical value. Not to be called for an hour with trouble in it.
    void learn(WallTime hour, Micros value);
    struct Normal {
        Micros value = 0;      ///< the greater of the two cells' values
        bool certain = false;  ///< both have samples enough; else a month end may still be news
    };
    /// Nothing until one of the two cells has samples enough.
    [[nodiscard]] std::optional<Normal> at(WallTime when) const;

 private:
    struct Cell {
        int samples = 0;
        Micros value = 0;
        WallTime learned{};
    };
    static void learn_cell(Cell& cell, WallTime hour, Micros value);

    std::array<Cell, std::size_t{7} * 24> week_{};
    std::map<std::pair<int, int>, Cell> month_end_{};  ///< by business days left and hour
};

}  // namespace spillway::guard
