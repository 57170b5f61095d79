#pragma once
// Awaiting work that another thread does: the coroutine's handler travels with the work and is completed on the loop.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "schema/result.hpp"

namespace spillway::queue::sqlite {

/// Resumes one waiting coroutine; to be called once, on the loop thread, never from within the hand-over itself.
using Answer = std::function<void(Result<void>)>;

/// Hands an Answer to `begin`, and waits until it is called. A cancellation does not end the wait: what was handed over
/// completes. While it waits the loop counts as busy.
template <class Begin>
boost::asio::awaitable<Result<void>> hand_over(boost::asio::any_io_executor loop, Begin begin) {
    auto initiate = [](auto handler, boost::asio::any_io_executor executor, Begin start) {
        using Handler = decltype(handler);
        auto waiting = std::make_shared<Handler>(std::move(handler));
        auto busy = std::make_shared<boost::asio::executor_work_guard<boost::asio::any_io_executor>>(executor);
        start(Answer([waiting, busy, executor](Result<void> result) {
            auto where = boost::asio::get_associated_executor(*waiting, executor);
            boost::asio::dispatch(where,
                                  [waiting, result = std::move(result)]() mutable { (*waiting)(std::move(result)); });
            busy->reset();
        }));
    };
    auto result = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Result<void>)>(
        initiate, boost::asio::use_awaitable, loop, std::move(begin));
    co_return result;
}

}  // namespace spillway::queue::sqlite
