#pragma once
// An executor that a test can close: a storage thread that stands still, on the loop itself.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <functional>
#include <memory>

namespace spillway::test {

class Gate {
 public:
    explicit Gate(boost::asio::io_context& io) : io_(io) {}

    void close() { closed_ = true; }
    void open() {
        closed_ = false;
        for (; !kept_.empty(); kept_.pop_front()) boost::asio::post(io_, std::move(kept_.front()));
    }
    void take(std::function<void()> work) {
        if (closed_)
            kept_.push_back(std::move(work));
        else
            boost::asio::post(io_, std::move(work));
    }
    [[nodiscard]] boost::asio::io_context& io() const { return io_; }

 private:
    boost::asio::io_context& io_;
    std::deque<std::function<void()>> kept_;
    bool closed_ = false;
};

/// What Asio asks of an executor. The gate outlives it and everything given to it.
class GateExecutor {
 public:
    explicit GateExecutor(Gate& gate) : gate_(&gate) {}

    template <class Function>
    void execute(Function function) const {
        // Work may be movable only, a std::function is not.
        auto shared = std::make_shared<Function>(std::move(function));
        gate_->take([shared] { (*shared)(); });
    }

    [[nodiscard]] boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return gate_->io();
    }
    [[nodiscard]] static constexpr boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) {
        return boost::asio::execution::blocking.never;
    }
    [[nodiscard]] GateExecutor require(boost::asio::execution::blocking_t::never_t) const { return *this; }
    friend bool operator==(const GateExecutor& a, const GateExecutor& b) noexcept { return a.gate_ == b.gate_; }
    friend bool operator!=(const GateExecutor& a, const GateExecutor& b) noexcept { return !(a == b); }

 private:
    Gate* gate_;
};

}  // namespace spillway::test
