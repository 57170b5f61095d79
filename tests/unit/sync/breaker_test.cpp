#include "services/sync/breaker.hpp"

#include <gtest/gtest.h>

namespace spillway::sync {
namespace {

using std::chrono::seconds;

constexpr SteadyTime kStart{Millis{1'000'000}};

struct BreakerTest : testing::Test {
    void fail(int times, const std::string& lane) {
        for (int i = 0; i < times; ++i) breaker.failed(lane, now, random);
    }
    bool may(const std::string& lane) { return breaker.ask(lane, now).go; }
    /// Lets time run until somebody may try again.
    void wait_out() {
        const auto ask = breaker.ask("a", now);
        ASSERT_FALSE(ask.go);
        now = ask.retry_at;
    }

    Breaker breaker;
    SeededRandom random{5};
    SteadyTime now = kStart;
};

TEST_F(BreakerTest, FailuresOfOneLaneAreItsOwn) {
    fail(50, "a");
    EXPECT_TRUE(may("a"));
    EXPECT_TRUE(may("b"));
}

TEST_F(BreakerTest, FailuresOfSeveralLanesInARowAreTheProviders) {
    fail(3, "a");
    fail(1, "b");
    EXPECT_TRUE(may("c"));
    fail(1, "a");
    EXPECT_FALSE(may("c"));
    wait_out();
    EXPECT_TRUE(may("a"));
}

TEST_F(BreakerTest, AnAnswerInBetweenStartsTheCountAnew) {
    fail(4, "a");
    breaker.answered();
    fail(4, "b");
    EXPECT_TRUE(may("a"));
}

TEST_F(BreakerTest, HalfOpenOneLaneTriesAtATimeAndItsSuccessClosesIt) {
    fail(4, "a");
    fail(4, "b");
    wait_out();
    breaker.begin("a");
    EXPECT_FALSE(may("b"));
    EXPECT_TRUE(may("a"));
    breaker.end("a");  // it came to nothing
    EXPECT_TRUE(may("b"));
    breaker.begin("b");
    breaker.answered();
    EXPECT_TRUE(may("a"));
    EXPECT_FALSE(breaker.is_open());
}

TEST_F(BreakerTest, AFailedProbeOpensItForLongerUpToAMinuteOrSo) {
    fail(4, "a");
    fail(4, "b");
    Millis last{0};
    for (int times = 0; times < 12; ++times) {
        const auto opened = now;
        wait_out();
        last = now - opened;
        breaker.begin("a");
        breaker.failed("a", now, random);
        breaker.end("a");
    }
    EXPECT_GE(last, seconds(5));
    EXPECT_LE(last, seconds(65));
    EXPECT_FALSE(may("b"));
}

}  // namespace
}  // namespace spillway::sync
