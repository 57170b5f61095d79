#pragma once
// Work that must not run on the loop: hop to another executor (a thread pool, the storage thread) and come back.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <type_traits>
#include <utility>

namespace spillway {

namespace impl {

template <class Fn>
boost::asio::awaitable<std::invoke_result_t<Fn&>> call(Fn fn) {
    co_return fn();
}

}  // namespace impl

/// Runs `fn` on `where`; the caller goes on where it was, with fn's value or its exception. `fn` owns what it touches.
/// A cancellation does not end `fn` early: the caller still waits for it.
template <class Fn>
boost::asio::awaitable<std::invoke_result_t<Fn&>> run_on(boost::asio::any_io_executor where, Fn fn) {
    auto job = impl::call(std::move(fn));
    if constexpr (std::is_void_v<std::invoke_result_t<Fn&>>) {
        co_await boost::asio::co_spawn(where, std::move(job), boost::asio::use_awaitable);
    } else {
        auto result = co_await boost::asio::co_spawn(where, std::move(job), boost::asio::use_awaitable);
        co_return result;
    }
}

}  // namespace spillway
