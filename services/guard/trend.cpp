#include "services/guard/trend.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace spillway::guard {
namespace {

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// Of all pairs of points: the sum of signs (Mann-Kendall) and the median slope (Theil-Sen).
struct Pairs {
    double signs = 0;
    double slope = 0;
};
Pairs pairs_of(const std::deque<double>& points) {
    Pairs out;
    std::vector<double> slopes;
    for (std::size_t i = 0; i < points.size(); ++i) {
        for (std::size_t j = i + 1; j < points.size(); ++j) {
            const double difference = points[j] - points[i];
            out.signs += difference > 0 ? 1 : difference < 0 ? -1 : 0;
            slopes.push_back(difference / static_cast<double>(j - i));
        }
    }
    out.slope = median(std::move(slopes));
    return out;
}

}  // namespace

Trend::Trend() : Trend(Bounds{}) {}

void Trend::add(WallTime at, double multiple) {
    if (!current_.empty() && at - current_since_ >= bounds_.step) close_point();
    if (current_.empty()) current_since_ = at;
    current_.push_back(std::log(std::max(multiple, 1e-6)));
}

void Trend::close_point() {
    points_.push_back(median(std::exchange(current_, {})));
    if (points_.size() > bounds_.points) points_.pop_front();
}

std::optional<Millis> Trend::reaches(double limit) const {
    if (points_.size() < bounds_.points / 2) return std::nullopt;
    const auto n = static_cast<double>(points_.size());
    const Pairs pairs = pairs_of(points_);
    const double z = (pairs.signs - 1) / std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
    if (z < bounds_.significance || pairs.slope <= 0) return std::nullopt;
    if (pairs.slope * (n - 1) < std::log(bounds_.growth_min)) return std::nullopt;
    // From the middle of the newest points, so that the last one alone decides nothing.
    const double now = median({points_.end() - std::min<std::ptrdiff_t>(5, std::ssize(points_)), points_.end()});
    const double steps = (std::log(limit) - now) / pairs.slope;
    if (steps <= 0) return Millis{0};
    const double left = steps * static_cast<double>(bounds_.step.count());
    if (left > static_cast<double>(bounds_.horizon.count())) return std::nullopt;
    return Millis{static_cast<std::int64_t>(left)};
}

}  // namespace spillway::guard
