// A guard that begins to watch while the database is in trouble: what it sees first must not become normal.

#include "tests/unit/guard/payments.hpp"

namespace spillway::test {
namespace {

struct Newcomer : ::testing::Test {
    /// @return the longest pause that was asked for
    Millis pass(Millis span, double trouble, Millis step = std::chrono::minutes(1)) {
        Millis longest{};
        for (const WallTime end = watched.now + span; watched.now < end; watched.now += step)
            longest = std::max(longest, watched.guard.look(watched.payments.window(watched.now, trouble)));
        return longest;
    }
    [[nodiscard]] Millis pause() { return watched.guard.look(watched.payments.window(watched.now)); }
    Watched watched{21, 4'000};
};

TEST_F(Newcomer, YieldsFromTheFirstMinuteToWhatNoNetworkExplains) {
    EXPECT_EQ(pass(hours(3), 120), Pace::kMost);
    EXPECT_TRUE(watched.guard.episodes().running());
    pass(hours(1), 1);
    EXPECT_EQ(pause(), Millis{0});
    EXPECT_EQ(watched.guard.episodes().open().size(), 1U);
    EXPECT_GT(pass(std::chrono::minutes(5), 40), Millis{0}) << "less trouble than the first, and still told";
}

TEST_F(Newcomer, KnowsTroubleAgainThatItTookForDistanceAtFirst) {
    EXPECT_EQ(pass(hours(3), 25), Millis{0}) << "100 ms: as far away as another continent, for all that is known";
    pass(std::chrono::minutes(10), 1);
    EXPECT_GT(pass(std::chrono::minutes(5), 25), Millis{0}) << "not any more once it was seen to be near";
}

TEST_F(Newcomer, LearnsNothingFromTheHoursOfItsFirstDayThatWereTrouble) {
    Watched quiet(21, 4'000);
    pass(hours(3), 25);
    quiet.pass(hours(3), std::chrono::minutes(1));
    pass(days(28), 1, std::chrono::minutes(5));
    quiet.pass(days(28), std::chrono::minutes(5));
    for (int hour = 0; hour < 24; ++hour) {
        const Micros limit = quiet.guard.limit_at(kBegin + days(28) + hours(hour));
        EXPECT_NEAR(watched.guard.limit_at(kBegin + days(28) + hours(hour)), limit, limit * 0.15) << hour;
    }
}

TEST_F(Newcomer, TakesADistantDatabaseForWhatItIs) {
    Watched far(21, 42'000);
    EXPECT_EQ(far.pass(days(2), std::chrono::minutes(1)), 0) << far.first;
    EXPECT_GT(far.guard.limit_at(far.now), 100'000);
}

}  // namespace
}  // namespace spillway::test
