#pragma once
// How far the relay steps back: at once when the payment database suffers, and back again carefully.

#include <optional>

#include "schema/clock.hpp"

namespace spillway::guard {

class Pace {
 public:
    static constexpr Millis kFirst{250};
    static constexpr Millis kMost{5'000};   ///< one read in five seconds always goes on: yielding is not starving
    static constexpr Millis kCalm{30'000};  ///< so long must all be well before it speeds up
    static constexpr Millis kStarving{600'000};

    /// One look at the database. @return the pause between two reads from now on.
    Millis look(SteadyTime now, bool suffers);
    [[nodiscard]] Millis pause() const { return pause_; }
    /// It has read at the slowest for so long that somebody must know.
    [[nodiscard]] bool starving(SteadyTime now) const { return slowest_since_ && now - *slowest_since_ >= kStarving; }

 private:
    Millis pause_{};
    std::optional<SteadyTime> calm_since_{}, slowest_since_{};
};

}  // namespace spillway::guard
