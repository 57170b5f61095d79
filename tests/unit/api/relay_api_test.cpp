// The relay over the API: who may see and steer it, and how it looks.

#include "services/relay/ledger.hpp"
#include "tests/unit/api/api_fixture.hpp"

namespace spillway::test {
namespace {

class FakeControl final : public relay::Control {
 public:
    boost::asio::awaitable<Result<void>> release() override {
        asked.emplace_back("release");
        if (failure) co_return *failure;
        shown.state = "released";
        co_return success();
    }
    boost::asio::awaitable<Result<void>> resume(bool reread) override {
        asked.emplace_back(reread ? "resume and reread" : "resume");
        shown.state = "starting";
        co_return success();
    }
    [[nodiscard]] relay::Status status() const override { return shown; }
    void slow_down(Millis) override {}

    relay::Status shown;
    std::vector<std::string> asked;
    std::optional<Error> failure;
};

struct RelayApi : ApiTest {
    RelayApi() { context.relay = &control; }
    FakeControl control;
};

TEST_F(RelayApi, ShowsWhereItStands) {
    control.shown.state = "waiting";
    control.shown.waits_for = "payment_db_down";
    control.shown.lag = Millis{120};
    control.shown.cursor = relay::Cursor{};
    control.shown.cursor->identity = {"4711", 3, true};
    control.shown.alarm = relay::Alarm{"payment_db_rewound", "set back", from_ms(1'767'603'600'000)};
    control.shown.alerts = {{"long_transaction", "pid 1"}};
    control.shown.counts.accepted = 7;
    control.shown.failures["payment_db_down"] = 2;
    const auto seen = json(get("/v1/relay", kReadAll));
    EXPECT_EQ(seen["waits_for"].text(), "payment_db_down");
    EXPECT_EQ(seen["lag_ms"].text(), "120");
    EXPECT_EQ(seen["database"]["timeline"].text(), "3");
    EXPECT_EQ(seen["alarm"]["since"].text(), "2026-01-05T09:00:00.000Z");
    EXPECT_EQ(seen["alerts"].items().at(0)["code"].text(), "long_transaction");
    EXPECT_EQ(seen["counts"]["accepted"].text(), "7");
    EXPECT_EQ(seen["failures"]["payment_db_down"].text(), "2");
    const auto metrics = get("/metrics").body;
    for (const char* line : {"spillway_relay_state{state=\"waiting\"} 1\n", "spillway_relay_state{state=\"idle\"} 0\n",
                             "spillway_relay_lag_seconds 0.12", "spillway_relay_alarm 1\n",
                             "spillway_relay_rows_total{outcome=\"accepted\"} 7\n",
                             "spillway_relay_failures_total{code=\"payment_db_down\"} 2\n"})
        EXPECT_NE(metrics.find(line), std::string::npos) << line << metrics;
}

TEST_F(RelayApi, IsReleasedAndResumed) {
    EXPECT_EQ(json(send("POST", "/v1/relay/release", kPlatform))["state"].text(), "released");
    EXPECT_EQ(send("POST", "/v1/relay/resume", kAdmin).status, 200);
    EXPECT_EQ(send("POST", "/v1/relay/resume", kAdmin, R"({"reread":true})").status, 200);
    EXPECT_EQ(control.asked, (std::vector<std::string>{"release", "resume", "resume and reread"}));
    EXPECT_EQ(send("POST", "/v1/relay/resume", kAdmin, R"({"reread":"yes"})").status, 400);
    EXPECT_EQ(send("POST", "/v1/relay/resume", kAdmin, R"({"again":true})").status, 400);
    control.failure = Error{ErrorKind::unavailable, "storage_full", "full"};
    EXPECT_EQ(send("POST", "/v1/relay/release", kAdmin).status, 503);
}

TEST_F(RelayApi, IsNotForKeysOfOnePartner) {
    for (const char* key : {kPartnerA, kReadA}) {
        EXPECT_EQ(get("/v1/relay", key).status, 403);
        EXPECT_EQ(get("/v1/relay/refusals", key).status, 403);
        EXPECT_EQ(send("POST", "/v1/relay/release", key).status, 403);
        EXPECT_EQ(send("POST", "/v1/relay/resume", key).status, 403);
    }
    EXPECT_TRUE(control.asked.empty());
}

TEST_F(RelayApi, WithoutAPaymentDatabaseItIsOff) {
    context.relay = nullptr;
    EXPECT_EQ(json(get("/v1/relay"))["state"].text(), "off");
    EXPECT_EQ(code(send("POST", "/v1/relay/release", kAdmin)), "relay_off");
    EXPECT_EQ(code(send("POST", "/v1/relay/resume", kAdmin)), "relay_off");
    EXPECT_EQ(get("/metrics").body.find("spillway_relay"), std::string::npos);
}

TEST_F(RelayApi, RefusedRowsArePagedNewestFirst) {
    auto seeded = commit([&](queue::Transaction& transaction) {
        for (int i = 1; i <= 5; ++i) {
            relay::Refusal refusal;
            refusal.row.id = i;
            refusal.row.event_id = "event-" + std::to_string(i);
            refusal.row.kind = "invoice";
            refusal.error = invalid("missing_member", "a member is missing", "/number");
            refusal.at = clock->wall_now();
            relay::add_refusal(queue::sqlite::connection_of(transaction), refusal);
        }
        return success();
    });
    ASSERT_TRUE(seeded.ok());
    std::string rows, after;
    do {
        const auto page = json(get("/v1/relay/refusals?limit=2" + (after.empty() ? "" : "&after=" + after)));
        for (const auto& item : page["items"].items()) rows += item["row_id"].string_or("?");
        after = page["next"].string_or("");
    } while (!after.empty());
    EXPECT_EQ(rows, "54321");
    EXPECT_EQ(json(get("/v1/relay/refusals"))["items"].items().at(0)["pointer"].text(), "/number");
}

}  // namespace
}  // namespace spillway::test
