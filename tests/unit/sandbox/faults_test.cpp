#include "services/sandbox/faults.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

using namespace spillway;
using namespace spillway::sandbox;

namespace {
constexpr SteadyTime kNow{Millis{1'000'000}};
constexpr FaultSubject kWrite{"xero", "/api.xro/2.0/Invoices", true, false};
constexpr FaultSubject kRead{"xero", "/api.xro/2.0/Invoices", false, false};
constexpr FaultSubject kToken{"xero", "/connect/token", false, true};
constexpr FaultSubject kOther{"qbo", "/v3/company/1/invoice", true, false};

Faults loaded(const std::string& rule, std::uint64_t seed = 1) {
    Faults faults(seed);
    EXPECT_EQ(faults.load(nlohmann::json::parse(R"({"rules":[)" + rule + "]}"), kNow), "");
    return faults;
}
}  // namespace

TEST(Faults, MatchByProviderKindAndPath) {
    struct Case {
        std::string match;
        bool write, read, token, other;
    };
    for (const Case& one :
         {Case{R"("match":"all")", true, true, true, true}, Case{R"("match":"write")", true, false, false, true},
          Case{R"("match":"read")", false, true, false, false}, Case{R"("match":"token")", false, false, true, false},
          Case{R"("provider":"xero","match":"write")", true, false, false, false},
          Case{R"("path":"/api.xro/2.0/Inv")", true, true, false, false},
          Case{R"("path_regex":"/(invoice|token)$")", false, false, true, true}}) {
        Faults faults = loaded("{" + one.match + R"(,"cut":1})");
        EXPECT_EQ(faults.decide(kWrite, kNow).cut, one.write) << one.match;
        EXPECT_EQ(faults.decide(kRead, kNow).cut, one.read) << one.match;
        EXPECT_EQ(faults.decide(kToken, kNow).cut, one.token) << one.match;
        EXPECT_EQ(faults.decide(kOther, kNow).cut, one.other) << one.match;
    }
}

TEST(Faults, RatesFollowTheSeed) {
    const auto pattern = [](std::uint64_t seed) {
        Faults faults = loaded(R"({"answer_lost":0.05})", seed);
        std::string hits;
        for (int at = 0; at < 2000; ++at) hits += faults.decide(kWrite, kNow).answer_lost ? 'x' : '.';
        return hits;
    };
    EXPECT_EQ(pattern(1), pattern(1));
    EXPECT_NE(pattern(1), pattern(2));
    const auto count = std::ranges::count(pattern(1), 'x');
    EXPECT_GT(count, 60);
    EXPECT_LT(count, 140);
}

TEST(Faults, LatencyIsDrawnFromItsRange) {
    Faults faults = loaded(R"({"latency_ms":[10,12],"latency_after_ms":5})");
    for (int at = 0; at < 50; ++at) {
        const FaultDecision decision = faults.decide(kRead, kNow);
        EXPECT_GE(decision.before, Millis{10});
        EXPECT_LE(decision.before, Millis{12});
        EXPECT_EQ(decision.after, Millis{5});
    }
}

TEST(Faults, ErrorsCarryStatusBodyAndEffect) {
    Faults faults =
        loaded(R"({"error":{"status":502,"body":{"a":1},"headers":{"Retry-After":"5"},"effect":"applied"},"times":1})");
    const FaultDecision hit = faults.decide(kWrite, kNow);
    ASSERT_TRUE(hit.error);
    EXPECT_EQ(hit.error->status, 502);
    EXPECT_EQ(hit.error->body, R"({"a":1})");
    EXPECT_EQ(hit.error->headers.find("Retry-After").value_or(""), "5");
    EXPECT_TRUE(hit.error_applied);
    EXPECT_FALSE(faults.decide(kWrite, kNow).error) << "only once";
    EXPECT_EQ(faults.describe()["rules"][0]["fired"], 1);
}

TEST(Faults, OutagesLastTheirTimeOrUntilCleared) {
    Faults timed = loaded(R"({"outage":{"seconds":30}})");
    EXPECT_TRUE(timed.decide(kRead, kNow + Millis{29'999}).cut);
    EXPECT_FALSE(timed.decide(kRead, kNow + Millis{30'000}).cut);
    Faults status = loaded(R"({"outage":{"status":503}})");
    EXPECT_EQ(status.decide(kRead, kNow).error->status, 503);
    Faults open = loaded(R"({"outage":true})");
    EXPECT_TRUE(open.decide(kRead, kNow + Millis{1'000'000'000}).cut);
    EXPECT_EQ(open.load(nlohmann::json::parse(R"({"rules":[]})"), kNow), "");
    EXPECT_FALSE(open.decide(kRead, kNow).cut);
}

TEST(Faults, BadRulesChangeNothing) {
    Faults faults = loaded(R"({"cut":1})");
    for (const char* bad : {R"({"rules":[{"cut":1.5}]})", R"({"rules":[{"mach":"all"}]})",
                            R"({"rules":[{"match":"none"}]})", R"({"rules":[{"path_regex":"("}]})",
                            R"({"rules":[{"latency_ms":[5,1]}]})", R"({"rules":[{"error":{"status":99}}]})",
                            R"({"rules":[{"error":{"effect":"maybe"}}]})", "{}", "[]", R"({"rules":[1]})"})
        EXPECT_NE(faults.load(nlohmann::json::parse(bad), kNow), "") << bad;
    EXPECT_TRUE(faults.decide(kRead, kNow).cut);
}
