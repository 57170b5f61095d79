// Webhooks over the API.

#include "services/store/retention.hpp"
#include "tests/unit/webhooks/webhooks_fixture.hpp"

namespace spillway::test {
namespace {

using namespace std::chrono_literals;

struct WebhooksApi : WebhooksTest {
    std::int64_t rows(const char* sql) {
        return read<std::int64_t>([sql](store::Connection& connection) {
            return *store::first_row(store::query(connection, sql),
                                     [](SQLite::Statement& row) { return store::integer(row, 0); });
        });
    }
};

TEST_F(WebhooksApi, TheSecretIsShownOnceAndSealedAtRest) {
    const auto made = send("POST", "/v1/webhooks", kPartnerA, R"({"url":"https://a.example/in","types":["record.*"]})");
    ASSERT_EQ(made.status, 201) << made.body;
    const std::string secret = json(made)["secret"].string_or("");
    EXPECT_TRUE(secret.starts_with("whsec_"));
    EXPECT_EQ(made.headers.find("Cache-Control").value_or(""), "no-store");
    const std::string id = json(made)["id"].string_or("");
    const auto shown = get("/v1/webhooks/" + id, kPartnerA);
    EXPECT_EQ(shown.body.find("whsec_"), std::string::npos);
    EXPECT_EQ(json(shown)["partner_id"].text(), "par_a");
    EXPECT_EQ(json(shown)["types"].items().at(0).text(), "record.*");
    const auto row = read<webhooks::WebhookRow>(
        [&](store::Connection& connection) { return *webhooks::get_webhook(connection, id); });
    EXPECT_TRUE(row.sealed.starts_with("v1.k1."));
    const auto opened = a_vault().open(row.sealed, id + ":webhook");
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->reveal(), secret);
}

TEST_F(WebhooksApi, RefusesWhatMustNotBeReachedWithAPointer) {
    for (const char* url : {"http://a.example/", "https://127.0.0.1/", "https://169.254.169.254/", "https://[::1]/",
                            "https://a.example:8443/", "nonsense"}) {
        const auto refused = send("POST", "/v1/webhooks", kPartnerA, R"({"url":")" + std::string(url) + R"("})");
        EXPECT_EQ(refused.status, 400) << url;
        EXPECT_EQ(json(refused)["pointer"].text(), "/url");
    }
    const auto id = hook("a.example");
    EXPECT_EQ(send("PATCH", "/v1/webhooks/" + id, kPartnerA, R"({"url":"https://10.0.0.1/"})").status, 400);
    EXPECT_EQ(webhook(id)["url"].text(), "https://a.example/");
    EXPECT_EQ(send("PATCH", "/v1/webhooks/" + id, kPartnerA, R"({"types":["NO"]})").status, 400);
    EXPECT_EQ(send("PATCH", "/v1/webhooks/" + id, kPartnerA, R"({"state":"gone"})").status, 400);
}

TEST_F(WebhooksApi, APartnersKeyStaysWithItsOwn) {
    EXPECT_EQ(send("POST", "/v1/webhooks", kPartnerA, R"({"url":"https://a.example/","partner_id":"par_b"})").status,
              404);
    EXPECT_EQ(send("POST", "/v1/webhooks", kPartnerA, R"({"url":"https://a.example/","connection_id":"con_b"})").status,
              404);
    const auto global = json(send("POST", "/v1/webhooks", kPlatform, R"({"url":"https://p.example/"})"));
    EXPECT_TRUE(global["partner_id"].is_null());
    EXPECT_EQ(get("/v1/webhooks/" + global["id"].string_or(""), kPartnerA).status, 404);
    const auto id = hook("a.example", R"(,"connection_id":"con_a")");
    EXPECT_EQ(send("PATCH", "/v1/webhooks/" + id, kPartnerA, R"({"connection_id":"con_b"})").status, 404);
    EXPECT_EQ(json(get("/v1/webhooks", kPartnerA))["items"].items().size(), 1u);
    EXPECT_EQ(json(get("/v1/webhooks", kPartnerB))["items"].items().size(), 0u);
    EXPECT_EQ(json(get("/v1/webhooks", kReadAll))["items"].items().size(), 2u);
}

TEST_F(WebhooksApi, ASubmissionThatComesAgainMakesNoSecond) {
    const auto id = hook("a.example");
    const std::string again = R"({"url":"https://a.example/","types":["sync.done"]})";
    const auto second = send("POST", "/v1/webhooks", kPartnerA, again);
    EXPECT_EQ(second.status, 409);
    EXPECT_EQ(code(second), "webhook_exists");
    EXPECT_NE(json(second)["detail"].string_or("").find(id), std::string::npos);
    const auto other = hook("b.example");
    EXPECT_EQ(send("PATCH", "/v1/webhooks/" + other, kPartnerA, R"({"url":"https://a.example/"})").status, 409);
    ASSERT_EQ(send("DELETE", "/v1/webhooks/" + id, kPartnerA).status, 204);
    EXPECT_EQ(send("POST", "/v1/webhooks", kPartnerA, again).status, 201);
}

TEST_F(WebhooksApi, AFilterByConnectionCanBeTakenAway) {
    const auto id = hook("a.example");
    const std::string path = "/v1/webhooks/" + id;
    ASSERT_EQ(send("PATCH", path, kPartnerA, R"({"connection_id":"con_a"})").status, 200);
    EXPECT_EQ(webhook(id)["connection_id"].text(), "con_a");
    EXPECT_EQ(webhook(id)["url"].text(), "https://a.example/") << "what is not given stays";
    ASSERT_EQ(send("PATCH", path, kPartnerA, R"({"connection_id":null})").status, 200);
    EXPECT_TRUE(webhook(id)["connection_id"].is_null());
}

TEST_F(WebhooksApi, AnOwnerHasTwentyAtMost) {
    for (int i = 0; i < 20; ++i) hook("h" + std::to_string(i) + ".example");
    const auto more = send("POST", "/v1/webhooks", kPartnerA, R"({"url":"https://one.example/"})");
    EXPECT_EQ(more.status, 409);
    EXPECT_EQ(code(more), "too_many");
    EXPECT_EQ(send("POST", "/v1/webhooks", kPartnerB, R"({"url":"https://one.example/"})").status, 201);
}

TEST_F(WebhooksApi, APingArrives) {
    const auto id = hook("a.example", R"(,"types":["sync.done"])");
    const auto ping = send("POST", "/v1/webhooks/" + id + "/ping", kPartnerA);
    ASSERT_EQ(ping.status, 202);
    pass(1s);
    ASSERT_EQ(receivers.of("a.example").size(), 1u);
    EXPECT_EQ(receivers.of("a.example")[0].id, json(ping)["message_id"].text());
    ASSERT_EQ(send("PATCH", "/v1/webhooks/" + id, kPartnerA, R"({"state":"disabled"})").status, 200);
    EXPECT_EQ(code(send("POST", "/v1/webhooks/" + id + "/ping", kPartnerA)), "disabled");
}

TEST_F(WebhooksApi, WhatFailedSinceATimeIsSentAgain) {
    look_every(1min);
    const auto id = hook("a.example");
    receivers.manners["a.example"] = {500, {}, {}};
    for (int i = 0; i < 3; ++i) event("sync.done");
    pass(40h);
    receivers.manners["a.example"] = {};
    event("sync.done");
    pass(2min);
    ASSERT_EQ(deliveries(id, "?state=failed").items().size(), 3u);
    receivers.seen.clear();
    const std::string path = "/v1/webhooks/" + id + "/replay";
    EXPECT_EQ(json(send("POST", path, kPartnerA, R"({"since":"2026-01-07T00:00:00Z"})"))["replayed"].text(), "0");
    const auto replayed = json(send("POST", path, kPartnerA, R"({"since":"2026-01-01T00:00:00Z"})"));
    EXPECT_EQ(replayed["replayed"].text(), "3");
    EXPECT_TRUE(replayed["next"].is_null());
    pass(2min);
    EXPECT_EQ(receivers.of("a.example").size(), 3u);
    EXPECT_TRUE(deliveries(id, "?state=failed").items().empty());
    receivers.seen.clear();
    const auto all = json(send("POST", path, kPartnerA, R"({"since":"2026-01-01T00:00:00Z","delivered":true})"));
    EXPECT_EQ(all["replayed"].text(), "4");
    pass(2min);
    EXPECT_EQ(receivers.of("a.example").size(), 4u);
    EXPECT_EQ(send("POST", path, kPartnerA, R"({"since":"yesterday"})").status, 400);
}

TEST_F(WebhooksApi, DeliveriesComeInPagesNewestFirst) {
    const auto id = hook("a.example");
    for (int i = 0; i < 5; ++i) event("sync.done");
    pass(1s);
    std::vector<std::int64_t> ids;
    std::string after;
    for (int pages = 0; pages < 3; ++pages) {
        const auto page = json(get("/v1/webhooks/" + id + "/deliveries?limit=2" + after, kPartnerA));
        for (const auto& one : page["items"].items()) ids.push_back(one["id"].int64_or(0));
        after = "&after=" + page["next"].string_or("");
    }
    EXPECT_EQ(ids.size(), 5u);
    EXPECT_TRUE(std::ranges::is_sorted(ids, std::greater<>()));
}

TEST_F(WebhooksApi, ADeletedOneGetsNothingMoreAndItsRowsGo) {
    const auto id = hook("a.example");
    event("sync.done");
    pass(1s);
    EXPECT_EQ(send("DELETE", "/v1/webhooks/" + id, kPartnerA).status, 204);
    EXPECT_EQ(get("/v1/webhooks/" + id, kPartnerA).status, 404);
    event("sync.done");
    pass(1min);
    EXPECT_EQ(receivers.of("a.example").size(), 1u);
    EXPECT_EQ(rows("SELECT count(*) FROM webhook_deliveries"), 0);
    EXPECT_EQ(rows("SELECT count(*) FROM webhooks"), 0);
}

TEST_F(WebhooksApi, DeliveriesThatEndedGoWithTheAuditAndPendingOnesStay) {
    const auto id = hook("a.example");
    event("sync.done");
    pass(1s);
    receivers.manners["a.example"] = {500, {}, {}};
    event("sync.done");
    pass(1s);
    ASSERT_EQ(rows("SELECT count(*) FROM webhook_deliveries"), 2);
    store::Retention retention;
    retention.audit_before = clock->wall_now() + 1h;
    store::RetentionCursor cursor;
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(commit([&](queue::Transaction& transaction) {
                        store::retention_step(transaction, retention, cursor);
                        return success();
                    }).ok());
    const auto left = deliveries(id).items();
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left[0]["state"].text(), "pending");
}

TEST_F(WebhooksApi, MetricsTellWhatHappened) {
    hook("a.example");
    hook("down.example");
    receivers.manners["down.example"] = {500, {}, {}};
    event("sync.done");
    pass(1s);
    const auto shown = get("/metrics", kReadAll).body;
    for (const char* line : {"spillway_webhooks_active 2\n", "spillway_webhook_delivered_total 1\n",
                             "spillway_webhook_attempts_failed_total 1\n", "spillway_webhook_in_flight 0\n"})
        EXPECT_NE(shown.find(line), std::string::npos) << line << shown;
}

}  // namespace
}  // namespace spillway::test
