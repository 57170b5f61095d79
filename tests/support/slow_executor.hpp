#pragma once
// An executor whose work takes virtual time: a storage thread as a simulation plays it, on the loop itself.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <memory>
#include <utility>

#include "tests/support/virtual_clock.hpp"

namespace spillway::test {

/// How long one piece of work takes, drawn each time; one after another, as a thread does them.
class SlowWorker {
 public:
    SlowWorker(boost::asio::io_context& io, SimClock& clock, Random& random, Millis most)
        : io_(io), clock_(clock), random_(random), most_(most) {}

    [[nodiscard]] boost::asio::io_context& io() const { return io_; }
    void set_most(Millis most) { most_ = most; }
    void take(std::unique_ptr<ScheduledCall> work) {
        const auto span = Millis(random_.below(static_cast<std::uint64_t>(most_.count()) + 1));
        free_at_ = std::max(free_at_, clock_.steady_now()) + span;
        clock_.call_at(free_at_, std::move(work));
    }

 private:
    boost::asio::io_context& io_;
    SimClock& clock_;
    Random& random_;
    Millis most_;
    SteadyTime free_at_{};
};

/// What Asio asks of an executor. The worker outlives it and everything given to it.
class SlowExecutor {
 public:
    explicit SlowExecutor(SlowWorker& worker) : worker_(&worker) {}

    template <class Function>
    void execute(Function function) const {
        struct Work final : ScheduledCall {
            explicit Work(Function what) : what_(std::move(what)) {}
            void run() override { what_(); }
            Function what_;
        };
        worker_->take(std::make_unique<Work>(std::move(function)));
    }

    [[nodiscard]] boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return worker_->io();
    }
    [[nodiscard]] static constexpr boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) {
        return boost::asio::execution::blocking.never;
    }
    [[nodiscard]] SlowExecutor require(boost::asio::execution::blocking_t::never_t) const { return *this; }
    friend bool operator==(const SlowExecutor& a, const SlowExecutor& b) noexcept { return a.worker_ == b.worker_; }
    friend bool operator!=(const SlowExecutor& a, const SlowExecutor& b) noexcept { return !(a == b); }

 private:
    SlowWorker* worker_;
};

}  // namespace spillway::test
