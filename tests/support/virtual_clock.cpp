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
    const Key key = next_key(when);
    sleepers_.emplace(key, sleeper);
    const auto [woken] = co_await sleeper->wake.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)woken;  // always operation_aborted, by the clock or by a cancellation
    if (!sleeper->reached) sleepers_.erase(key);
    co_return sleeper->reached;
}

SimClock::Key SimClock::next_key(SteadyTime when) { return Key{when, order_ == nullptr ? 0 : order_->next(), next_++}; }

void SimClock::call_at(SteadyTime when, std::unique_ptr<ScheduledCall> what) {
    calls_.emplace(next_key(when), std::move(what));
}

std::size_t SimClock::sleepers() {
    std::erase_if(sleepers_, [](const auto& entry) { return entry.second.expired(); });
    return sleepers_.size();
}

void SimClock::poll() {
    if (io_.stopped()) io_.restart();
    while (io_.poll() > 0) {
    }
}

/// The earliest moment at which anybody waits for time. A loop that was destroyed in mid-sleep, or a frame dropped,
/// leaves an entry that nobody waits for.
std::optional<SteadyTime> SimClock::next_due() {
    while (!sleepers_.empty() && sleepers_.begin()->second.expired()) sleepers_.erase(sleepers_.begin());
    std::optional<SteadyTime> due;
    if (!sleepers_.empty()) due = std::get<SteadyTime>(sleepers_.begin()->first);
    if (!calls_.empty()) {
        const auto first = std::get<SteadyTime>(calls_.begin()->first);
        due = due ? std::min(*due, first) : first;
    }
    return due;
}

void SimClock::jump_to(SteadyTime when) {
    ++jumps_;
    wall_ += when - steady_;
    steady_ = when;
    while (!sleepers_.empty() && std::get<SteadyTime>(sleepers_.begin()->first) <= steady_) {
        const auto sleeper = sleepers_.begin()->second.lock();
        sleepers_.erase(sleepers_.begin());
        if (!sleeper) continue;
        sleeper->reached = true;
        sleeper->wake.cancel();
    }
    while (!calls_.empty() && std::get<SteadyTime>(calls_.begin()->first) <= steady_) {
        auto call = std::move(calls_.begin()->second);
        calls_.erase(calls_.begin());
        asio::post(io_, [call = std::move(call)] { call->run(); });
    }
}

void SimClock::run_until_idle(std::uint64_t jumps_max) {
    poll();
    for (std::uint64_t jumps = 0; const auto due = next_due(); ++jumps) {
        if (jumps == jumps_max) throw std::runtime_error("the loop never comes to rest");
        jump_to(*due);
        poll();
    }
}

void SimClock::run_for(Millis span) {
    const auto end = steady_ + span;
    poll();
    for (auto due = next_due(); due && *due <= end; due = next_due()) {
        jump_to(*due);
        poll();
    }
    jump_to(end);
}

bool SimClock::run_until(const std::function<bool()>& done, Millis limit) {
    const auto end = steady_ + limit;
    poll();
    while (!done()) {
        const auto due = next_due();
        if (!due || *due > end) return false;
        jump_to(*due);
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
