// A write that took effect hours after it was given up: found by the next look, shown to a person, undone by nobody.

#include <gtest/gtest.h>

#include <algorithm>

#include "schema/date.hpp"
#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class Late : public testing::TestWithParam<std::string> {
 protected:
    void SetUp() override { connection = connect_with_invoice(world, GetParam(), "INV-1", "100.00"); }
    /// A payment whose first write never reached the books as far as anybody could see: it is given up.
    /// @param hold  set before that, so that the job does not go on.
    void lose_the_first(const std::string& hold = {}) {
        const auto before = world.seen().size();
        world.faults(R"({"match":"write","cut":1})");
        ASSERT_EQ(world.put(connection, "payment", "P1", a_payment("C1", "30.00", {{"INV-1", "30.00"}})), 202);
        ASSERT_TRUE(world.reaches(connection, "payment", "P1", "unknown"));
        if (!hold.empty()) world.ok("POST", "/v1/holds", hold);
        world.clock().run_for(minutes(5));  // longer than its key would be remembered
        world.faults("");
        const auto& seen = world.seen();
        const auto lost = std::find_if(seen.begin() + static_cast<std::ptrdiff_t>(before), seen.end(),
                                       [](const CallSeen& call) { return call.method != "GET" && !call.body.empty(); });
        ASSERT_NE(lost, seen.end());
        first = *lost;
    }
    /// The same, and repeated.
    void pay_twice() {
        lose_the_first();
        ASSERT_TRUE(world.reaches(connection, "payment", "P1", "applied"));
        ASSERT_EQ(payments(), *Decimal::parse("1"));
    }
    /// The first write takes effect after all.
    void land() {
        const auto answer = world.by_hand(GetParam(), first.method, first.path, first.body);
        ASSERT_EQ(answer.status, 200) << answer.body;
    }
    /// All that is read of this provider's books.
    Instead reads_answered(int status, HttpHeaders headers) {
        const std::string mine = GetParam() == "xero" ? "/api.xro/" : "/v3/company/";
        return [mine, status, headers](const HttpRequest& request) -> std::optional<HttpResponse> {
            const bool reads = request.method == "GET" || request.path().ends_with("/query");
            if (!reads || !request.path().starts_with(mine)) return std::nullopt;
            return HttpResponse{status, headers, "{}"};
        };
    }
    std::int64_t watched() {
        std::int64_t count = 0;
        world.read_store([&](queue::sqlite::Connection& store) {
            auto& select = store.statement("SELECT count(*) FROM watches");
            select.executeStep();
            count = select.getColumn(0).getInt64();
            select.reset();
        });
        return count;
    }
    std::string state(const std::string& kind, const std::string& id) { return world.state_of(connection, kind, id); }
    Decimal payments() { return live_payments(world, GetParam())["count"]; }
    std::size_t late_events() {
        std::size_t count = 0;
        const auto events = world.ok("GET", "/v1/events?limit=200&connection_id=" + connection);
        for (const auto& event : events["items"].items()) count += event["type"].text() == "record.late_effect";
        return count;
    }

    World world{1};
    std::string connection;
    CallSeen first;
};

TEST_P(Late, ATwinIsShownToAPersonAndStaysUntilThatPersonActs) {
    pay_twice();
    world.clock().run_for(hours(5));
    EXPECT_EQ(state("payment", "P1"), "applied");
    EXPECT_EQ(late_events(), 0U);
    land();
    ASSERT_EQ(payments(), *Decimal::parse("2"));
    world.clock().run_for(hours(3));
    ASSERT_EQ(state("payment", "P1"), "parked");
    const auto record = world.record(connection, "payment", "P1");
    EXPECT_EQ(record["job"]["cause"].text(), "late_effect");
    EXPECT_EQ(record["attempts"].items()[0]["outcome"].text(), "late_effect");
    EXPECT_EQ(late_events(), 1U);
    // Told once, however often it is seen; and the books are not touched.
    const auto sent = writes(world, GetParam());
    world.clock().run_for(hours(24));
    EXPECT_EQ(late_events(), 1U);
    world.ok("POST", "/v1/jobs/" + record["job"]["id"].string_or("") + "/replay");
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(state("payment", "P1"), "applied");
    EXPECT_EQ(writes(world, GetParam()), sent);
    EXPECT_EQ(payments(), *Decimal::parse("2"));
}

TEST_P(Late, ItIsLookedForOverRestartsAndForSevenDays) {
    pay_twice();
    world.clock().run_for(hours(6 * 24));
    world.crash();
    world.clock().run_for(minutes(10));
    land();
    world.clock().run_for(hours(23));
    EXPECT_EQ(state("payment", "P1"), "parked");
    world.clock().run_for(hours(24));
    EXPECT_EQ(watched(), 0);
}

TEST_P(Late, WhatLandedIsAdoptedWhereItsJobHadNotGoneOn) {
    const std::string scope = R"({"kind":"push.payment","connection_id":")" + connection + "\"";
    lose_the_first(scope + R"(,"reason":"a look at the payments"})");
    world.clock().run_for(minutes(10));
    ASSERT_EQ(state("payment", "P1"), "waiting");
    land();
    world.clock().run_for(hours(3));
    EXPECT_EQ(late_events(), 1U);
    world.ok("POST", "/v1/holds/lift", scope + "}");
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(state("payment", "P1"), "applied");
    EXPECT_EQ(payments(), *Decimal::parse("1")) << "looked up before it was sent again";
}

TEST_P(Late, OneThatCannotBeReadIsLookedForUntilItCan) {
    pay_twice();
    land();
    world.answer_instead(reads_answered(500, {}));
    world.clock().run_for(hours(8 * 24));
    EXPECT_EQ(watched(), 1);
    EXPECT_EQ(state("payment", "P1"), "applied");
    world.answer_instead({});
    world.clock().run_for(hours(3));
    EXPECT_EQ(state("payment", "P1"), "parked");
}

TEST_P(Late, ALookThatHasToWaitHoldsUpNothingElse) {
    pay_twice();
    world.answer_instead(reads_answered(429, {{"Retry-After", "43200"}}));
    const auto other = world.connect(GetParam() == "xero" ? "qbo" : "xero");
    const auto until = format_utc(world.clock().wall_now() + hours(3));
    world.ok("POST", "/v1/connections/" + other + "/pause", R"({"reason":"a while","until":")" + until + "\"}");
    world.clock().run_for(hours(4));
    EXPECT_EQ(world.ok("GET", "/v1/connections/" + other)["state"].text(), "active");
}

TEST_P(Late, OfWhatWasAnsweredOrHasANameOfItsOwnNothingIsLookedFor) {
    world.faults(R"({"match":"write","cut":1})");
    ASSERT_EQ(world.put(connection, "contact", "C2", a_contact("Customer 2")), 202);
    ASSERT_TRUE(world.reaches(connection, "contact", "C2", "unknown"));
    world.clock().run_for(minutes(5));
    world.faults(R"({"match":"write","answer_lost":1})");
    ASSERT_EQ(world.put(connection, "payment", "P1", a_payment("C1", "30.00", {{"INV-1", "30.00"}})), 202);
    world.clock().run_for(minutes(2));
    world.faults("");
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(state("contact", "C2"), "applied");
    EXPECT_EQ(state("payment", "P1"), "applied");
    EXPECT_EQ(watched(), 0);
}

INSTANTIATE_TEST_SUITE_P(Providers, Late, testing::Values("xero", "qbo"), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
