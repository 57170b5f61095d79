#pragma once
// Time is a port: production uses the machine's clocks, tests a virtual one. Nothing else may read a clock or sleep.

#include <boost/asio/awaitable.hpp>
#include <chrono>

namespace spillway {

using Millis = std::chrono::milliseconds;
/// UTC, stored as integer milliseconds in columns named `..._ms`.
using WallTime = std::chrono::sys_time<Millis>;
/// Monotonic; limits, leases, key windows and breakers run on it. Meaningless across a restart.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Millis>;

class Clock {
 public:
    virtual ~Clock() = default;
    virtual WallTime wall_now() const = 0;
    virtual SteadyTime steady_now() const = 0;
    /// Waits until `when`. Cancellation ends the wait early and without an exception.
    /// @return true when the time was reached, false when the wait was cancelled.
    virtual boost::asio::awaitable<bool> sleep_until(SteadyTime when) = 0;

    boost::asio::awaitable<bool> sleep_for(Millis span) { return sleep_until(steady_now() + span); }
};

inline std::int64_t to_ms(WallTime when) { return when.time_since_epoch().count(); }
inline WallTime from_ms(std::int64_t ms) { return WallTime{Millis{ms}}; }

}  // namespace spillway
