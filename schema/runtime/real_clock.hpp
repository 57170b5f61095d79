#pragma once
// The machine's clocks behind the Clock port.

#include "schema/clock.hpp"

namespace spillway {

/// Sleeps on a timer of whichever loop the caller runs on. Stateless, so safe from every thread.
class RealClock final : public Clock {
 public:
    WallTime wall_now() const override;
    SteadyTime steady_now() const override;
    /// Returns false at once in a coroutine that was cancelled before (after one turn of the loop, so that a caller
    /// who loops on it cannot starve the others).
    boost::asio::awaitable<bool> sleep_until(SteadyTime when) override;
};

}  // namespace spillway
