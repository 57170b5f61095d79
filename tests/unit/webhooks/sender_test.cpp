// Events on their way to receivers, on virtual time.

#include <set>

#include "services/webhooks/signature.hpp"
#include "tests/unit/webhooks/webhooks_fixture.hpp"

namespace spillway::test {
namespace {

using namespace std::chrono_literals;

struct SenderTest : WebhooksTest {};

TEST_F(SenderTest, AnEventArrivesSignedWithinASecond) {
    event("record.applied");  // before the webhook: not sent
    const auto id = hook("a.example");
    event("record.applied");
    pass(1s);
    const auto got = receivers.of("a.example");
    ASSERT_EQ(got.size(), 1u);
    EXPECT_TRUE(got[0].id.starts_with("msg_"));
    const auto right = webhooks::signature({Secret(secrets[id])}, got[0].id, got[0].at, got[0].body);
    ASSERT_TRUE(right.ok());
    EXPECT_EQ(got[0].signature, *right);
    EXPECT_EQ(got[0].timestamp, webhooks::timestamp(got[0].at));
    const auto body = parse_json(got[0].body);
    ASSERT_TRUE(body.ok());
    EXPECT_EQ((*body)["type"].text(), "record.applied");
    EXPECT_EQ((*body)["timestamp"].text(), "2026-01-05T09:00:00.000Z");
    EXPECT_EQ((*body)["data"]["seq"].text(), "2");
    EXPECT_EQ((*body)["data"]["connection_id"].text(), "con_a");
    EXPECT_EQ((*body)["data"]["body"]["n"].text(), "1");
    EXPECT_EQ(deliveries(id).items().at(0)["state"].text(), "delivered");
    pass(10min);
    EXPECT_EQ(receivers.of("a.example").size(), 1u);
}

TEST_F(SenderTest, SendsWhatIsWantedAndNothingOfOthers) {
    hook("some.example", R"(,"types":["sync.done","record.*"])");
    hook("all.example");
    const auto platform = send("POST", "/v1/webhooks", kPlatform, R"({"url":"https://platform.example/"})");
    ASSERT_EQ(platform.status, 201);
    for (const char* type : {"sync.done", "sync.started", "record.parked"}) event(type);
    event("record.parked", "par_b", "con_b");
    pass(1s);
    EXPECT_EQ(receivers.of("some.example").size(), 2u);
    EXPECT_EQ(receivers.of("all.example").size(), 3u);
    EXPECT_EQ(receivers.of("platform.example").size(), 4u);
}

TEST_F(SenderTest, OfOneConnectionWhateverElseHappens) {
    limits.events_at_once = 5;
    restart();
    hook("one.example", R"(,"connection_id":"con_a")");
    for (int i = 0; i < 33; ++i) event("sync.done", "par_a", i == 7 || i == 31 ? "con_a" : "con_else");
    pass(1s);
    const auto got = receivers.of("one.example");
    ASSERT_EQ(got.size(), 2u);
    for (const auto& one : got) EXPECT_NE(one.body.find("con_a"), std::string::npos);
}

TEST_F(SenderTest, WhoTakesTheSharedPlacesTakesTurns) {
    limits.in_flight_max = 2;
    restart();
    for (const char* host : {"a.example", "b.example", "c.example", "d.example"}) {
        hook(host);
        receivers.manners[host] = {200, {}, 100ms};
    }
    for (int i = 0; i < 40; ++i) event("sync.done");
    pass(4s);
    for (const char* host : {"a.example", "b.example", "c.example", "d.example"})
        EXPECT_GT(receivers.of(host).size(), 5u) << host;
}

TEST_F(SenderTest, RepeatsUnderTheSameIdUntilTheScheduleIsOver) {
    limits.give_up = 30 * 24h;
    look_every(2s);
    const auto id = hook("down.example");
    receivers.manners["down.example"] = {500, {}, {}};
    event("sync.done");
    pass(32h);
    const auto got = receivers.of("down.example");
    ASSERT_EQ(got.size(), 8u);
    for (std::size_t i = 1; i < got.size(); ++i) {
        EXPECT_EQ(got[i].id, got[0].id);
        EXPECT_EQ(got[i].body, got[0].body);
        const auto pause = got[i].at - got[i - 1].at;
        EXPECT_GE(pause, webhooks::kPauses[i - 1]);
        EXPECT_LE(pause, webhooks::kPauses[i - 1] * 11 / 10 + 2s);
        if (i > 1) EXPECT_NE(got[i].signature, got[0].signature) << "the time is signed as well";
    }
    const auto failed = deliveries(id, "?state=failed").items();
    ASSERT_EQ(failed.size(), 1u);
    EXPECT_EQ(failed[0]["attempts"].text(), "8");
    EXPECT_EQ(failed[0]["last_status"].text(), "500");

    receivers.manners["down.example"] = {};
    const std::string one = "/v1/webhooks/" + id + "/deliveries/" + failed[0]["id"].string_or("") + "/replay";
    EXPECT_EQ(send("POST", one, kPartnerA).status, 200);
    pass(1s);
    EXPECT_EQ(receivers.of("down.example").size(), 9u);
    EXPECT_EQ(receivers.of("down.example").back().id, got[0].id);
    EXPECT_EQ(deliveries(id).items().at(0)["state"].text(), "delivered");
}

TEST_F(SenderTest, ACrashBeforeTheOutcomeIsStoredRepeatsItUnderTheSameId) {
    const auto id = hook("a.example");
    receivers.manners["a.example"] = {200, {}, 10s};
    event("sync.done");
    pass(1s);
    ASSERT_EQ(receivers.of("a.example").size(), 1u);
    stop_sender();  // the receiver has it, the store does not know
    EXPECT_EQ(deliveries(id).items().at(0)["state"].text(), "pending");
    EXPECT_EQ(deliveries(id).items().at(0)["attempts"].text(), "0");
    start_sender();
    pass(11s);
    const auto got = receivers.of("a.example");
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].id, got[1].id);
    EXPECT_EQ(got[0].body, got[1].body);
    EXPECT_EQ(deliveries(id).items().at(0)["state"].text(), "delivered");
}

TEST_F(SenderTest, EveryEventBecomesOneDeliveryOverRestartsAtAnyMoment) {
    const auto id = hook("a.example");
    receivers.manners["a.example"] = {200, {}, 20ms};
    for (int i = 0; i < 350; ++i) event(i % 3 == 0 ? "sync.done" : "record.applied");
    for (int i = 0; i < 40; ++i) {
        pass(Millis{37});
        restart();
    }
    pass(1min);
    std::map<std::string, std::set<std::string>> ids_by_body;
    for (const auto& one : receivers.of("a.example")) ids_by_body[one.body].insert(one.id);
    EXPECT_EQ(ids_by_body.size(), 350u);
    for (const auto& [body, ids] : ids_by_body) EXPECT_EQ(ids.size(), 1u) << body;
    EXPECT_TRUE(deliveries(id, "?state=pending").items().empty());
}

TEST_F(SenderTest, ASlowReceiverDelaysNobodyElse) {
    hook("slow.example");
    hook("quick.example");
    receivers.manners["slow.example"] = {200, {}, 60s};  // beyond the time-out
    for (int i = 0; i < 50; ++i) event("sync.done");
    pass(1s);
    EXPECT_EQ(receivers.of("quick.example").size(), 50u);
    EXPECT_LE(receivers.most["slow.example"], 4);
    const auto before = receivers.of("slow.example").size();
    pass(5min);
    EXPECT_GT(receivers.of("slow.example").size(), before);
    receivers.most["slow.example"] = receivers.now["slow.example"];
    pass(5min);
    EXPECT_EQ(receivers.most["slow.example"], 1) << "a receiver that fails is asked for one at a time";
}

TEST_F(SenderTest, ABacklogWaitsInTheEventLogAndNothingOfItIsLost) {
    limits.pending_max = 10;
    limits.events_at_once = 5;
    restart();
    const auto id = hook("a.example");
    receivers.manners["a.example"] = {503, {{"Retry-After", "600"}}, {}};
    for (int i = 0; i < 60; ++i) event("sync.done");
    pass(10s);
    EXPECT_LE(deliveries(id, "?limit=200").items().size(), 15u);
    EXPECT_LE(receivers.of("a.example").size(), 4u) << "it asked to be left alone";
    receivers.manners["a.example"] = {};
    pass(1h);
    EXPECT_EQ(deliveries(id, "?state=delivered&limit=200").items().size(), 60u);
}

TEST_F(SenderTest, WhoIsGoneIsDisabledAndToldOf) {
    const auto id = hook("gone.example");
    hook("other.example", R"(,"types":["webhook.*"])");
    receivers.manners["gone.example"] = {410, {}, {}};
    event("sync.done");
    pass(2s);
    EXPECT_EQ(webhook(id)["state"].text(), "disabled");
    EXPECT_EQ(webhook(id)["reason"].text(), "gone");
    event("sync.done");
    pass(10min);
    EXPECT_EQ(receivers.of("gone.example").size(), 1u);
    const auto told = receivers.of("other.example");
    ASSERT_EQ(told.size(), 1u);
    EXPECT_NE(told[0].body.find(id), std::string::npos);
    EXPECT_EQ(sender->status().disabled, 1);

    receivers.manners["gone.example"] = {};
    EXPECT_EQ(send("PATCH", "/v1/webhooks/" + id, kPartnerA, R"({"state":"active"})").status, 200);
    pass(1s);
    // The event from while it was disabled, and the news of its own end.
    EXPECT_EQ(receivers.of("gone.example").size(), 3u);
}

TEST_F(SenderTest, FiveDaysOfNothingButFailuresDisable) {
    look_every(1min);
    const auto id = hook("down.example");
    receivers.manners["down.example"] = {500, {}, {}};
    for (int hour = 0; hour < 119; ++hour) {
        event("sync.done");
        pass(1h);
    }
    EXPECT_EQ(webhook(id)["state"].text(), "active");
    receivers.manners["down.example"] = {};
    event("sync.done");
    pass(2h);
    EXPECT_TRUE(webhook(id)["failing_since"].is_null());
    receivers.manners["down.example"] = {500, {}, {}};
    for (int hour = 0; hour < 119; ++hour) {
        event("sync.done");
        pass(1h);
    }
    EXPECT_EQ(webhook(id)["state"].text(), "active") << "it had answered in between";
    for (int hour = 0; hour < 3; ++hour) {
        event("sync.done");
        pass(1h);
    }
    EXPECT_EQ(webhook(id)["state"].text(), "disabled");
    EXPECT_EQ(webhook(id)["reason"].text(), "failing");
}

TEST_F(SenderTest, BothSecretsSignForADayAfterARotation) {
    const auto id = hook("a.example");
    const Secret old(secrets[id]);
    const auto rotated = send("POST", "/v1/webhooks/" + id + "/rotate", kPartnerA);
    ASSERT_EQ(rotated.status, 200);
    const Secret next(json(rotated)["secret"].string_or(""));
    EXPECT_NE(old.reveal(), next.reveal());
    event("sync.done");
    pass(1s);
    clock->advance(24h);
    event("sync.done");
    pass(1s);
    const auto got = receivers.of("a.example");
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].signature, *webhooks::signature({next, old}, got[0].id, got[0].at, got[0].body));
    EXPECT_EQ(got[1].signature, *webhooks::signature({next}, got[1].id, got[1].at, got[1].body));
}

