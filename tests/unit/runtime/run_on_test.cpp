#include "schema/runtime/run_on.hpp"

#include <gtest/gtest.h>

#include <boost/asio/thread_pool.hpp>
#include <stdexcept>
#include <thread>

#include "tests/support/run.hpp"

namespace spillway {
namespace {

namespace asio = boost::asio;

struct Where {
    std::thread::id before, during, after;
};

asio::awaitable<Where> hop(asio::thread_pool& pool) {
    Where where;
    where.before = std::this_thread::get_id();
    where.during = co_await run_on(pool.get_executor(), [] { return std::this_thread::get_id(); });
    where.after = std::this_thread::get_id();
    co_return where;
}

asio::awaitable<void> hop_and_fail(asio::thread_pool& pool) {
    co_await run_on(pool.get_executor(), [] { throw std::runtime_error("on the other thread"); });
}

TEST(RunOn, HopsToTheOtherThreadAndComesBack) {
    asio::io_context io(1);
    test::SimClock clock(io);
    asio::thread_pool pool(1);
    const auto where = test::run(io, clock, hop(pool));
    EXPECT_EQ(where.before, where.after);
    EXPECT_NE(where.before, where.during);
}

TEST(RunOn, BringsBackTheException) {
    asio::io_context io(1);
    test::SimClock clock(io);
    asio::thread_pool pool(1);
    EXPECT_THROW(test::run(io, clock, hop_and_fail(pool)), std::runtime_error);
}

}  // namespace
}  // namespace spillway
