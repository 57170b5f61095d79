#include <gtest/gtest.h>

#include "connectors/pacing/pacer.hpp"

namespace spillway::pacing {
namespace {

using std::chrono::seconds;

constexpr SteadyTime kStart{Millis{1'000'000}};
SteadyTime at(double s) { return kStart + Millis{static_cast<std::int64_t>(s * 1000)}; }

LimitProfile xero_like() {
    LimitProfile profile;
    profile.windows = {{.name = "minute", .calls = 60}, {.name = "app_minute", .calls = 100, .app_wide = true}};
    profile.concurrent = 5;
    profile.day = 1000;
    return profile;
}

LimitProfile qbo_like() {
    LimitProfile profile;
    profile.windows = {{.name = "minute", .calls = 500},
                       {.name = "second", .calls = 10, .span = Millis{1000}},
                       {.name = "batch_minute", .calls = 40, .batch_only = true}};
    profile.concurrent = 10;
    return profile;
}

struct Desk {
    explicit Desk(LimitProfile p) : profile(std::move(p)) {}
    LimitProfile profile;
    AppBudget app{profile};
    Pacer pacer{profile, app};

    /// One call that is answered at once.
    void call(SteadyTime now, LimitSignals signals = {}, CallClass call_class = CallClass::write,
              Urgency urgency = Urgency::bulk) {
        const auto ticket = pacer.begin(now, now + seconds(130), call_class, urgency);
        pacer.end(ticket, now, signals, Ended::answered);
    }
    int calls_until_refused(SteadyTime now, CallClass call_class = CallClass::write, Urgency urgency = Urgency::bulk) {
        int n = 0;
        for (; pacer.ask(now, call_class, urgency).go; ++n) call(now, {}, call_class, urgency);
        return n;
    }
};

TEST(Pacer, LetsExactlyTheMinuteLimitThroughAndOpensASpanAfterTheFirstAnswer) {
    Desk desk(xero_like());
    EXPECT_EQ(desk.calls_until_refused(at(0)), 60);
    const Ask ask = desk.pacer.ask(at(1), CallClass::write, Urgency::bulk);
    EXPECT_FALSE(ask.go);
    EXPECT_EQ(ask.retry_at, at(60));
    EXPECT_EQ(ask.waits_for, "minute");
    EXPECT_FALSE(desk.pacer.ask(at(59.999), CallClass::write, Urgency::bulk).go);
    EXPECT_TRUE(desk.pacer.ask(at(60), CallClass::write, Urgency::bulk).go);
}

TEST(Pacer, CountsASlotFromTheAnswerNotFromTheSend) {
    Desk desk(xero_like());
    const auto slow = desk.pacer.begin(at(0), at(130), CallClass::write, Urgency::bulk);
    for (int i = 0; i < 59; ++i) desk.call(at(1));
    desk.pacer.end(slow, at(30), {}, Ended::answered);
    EXPECT_EQ(desk.calls_until_refused(at(61)), 59);
    EXPECT_EQ(desk.pacer.ask(at(61), CallClass::write, Urgency::bulk).retry_at, at(90));
}

TEST(Pacer, HoldsTheSlotOfALostCallUntilASpanAfterItsDeadline) {
    Desk desk(xero_like());
    const auto lost = desk.pacer.begin(at(0), at(130), CallClass::write, Urgency::bulk);
    desk.pacer.end(lost, at(5), {}, Ended::lost);
    EXPECT_EQ(desk.calls_until_refused(at(189)), 59);
    EXPECT_EQ(desk.pacer.ask(at(189), CallClass::write, Urgency::bulk).retry_at, at(190));
}

TEST(Pacer, FreesTheSlotOfACallThatNeverLeft) {
    Desk desk(xero_like());
    const auto never = desk.pacer.begin(at(0), at(130), CallClass::write, Urgency::bulk);
    desk.pacer.end(never, at(1), {}, Ended::not_sent);
    EXPECT_EQ(desk.calls_until_refused(at(1)), 60);
}

TEST(Pacer, WaitsForAnEndWhenAsManyAreInFlightAsAllowed) {
    Desk desk(xero_like());
    std::vector<Pacer::Ticket> tickets;
    for (int i = 0; i < 5; ++i) tickets.push_back(desk.pacer.begin(at(0), at(130), CallClass::read, Urgency::bulk));
    const Ask ask = desk.pacer.ask(at(0), CallClass::read, Urgency::interactive);
    EXPECT_EQ(ask.waits_for, "concurrent");
    EXPECT_EQ(ask.retry_at, SteadyTime::max());
    desk.pacer.end(tickets[0], at(1), {}, Ended::answered);
    EXPECT_TRUE(desk.pacer.ask(at(1), CallClass::read, Urgency::bulk).go);
}

TEST(Pacer, KeepsThreeOfSixtyForUrgentWorkAndLendsThemAfterTenQuietSeconds) {
    Desk desk(xero_like());
    desk.call(at(0), {}, CallClass::read, Urgency::interactive);
    EXPECT_EQ(desk.calls_until_refused(at(1)), 56);  // 60 less the urgent one less three
    const Ask ask = desk.pacer.ask(at(1), CallClass::write, Urgency::bulk);
    EXPECT_EQ(ask.waits_for, "reserve");
    EXPECT_EQ(ask.retry_at, at(10));
    EXPECT_TRUE(desk.pacer.ask(at(9), CallClass::write, Urgency::reconcile).go);
    EXPECT_FALSE(desk.pacer.ask(at(18.9), CallClass::write, Urgency::bulk).go) << "asking kept the reserve";
    EXPECT_EQ(desk.calls_until_refused(at(19)), 3);
}

TEST(Pacer, TakesALowerRemainingHeaderAsTheTruth) {
    Desk desk(xero_like());
    desk.call(at(0), {.minute_remaining = 10});
    EXPECT_EQ(desk.calls_until_refused(at(1)), 10);
    EXPECT_EQ(desk.pacer.ask(at(2), CallClass::write, Urgency::bulk).retry_at, at(60));
    EXPECT_EQ(desk.calls_until_refused(at(61)), 60);
}

TEST(Pacer, IgnoresAHigherRemainingHeaderForItsOwnCalls) {
    Desk desk(xero_like());
    for (int i = 0; i < 59; ++i) desk.call(at(0));
    desk.call(at(1), {.minute_remaining = 59});
    EXPECT_FALSE(desk.pacer.ask(at(2), CallClass::write, Urgency::bulk).go);
}

TEST(Pacer, ReopensWhatAHeaderClosedWhenALaterHeaderSaysSo) {
    Desk desk(xero_like());
    desk.call(at(0), {.minute_remaining = 1});
    desk.call(at(1), {.minute_remaining = 58});
    EXPECT_EQ(desk.calls_until_refused(at(1)), 58);
}

struct ProblemRow {
    const char* name;
    LimitSignals signals;
    double waits_s;
};
class PacerProblem : public testing::TestWithParam<ProblemRow> {};
TEST_P(PacerProblem, WaitsAsLongAsTheAnswerSays) {
    Desk desk(xero_like());
    desk.call(at(0), GetParam().signals);
    const SteadyTime until = at(GetParam().waits_s);
    const Ask ask = desk.pacer.ask(until - Millis{1}, CallClass::write, Urgency::interactive);
    EXPECT_EQ(ask.waits_for, "retry_after");
    EXPECT_EQ(ask.retry_at, until);
    EXPECT_TRUE(desk.pacer.ask(until, CallClass::write, Urgency::interactive).go);
}
using Problem = LimitSignals::Problem;
INSTANTIATE_TEST_SUITE_P(
    Table, PacerProblem,
    testing::Values(ProblemRow{"minute", {.problem = Problem::minute, .retry_after = seconds(26)}, 26},
                    ProblemRow{"day", {.problem = Problem::day, .retry_after = seconds(66'975)}, 66'975},
                    ProblemRow{"minute_silent", {.problem = Problem::minute}, 60},
                    ProblemRow{"day_silent", {.problem = Problem::day}, 3600},
                    ProblemRow{"concurrent", {.problem = Problem::concurrent}, 1},
                    ProblemRow{"app", {.problem = Problem::app_minute}, 60},
                    ProblemRow{"unspecified", {.problem = Problem::unspecified}, 60},
                    ProblemRow{"offline", {.problem = Problem::none, .retry_after = seconds(300)}, 300}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Pacer, SharesTheAppsMinuteAndItsWaitBetweenTenants) {
    Desk desk(xero_like());
    Pacer other(desk.profile, desk.app);
    EXPECT_EQ(desk.calls_until_refused(at(0)), 60);
    int n = 0;
    for (; other.ask(at(0), CallClass::write, Urgency::bulk).go; ++n)
        other.end(other.begin(at(0), at(9), CallClass::write, Urgency::bulk), at(0), {}, Ended::answered);
    EXPECT_EQ(n, 40);
    EXPECT_EQ(other.ask(at(0), CallClass::write, Urgency::bulk).waits_for, "app_minute");
    EXPECT_TRUE(other.ask(at(0), CallClass::write, Urgency::bulk).app_only);
    EXPECT_FALSE(desk.pacer.ask(at(0), CallClass::write, Urgency::bulk).app_only) << "its own minute is used up too";
    EXPECT_FALSE(other.ask(at(60), CallClass::write, Urgency::bulk).app_only) << "nothing is in the way";
    other.wait_until(at(30), at(0));
    EXPECT_FALSE(other.ask(at(0), CallClass::write, Urgency::bulk).app_only);
    const auto ticket = other.begin(at(60), at(99), CallClass::write, Urgency::bulk);
    other.end(ticket, at(60), {.problem = Problem::app_minute}, Ended::answered);
    EXPECT_EQ(desk.pacer.ask(at(61), CallClass::read, Urgency::bulk).retry_at, at(120));
}

TEST(Pacer, CountsEveryQuickBooksLimitAndBatchesOnlyAgainstBatches) {
    Desk desk(qbo_like());
    EXPECT_EQ(desk.calls_until_refused(at(0), CallClass::batch), 10);
    EXPECT_EQ(desk.pacer.ask(at(0), CallClass::read, Urgency::bulk).waits_for, "second");
    for (int s = 1; s <= 3; ++s) EXPECT_EQ(desk.calls_until_refused(at(s), CallClass::batch), 10);
    EXPECT_EQ(desk.calls_until_refused(at(4), CallClass::batch), 0);
    EXPECT_EQ(desk.pacer.ask(at(4), CallClass::batch, Urgency::bulk).waits_for, "batch_minute");
    EXPECT_EQ(desk.calls_until_refused(at(4), CallClass::read), 10);
}

TEST(Pacer, CountsAsFullForASpanAfterARestart) {
    Desk desk(xero_like());
    desk.pacer.start_full(at(0));
    const Ask ask = desk.pacer.ask(at(0), CallClass::write, Urgency::interactive);
    EXPECT_EQ(ask.waits_for, "start");
    EXPECT_EQ(ask.retry_at, at(60));
    EXPECT_EQ(desk.calls_until_refused(at(60)), 60);
}

TEST(Pacer, KeepsATenthOfTheDayForInteractiveWork) {
    LimitProfile profile = xero_like();
    profile.windows = {{.name = "minute", .calls = 5000}};
    Desk desk(profile);
    EXPECT_EQ(desk.calls_until_refused(at(0)), 900);
    EXPECT_EQ(desk.pacer.ask(at(0), CallClass::read, Urgency::reconcile).waits_for, "day");
    EXPECT_EQ(desk.calls_until_refused(at(0), CallClass::read, Urgency::interactive), 100);
    EXPECT_EQ(desk.pacer.day_left(at(0)), 0);
    EXPECT_EQ(desk.pacer.ask(at(0), CallClass::read, Urgency::interactive).retry_at, at(0) + DayBudget::kKept);
}

TEST(Pacer, LetsTheServersDayFigureWinBothWays) {
    Desk desk(xero_like());
    desk.call(at(0), {.day_remaining = 344});
    EXPECT_EQ(desk.pacer.day_left(at(0)), 344);
    desk.call(at(1), {.day_remaining = 999});  // its day began anew
    EXPECT_EQ(desk.pacer.day_left(at(1)), 999);
}

TEST(Pacer, GoesOnWhenTheDaysRetryAfterIsOverWhateverItCounted) {
    Desk desk(xero_like());
    desk.call(at(0), {.problem = LimitSignals::Problem::day, .retry_after = seconds(3600), .day_remaining = 0});
    EXPECT_EQ(desk.pacer.day_left(at(1)), 0);
    EXPECT_FALSE(desk.pacer.ask(at(3599), CallClass::read, Urgency::interactive).go);
    EXPECT_TRUE(desk.pacer.ask(at(3601), CallClass::read, Urgency::bulk).go);
}

TEST(Pacer, ADaysWaitThatOutlivedARestartEndsTheCountToo) {
    LimitProfile profile = xero_like();
    Desk desk(profile);
    desk.pacer.restore_day(at(0), WallTime{Millis{1'700'000'000'000}}, {{1'699'999'000'000, 1000}});
    desk.pacer.wait_until(at(1800), at(0));
    EXPECT_FALSE(desk.pacer.ask(at(1799), CallClass::read, Urgency::interactive).go);
    EXPECT_TRUE(desk.pacer.ask(at(1801), CallClass::read, Urgency::bulk).go);
    const auto rows = desk.pacer.reserve_day(at(1801), WallTime{Millis{1'700'001'801'000}});
    ASSERT_EQ(rows.size(), 2u) << "the stored rows say so too";
    EXPECT_EQ(rows[0], (DayRow{1'699'999'000'000, 0}));
}

constexpr WallTime kWall{Millis{1'700'000'000'000}};

TEST(DayBudget, ReservesTwentyCallsAtATimeAndCountsThemAsUsedAfterACrash) {
    DayBudget day(1000);
    const auto first = day.reserve(at(0), kWall);
    ASSERT_EQ(first.size(), 1u);
    EXPECT_EQ(first[0], (DayRow{to_ms(kWall), 20}));
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(i == 0 || day.reserve(at(1), kWall + seconds(1)).empty());
        day.count(at(1));
    }
    const auto second = day.reserve(at(2), kWall + seconds(2));
    ASSERT_EQ(second.size(), 1u);
    EXPECT_EQ(second[0], (DayRow{to_ms(kWall), 40})) << "the same bucket's row, replaced";
    day.count(at(2));
    DayBudget after_crash(1000);
    after_crash.restore(at(0), kWall + seconds(3), second);
    EXPECT_EQ(after_crash.used(), 40);
    EXPECT_EQ(day.used(), 21);
}

TEST(DayBudget, StoresABlockAgainThatMayNotHaveBeenStored) {
    DayBudget day(1000);
    day.reserve(at(0), kWall);
    day.forget_block();
    const auto again = day.reserve(at(1), kWall + seconds(1));
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again[0], (DayRow{to_ms(kWall), 20}));
}

TEST(DayBudget, StoresTheFirstCallAfterALongRest) {
    DayBudget day(1000);
    day.reserve(at(0), kWall);
    day.count(at(0));
    const auto rested = std::chrono::hours(25);
    day.advance(at(0) + rested);
    EXPECT_FALSE(day.reserve(at(0) + rested, kWall + rested).empty());
}

TEST(DayBudget, GivesTheRestOfABlockBackWhenItsBucketIsOver) {
    DayBudget day(1000);
    day.reserve(at(0), kWall);
    day.count(at(0));
    const auto rows = day.reserve(at(3600), kWall + seconds(3600));
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0], (DayRow{to_ms(kWall), 1}));
    EXPECT_EQ(rows[1], (DayRow{to_ms(kWall) + 3'600'000, 20}));
    EXPECT_EQ(day.rows(), rows);
}

TEST(DayBudget, ForgetsACallOnlyAfterAFullDay) {
    DayBudget day(10);
    for (int i = 0; i < 10; ++i) day.count(at(0));
    day.advance(at(24 * 3600));
    EXPECT_EQ(day.left(), 0);
    EXPECT_EQ(day.left_at(at(1), 1), at(0) + DayBudget::kKept);
    day.advance(at(0) + DayBudget::kKept);
    EXPECT_EQ(day.left(), 10);
}

TEST(DayBudget, RestoresWhatIsYoungAndDistrustsRowsOfTheFuture) {
    DayBudget day(1000);
    day.restore(
        at(0), kWall,
        {{to_ms(kWall) - 25 * 3'600'000LL, 500}, {to_ms(kWall) - 3'600'000, 30}, {to_ms(kWall) + 3'600'000, 7}});
    EXPECT_EQ(day.used(), 37);
    day.advance(at(23 * 3600.0 + 600));
    EXPECT_EQ(day.used(), 7) << "the hour-old row left with its own day, the future one counts from now";
}

}  // namespace
}  // namespace spillway::pacing
