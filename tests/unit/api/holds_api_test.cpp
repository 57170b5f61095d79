// Holds by filter, and the keys that blocked jobs wait for.

#include "schema/date.hpp"
#include "tests/unit/api/api_fixture.hpp"

namespace spillway::test {
namespace {

struct HoldsApi : ApiTest {
    JsonValue holds() { return json(get("/v1/holds")); }
};

}  // namespace

TEST_F(HoldsApi, AKindIsHeldUntilItsTimeOrUntilItIsLifted) {
    const auto contact = accept(RecordKind::contact, "C1", a_contact());
    const auto item = accept(RecordKind::item, "I1", an_item());
    release_posting();
    const WallTime until = clock->wall_now() + std::chrono::hours(1);
    EXPECT_EQ(send("POST", "/v1/holds", kPlatform,
                   R"({"kind":"push.contact","reason":"month end","until":")" + format_utc(until) + "\"}")
                  .status,
              200);
    EXPECT_EQ(send("POST", "/v1/holds", kAdmin, R"({"connection_id":"con_a","kind":"push.item","reason":"r"})").status,
              200);
    EXPECT_EQ(store->next_kind("con_a"), std::nullopt);
    const auto all = holds();
    ASSERT_EQ(all["items"].items().size(), 2u);
    const auto& first = all["items"].items()[0];
    EXPECT_EQ(first.find("connection_id"), nullptr);
    EXPECT_EQ(first["kind"].text(), "push.contact");
    EXPECT_EQ(first["reason"].text(), "month end");
    EXPECT_EQ(first["until"].text(), format_utc(until));
    const auto why = json(get("/v1/jobs/" + std::to_string(*contact->job), kReadA));
    EXPECT_EQ(why["standing"]["code"].text(), "held");

    const std::string item_of_a = R"({"connection_id":"con_a","kind":"push.item"})";
    EXPECT_EQ(send("POST", "/v1/holds/lift", kPlatform, item_of_a).status, 200);
    EXPECT_EQ(store->next_kind("con_a"), "push.item");
    EXPECT_EQ(send("POST", "/v1/holds/lift", kPlatform, item_of_a).status, 404) << "it is lifted";
    const auto page = json(get("/v1/holds?limit=1"));
    EXPECT_EQ(page["items"].items().size(), 1u);
    EXPECT_EQ(page.find("next"), nullptr);
    claim(*item->job);
    clock->advance(std::chrono::hours(2));
    EXPECT_TRUE(holds()["items"].items().empty()) << "its time is over";
}

TEST_F(HoldsApi, AllIsHeldAndAConnectionByItsPause) {
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact()).ok());
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact(), "con_b").ok());
    release_posting();
    release_posting("con_b");
    ASSERT_EQ(send("POST", "/v1/holds", kAdmin, R"({"reason":"incident"})").status, 200);
    EXPECT_EQ(store->next_kind("con_a"), std::nullopt);
    EXPECT_EQ(store->next_kind("con_b"), std::nullopt);
    ASSERT_EQ(send("POST", "/v1/holds/lift", kAdmin).status, 200);
    EXPECT_EQ(store->next_kind("con_b"), "push.contact");
    ASSERT_EQ(send("POST", "/v1/holds", kAdmin, R"({"connection_id":"con_a","reason":"audit"})").status, 200);
    EXPECT_EQ(sync.asked, std::vector<std::string>{"pause con_a audit"});
    ASSERT_TRUE(commit([](queue::Transaction& transaction) {
                    return transaction.pause_lane("con_a", {"audit", std::nullopt});  // what the pause does
                }).ok());
    EXPECT_EQ(send("POST", "/v1/holds/lift", kAdmin, R"({"connection_id":"con_a"})").status, 200);
    EXPECT_EQ(sync.asked.back(), "resume con_a");
}

TEST_F(HoldsApi, WhatIsAskedForIsChecked) {
    EXPECT_EQ(send("POST", "/v1/holds", kPartnerA, R"({"reason":"r"})").status, 403);
    EXPECT_EQ(get("/v1/holds", kReadA).status, 403);
    EXPECT_EQ(get("/v1/holds", kReadAll).status, 200);
    EXPECT_EQ(code(send("POST", "/v1/holds", kAdmin, R"({"kind":"push.item"})")), "missing_member");
    EXPECT_EQ(code(send("POST", "/v1/holds", kAdmin, R"({"reason":"r","until":"2020-01-01T00:00:00Z"})")), "bad_time");
    EXPECT_EQ(send("POST", "/v1/holds", kAdmin, R"({"connection_id":"con_x","kind":"push.item","reason":"r"})").status,
              404);
    EXPECT_TRUE(holds()["items"].items().empty());
}

TEST_F(HoldsApi, TheKeysThatJobsWaitForAreListedWithWhatStandsInTheWay) {
    const auto contact = accept(RecordKind::contact, "C1", a_contact());
    const auto first = accept(RecordKind::invoice, "INV-1", an_invoice("INV-1"));
    ASSERT_TRUE(accept(RecordKind::invoice, "INV-2", an_invoice("INV-2")).ok());
    ASSERT_TRUE(accept(RecordKind::invoice, "INV-3", an_invoice("INV-3", "C2")).ok());
    park(*contact->job);
    const auto listed = json(get("/v1/connections/con_a/blocked", kReadA));
    ASSERT_EQ(listed["items"].items().size(), 2u);
    const auto& known = listed["items"].items()[0];
    EXPECT_EQ(known["key"].text(), "contact/C1");
    EXPECT_EQ(known["waiting"].int64_or(0), 2);
    EXPECT_EQ(known["first_job_id"].int64_or(0), *first->job);
    EXPECT_EQ(known["job_id"].int64_or(0), *contact->job);
    EXPECT_EQ(known["state"].text(), "parked");
    EXPECT_EQ(known["cause"].text(), "total_mismatch");
    const auto& missing = listed["items"].items()[1];
    EXPECT_EQ(missing["key"].text(), "contact/C2");
    EXPECT_EQ(missing.find("job_id"), nullptr) << "nothing frees it by itself";
    const auto page = json(get("/v1/connections/con_a/blocked?limit=1", kPartnerA));
    ASSERT_EQ(page["items"].items().size(), 1u);
    const auto rest = json(get("/v1/connections/con_a/blocked?after=" + page["next"].string_or(""), kPartnerA));
    EXPECT_EQ(rest["items"].items().size(), 1u);
    EXPECT_EQ(get("/v1/connections/con_a/blocked", kPartnerB).status, 404);
}

}  // namespace spillway::test
