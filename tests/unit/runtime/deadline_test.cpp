#include "schema/runtime/deadline.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "schema/runtime/task_group.hpp"
#include "schema/runtime/with_deadline.hpp"
#include "tests/support/run.hpp"

namespace spillway {
namespace {

namespace asio = boost::asio;
using test::SimClock;

class DeadlineTest : public testing::Test {
 protected:
    asio::io_context io_{1};
    SimClock clock_{io_};
    int fired_ = 0;

    std::unique_ptr<Deadline> in(Millis span) {
        return std::make_unique<Deadline>(io_.get_executor(), clock_, clock_.steady_now() + span, [this] { ++fired_; });
    }
};

TEST_F(DeadlineTest, FiresOnceWhenItsTimeComes) {
    const auto deadline = in(Millis{100});
    clock_.run_for(Millis{99});
    EXPECT_EQ(fired_, 0);
    EXPECT_FALSE(deadline->expired());
    clock_.run_for(Millis{1});
    clock_.run_until_idle();
    EXPECT_EQ(fired_, 1);
    EXPECT_TRUE(deadline->expired());
}

TEST_F(DeadlineTest, NeverFiresOnceItIsGone) {
    auto asleep = in(Millis{100});
    clock_.run_for(Millis{50});
    asleep.reset();
    auto unborn = in(Millis{10});
    unborn.reset();  // before the loop has run its first step
    clock_.run_until_idle();
    EXPECT_EQ(fired_, 0);
    EXPECT_EQ(clock_.sleepers(), 0u);
}

TEST_F(DeadlineTest, NeverFiresWhenItGoesInTheTurnInWhichItIsDue) {
    auto deadline = in(Millis{100});
    clock_.run_for(Millis{10});
    clock_.advance(Millis{90});  // the sleeper is woken, but has not run yet
    deadline.reset();
    clock_.run_until_idle();
    EXPECT_EQ(fired_, 0);
}

TEST_F(DeadlineTest, MayBeDestroyedByItsOwnCallback) {
    std::unique_ptr<Deadline> deadline;
    deadline = std::make_unique<Deadline>(io_.get_executor(), clock_, clock_.steady_now() + Millis{5}, [&] {
        ++fired_;
        deadline.reset();
    });
    clock_.run_until_idle();
    EXPECT_EQ(fired_, 1);
}

TEST_F(DeadlineTest, OutlivesItsLoop) {
    auto io = std::make_unique<asio::io_context>(1);
    SimClock clock(*io);
    const Deadline deadline(io->get_executor(), clock, clock.steady_now() + Millis{5}, [this] { ++fired_; });
    io->poll();
    io.reset();
    EXPECT_FALSE(deadline.expired());
}

asio::awaitable<int> seven_after(SimClock& clock, Millis span) {
    const bool slept = co_await clock.sleep_for(span);
    if (!slept) throw std::runtime_error("cut");
    co_return 7;
}

asio::awaitable<int> stubborn(SimClock& clock) {
    co_await clock.sleep_for(Millis{50});
    co_return 8;  // ends with a value although it was cancelled
}

asio::awaitable<int> broken() {
    throw std::runtime_error("broken");
    co_return 0;
}

asio::awaitable<std::optional<int>> limited(SimClock& clock, Millis limit, asio::awaitable<int> op) {
    const auto value = co_await with_deadline(clock, clock.steady_now() + limit, std::move(op));
    co_return value;
}

TEST_F(DeadlineTest, WithDeadlineGivesTheValueThatCameInTime) {
    auto pending = test::start(io_, limited(clock_, Millis{100}, seven_after(clock_, Millis{99})));
    clock_.run_until_idle();
    EXPECT_EQ(pending.take(), 7);
    EXPECT_EQ(clock_.sleepers(), 0u);
}

TEST_F(DeadlineTest, WithDeadlineGivesNothingWhenTheTimeIsOver) {
    const auto start = clock_.steady_now();
    auto pending = test::start(io_, limited(clock_, Millis{100}, seven_after(clock_, Millis{101})));
    clock_.run_until_idle();
    EXPECT_EQ(pending.take(), std::nullopt);
    EXPECT_EQ(clock_.steady_now() - start, Millis{100});
}

TEST_F(DeadlineTest, WithDeadlineKeepsAValueThatComesLate) {
    auto pending = test::start(io_, limited(clock_, Millis{10}, stubborn(clock_)));
    clock_.run_until_idle();
    EXPECT_EQ(pending.take(), 8);
}

TEST_F(DeadlineTest, WithDeadlinePassesOnAnException) {
    auto pending = test::start(io_, limited(clock_, Millis{10}, broken()));
    clock_.run_until_idle();
    EXPECT_THROW(pending.take(), std::runtime_error);
}

asio::awaitable<void> wait_long(SimClock& clock, bool& ended) {
    co_await with_deadline(clock, clock.steady_now() + Millis{60'000}, seven_after(clock, Millis{90'000}));
    ended = true;
}

// A parallel group passes on only the first cancellation: waits that ignored the *total* step never heard of the
// *terminal* one.
TEST_F(DeadlineTest, WithDeadlineEndsAtTheFirstStepOfAStop) {
    TaskGroup group(io_.get_executor(), "test");
    bool ended = false;
    group.spawn(wait_long(clock_, ended), "wait");
    clock_.run_for(Millis{10});
    const auto start = clock_.steady_now();
    auto stopped = test::start(io_, group.stop(clock_, Millis{1'000}));
    clock_.run_until_idle();
    EXPECT_TRUE(ended);
    EXPECT_LT(clock_.steady_now() - start, Millis{2'000});
}

}  // namespace
}  // namespace spillway
