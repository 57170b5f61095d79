#pragma once
// Virtual time: a clock that stands still until the loop has nothing left to do, and a driver that then jumps.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <tuple>

#include "schema/clock.hpp"
#include "schema/random.hpp"

namespace spillway::test {

/// Something that runs once.
struct ScheduledCall {
    virtual ~ScheduledCall() = default;
    virtual void run() = 0;
};

/// Wall and steady time advance together. Sleepers due at one moment wake in the order in which they fell asleep, or in
/// one drawn from a seed, so a run depends on nothing but its inputs. Everything on the loop's thread.
class SimClock final : public Clock {
 public:
    /// 2026-01-05T09:00:00Z, a Monday, unless told otherwise.
    explicit SimClock(boost::asio::io_context& io, WallTime start = from_ms(1'767'603'600'000));

    WallTime wall_now() const override { return wall_; }
    SteadyTime steady_now() const override { return steady_; }
    boost::asio::awaitable<bool> sleep_until(SteadyTime when) override;

    /// Runs what is ready; then jumps to the earliest sleeper, and so on until nobody sleeps and nothing is ready.
    /// Fails by an exception when that takes more than `jumps_max` jumps (a task that sleeps for ever in a loop).
    void run_until_idle(std::uint64_t jumps_max = 1'000'000);
    /// The same, but not beyond `span` from now; time ends exactly there.
    void run_for(Millis span);
    /// The same until `done`; @return false when nothing is left that could bring it about, or `limit` has passed.
    bool run_until(const std::function<bool()>& done, Millis limit = std::chrono::hours(24));
    /// With real sockets: turns the loop at a standstill of time until `done`. @return false after 10 s of real time,
    /// which only a failing test ever waits for.
    bool turn_until(const std::function<bool()>& done);
    /// Moves time on and wakes who is due; they run at the loop's next turn.
    void advance(Millis span);
    /// The wall clock alone is set by somebody (forwards or back).
    void shift_wall(Millis by) { wall_ += by; }
    /// From now on sleepers due at one moment wake in an order drawn from `random`, which outlives the clock.
    void draw_order_from(Random& random) { order_ = &random; }
    /// Runs `what` on the loop when `when` has come.
    void call_at(SteadyTime when, std::unique_ptr<ScheduledCall> what);

    /// How many wait for time.
    [[nodiscard]] std::size_t sleepers();
    /// How often time has moved on.
    [[nodiscard]] std::uint64_t jumps() const { return jumps_; }

 private:
    struct Sleeper {
        boost::asio::steady_timer wake;  ///< never expires; cancelled to wake
        bool reached = false;
    };
    /// When; then who first.
    using Key = std::tuple<SteadyTime, std::uint64_t, std::uint64_t>;
    Key next_key(SteadyTime when);
    [[nodiscard]] std::optional<SteadyTime> next_due();

    void poll();
    void jump_to(SteadyTime when);

    boost::asio::io_context& io_;
    WallTime wall_;
    SteadyTime steady_{Millis{1'000'000}};
    std::uint64_t next_ = 0;
    std::uint64_t jumps_ = 0;
    Random* order_ = nullptr;
    std::map<Key, std::weak_ptr<Sleeper>> sleepers_{};
    std::map<Key, std::unique_ptr<ScheduledCall>> calls_{};
};

}  // namespace spillway::test
