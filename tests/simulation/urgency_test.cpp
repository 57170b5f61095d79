// What somebody waits for goes before a month end: a part of the minute is held back for it while it comes, and a part
// of the day for ever.

#include <gtest/gtest.h>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Urgent : public testing::Test {
 protected:
    void SetUp() override {
        connection = world.connect("xero");
        world.put(connection, "contact", "C1", a_contact("Customer 1"));
        world.put(connection, "item", "IT1", an_item("IT1"));
        ASSERT_TRUE(world.finish(connection, world.start_sync(connection)));
        world.ok("PATCH", "/v1/connections/" + connection, R"({"posting":"automatic"})");
    }
    int put(const std::string& kind, const std::string& id, const std::string& body, const std::string& priority) {
        const auto path = "/v1/connections/" + connection + "/records/" + kind + "/" + id + "?priority=" + priority;
        return world.api("PUT", path, body).status;
    }
    std::string waits_for() {
        return world.ok("GET", "/v1/connections/" + connection)["lane"]["waits_for"].string_or("");
    }

    World world{1};
    std::string connection;
};

TEST_F(Urgent, AnInteractiveRecordGoesThroughAMonthEndWithinTheMinutesReserve) {
    // Allocations go one a call: the backlog takes every slot there is for minutes.
    for (int i = 0; i < 200; ++i) {
        const auto number = std::to_string(i);
        ASSERT_EQ(put("invoice", "I" + number, a_document("C1", "I" + number, "IT1", "9.00"), "bulk"), 202);
        ASSERT_EQ(put("credit_note", "N" + number,
                      a_credit_note("C1", "N" + number, "IT1", "5.00", {{"I" + number, "5.00"}}), "bulk"),
                  202);
    }
    world.clock().run_for(seconds(75));
    // The first one waits for the next slot to free, and keeps the reserve from being lent again.
    ASSERT_EQ(put("contact", "A0", a_contact("Asked 0"), "interactive"), 202);
    ASSERT_TRUE(world.reaches(connection, "contact", "A0", "applied", seconds(61)));
    for (int i = 1; i < 4; ++i) {
        world.clock().run_for(seconds(4));
        const auto id = "A" + std::to_string(i);
        ASSERT_EQ(put("contact", id, a_contact("Asked " + std::to_string(i)), "interactive"), 202);
        EXPECT_TRUE(world.reaches(connection, "contact", id, "applied", seconds(2)))
            << id << " waits for " << waits_for();
    }
    EXPECT_GT(world.jobs(connection, "waiting,scheduled,running"), 20u) << "there was nothing to overtake";
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(world.throttled("xero"), 0);
    EXPECT_LE(most_within(world.seen(), "xero", seconds(60), /*batches_only=*/false), 60);
}

TEST_F(Urgent, AnInteractiveRecordDoesNotWaitForBulkCallsInFlight) {
    world.faults(R"({"match":"write","latency_ms":50000})");
    for (int i = 0; i < 9; ++i) {
        const auto id = "I" + std::to_string(i);
        ASSERT_EQ(put("invoice", id, a_document("C1", id, "IT1", "9.00"), "bulk"), 202);
    }
    world.clock().run_for(seconds(20));
    ASSERT_EQ(world.jobs(connection, "running,unknown"), 3u) << "three calls are under way";
    const auto calls = world.seen().size();
    ASSERT_EQ(put("contact", "A1", a_contact("Asked"), "interactive"), 202);
    world.clock().run_for(seconds(5));
    EXPECT_EQ(world.seen().size(), calls + 1) << "it waits for " << waits_for();
}

TEST_F(Urgent, TheLastTenthOfTheDayIsForInteractiveWorkAndWhatItRefersTo) {
    world.configure("xero", R"({"limits":{"day":450}})");
    // The next answer says how little is left of 5,000.
    ASSERT_EQ(put("contact", "C2", a_contact("Customer 2"), "normal"), 202);
    ASSERT_TRUE(world.quiet(connection));
    ASSERT_EQ(put("contact", "C3", a_contact("Customer 3"), "bulk"), 202);
    ASSERT_EQ(put("contact", "C4", a_contact("Customer 4"), "normal"), 202);
    world.clock().run_for(minutes(30));
    EXPECT_EQ(world.state_of(connection, "contact", "C3"), "waiting");
    EXPECT_EQ(world.state_of(connection, "contact", "C4"), "waiting");
    EXPECT_EQ(waits_for(), "day");
    // An invoice that somebody waits for takes its contact along, and nothing else.
    ASSERT_EQ(put("invoice", "I1", a_document("C3", "I1", "IT1", "9.00"), "interactive"), 202);
    EXPECT_TRUE(world.reaches(connection, "invoice", "I1", "applied", seconds(10)));
    EXPECT_EQ(world.state_of(connection, "contact", "C3"), "applied");
}

}  // namespace
}  // namespace spillway::test
