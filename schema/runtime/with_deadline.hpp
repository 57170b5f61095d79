#pragma once
// Races one operation against the clock.

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "schema/clock.hpp"

namespace spillway {

namespace impl {

/// A racer listens to *total* too: a parallel group passes on only the first cancellation that it gets, so a racer that
/// waited for *terminal* alone would never hear of it after a *total* (boost 1.81,
/// parallel_group_cancellation_handler).
template <class T>
boost::asio::awaitable<T> racer(boost::asio::awaitable<T> op) {
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation());
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    co_return co_await std::move(op);
}

}  // namespace impl

/// Runs `op` until `when`; then cancels it (terminal) *and awaits it*, so an operation that cannot be cancelled returns
/// late. A value that it gives, even late, is returned; nothing when it ended by exception after the deadline or after
/// the caller's own cancellation. An exception of its own before that is rethrown. T is default-constructible.
template <class T>
boost::asio::awaitable<std::optional<T>> with_deadline(Clock& clock, SteadyTime when, boost::asio::awaitable<T> op) {
    namespace asio = boost::asio;
    const auto executor = co_await asio::this_coro::executor;
    auto race = asio::experimental::make_parallel_group(
        asio::co_spawn(executor, impl::racer(std::move(op)), asio::deferred),
        asio::co_spawn(executor, impl::racer(clock.sleep_until(when)), asio::deferred));
    auto wait = race.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    auto [order, op_failure, value, sleep_failure, reached] = co_await std::move(wait);
    if (!op_failure) co_return std::optional<T>(std::move(value));
    const auto own = co_await asio::this_coro::cancellation_state;
    if (order[0] == 0 && own.cancelled() == asio::cancellation_type::none) std::rethrow_exception(op_failure);
    co_return std::nullopt;
}

}  // namespace spillway
