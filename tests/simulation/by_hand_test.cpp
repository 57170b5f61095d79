// A record of which the books do not tell whether it is in them: it is never created again without a look, and a person
// who names the object settles it.

#include <gtest/gtest.h>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class ByHand : public testing::TestWithParam<std::string> {
 protected:
    void SetUp() override { connection = connect_with_invoice(world, GetParam(), "INV-1", "10.00"); }
    /// The write of INV-2 is answered with a server error, and meanwhile somebody books another invoice of its number.
    void leave_in_question() {
        world.answer_instead([](const HttpRequest& request) -> std::optional<HttpResponse> {
            if (request.body.find("INV-2") == std::string::npos || request.path().ends_with("/query")) return {};
            return HttpResponse{500, {}, "it fell over"};
        });
        ASSERT_EQ(put("100.00"), 202);
        ASSERT_TRUE(world.reaches(connection, "invoice", "INV-2", "unknown", minutes(5)));
        theirs = world.book_foreign_invoice(GetParam(), "INV-2");
        world.answer_instead({});
        ASSERT_TRUE(world.reaches(connection, "invoice", "INV-2", "parked", hours(1)));
        EXPECT_EQ(job()["cause"].string_or(""), "found_another");
        sent = writes(world, GetParam());
    }
    int put(const std::string& total) {
        return world.put(connection, "invoice", "INV-2", a_document("C1", "INV-2", "IT1", total));
    }
    JsonValue job() { return world.record(connection, "invoice", "INV-2")["job"]; }
    HttpResponse resolve(const std::string& id) {
        return world.api("POST", "/v1/jobs/" + job()["id"].string_or("") + "/resolve",
                         R"({"note":"it is this one","provider_id":")" + id + "\"}");
    }
    /// The books hold one live invoice INV-2, of that total.
    void expect_total(const std::string& total) {
        const auto live = live_documents(world, GetParam(), "INV-2");
        ASSERT_EQ(live.size(), 1u);
        EXPECT_EQ(live.front().total, *Decimal::parse(total));
    }

    World world{1};
    std::string connection, theirs;
    std::size_t sent = 0;
};

TEST_P(ByHand, AReplayOrANewerVersionLooksAgainBeforeItCreates) {
    leave_in_question();
    world.ok("POST", "/v1/jobs/" + job()["id"].string_or("") + "/replay");
    world.clock().run_for(minutes(1));
    ASSERT_TRUE(world.reaches(connection, "invoice", "INV-2", "parked", hours(1)));
    EXPECT_EQ(job()["cause"].string_or(""), "found_another");
    ASSERT_EQ(put("120.00"), 202);
    ASSERT_TRUE(world.reaches(connection, "invoice", "INV-2", "parked", hours(1)));
    EXPECT_EQ(job()["cause"].string_or(""), "found_another");
    EXPECT_EQ(writes(world, GetParam()), sent) << "created without a look";
    expect_total("1.00");
}

TEST_P(ByHand, AVoidOfItIsForAPersonWhoNamesTheObject) {
    leave_in_question();
    ASSERT_EQ(world.void_record(connection, "invoice", "INV-2"), 202);
    world.clock().run_for(minutes(1));
    EXPECT_EQ(job()["state"].string_or(""), "parked");
    EXPECT_EQ(job()["cause"].string_or(""), "look_in_the_books");
    EXPECT_EQ(writes(world, GetParam()), sent);
    const auto resolved = resolve(theirs);
    ASSERT_EQ(resolved.status, 200) << resolved.body;
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(job()["state"].string_or(""), "applied") << job()["why"].string_or("");
    EXPECT_TRUE(live_documents(world, GetParam(), "INV-2").empty());
}

TEST_P(ByHand, AnObjectThatAPersonNamesIsLinkedAndUpdatedFromThenOn) {
    leave_in_question();
    ASSERT_EQ(world.put(connection, "payment", "P1", a_payment("C1", "1.00", {{"INV-2", "1.00"}})), 202);
    world.clock().run_for(minutes(1));
    EXPECT_EQ(world.state_of(connection, "payment", "P1"), "blocked");
    const auto resolved = resolve(theirs);
    ASSERT_EQ(resolved.status, 200) << resolved.body;
    EXPECT_EQ(job()["state"].string_or(""), "resolved_by_hand");
    const auto record = world.record(connection, "invoice", "INV-2");
    ASSERT_EQ(record["links"].items().size(), 1u);
    EXPECT_EQ(record["links"].items().at(0)["provider_id"].string_or(""), theirs);
    EXPECT_EQ(record["applied_version"].int64_or(0), record["version"].int64_or(-1));
    world.clock().run_for(minutes(5));
    EXPECT_NE(world.state_of(connection, "payment", "P1"), "blocked") << "what it waited for is in the books";
    ASSERT_EQ(world.void_record(connection, "payment", "P1"), 202);
    ASSERT_TRUE(world.quiet(connection));
    ASSERT_EQ(put("130.00"), 202);
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(job()["state"].string_or(""), "applied") << job()["why"].string_or("");
    expect_total("130.00");
}

TEST_P(ByHand, AnObjectThatIsNotThereOrIsAnothersChangesNothing) {
    leave_in_question();
    const auto nowhere = resolve(GetParam() == "xero" ? "00000000-0000-4000-8000-000000000000" : "987654");
    EXPECT_EQ(nowhere.status, 400) << nowhere.body;
    EXPECT_NE(nowhere.body.find("no_object"), std::string::npos) << nowhere.body;
    const auto other = world.record(connection, "invoice", "INV-1")["links"].items().at(0)["provider_id"];
    const auto taken = resolve(other.string_or(""));
    EXPECT_EQ(taken.status, 409) << taken.body;
    EXPECT_EQ(job()["state"].string_or(""), "parked");
    EXPECT_TRUE(world.record(connection, "invoice", "INV-2")["links"].items().empty());
    EXPECT_EQ(resolve(theirs).status, 200);
    EXPECT_EQ(resolve(theirs).status, 409) << "it is settled";
}

INSTANTIATE_TEST_SUITE_P(Providers, ByHand, testing::Values("xero", "qbo"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
