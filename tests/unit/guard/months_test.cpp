// Months of a payment database's latency from a seed: quiet ones, which must raise nothing, and ones in which it slowly
// goes wrong, which must be told before the first payment times out.

#include "tests/unit/guard/payments.hpp"

namespace spillway::test {
namespace {

TEST(Months, ThreeOrdinaryMonthsRaiseNothing) {
    for (const Micros base : {1'000.0, 8'000.0, 40'000.0}) {
        Watched watched(11, base);
        EXPECT_EQ(watched.pass(days(91), std::chrono::minutes(1)), 0) << base << " " << watched.first;
    }
}

TEST(Months, TwentyQuietMonthsRaiseNothing) {
    Watched watched(3, 8'000);
    EXPECT_EQ(watched.pass(days(610), std::chrono::minutes(5)), 0) << watched.first;
}

struct Trouble : ::testing::TestWithParam<std::uint64_t> {};

/// Each seed: a time-out, a moment, and how long the latency takes to grow to it.
TEST_P(Trouble, ThatGrowsIsToldAndYieldedToBeforeTheFirstTimeOut) {
    SeededRandom random(GetParam());
    const Micros timeout = 1'000'000.0 * static_cast<double>(1 + random.below(30));
    Watched watched(GetParam(), 4'000, timeout);
    watched.pass(days(42) + hours(random.below(168)), std::chrono::minutes(5));
    const double grows_for = 20 + static_cast<double>(random.below(24 * 60));  // minutes
    const Micros normal = 12'000;
    std::optional<double> told, yielded;
    for (double minute = 0; minute < grows_for; ++minute) {
        const double trouble = std::pow(timeout / normal, minute / grows_for);
        const Window window = watched.payments.window(watched.now += std::chrono::minutes(1), trouble);
        if (*std::ranges::max_element(window.probes) >= timeout) break;
        const Millis pause = watched.guard.look(window);
        if (!told && !watched.guard.notices().empty()) told = minute;
        if (!yielded && pause > Millis{0}) yielded = minute;
    }
    ASSERT_TRUE(told);
    ASSERT_TRUE(yielded);
    EXPECT_LT(*told, 0.75 * grows_for) << "with a quarter of the time left";
    EXPECT_LT(*yielded, 0.75 * grows_for);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Trouble, ::testing::Range<std::uint64_t>(1, 61));

TEST(Months, TroubleThatComesAndGoesMoreOftenPagesBeforeItStays) {
    Watched watched(9, 4'000);
    watched.pass(days(42), std::chrono::minutes(5));
    bool paged = false;
    for (const int gap : {150, 100, 60, 30}) {
        for (int minute = 0; minute < gap; ++minute) {
            const double trouble = minute < 5 ? 20 : 1;
            watched.guard.look(watched.payments.window(watched.now += std::chrono::minutes(1), trouble));
        }
        for (const Notice& notice : watched.guard.notices()) paged = paged || notice.level == Notice::Level::page;
    }
    EXPECT_TRUE(paged);
    EXPECT_FALSE(watched.guard.episodes().running()) << "all of them had healed";
}

TEST(Months, WhatIsLearnedInTroubleIsForgotten) {
    Watched watched(4, 8'000);
    watched.pass(days(42), std::chrono::minutes(5));
    const Micros before = watched.guard.limit_at(kBegin + days(49) + hours(12));
    for (int i = 0; i < 7 * 24 * 12; ++i)
        watched.guard.look(watched.payments.window(watched.now += std::chrono::minutes(5), 30));
    EXPECT_NEAR(watched.guard.limit_at(kBegin + days(49) + hours(12)), before, before * 0.15);
}

}  // namespace
}  // namespace spillway::test
