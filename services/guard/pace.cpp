#include "services/guard/pace.hpp"

#include <algorithm>

namespace spillway::guard {

Millis Pace::look(SteadyTime now, bool suffers) {
    if (suffers) {
        calm_since_.reset();
        pause_ = std::min(std::max(2 * pause_, kFirst), kMost);
        if (pause_ == kMost && !slowest_since_) slowest_since_ = now;
        return pause_;
    }
    if (!calm_since_) calm_since_ = now;
    if (now - *calm_since_ < kCalm) return pause_;
    slowest_since_.reset();
    pause_ = pause_ * 3 / 4;
    if (pause_ < Millis{50}) pause_ = Millis{0};
    return pause_;
}

}  // namespace spillway::guard
