// Months of a payment database's latency from a seed: quiet ones, which must raise nothing, and ones in which it slowly
// goes wrong, which must be told before the first payment times out.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "schema/random.hpp"
#include "services/guard/guard.hpp"

namespace spillway::test {
namespace {

using namespace guard;
using std::chrono::days;
using std::chrono::hours;

/// Latency as a business has it: nights, noons, weekends, month ends, noise, and now and then one hiccup.
class Payments {
 public:
    Payments(std::uint64_t seed, Micros base) : random_(seed), base_(base) {}

    Window window(WallTime at, double trouble = 1) {
        Window out;
        out.at = at;
        out.steady = SteadyTime(at.time_since_epoch());
        const double hiccup = random_.below(2'000) == 0 ? 8 : 1;
        for (int i = 0; i < 5; ++i) out.probes.push_back(base_ * shape(at) * noise() * hiccup * trouble);
        return out;
    }

 private:
    static double shape(WallTime at) {
        const auto day = std::chrono::floor<days>(at);
        const double hour = std::chrono::duration<double, std::ratio<3'600>>(at - day).count();
        const double noon = 1 + 2 * std::max(0.0, std::sin((hour - 6) / 14 * std::numbers::pi));
        const bool weekend = std::chrono::weekday(day).iso_encoding() > 5;
        if (weekend) return 1 + (noon - 1) / 4;
        return business_days_left(at) < 2 ? 2.5 * noon : noon;
    }
    /// About log-normal with 0.2.
    double noise() {
        double sum = 0;
        for (int i = 0; i < 6; ++i) sum += static_cast<double>(random_.below(10'000)) / 10'000 - 0.5;
        return std::exp(0.2 * sum * std::numbers::sqrt2);
    }
    SeededRandom random_;
    Micros base_;
};

constexpr WallTime kBegin{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};

struct Watched {
    Watched(std::uint64_t seed, Micros base, Micros timeout = 30'000'000)
        : payments(seed, base), guard(limits(timeout)) {}
    static Limits limits(Micros timeout) {
        Limits out;
        out.timeout = timeout;
        return out;
    }
    /// @return the windows with a notice
    int pass(Millis span, Millis step) {
        int told = 0;
        for (const WallTime end = now + span; now < end; now += step) {
            guard.look(payments.window(now));
            told += guard.notices().empty() ? 0 : 1;
            if (told == 1 && first.empty()) {
                for (const Notice& notice : guard.notices()) first += notice.code + " ";
                first += std::to_string(std::chrono::duration_cast<hours>(now - kBegin).count()) + " h";
            }
        }
        return told;
    }
    Payments payments;
    Guard guard;
    WallTime now = kBegin;
    std::string first;  ///< notice, for a failing test
};

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
