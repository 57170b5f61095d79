// A provider in trouble: what is tried meanwhile, who is held up by it, and how the traffic comes back.

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

bool is_write(const HttpRequest& request) {
    const bool api = request.path().starts_with("/api.xro/") || request.path().starts_with("/v3/company/");
    return api && request.method != "GET" && !request.path().ends_with("/query");
}

class Outage : public testing::TestWithParam<std::string> {
 protected:
    void SetUp() override { connection = connect(0); }
    std::string connect(std::size_t company) {
        const auto made = world.connect(GetParam(), world.make_partner("Partner"), {}, company);
        world.ok("PATCH", "/v1/connections/" + made, R"({"posting":"automatic"})");
        return made;
    }
    void put_contacts(const std::string& into, const std::string& prefix, int count) {
        for (int i = 0; i < count; ++i) {
            const auto id = prefix + std::to_string(i);
            ASSERT_EQ(world.put(into, "contact", id, a_contact("Customer " + id)), 202);
        }
    }
    /// How many calls arrive within that time.
    std::size_t calls_within(Millis time) {
        const auto before = world.seen().size();
        world.clock().run_for(time);
        return world.seen().size() - before;
    }
    /// Counts the writes under way from now on, repeats of unknown ones apart: those are the resolution's affair.
    void watch_writes() {
        auto known = std::make_shared<std::set<std::string>>();
        for (const auto& call : world.seen()) known->insert(call.key);
        world.network().on_arrival = [this, known](const CallSeen& call) {
            if (!known->insert(call.key).second) return;
            fresh.insert(call.key);
            most_at_once = std::max(most_at_once, fresh.size());
            at_begin.push_back(fresh.size());
        };
        world.network().on_answer = [this](const CallSeen& call) { fresh.erase(call.key); };
    }
    void watch_no_more() { world.network().on_arrival = world.network().on_answer = {}; }
    /// Every call that arrives is answered with 500, reads too.
    void fail_all() { world.faults(R"({"match":"all","error":{"rate":1,"status":500}})"); }

    World world{1};
    std::string connection;
    std::set<std::string> fresh;
    std::size_t most_at_once = 0;
    std::vector<std::size_t> at_begin;
};

// retry_budget_caps_amplification
TEST_P(Outage, AnHourOfItCostsAFewCallsAMinuteAndNoAttempts) {
    fail_all();
    // More batches than may become unknown: they do not all try.
    put_contacts(connection, "C", 600);
    world.clock().run_for(minutes(5));
    const auto hour = calls_within(minutes(60));
    EXPECT_GE(hour, 20u) << "nobody looks whether the provider is back";
    EXPECT_LE(hour, 240u);
    EXPECT_EQ(world.jobs(connection, "parked"), 0u);
    world.faults("");
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(world.ledger(GetParam())["contacts"].items().size(), 600u);
}

// no_thundering_herd_on_recovery
TEST_P(Outage, AfterHalfAnHourTheTrafficComesBackCallByCall) {
    put_contacts(connection, "A", 1);
    ASSERT_TRUE(world.quiet(connection));
    world.faults(R"({"match":"write","outage":true})");
    put_contacts(connection, "C", 400);
    world.clock().run_for(minutes(30));
    watch_writes();
    world.faults(R"({"match":"write","latency_ms":2000})");
    ASSERT_TRUE(world.quiet(connection));
    ASSERT_GE(at_begin.size(), 3u);
    EXPECT_EQ(at_begin[0], 1u);
    EXPECT_LE(most_at_once, 3u);
    EXPECT_LE(most_within(world.seen(), GetParam(), seconds(60), false), GetParam() == "xero" ? 60 : 500);
    EXPECT_EQ(world.throttled(GetParam()), 0);
    watch_no_more();
}

/// The provider is down for all: the connections find that out together, and one at a time looks whether it is back.
TEST_P(Outage, BreakerOpensHalfOpenOneProbe) {
    const auto other = connect(1);
    world.faults(R"({"match":"write","outage":true})");
    put_contacts(connection, "C", 300);
    put_contacts(other, "D", 300);
    world.clock().run_for(minutes(3));
    watch_writes();
    world.faults(R"({"match":"write","latency_ms":3000,"error":{"rate":1,"status":503}})");
    world.clock().run_for(minutes(20));
    EXPECT_GE(at_begin.size(), 5u);
    EXPECT_LE(most_at_once, 1u) << "of two connections";
    watch_no_more();
    world.faults("");
    ASSERT_TRUE(world.quiet(connection));
    ASSERT_TRUE(world.quiet(other));
}

/// breaker_scoped: one organisation is offline, the other of the same app goes on as if nothing were.
TEST_P(Outage, OneOrganisationOfflineHoldsUpNoOther) {
    const auto other = connect(1);
    const auto offline = world.ledger(GetParam())["id"].string_or("");
    const auto fail = [offline](const HttpRequest& request) -> std::optional<HttpResponse> {
        const bool theirs = request.headers.find("xero-tenant-id").value_or("") == offline ||
                            request.path().find("/" + offline + "/") != std::string::npos;
        if (!theirs || !is_write(request)) return std::nullopt;
        return HttpResponse{503, {}, "The Organisation is offline"};
    };
    world.answer_instead(fail);
    put_contacts(connection, "C", 200);
    world.clock().run_for(minutes(10));
    put_contacts(other, "D", 200);
    ASSERT_TRUE(world.quiet(other, minutes(2)));
    EXPECT_EQ(world.jobs(connection, "applied"), 0u);
    world.answer_instead({});
    ASSERT_TRUE(world.quiet(connection));
}

INSTANTIATE_TEST_SUITE_P(Providers, Outage, testing::Values("xero", "qbo"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
