// The guard's parts one by one.

#include <gtest/gtest.h>

#include <cmath>

#include "schema/random.hpp"
#include "services/guard/guard.hpp"

namespace spillway::test {
namespace {

using namespace guard;
using std::chrono::hours;
using std::chrono::minutes;

WallTime at(int year, unsigned month, unsigned day, int hour = 12) {
    const std::chrono::sys_days date = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
    return WallTime(date) + hours(hour);
}

TEST(Baseline, CountsBusinessDaysFromMonthEnd) {
    struct Row {
        WallTime day;
        int left;
    };
    for (const Row& row :
         {Row{at(2017, 2, 28), 0}, Row{at(2017, 2, 27), 1}, Row{at(2017, 2, 24), 2}, Row{at(2017, 2, 25), 2},
          Row{at(2017, 4, 28), 0}, Row{at(2017, 4, 30), 0}, Row{at(2024, 2, 1), 20}, Row{at(2023, 12, 29), 0}})
        EXPECT_EQ(business_days_left(row.day), row.left) << row.day.time_since_epoch().count();
}

TEST(Baseline, SaysNothingBeforeFourSamplesOfThatHour) {
    Baseline baseline;
    for (int week = 0; week < 3; ++week) baseline.learn(at(2026, 1, 5) + hours(168 * week), 1'000);
    EXPECT_FALSE(baseline.at(at(2026, 1, 26)));
    baseline.learn(at(2026, 1, 26), 2'000);
    EXPECT_FALSE(baseline.at(at(2026, 1, 26, 13))) << "another hour";
    ASSERT_TRUE(baseline.at(at(2026, 2, 2)));
    EXPECT_NEAR(baseline.at(at(2026, 2, 2))->value, 1'250, 1);
}

TEST(Baseline, KnowsMonthEndsApart) {
    Baseline baseline;
    // 2026: the last business days of the first four months, on four different weekdays or not.
    for (const WallTime end : {at(2026, 1, 30), at(2026, 2, 27), at(2026, 3, 31), at(2026, 4, 30)})
        baseline.learn(end, 9'000);
    EXPECT_NEAR(baseline.at(at(2026, 5, 29)).value_or(Baseline::Normal{}).value, 9'000, 1);
}

TEST(Baseline, RisesTenInAHundredAWeekAtMost) {
    Baseline baseline;
    for (int week = 0; week < 4; ++week) baseline.learn(at(2026, 1, 5) + hours(168 * week), 1'000);
    for (int week = 4; week < 12; ++week) baseline.learn(at(2026, 1, 5) + hours(168 * week), 100'000);
    EXPECT_LE(baseline.at(at(2026, 1, 5)).value_or(Baseline::Normal{}).value, 1'000 * std::pow(1.1, 8) + 1);
    EXPECT_GT(baseline.at(at(2026, 1, 5)).value_or(Baseline::Normal{}).value, 2'000);
}

TEST(Pace, YieldsAtOnceComesBackCarefullyAndNeverStarves) {
    Pace pace;
    SteadyTime now{Millis{1'000'000}};
    EXPECT_EQ(pace.look(now, false), Millis{0});
    EXPECT_EQ(pace.look(now += Millis{1'000}, true), Millis{250});
    for (int i = 0; i < 20; ++i) pace.look(now += Millis{1'000}, true);
    EXPECT_EQ(pace.pause(), Millis{5'000});
    EXPECT_FALSE(pace.starving(now));
    EXPECT_EQ(pace.look(now += Millis{29'000}, false), Millis{5'000}) << "one good look proves nothing";
    EXPECT_EQ(pace.look(now += Millis{1'000}, true), Millis{5'000});
    EXPECT_EQ(pace.look(now += Millis{1'000}, false), Millis{5'000});
    EXPECT_EQ(pace.look(now += Millis{30'000}, false), Millis{3'750});
    for (int i = 0; i < 30; ++i) pace.look(now += Millis{1'000}, false);
    EXPECT_EQ(pace.pause(), Millis{0});
    for (int i = 0; i < 700; ++i) pace.look(now += Millis{1'000}, true);
    EXPECT_TRUE(pace.starving(now));
    EXPECT_EQ(pace.pause(), Millis{5'000});
}

struct Slow {
    /// One episode: `windows` slow ones a minute apart, then well until it has healed.
    void happen(int windows = 3) {
        for (int i = 0; i < windows; ++i) episodes.look(now += minutes(1), 2.0);
        for (int i = 0; i < 4; ++i) episodes.look(now += minutes(1), std::nullopt);
    }
    void pass(minutes span) { now += span; }
    Episodes episodes;
    WallTime now = at(2026, 1, 5);
};

TEST(Episodes, OneHiccupIsNone) {
    Slow slow;
    for (int i = 0; i < 100; ++i)
        slow.episodes.look(slow.now += minutes(1), i % 3 == 0 ? std::optional(2.0) : std::nullopt);
    EXPECT_TRUE(slow.episodes.open().empty());
}

TEST(Episodes, HealedItStaysOpenUntilAPersonHasSeenIt) {
    Slow slow;
    slow.happen();
    ASSERT_EQ(slow.episodes.open().size(), 1U);
    EXPECT_FALSE(slow.episodes.running());
    EXPECT_TRUE(slow.episodes.open()[0].healed);
    slow.pass(hours(24 * 30));
    EXPECT_EQ(slow.episodes.open().size(), 1U);
    EXPECT_TRUE(slow.episodes.acknowledge(slow.episodes.open()[0].id, slow.now));
    EXPECT_TRUE(slow.episodes.open().empty());
    EXPECT_FALSE(slow.episodes.acknowledge(99, slow.now));
}

TEST(Episodes, TheThirdWithinSixHoursPages) {
    Slow slow;
    slow.happen();
    slow.pass(hours(2));
    slow.happen();
    EXPECT_FALSE(slow.episodes.pages(slow.now));
    slow.pass(hours(2));
    slow.happen();
    EXPECT_TRUE(slow.episodes.pages(slow.now));
    for (const Episode& each : slow.episodes.open()) slow.episodes.acknowledge(each.id, slow.now);
    EXPECT_FALSE(slow.episodes.pages(slow.now));
    Slow seldom;
    for (int i = 0; i < 5; ++i) {
        seldom.happen();
        seldom.pass(hours(4));
        EXPECT_FALSE(seldom.episodes.pages(seldom.now));
    }
}

TEST(Episodes, GapsThatBecomeShorterAreSeen) {
    Slow slow;
    for (const int gap : {90, 50, 20}) {
        slow.happen();
        slow.pass(minutes(gap));
        EXPECT_FALSE(slow.episodes.coming_more_often(slow.now));
    }
    slow.happen();
    EXPECT_TRUE(slow.episodes.coming_more_often(slow.now));
    slow.pass(hours(25));
    EXPECT_FALSE(slow.episodes.coming_more_often(slow.now));
}

TEST(Trend, IsDeafToNoiseAndSpikesAndSeesGrowth) {
    SeededRandom random(5);
    const auto noise = [&] { return std::exp(0.4 * (static_cast<double>(random.below(1'000)) / 500.0 - 1)); };
    Trend flat, growing;
    WallTime now = at(2026, 1, 5);
    for (int i = 0; i < 300; ++i) {
        now += minutes(1);
        flat.add(now, noise() * (i % 17 == 0 ? 50 : 1));
        growing.add(now, noise() * std::exp(i / 100.0));
    }
    EXPECT_FALSE(flat.reaches(2));
    const auto left = growing.reaches(std::exp(5.0));
    ASSERT_TRUE(left);
    EXPECT_NEAR(static_cast<double>(left->count()) / 60'000, 200, 40);
    EXPECT_FALSE(growing.reaches(std::exp(30.0))) << "beyond the horizon";
    EXPECT_EQ(growing.reaches(1.0), Millis{0}) << "passed already";
}

}  // namespace
}  // namespace spillway::test
