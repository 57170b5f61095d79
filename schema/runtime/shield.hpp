#pragma once
// What must not be disturbed by the first step of a stop.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace spillway {

/// Runs `op` so that a *total* cancellation (finish, take nothing new) does not reach it; *terminal* does.
/// For a call in flight and all between intent and settle. Ask stop_requested() before, not within.
template <class T>
boost::asio::awaitable<T> shielded(boost::asio::awaitable<T> op) {
    const auto executor = co_await boost::asio::this_coro::executor;
    // A coroutine spawned anew starts with the filter that lets only terminal pass.
    auto child = boost::asio::co_spawn(executor, std::move(op), boost::asio::use_awaitable);
    co_return co_await std::move(child);
}

}  // namespace spillway
