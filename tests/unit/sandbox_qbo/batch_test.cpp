#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sandbox_qbo/world.hpp"

namespace spillway::sandbox {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;

std::string customer_item(const std::string& id, const std::string& name) {
    return R"({"bId":")" + id + R"(","operation":"create","Customer":{"DisplayName":")" + name + "\"}}";
}
std::string batch(const std::string& items) { return R"({"BatchItemRequest":[)" + items + "]}"; }

const JsonValue& item_of(const Reply& reply, const std::string& id) {
    static const JsonValue kNone;
    for (const JsonValue& item : reply.json["BatchItemResponse"].items()) {
        if (item["bId"].text() == id) return item;
    }
    return kNone;
}
std::string item_code(const Reply& reply, const std::string& id) {
    const auto& errors = item_of(reply, id)["Fault"]["Error"].items();
    return errors.empty() ? "" : errors.front()["code"].string_or("");
}

TEST(QboBatch, EachItemHasItsOwnOutcome) {
    World world;
    const std::string invoice = world.invoice("B-1", "5.00");
    const Reply reply = world.post(
        "/batch",
        batch(
            customer_item("a", "One") + "," + customer_item("b", "Acme") +
            R"(,{"bId":"c","Query":"select * from Invoice"},{"bId":"d","operation":"update","Invoice":{"Id":")" +
            invoice +
            R"(","SyncToken":"9","sparse":true}},{"bId":"e","operation":"update","optionsData":"void","Invoice":{"Id":")" +
            invoice +
            R"(","SyncToken":"0","sparse":true}},{"bId":"f","operation":"create","optionsData":"allowduplicatedocnum","Invoice":)" +
            world.document("B-1", "1.00") +
            R"(},{"bId":"g","operation":"create","Unicorn":{}},{"bId":"h","Query":"select"})"));
    ASSERT_EQ(reply.status, 200) << reply.text;
    EXPECT_EQ(item_of(reply, "a")["Customer"]["DisplayName"].text(), "One");
    EXPECT_EQ(item_code(reply, "b"), "6240");
    EXPECT_EQ(item_of(reply, "c")["QueryResponse"]["Invoice"].items().size(), 1u);
    EXPECT_EQ(item_code(reply, "d"), "5010");
    EXPECT_EQ(item_of(reply, "e")["Invoice"]["TotalAmt"].text(), "0.00");
    EXPECT_EQ(item_of(reply, "f")["Invoice"]["DocNumber"].text(), "B-1");
    EXPECT_EQ(item_code(reply, "g"), "2000");
    EXPECT_EQ(item_code(reply, "h"), "4000");
    EXPECT_TRUE(reply.json["time"].is_string());
}

TEST(QboBatch, BadBatchesAreRefusedAsAWhole) {
    World world;
    std::string many = customer_item("0", "n0");
    for (int i = 1; i <= 30; ++i) many += "," + customer_item(std::to_string(i), "n" + std::to_string(i));
    const std::string long_id(37, 'x');
    EXPECT_EQ(world.post("/batch", batch(many)).code(), "1040");
    EXPECT_EQ(world.post("/batch", batch("")).code(), "2020");
    EXPECT_EQ(world.post("/batch", batch(customer_item("", "n"))).code(), "2020");
    EXPECT_EQ(world.post("/batch", batch(customer_item("a", "n") + "," + customer_item("a", "m"))).code(), "2030");
    EXPECT_EQ(world.post("/batch?requestid=" + long_id, batch(customer_item("a", "n"))).code(), "2130");
    EXPECT_EQ(world.post("/batch?requestid=r", batch(customer_item("12345678901", "n"))).code(), "2130");
    EXPECT_EQ(world.query("select count(*) from Customer").json["QueryResponse"]["totalCount"].int64_or(0), 1);
}

TEST(QboRequestId, RepeatIsAnsweredFromMemoryWithoutASecondEffect) {
    World world;
    const std::string body = world.document("", "10.00");
    const Reply first = world.post("/invoice?requestid=k1", body);
    const Reply again = world.post("/invoice?requestid=k1", body);
    EXPECT_EQ(first.json["Invoice"], again.json["Invoice"]);
    EXPECT_EQ(world.query("select count(*) from Invoice").json["QueryResponse"]["totalCount"].int64_or(0), 1);
    EXPECT_NE(world.post("/invoice?requestid=k2", body).json["Invoice"]["Id"], first.json["Invoice"]["Id"]);
    EXPECT_EQ(world.post("/invoice?requestid=" + std::string(51, 'k'), body).code(), "2130");
    // Per realm: the same id in another company is another request.
    EXPECT_EQ(world.post("/customer?requestid=k1", R"({"DisplayName":"Elsewhere"})", kUs)
                  .json["Customer"]["DisplayName"]
                  .text(),
              "Elsewhere");
    world.pass(hours(25));
    world.use_token(kUk, world.connect(kUk).json["access_token"].string_or(""));
    EXPECT_NE(world.post("/invoice?requestid=k1", body).json["Invoice"]["Id"], first.json["Invoice"]["Id"]);
}