TEST_F(SenderTest, AfterARotationThatIsMadeAgainTheFirstSecretStillSigns) {
    const auto id = hook("a.example");
    std::vector<Secret> all{Secret(secrets[id])};
    for (int rotation = 0; rotation < 2; ++rotation) {
        const auto rotated = send("POST", "/v1/webhooks/" + id + "/rotate", kPartnerA);
        ASSERT_EQ(rotated.status, 200);
        all.insert(all.begin(), Secret(json(rotated)["secret"].string_or("")));
    }
    event("sync.done");
    pass(1s);
    const auto got = receivers.of("a.example");
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].signature, *webhooks::signature(all, got[0].id, got[0].at, got[0].body));
}

TEST_F(SenderTest, ASuspendedPartnerGetsNothingUntilItIsResumed) {
    hook("a.example", R"(,"types":["sync.done"])");
    ASSERT_EQ(send("POST", "/v1/partners/par_a/suspend", kAdmin).status, 200);
    pass(11s);
    event("sync.done");
    pass(1min);
    EXPECT_TRUE(receivers.of("a.example").empty());
    ASSERT_EQ(send("POST", "/v1/partners/par_a/resume", kAdmin).status, 200);
    pass(11s);
    EXPECT_FALSE(receivers.of("a.example").empty());
}

}  // namespace
}  // namespace spillway::test
