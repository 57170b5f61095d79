#include "schema/runtime/task_group.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

#include "schema/runtime/log.hpp"
#include "schema/runtime/shield.hpp"
#include "tests/support/run.hpp"

namespace spillway {
namespace {

namespace asio = boost::asio;
using test::SimClock;

asio::awaitable<void> sleep_then_count(SimClock& clock, Millis span, int& reached) {
    const bool slept = co_await clock.sleep_for(span);
    if (slept) ++reached;
}

asio::awaitable<void> fail_after(SimClock& clock, Millis span) {
    co_await clock.sleep_for(span);
    throw std::runtime_error("broken on purpose");
}

asio::awaitable<void> loop_until_stopped(SimClock& clock, int& turns) {
    for (;;) {
        const bool stop = co_await stop_requested();
        if (stop) co_return;
        ++turns;
        co_await clock.sleep_for(Millis{10});
    }
}

asio::awaitable<void> nap(SimClock& clock, Millis span) { co_await clock.sleep_for(span); }

/// A task with a call in flight that the first step of a stop must not disturb.
asio::awaitable<void> call_in_flight(SimClock& clock, Millis span, SteadyTime& ended) {
    co_await shielded(nap(clock, span));
    ended = clock.steady_now();
}

asio::awaitable<void> throws_when_cancelled(SimClock& clock) {
    co_await asio::this_coro::throw_if_cancelled(true);
    co_await clock.sleep_for(Millis{100});
    co_await clock.sleep_for(Millis{100});
}

class TaskGroupTest : public testing::Test {
 protected:
    void SetUp() override {
        previous_ = set_log_sink([this](std::string_view line) { lines_.emplace_back(line); });
    }
    void TearDown() override { set_log_sink(previous_); }

    asio::io_context io_{1};
    SimClock clock_{io_};
    TaskGroup group_{io_.get_executor(), "test"};
    std::vector<std::string> lines_;
    LogSink previous_;
};

TEST_F(TaskGroupTest, JoinWaitsForEveryTask) {
    int reached = 0;
    ASSERT_TRUE(group_.spawn(sleep_then_count(clock_, Millis{10}, reached), "a"));
    ASSERT_TRUE(group_.spawn(sleep_then_count(clock_, Millis{500}, reached), "b"));
    auto joined = test::start(io_, group_.join());
    clock_.run_for(Millis{499});
    EXPECT_FALSE(joined.ended());
    clock_.run_for(Millis{1});
    clock_.run_until_idle();
    EXPECT_TRUE(joined.ended());
    EXPECT_EQ(reached, 2);
}

TEST_F(TaskGroupTest, CountsAndLogsAFailedTaskAndLetsTheOthersRun) {
    int reached = 0;
    group_.spawn(fail_after(clock_, Millis{5}), "broken");
    group_.spawn(sleep_then_count(clock_, Millis{10}, reached), "sound");
    clock_.run_until_idle();
    EXPECT_EQ(group_.failures(), 1u);
    EXPECT_EQ(reached, 1);
    ASSERT_EQ(lines_.size(), 1u);
    EXPECT_THAT(lines_[0], testing::HasSubstr(R"("event":"task_failed","group":"test","task":"broken")"));
    EXPECT_THAT(lines_[0], testing::HasSubstr("broken on purpose"));
}

TEST_F(TaskGroupTest, RefusesNewcomersOnceClosed) {
    int reached = 0;
    group_.close();
    EXPECT_FALSE(group_.spawn(sleep_then_count(clock_, Millis{1}, reached), "late"));
    clock_.run_until_idle();
    EXPECT_EQ(reached, 0);
}

TEST_F(TaskGroupTest, TotalEndsASleepWithoutAnException) {
    int reached = 0;
    int turns = 0;
    group_.spawn(sleep_then_count(clock_, std::chrono::hours(1), reached), "sleeper");
    group_.spawn(loop_until_stopped(clock_, turns), "loop");
    clock_.run_for(Millis{35});
    auto stopped = test::start(io_, group_.stop(clock_, Millis{1000}));
    clock_.run_for(Millis{0});
    EXPECT_TRUE(stopped.ended());
    EXPECT_EQ(reached, 0);
    EXPECT_EQ(turns, 4);
    EXPECT_EQ(group_.failures(), 0u);
}

TEST_F(TaskGroupTest, ACallInFlightFinishesWithinTheGrace) {
    SteadyTime ended{};
    const auto start = clock_.steady_now();
    group_.spawn(call_in_flight(clock_, Millis{400}, ended), "call");
    clock_.run_for(Millis{100});
    auto stopped = test::start(io_, group_.stop(clock_, Millis{1000}));
    clock_.run_until_idle();
    EXPECT_TRUE(stopped.ended());
    EXPECT_EQ(ended - start, Millis{400});
}

TEST_F(TaskGroupTest, ACallThatOutlivesTheGraceIsCutAtItsEnd) {
    SteadyTime ended{};
    const auto start = clock_.steady_now();
    group_.spawn(call_in_flight(clock_, std::chrono::hours(2), ended), "call");
    clock_.run_for(Millis{100});
    auto stopped = test::start(io_, group_.stop(clock_, Millis{1000}));
    clock_.run_until_idle();
    EXPECT_TRUE(stopped.ended());
    EXPECT_EQ(ended - start, Millis{1100});
}

TEST_F(TaskGroupTest, ATaskCancelledBeforeItBeganNeverBegins) {
    int turns = 0;
    group_.spawn(loop_until_stopped(clock_, turns), "early");
    group_.cancel(asio::cancellation_type::total);
    clock_.run_until_idle();
    EXPECT_EQ(turns, 0);
    EXPECT_EQ(group_.size(), 0u);
}

TEST_F(TaskGroupTest, ItsOwnCancellationIsNoFailure) {
    group_.spawn(throws_when_cancelled(clock_), "throws");
    clock_.run_for(Millis{10});
    group_.cancel(asio::cancellation_type::total);
    clock_.run_until_idle();
    EXPECT_EQ(group_.size(), 0u);
    EXPECT_EQ(group_.failures(), 0u);
}

TEST_F(TaskGroupTest, StopsTwice) {
    int turns = 0;
    group_.spawn(loop_until_stopped(clock_, turns), "loop");
    auto first = test::start(io_, group_.stop(clock_, Millis{10}));
    auto second = test::start(io_, group_.stop(clock_, Millis{10}));
    clock_.run_until_idle();
    EXPECT_TRUE(first.ended());
    EXPECT_TRUE(second.ended());
}

TEST(TaskGroupLifetime, ALoopMayDieBeforeItsTasksEnd) {
    const auto previous = set_log_sink([](std::string_view) {});
    auto io = std::make_unique<asio::io_context>(1);
    auto clock = std::make_unique<SimClock>(*io);
    int reached = 0;
    {
        TaskGroup group(io->get_executor(), "abandoned");
        group.spawn(sleep_then_count(*clock, Millis{10}, reached), "sleeper");
        io->poll();
    }
    io.reset();
    set_log_sink(previous);
    EXPECT_EQ(reached, 0);
}

}  // namespace
}  // namespace spillway