TEST(QboRequestId, IdentityInABatchIsThePair) {
    World world;
    const auto send = [&](const std::string& ids) {
        std::string items;
        for (const char id : ids)
            items += std::string(items.empty() ? "" : ",") + R"({"bId":")" + id +
                     R"(","operation":"create","Payment":{"TotalAmt":1,"CustomerRef":{"value":")" + world.customer_id +
                     "\"}}}";
        return world.post("/batch?requestid=r1", batch(items));
    };
    const Reply first = send("ab");
    const Reply second = send("bc");
    EXPECT_EQ(item_of(first, "b"), item_of(second, "b"));
    EXPECT_EQ(world.query("select count(*) from Payment").json["QueryResponse"]["totalCount"].int64_or(0), 3);
}

TEST(QboRequestId, SwitchesForErrorsAndFailures) {
    World world;
    ASSERT_EQ(world.set(R"({"requestid_repeat":"error_600"})"), "");
    world.post("/customer?requestid=e", R"({"DisplayName":"E"})");
    EXPECT_EQ(world.post("/customer?requestid=e", R"({"DisplayName":"E"})").code(), "600");
    ASSERT_EQ(world.set(R"({"requestid_repeat":"replay"})"), "");
    EXPECT_EQ(world.post("/customer?requestid=f", R"({"DisplayName":"Acme"})").code(), "6240");
    EXPECT_EQ(world.post("/customer?requestid=f", R"({"DisplayName":"Fine"})").code(), "6240");
    ASSERT_EQ(world.set(R"({"requestid_replays_failures":false})"), "");
    EXPECT_EQ(world.post("/customer?requestid=g", R"({"DisplayName":"Acme"})").code(), "6240");
    EXPECT_EQ(world.post("/customer?requestid=g", R"({"DisplayName":"Fine"})").code(), "");
    ASSERT_EQ(world.set(R"({"requestid_retention_seconds":0})"), "");
    EXPECT_EQ(world.post("/customer?requestid=h", R"({"DisplayName":"H"})").code(), "");
    EXPECT_EQ(world.post("/customer?requestid=h", R"({"DisplayName":"H"})").code(), "6240");
}

/// Sends `count` requests at one moment. @return how many were throttled.
int burst(World& world, int count, const std::string& realm = kUk, const std::string& path = "/preferences") {
    int throttled = 0;
    for (int i = 0; i < count; ++i) {
        world.pass(Millis(-200));  // call() lets 200 ms pass
        throttled +=
            world.call(path == "/batch" ? "POST" : "GET", path, path == "/batch" ? batch("") : "", realm).status == 429;
    }
    return throttled;
}

TEST(QboLimits, TenASecondPerRealmAndAppThenXml429) {
    World world;
    world.pass(seconds(60));
    EXPECT_EQ(burst(world, 12), 2);
    EXPECT_EQ(burst(world, 10, kUs), 0);
    world.pass(Millis(-200));
    const Reply refused = world.get("/preferences");
    EXPECT_EQ(refused.status, 429);
    EXPECT_THAT(refused.text, HasSubstr("<Error code=\"3001\">"));
    EXPECT_THAT(refused.text, HasSubstr("ThrottleExceeded; errorCode=003001"));
    EXPECT_FALSE(refused.headers.find("Retry-After").has_value());
    EXPECT_EQ(world.ledger()["calls"]["throttled"].int64_or(0), 3);
    world.pass(seconds(1));
    EXPECT_EQ(world.get("/preferences").status, 200);
}

TEST(QboLimits, ThrottledAnswerFollowsItsSwitches) {
    World world;
    ASSERT_EQ(world.set(R"({"throttle_as_xml":false,"retry_after_seconds":30,"requests_per_second":0})"), "");
    const Reply refused = world.get("/preferences");
    EXPECT_EQ(refused.code(), "3001");
    EXPECT_EQ(refused.headers.find("Retry-After"), "30");
}

TEST(QboLimits, FiveHundredAMinuteAndFortyBatches) {
    World world;
    world.pass(seconds(60));
    int served = 0;
    for (int i = 0; i < 52; ++i, world.pass(seconds(1))) served += 10 - burst(world, 10);
    EXPECT_EQ(served, 500);
    world.pass(seconds(60));
    int batches = 0;
    for (int i = 0; i < 5; ++i, world.pass(seconds(1))) batches += 10 - burst(world, 10, kUk, "/batch");
    EXPECT_EQ(batches, 40);
    EXPECT_EQ(burst(world, 1), 0);
    world.pass(seconds(60));
    EXPECT_EQ(burst(world, 1, kUk, "/batch"), 0);
}

TEST(QboLimits, MeteredReadsRunOutAndWritesDoNot) {
    World world;
    ASSERT_EQ(world.set(R"({"core_plus_quota":2})"), "");
    EXPECT_EQ(world.get("/preferences").status, 200);
    EXPECT_EQ(world.query("select * from Item").status, 200);
    EXPECT_EQ(world.get("/preferences").status, 429);
    EXPECT_EQ(world.post("/customer", R"({"DisplayName":"free"})").status, 200);
}

TEST(QboModel, KnowsItsWritesAndRepeatsItselfFromItsSeed) {
    World world, twin;
    EXPECT_TRUE(world.model->is_write({"POST", "/v3/company/1/invoice?requestid=1"}));
    EXPECT_TRUE(world.model->is_write({"POST", "/v3/company/1/batch", {}, batch(customer_item("a", "n"))}));
    EXPECT_FALSE(world.model->is_write(
        {"POST", "/v3/company/1/batch", {}, R"({"BatchItemRequest":[{"bId":"a","Query":"select"}]})"}));
    EXPECT_FALSE(world.model->is_write({"POST", "/v3/company/1/query"}));
    EXPECT_FALSE(world.model->is_write({"GET", "/v3/company/1/invoice/1"}));
    EXPECT_FALSE(world.model->is_write({"POST", "/oauth2/v1/tokens/bearer"}));
    EXPECT_EQ(world.connect(kUk).text, twin.connect(kUk).text);
    EXPECT_EQ(world.get("/nonsense").code(), "500");
    EXPECT_EQ(world.call("PATCH", "/invoice").code(), "500");
}

}  // namespace
}  // namespace spillway::sandbox
