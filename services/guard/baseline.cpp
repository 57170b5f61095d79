#include "services/guard/baseline.hpp"

#include <algorithm>
#include <cmath>

namespace spillway::guard {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::weekday;

bool is_business_day(std::chrono::sys_days day) {
    const unsigned number = weekday(day).iso_encoding();
    return number <= 5;
}

int hour_of_day(WallTime at) {
    return static_cast<int>(std::chrono::duration_cast<std::chrono::hours>(at - floor<days>(at)).count());
}

std::size_t hour_of_week(WallTime at) {
    const unsigned day = weekday(floor<days>(at)).iso_encoding() - 1;
    return std::size_t{day} * 24 + static_cast<std::size_t>(hour_of_day(at));
}

std::pair<int, int> month_end_cell(WallTime at) { return {business_days_left(at), hour_of_day(at)}; }

}  // namespace

int business_days_left(WallTime at) {
    const auto today = floor<days>(at);
    const std::chrono::year_month_day date(today);
    const std::chrono::sys_days last = date.year() / date.month() / std::chrono::last;
    int left = 0;
    for (auto day = today + days(1); day <= last; day += days(1)) left += is_business_day(day) ? 1 : 0;
    return left;
}

void Baseline::learn_cell(Cell& cell, WallTime hour, Micros value) {
    // The first samples make the value, as their mean; then it follows slowly, and rises no faster than it may.
    constexpr double kFollow = 0.25;
    if (cell.samples < kSamplesMin) {
        cell.value += (value - cell.value) / (cell.samples + 1);
    } else {
        const double weeks = std::chrono::duration<double, std::ratio<604'800>>(hour - cell.learned).count();
        const Micros most = cell.value * std::pow(kRiseWeekMax, std::max(0.0, weeks));
        cell.value = std::min(cell.value + kFollow * (value - cell.value), most);
    }
    ++cell.samples;
    cell.learned = hour;
}

void Baseline::learn(WallTime hour, Micros value) {
    learn_cell(week_[hour_of_week(hour)], hour, value);
    learn_cell(month_end_[month_end_cell(hour)], hour, value);
}

std::optional<Baseline::Normal> Baseline::at(WallTime when) const {
    const Cell& week = week_[hour_of_week(when)];
    const auto found = month_end_.find(month_end_cell(when));
    const Cell end = found == month_end_.end() ? Cell{} : found->second;
    const bool week_known = week.samples >= kSamplesMin;
    const bool end_known = end.samples >= kSamplesMin;
    if (!week_known && !end_known) return std::nullopt;
    return Normal{std::max(week_known ? week.value : 0, end_known ? end.value : 0), week_known && end_known};
}

}  // namespace spillway::guard
