// Where a second object, or a lost one, would come from: repeats that come too late or are refused, quiet times counted
// from the wrong moment, one name for two records, one record that the provider cannot digest.

#include <gtest/gtest.h>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

bool writes_something(const HttpRequest& request) {
    const bool api = request.path().starts_with("/api.xro/") || request.path().starts_with("/v3/company/");
    return api && request.method != "GET" && !request.path().ends_with("/query");
}

class ExactlyOnce : public testing::TestWithParam<std::string> {
 protected:
    void SetUp() override {
        connection = world.connect(GetParam());
        world.ok("PATCH", "/v1/connections/" + connection, R"({"posting":"automatic"})");
    }
    void put_contact(const std::string& id, const std::string& name) {
        ASSERT_EQ(world.put(connection, "contact", id, a_contact(name)), 202);
    }
    std::string state(const std::string& id) { return world.state_of(connection, "contact", id); }
    int contacts_named(const std::string& name) {
        int count = 0;
        const auto ledger = world.ledger(GetParam());
        for (const auto& contact : ledger["contacts"].items()) count += contact["name"].text() == name;
        return count;
    }
    std::vector<CallSeen> writes_seen() {
        std::vector<CallSeen> out;
        for (const auto& call : world.seen())
            if (!call.key.empty()) out.push_back(call);
        return out;
    }
    bool xero() const { return GetParam() == "xero"; }

    World world{1};
    std::string connection;
};

/// QuickBooks never asks for a wait this long.
class LongWait : public ExactlyOnce {};

TEST_P(LongWait, ARepeatIsNotSentOnceTheMemoryOfItsKeyMayBeOver) {
    world.faults(R"({"match":"write","cut":1,"times":1})");
    int written = 0;
    world.answer_instead([&written](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (!writes_something(request) || ++written != 2) return std::nullopt;
        HttpResponse refusal{429, {}, ""};
        refusal.headers.set("Retry-After", "300");
        refusal.headers.set("X-Rate-Limit-Problem", "minute");
        return refusal;
    });
    put_contact("C1", "Customer 1");
    ASSERT_TRUE(world.reaches(connection, "contact", "C1", "applied", minutes(30)));
    const auto seen = writes_seen();
    ASSERT_GE(seen.size(), 3u);
    ASSERT_EQ(seen[1].key, seen[0].key) << "the repeat that was held back";
    for (const auto& call : seen)
        if (call.key == seen[0].key) EXPECT_LT(call.sent - seen[0].sent, minutes(4));
    EXPECT_EQ(contacts_named("Customer 1"), 1);
}

TEST_P(ExactlyOnce, TheQuietTimeRunsFromTheLastSend) {
    world.faults(R"({"match":"write","cut":1})");
    put_contact("C1", "Customer 1");
    world.clock().run_for(minutes(12));
    auto writes = writes_seen();
    // Found absent it goes again, under a new key: that is another story.
    std::erase_if(writes, [key = writes.front().key](const CallSeen& call) { return call.key != key; });
    ASSERT_GE(writes.size(), 3u);
    const auto first_look = std::find_if(world.seen().begin(), world.seen().end(), [&](const CallSeen& call) {
        return call.key.empty() && call.sent > writes.back().sent;
    });
    ASSERT_NE(first_look, world.seen().end());
    EXPECT_GE(first_look->sent - writes.back().sent, xero() ? seconds(60) : seconds(150));
}

TEST_P(ExactlyOnce, TheQuietTimeOfASendWithoutAnAnswerRunsFromItsEnd) {
    world.faults(R"({"match":"write","latency_ms":900000})");
    put_contact("C1", "Customer 1");
    world.clock().run_for(minutes(12));
    auto writes = writes_seen();
    std::erase_if(writes, [key = writes.front().key](const CallSeen& call) { return call.key != key; });
    const auto first_look = std::find_if(world.seen().begin(), world.seen().end(), [&](const CallSeen& call) {
        return call.key.empty() && call.sent > writes.back().sent;
    });
    ASSERT_NE(first_look, world.seen().end());
    const auto given_up = writes.back().sent + SendLimits{}.total;
    EXPECT_GE(first_look->sent - given_up, xero() ? seconds(60) : seconds(150));
}

