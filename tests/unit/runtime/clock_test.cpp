#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "schema/runtime/real_clock.hpp"
#include "schema/runtime/task_group.hpp"
#include "tests/support/run.hpp"

namespace spillway {
namespace {

namespace asio = boost::asio;
using test::SimClock;

asio::awaitable<void> note_sleep(Clock& clock, SteadyTime until, std::vector<bool>& results) {
    const bool reached = co_await clock.sleep_until(until);
    results.push_back(reached);
    const bool again = co_await clock.sleep_until(until);
    results.push_back(again);
}

TEST(RealClock, SaysWhetherTheTimeWasReached) {
    asio::io_context io(1);
    RealClock clock;
    std::vector<bool> results;
    TaskGroup group(io.get_executor(), "test");
    group.spawn(note_sleep(clock, clock.steady_now() - Millis{1}, results), "past");
    io.run();
    EXPECT_EQ(results, (std::vector<bool>{true, true}));
}

TEST(RealClock, CancellationEndsASleepAndEveryLaterOne) {
    asio::io_context io(1);
    RealClock clock;
    std::vector<bool> results;
    TaskGroup group(io.get_executor(), "test");
    group.spawn(note_sleep(clock, clock.steady_now() + std::chrono::hours(1), results), "sleeper");
    io.poll();
    group.cancel(asio::cancellation_type::total);
    io.run();
    EXPECT_EQ(results, (std::vector<bool>{false, false}));
    EXPECT_EQ(group.failures(), 0u);
}

TEST(RealClock, TellsWallAndSteadyTime) {
    RealClock clock;
    const auto first = clock.steady_now();
    EXPECT_LE(first, clock.steady_now());
    EXPECT_GT(to_ms(clock.wall_now()), 1'700'000'000'000);
}

asio::awaitable<void> note_order(SimClock& clock, Millis span, int id, std::vector<int>& order) {
    co_await clock.sleep_for(span);
    order.push_back(id);
}

TEST(SimClock, WakesSleepersByTimeThenByTurn) {
    asio::io_context io(1);
    SimClock clock(io);
    std::vector<int> order;
    for (const auto& [id, span] : std::vector<std::pair<int, int>>{{1, 50}, {2, 10}, {3, 50}, {4, 0}})
        test::start(io, note_order(clock, Millis{span}, id, order));
    const auto wall = clock.wall_now();
    clock.run_until_idle();
    EXPECT_EQ(order, (std::vector<int>{4, 2, 1, 3}));
    EXPECT_EQ(clock.wall_now() - wall, Millis{50});
}

TEST(SimClock, RunForEndsExactlyThere) {
    asio::io_context io(1);
    SimClock clock(io);
    std::vector<int> order;
    test::start(io, note_order(clock, Millis{100}, 1, order));
    const auto start = clock.steady_now();
    clock.run_for(Millis{99});
    EXPECT_EQ(clock.steady_now() - start, Millis{99});
    EXPECT_TRUE(order.empty());
    clock.run_for(Millis{1});
    EXPECT_EQ(clock.steady_now() - start, Millis{100});
}

asio::awaitable<void> tick_for_ever(SimClock& clock, int& ticks) {
    for (;;) {
        co_await clock.sleep_for(Millis{1});
        ++ticks;
    }
}

TEST(SimClock, RefusesToRunALoopThatNeverRests) {
    asio::io_context io(1);
    SimClock clock(io);
    int ticks = 0;
    test::start(io, tick_for_ever(clock, ticks));
    EXPECT_THROW(clock.run_until_idle(/*jumps_max=*/100), std::runtime_error);
    EXPECT_TRUE(clock.run_until([&] { return ticks == 500; }));
    EXPECT_FALSE(clock.run_until([&] { return ticks == 5000; }, Millis{10}));
}

}  // namespace
}  // namespace spillway
