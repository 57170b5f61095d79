#include "tests/support/virtual_clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

namespace spillway::test {

namespace asio = boost::asio;

SimClock::SimClock(asio::io_context& io, WallTime start) : io_(io), wall_(start) {}

asio::awaitable<bool> SimClock::sleep_until(SteadyTime when) {
    const auto state = co_await asio::this_coro::cancellation_state;
    const bool cancelled = state.cancelled() != asio::cancellation_type::none;
    if (cancelled || when <= steady_) {
        co_await asio::post(io_, asio::use_awaitable);
        co_return !cancelled;
    }
    const auto sleeper = std::make_shared<Sleeper>(asio::steady_timer(io_, asio::steady_timer::time_point::max()));
    const Key key{when, next_++};
    sleepers_.emplace(key, sleeper);
    const auto [woken] = co_await sleeper->wake.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)woken;  // always operation_aborted, by the clock or by a cancellation
    if (!sleeper->reached) sleepers_.erase(key);
    co_return sleeper->reached;
}

void SimClock::poll() {
    if (io_.stopped()) io_.restart();
    while (io_.poll() > 0) {
    }
    // A loop that was destroyed in mid-sleep, or a frame dropped, leaves an entry that nobody waits for.
    std::erase_if(sleepers_, [](const auto& entry) { return entry.second.expired(); });
}

void SimClock::jump_to(SteadyTime when) {
    wall_ += when - steady_;
    steady_ = when;
    while (!sleepers_.empty() && sleepers_.begin()->first.first <= steady_) {
        const auto sleeper = sleepers_.begin()->second.lock();
        sleepers_.erase(sleepers_.begin());
        if (!sleeper) continue;
        sleeper->reached = true;
        sleeper->wake.cancel();
    }
}

void SimClock::run_until_idle(std::uint64_t jumps_max) {
    poll();
    for (std::uint64_t jumps = 0; !sleepers_.empty(); ++jumps) {
        if (jumps == jumps_max) throw std::runtime_error("the loop never comes to rest");
        jump_to(sleepers_.begin()->first.first);
        poll();
    }
}

void SimClock::run_for(Millis span) {
    const auto end = steady_ + span;
    poll();
    while (!sleepers_.empty() && sleepers_.begin()->first.first <= end) {
        jump_to(sleepers_.begin()->first.first);
        poll();
    }
    jump_to(end);
}

bool SimClock::run_until(const std::function<bool()>& done, Millis limit) {
    const auto end = steady_ + limit;
    poll();
    while (!done()) {
        if (sleepers_.empty() || sleepers_.begin()->first.first > end) return false;
        jump_to(sleepers_.begin()->first.first);
        poll();
    }
    return true;
}

bool SimClock::turn_until(const std::function<bool()>& done) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        if (io_.stopped()) io_.restart();
        io_.run_one_for(Millis{50});
    }
    return true;
}

void SimClock::advance(Millis span) { jump_to(steady_ + span); }

}  // namespace spillway::test
