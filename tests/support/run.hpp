#pragma once
// Runs coroutines to their end from a test.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <stdexcept>

#include "tests/support/virtual_clock.hpp"

namespace spillway::test {

/// A coroutine under way: its value once it has ended.
template <class T>
class Pending {
 public:
    struct State {
        std::optional<T> value{};
        std::exception_ptr failure{};
        bool ended = false;
    };

    explicit Pending(std::shared_ptr<State> state) : state_(std::move(state)) {}
    [[nodiscard]] bool ended() const { return state_->ended; }
    /// The value, or its exception. Only when ended.
    T take() {
        if (!state_->ended) throw std::runtime_error("the coroutine has not ended");
        if (state_->failure) std::rethrow_exception(state_->failure);
        return std::move(*state_->value);
    }

 private:
    std::shared_ptr<State> state_;
};

/// Starts `work` on the loop without running it.
template <class T>
Pending<T> start(boost::asio::io_context& io, boost::asio::awaitable<T> work) {
    auto state = std::make_shared<typename Pending<T>::State>();
    boost::asio::co_spawn(io, std::move(work), [state](std::exception_ptr failure, T value) {
        state->ended = true;
        state->failure = failure;
        if (!failure) state->value = std::move(value);
    });
    return Pending<T>(state);
}

namespace impl {
inline boost::asio::awaitable<bool> as_bool(boost::asio::awaitable<void> work) {
    co_await std::move(work);
    co_return true;
}
}  // namespace impl

inline Pending<bool> start(boost::asio::io_context& io, boost::asio::awaitable<void> work) {
    return start(io, impl::as_bool(std::move(work)));
}

/// Runs `work` to its end with real sockets while virtual time stands still; throws when it does not end.
template <class T>
auto run(boost::asio::io_context& io, SimClock& clock, boost::asio::awaitable<T> work) {
    auto pending = start(io, std::move(work));
    if (!clock.turn_until([&] { return pending.ended(); })) throw std::runtime_error("the coroutine hangs");
    return pending.take();
}

}  // namespace spillway::test
