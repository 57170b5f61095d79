#pragma once
// A wall clock that is wrong: set by somebody, and drifting. Steady time is the world's.

#include "tests/support/virtual_clock.hpp"

namespace spillway::test {

class SkewedClock final : public Clock {
 public:
    explicit SkewedClock(SimClock& truth) : truth_(truth), since_(truth.steady_now()) {}

    WallTime wall_now() const override {
        const auto gained = (truth_.steady_now() - since_).count() * parts_per_million_ / 1'000'000;
        return truth_.wall_now() + off_ + Millis(gained);
    }
    SteadyTime steady_now() const override { return truth_.steady_now(); }
    boost::asio::awaitable<bool> sleep_until(SteadyTime when) override { return truth_.sleep_until(when); }

    /// Somebody sets it.
    void shift(Millis by) { off_ += by; }
    /// From now on it gains so much.
    void drift(std::int64_t parts_per_million) {
        off_ = wall_now() - truth_.wall_now();
        since_ = truth_.steady_now();
        parts_per_million_ = parts_per_million;
    }
    /// It is set right.
    void correct() {
        off_ = Millis{0};
        since_ = truth_.steady_now();
    }

 private:
    SimClock& truth_;
    Millis off_{0};
    std::int64_t parts_per_million_ = 0;
    SteadyTime since_;
};

}  // namespace spillway::test
