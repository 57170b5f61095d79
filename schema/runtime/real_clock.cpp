#include "schema/runtime/real_clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace spillway {

namespace asio = boost::asio;

WallTime RealClock::wall_now() const { return std::chrono::floor<Millis>(std::chrono::system_clock::now()); }

SteadyTime RealClock::steady_now() const { return std::chrono::floor<Millis>(std::chrono::steady_clock::now()); }

asio::awaitable<bool> RealClock::sleep_until(SteadyTime when) {
    const auto executor = co_await asio::this_coro::executor;
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
        co_await asio::post(executor, asio::use_awaitable);
        co_return false;
    }
    asio::steady_timer timer(executor);
    timer.expires_at(std::chrono::steady_clock::time_point(when));
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return !error;
}

}  // namespace spillway
