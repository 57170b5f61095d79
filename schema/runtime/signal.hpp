#pragma once
// A wake-up call between coroutines of one loop: remembered when nobody waits, so none is lost.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <vector>

#include "schema/clock.hpp"

namespace spillway {

/// One waiter at a time. Loop thread only.
class Signal {
 public:
    explicit Signal(boost::asio::any_io_executor executor);
    ~Signal();
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    /// Ends the wait under way, or the next one at once.
    void notify();
    /// Until the next notify() or the cancellation of the caller.
    boost::asio::awaitable<void> wait();
    /// The same, until `when` at the latest.
    boost::asio::awaitable<void> wait_until(Clock& clock, SteadyTime when);

 private:
    struct State;
    std::unique_ptr<State> state_;
};

/// A place in a list of those who wait for one thing, each with a signal of its own; given up however the wait ends.
class WaiterPlace {
 public:
    WaiterPlace(std::vector<Signal*>& waiters, Signal& mine) : waiters_(waiters), mine_(mine) {
        waiters_.push_back(&mine_);
    }
    ~WaiterPlace() { std::erase(waiters_, &mine_); }
    WaiterPlace(const WaiterPlace&) = delete;
    WaiterPlace& operator=(const WaiterPlace&) = delete;

 private:
    std::vector<Signal*>& waiters_;
    Signal& mine_;
};

}  // namespace spillway