TEST_P(ExactlyOnce, ARefusedRepeatDecidesNothing) {
    world.faults(R"({"match":"write","answer_lost":1,"times":1})");
    int written = 0;
    world.answer_instead([this, &written](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (!writes_something(request) || ++written != 2) return std::nullopt;
        HttpResponse refusal{xero() ? 400 : 200, {}, ""};
        refusal.headers.set("Content-Type", "application/json");
        refusal.body =
            xero() ? R"({"ErrorNumber":10,"Type":"ValidationException","Message":"A validation exception occurred",)"
                     R"("Elements":[{"ValidationErrors":[{"Message":"Something is wrong with it"}]}]})"
                   : R"({"BatchItemResponse":[{"bId":"1","Fault":{"type":"ValidationFault","Error":[{"Message":"no",)"
                     R"("Detail":"Something is wrong with it","code":"2020"}]}}]})";
        return refusal;
    });
    put_contact("C1", "Customer 1");
    ASSERT_TRUE(world.quiet(connection, hours(1)));
    EXPECT_GE(written, 2) << "there was no repeat";
    EXPECT_EQ(state("C1"), "applied") << world.record(connection, "contact", "C1")["job"]["why"].string_or("");
    EXPECT_EQ(contacts_named("Customer 1"), 1);
}

TEST_P(ExactlyOnce, TwoRecordsNeverBecomeOneObject) {
    put_contact("C1", "One Name");
    ASSERT_TRUE(world.quiet(connection));
    put_contact("C2", "One Name");
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(state("C1"), "applied");
    EXPECT_EQ(state("C2"), "parked");
    EXPECT_EQ(world.record(connection, "contact", "C2")["links"].items().size(), 0u);
}

TEST_P(ExactlyOnce, ARecordThatTheProviderCannotDigestEndsUpAlone) {
    world.answer_instead([](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (!writes_something(request) || request.body.find("POISON") == std::string::npos) return std::nullopt;
        return HttpResponse{500, {}, "it fell over"};
    });
    for (int i = 0; i < 8; ++i)
        put_contact("C" + std::to_string(i), i == 5 ? "POISON" : "Customer " + std::to_string(i));
    world.clock().run_for(hours(2));
    for (int i = 0; i < 8; ++i)
        if (i != 5) EXPECT_EQ(state("C" + std::to_string(i)), "applied") << i;
    EXPECT_TRUE(world.reaches(connection, "contact", "C5", "parked", hours(24 * 3)));
}

TEST_P(ExactlyOnce, AWriteThatIsNeverAnsweredAndNeverTakesEffectIsParkedInTheEnd) {
    world.faults(R"({"match":"write","cut":1})");
    put_contact("C1", "Customer 1");
    ASSERT_TRUE(world.reaches(connection, "contact", "C1", "parked", hours(24 * 3)));
    EXPECT_EQ(contacts_named("Customer 1"), 0);
}

TEST_P(ExactlyOnce, ADisconnectLeavesAReadOfTheListsThatIsUnderWayAlive) {
    world.faults(R"({"match":"read","latency_ms":8000})");
    HttpRequest refresh;
    refresh.method = "POST";
    refresh.target = "/v1/connections/" + connection + "/books/refresh";
    std::optional<int> answered;
    world.send(std::move(refresh), [&](const HttpResponse* answer) { answered = answer ? answer->status : 0; });
    world.clock().run_for(seconds(1));
    EXPECT_FALSE(answered);
    world.ok("POST", "/v1/connections/" + connection + "/disconnect");
    world.clock().run_for(minutes(2));
    ASSERT_TRUE(answered);
    EXPECT_GE(*answered, 200);
}

INSTANTIATE_TEST_SUITE_P(Xero, LongWait, testing::Values("xero"), [](const auto& info) { return info.param; });
INSTANTIATE_TEST_SUITE_P(Providers, ExactlyOnce, testing::Values("xero", "qbo"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
