#pragma once
// Whether a latency grows, and when it would reach a limit: from the newest hours alone, deaf to single spikes.

#include <deque>
#include <optional>
#include <vector>

#include "services/guard/baseline.hpp"

namespace spillway::guard {

class Trend {
 public:
    struct Bounds {
        std::size_t points = 24;  ///< of five minutes each
        Millis step{300'000};
        double significance = 4.0;               ///< of Mann-Kendall's z
        double growth_min = 1.8;                 ///< over the points together
        Millis horizon = std::chrono::hours(6);  ///< a limit further away is no alert
    };
    Trend();
    explicit Trend(Bounds bounds) : bounds_(bounds) {}

    /// One window's latency as a multiple of what is normal then. Windows of one step become one point, their median.
    void add(WallTime at, double multiple);
    /// When the multiple reaches `limit`, if it grows on as it does; nothing while it does not grow for certain.
    [[nodiscard]] std::optional<Millis> reaches(double limit) const;

 private:
    void close_point();

    Bounds bounds_;
    std::deque<double> points_{};  ///< logarithms
    std::vector<double> current_{};
    WallTime current_since_{};
};

}  // namespace spillway::guard
