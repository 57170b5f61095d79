// A store that does not know everything that was sent: restored, copied, or with a clock that cannot be trusted. What
// waits is looked up in the books before it is created, so nothing is there twice, and nothing is left out.

#include <gtest/gtest.h>

#include "services/store/doubt.hpp"
#include "services/store/sql.hpp"
#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class Doubt : public testing::TestWithParam<std::string> {
 protected:
    void SetUp() override { connection = connect_with_invoice(world, GetParam(), "PAID", "100.00"); }
    /// A payment has no natural key: a second one is refused by nobody.
    int pay(const std::string& id) {
        return world.put(connection, "payment", id, a_payment("C1", "10.00", {{"PAID", "10.00"}}));
    }
    void pause() { world.ok("POST", "/v1/connections/" + connection + "/pause", R"({"reason":"test"})"); }
    void resume() { world.ok("POST", "/v1/connections/" + connection + "/resume"); }
    std::int64_t payments() {
        auto paid = live_payments(world, GetParam());
        return static_cast<std::int64_t>(paid["count"] == *Decimal::parse("0")   ? 0
                                         : paid["count"] == *Decimal::parse("1") ? 1
                                         : paid["count"] == *Decimal::parse("2") ? 2
                                                                                 : 99);
    }
    void expect_applied(const std::string& kind, const std::string& id) {
        const auto job = world.record(connection, kind, id)["job"];
        EXPECT_EQ(job["state"].string_or(""), "applied") << kind << "/" << id << ": " << job["why"].string_or("");
    }
    std::string doubt() {
        auto parsed = parse_json(world.api("GET", "/readyz").body);
        return (*parsed)["doubt"]["why"].string_or("");
    }
    /// A copy of the store in which P1 waits, though it is in the books by now.
    FaultVfs::Image copy_older_than_p1() {
        pause();
        EXPECT_EQ(pay("P1"), 202);
        world.clock().run_for(minutes(1));
        const auto copy = world.disk().save();
        resume();
        EXPECT_TRUE(world.quiet(connection));
        EXPECT_EQ(payments(), 1);
        return copy;
    }
    /// The service starts on that copy. The tokens live in a file of their own, which is not rolled back.
    void restore(FaultVfs::Image copy, Millis down) {
        world.start_on(std::move(copy), down);
        resume();
    }

    World world{1};
    std::string connection;
};

TEST_P(Doubt, ACopyThatIsFoundBehindByTheGapDoublesNothing) {
    auto copy = copy_older_than_p1();
    restore(std::move(copy), minutes(20));
    EXPECT_EQ(doubt(), "clock_gap");
    ASSERT_TRUE(world.quiet(connection));
    expect_applied("payment", "P1");
    EXPECT_EQ(payments(), 1);
}

TEST_P(Doubt, AStartWhoseClockIsBehindTheHeartbeatDoublesNothing) {
    auto copy = copy_older_than_p1();
    world.service_clock().shift(-hours(3));
    restore(std::move(copy), Millis{0});
    EXPECT_EQ(doubt(), "clock_behind");
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(payments(), 1);
}

TEST_P(Doubt, WhatIsSubmittedAgainAfterARestoreIsAdopted) {
    const auto copy = world.disk().save();
    ASSERT_EQ(pay("P1"), 202);
    ASSERT_TRUE(world.quiet(connection));
    ASSERT_EQ(payments(), 1);
    world.start_on(copy, minutes(1));
    // What the daemon does when the file beside the store disagrees.
    world.change_store([this](queue::sqlite::Connection& store) {
        store::raise_doubt(store, "store_replaced", world.service_clock().wall_now(), /*resubmissions=*/true);
    });
    world.crash();
    ASSERT_EQ(doubt(), "store_replaced");
    world.clock().run_for(minutes(5));
    ASSERT_EQ(pay("P1"), 202) << "the restored store knows nothing of it";
    ASSERT_EQ(pay("P2"), 202);
    ASSERT_TRUE(world.quiet(connection));
    expect_applied("payment", "P1");
    expect_applied("payment", "P2");
    EXPECT_EQ(payments(), 2);
}

