// Time that misbehaves, and tokens that run out of it.

#include <gtest/gtest.h>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class Time : public testing::TestWithParam<std::string> {
 protected:
    void SetUp() override { connection = connect_with_invoice(world, GetParam(), "PAID", "100.00"); }
    /// A payment has no natural key: a second one is refused by nobody.
    void pay() {
        const auto before = writes(world, GetParam());
        ASSERT_EQ(world.put(connection, "payment", "P1", a_payment("C1", "10.00", {{"PAID", "10.00"}})), 202);
        ASSERT_TRUE(world.clock().run_until([&] { return writes(world, GetParam()) > before; }, seconds(5)));
    }
    void expect_paid_once() {
        const auto job = world.record(connection, "payment", "P1")["job"];
        EXPECT_EQ(job["state"].string_or(""), "applied") << job["why"].string_or("");
        auto paid = live_payments(world, GetParam());
        EXPECT_EQ(paid["count"], *Decimal::parse("1"));
        EXPECT_EQ(paid["PAID"], *Decimal::parse("10"));
    }

    World world{1};
    std::string connection;
};

TEST_P(Time, AClockSetBackAtARestartDelaysTheLookUpByMinutesNotHours) {
    world.faults(R"({"match":"write","answer_lost":1})");
    pay();
    world.clock().shift_wall(-hours(5));
    world.crash();
    world.faults("");
    ASSERT_TRUE(world.quiet(connection, minutes(10)));
    expect_paid_once();
}

TEST_P(Time, AClockSetForwardAtARestartStillWaitsForASlowServer) {
    // The server takes its time, as long as it is believed to: Xero a minute, QuickBooks two.
    const bool xero = GetParam() == "xero";
    world.faults(xero ? R"({"match":"write","latency_ms":55000})" : R"({"match":"write","latency_ms":115000})");
    pay();
    world.clock().shift_wall(hours(1));
    world.crash();
    world.faults("");
    ASSERT_TRUE(world.quiet(connection));
    world.clock().run_for(minutes(5));
    expect_paid_once();
}

TEST_P(Time, AClockThatJumpsWhileTheProcessLivesDoublesNothing) {
    for (const auto jump : {Millis(hours(1)), Millis(-hours(1))}) {
        world.faults(R"({"match":"write","latency_ms":50000,"answer_lost":1})");
        if (jump > Millis{0}) pay();
        world.clock().shift_wall(jump);
        world.clock().run_for(minutes(2));
        world.faults("");
        ASSERT_TRUE(world.quiet(connection));
        expect_paid_once();
    }
}

TEST_P(Time, ARefreshWhoseAnswerIsLostCostsNoConsent) {
    // What Xero grants: the old refresh token works for 30 minutes more. Of QuickBooks documents disagree: played
    // alike.
    if (GetParam() == "qbo")
        world.configure("qbo", R"({"refresh_grace_seconds":86400,"refresh_rotate_after_seconds":0})");
    for (int i = 0; i < 12; ++i) {
        world.clock().run_for(minutes(61));
        world.faults(R"({"match":"token","answer_lost":0.6,"latency_ms":[10,900],"latency_after_ms":[10,900]})");
        const auto number = "T" + std::to_string(i);
        ASSERT_EQ(world.put(connection, "invoice", number, a_document("C1", number, "IT1", "5.00")), 202);
        world.clock().run_for(Millis(world.random().below(6'000)));
        if (i % 2 == 1) world.crash();
        world.clock().run_for(minutes(2));
        world.faults("");
        ASSERT_TRUE(world.quiet(connection)) << "round " << i;
        ASSERT_EQ(world.ok("GET", "/v1/connections/" + connection)["state"].string_or(""), "active") << "round " << i;
        EXPECT_EQ(live_documents(world, GetParam(), number).size(), 1u) << "round " << i;
    }
}

TEST_P(Time, ARotatedTokenThatTheDiskDidNotTakeCostsNoConsent) {
    if (GetParam() == "qbo") world.configure("qbo", R"({"refresh_rotate_after_seconds":0})");
    world.clock().run_for(minutes(61));
    world.disk().set_full(true);
    const auto refresh = "/v1/connections/" + connection + "/books/refresh";
    EXPECT_GE(world.api("POST", refresh).status, 500);
    world.disk().set_full(false);
    // Longer than any old refresh token is good for.
    world.clock().run_for(minutes(45));
    world.ok("POST", refresh);
    EXPECT_EQ(world.ok("GET", "/v1/connections/" + connection)["state"].string_or(""), "active");
}

TEST_P(Time, AnAccessTokenThatEndsInMidDrainIsRenewed) {
    auto source = submit_month(world, connection, 60);
    source.documents["PAID"] = *Decimal::parse("100");
    for (int i = 0; i < 5; ++i) {
        world.clock().run_for(Millis{300});
        world.configure(GetParam(), GetParam() == "xero" ? R"({"expire_access_tokens":true})"
                                                         : R"({"expire_access_tokens":")" +
                                                               world.ledger("qbo")["id"].string_or("") + "\"}");
    }
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(world.jobs(connection, "blocked,parked"), 0u);
    EXPECT_EQ(world.ok("GET", "/v1/connections/" + connection)["state"].string_or(""), "active");
    expect_books(world, GetParam(), source);
}

INSTANTIATE_TEST_SUITE_P(Providers, Time, testing::Values("xero", "qbo"), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