TEST_P(Doubt, ABacklogThatWasNeverSentGoesOnceAfterTwoLooks) {
    pause();
    for (int i = 0; i < 30; ++i) {
        const auto number = "I" + std::to_string(i);
        ASSERT_EQ(world.put(connection, "invoice", number, a_document("C1", number, "IT1", "5.00")), 202);
        ASSERT_EQ(world.put(connection, "payment", "P" + number, a_payment("C1", "5.00", {{number, "5.00"}})), 202);
    }
    world.crash(minutes(20));
    EXPECT_EQ(doubt(), "clock_gap");
    const auto before = writes(world, GetParam());
    resume();
    // Killed once more in mid-look: the doubt is as durable as the backlog.
    world.clock().run_for(seconds(50));
    world.crash();
    EXPECT_EQ(doubt(), "clock_gap");
    world.clock().run_for(seconds(59));
    EXPECT_EQ(writes(world, GetParam()), before) << "sent before it was looked up twice";
    ASSERT_TRUE(world.quiet(connection));
    for (int i = 0; i < 30; ++i) {
        const auto number = "I" + std::to_string(i);
        EXPECT_EQ(live_documents(world, GetParam(), number).size(), 1u);
        expect_applied("payment", "P" + number);
    }
    EXPECT_EQ(live_payments(world, GetParam())["count"], *Decimal::parse("30"));
    world.clock().run_for(hours(2));
    EXPECT_EQ(doubt(), "") << "nothing of that backlog is left";
}

TEST_P(Doubt, AJobThatIsUnknownWithoutAnIntentIsLookedUpAndGoesOn) {
    pause();
    ASSERT_EQ(pay("P1"), 202);
    ASSERT_EQ(pay("P2"), 202);
    world.faults(R"({"match":"write","answer_lost":1})");
    resume();
    ASSERT_TRUE(world.reaches(connection, "payment", "P1", "unknown", minutes(5)));
    const auto made = payments();
    // As a defect, or a repair by hand, might leave it: the intent is gone, the job is not.
    world.change_store([](queue::sqlite::Connection& store) {
        store::run(store, "UPDATE intents SET state = 'not_applied' WHERE state = 'open'");
        store::run(store, "UPDATE calls SET state = 'closed'");
    });
    world.crash();
    world.faults("");
    ASSERT_TRUE(world.quiet(connection, hours(1)));
    expect_applied("payment", "P1");
    expect_applied("payment", "P2");
    EXPECT_GE(made, 1);
    EXPECT_EQ(payments(), 2);
}

TEST_P(Doubt, AGapThatTheDiskDidNotTakeIsFoundAtTheNextBeat) {
    world.clock().run_for(minutes(1));
    world.disk().set_full(true);
    world.service_clock().shift(minutes(20));
    world.clock().run_for(seconds(45));
    world.disk().set_full(false);
    world.clock().run_for(seconds(45));
    EXPECT_EQ(doubt(), "clock_gap");
}

/// QuickBooks names no time.
class NamedWait : public Doubt {};

TEST_P(NamedWait, OutlivesTheProcessAndNoClockMakesItLonger) {
    for (const auto jump : {Millis{0}, Millis(-hours(5)), Millis(hours(5))}) {
        world.answer_instead([](const HttpRequest& request) -> std::optional<HttpResponse> {
            if (!request.path().starts_with("/api.xro/")) return std::nullopt;
            HttpResponse refusal{429, {}, ""};
            refusal.headers.set("Retry-After", "900");
            refusal.headers.set("X-Rate-Limit-Problem", "minute");
            return refusal;
        });
        const auto id = "W" + std::to_string(jump.count());
        const auto before = world.seen().size();
        ASSERT_EQ(world.put(connection, "contact", id, a_contact("Waiter " + id)), 202);
        ASSERT_TRUE(world.clock().run_until([&] { return world.seen().size() > before; }, seconds(120)))
            << "jump " << jump.count() << world.api("GET", "/v1/connections/" + connection).body
            << world.record(connection, "contact", id)["job"]["why"].string_or("");
        world.clock().run_for(seconds(30));
        world.answer_instead({});
        world.service_clock().shift(jump);
        world.crash();
        const auto after = world.seen().size();
        // Not sooner than asked where the clock says nothing else, and never much later.
        world.clock().run_for(jump > Millis{0} ? minutes(0) : minutes(14));
        EXPECT_EQ(world.seen().size(), after) << "jump " << jump.count();
        ASSERT_TRUE(world.clock().run_until([&] { return world.seen().size() > after; }, minutes(4)))
            << "jump " << jump.count();
        world.clock().run_for(minutes(20));
    }
}

INSTANTIATE_TEST_SUITE_P(Xero, NamedWait, testing::Values("xero"), [](const auto& info) { return info.param; });
INSTANTIATE_TEST_SUITE_P(Providers, Doubt, testing::Values("xero", "qbo"), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
