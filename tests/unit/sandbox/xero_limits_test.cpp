#include "tests/unit/sandbox/xero_fixture.hpp"

using namespace spillway;
using namespace spillway::sandbox;
using namespace std::chrono_literals;

namespace {
int calls_until_refused(Xero& xero, int most) {
    int count = 0;
    while (count < most && xero.api("GET", "Organisation").status == 200) ++count;
    return count;
}
}  // namespace

TEST(XeroLimits, SixtyCallsAMinutePerOrganisationThenAnEmpty429) {
    Xero xero;
    xero.configure(R"({"window":"sliding"})");
    EXPECT_EQ(xero.api("GET", "Organisation").header("X-MinLimit-Remaining"), "59");
    EXPECT_EQ(calls_until_refused(xero, 100), 59);
    const Answer refused = xero.api("GET", "Organisation");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.text, "");
    EXPECT_EQ(refused.header("Content-Type"), "-");
    EXPECT_EQ(refused.header("X-Rate-Limit-Problem"), "minute");
    EXPECT_EQ(refused.header("Retry-After"), "60");
    EXPECT_EQ(refused.header("X-MinLimit-Remaining"), "0");
    EXPECT_EQ(refused.header("X-DayLimit-Remaining"), "4940");
    xero.connect("Demo Company (US)");
    EXPECT_EQ(xero.api("GET", "Organisation").status, 200) << "another organisation has its own allowance";
}

TEST(XeroLimits, SlidingWindowFreesEachSlotAMinuteAfterItsCall) {
    Xero xero;
    xero.configure(R"({"window":"sliding","limits":{"minute":2}})");
    EXPECT_EQ(calls_until_refused(xero, 1), 1);
    xero.pass(30s);
    EXPECT_EQ(calls_until_refused(xero, 5), 1);
    xero.pass(30s);
    EXPECT_EQ(calls_until_refused(xero, 5), 1);
}

TEST(XeroLimits, FixedWindowFreesAllAtOnceWhenRetryAfterIsOver) {
    Xero xero;
    calls_until_refused(xero, 100);
    const int wait = std::stoi(xero.api("GET", "Organisation").header("Retry-After"));
    EXPECT_GE(wait, 1);
    EXPECT_LE(wait, 60);
    xero.pass(Millis{wait * 1000});
    EXPECT_EQ(calls_until_refused(xero, 100), 60);
}

TEST(XeroLimits, DayAndAppLimitsHaveTheirOwnWords) {
    struct Case {
        const char *settings, *word;
        bool retry_after;
    };
    for (const Case& one :
         {Case{R"({"limits":{"day":3}})", "day", true}, Case{R"({"limits":{"app_minute":3}})", "appminute", false},
          Case{R"({"limits":{"app_minute":3},"app_minute_word":"app-minute"})", "app-minute", false}}) {
        Xero xero;
        xero.configure(one.settings);
        EXPECT_EQ(calls_until_refused(xero, 9), 3);
        const Answer refused = xero.api("GET", "Organisation");
        EXPECT_EQ(refused.header("X-Rate-Limit-Problem"), one.word);
        EXPECT_EQ(refused.header("Retry-After") != "-", one.retry_after);
    }
}

TEST(XeroLimits, StarterTierHasAThousandCallsADay) {
    Xero xero;
    xero.configure(R"({"app":{"tier":"starter"}})");
    EXPECT_EQ(xero.api("GET", "Organisation").header("X-DayLimit-Remaining"), "999");
}

TEST(XeroLimits, FiveCallsInFlightAndTheSixthIsRefusedUntilOneEnds) {
    Xero xero;
    std::vector<HttpRequest> requests(
        6, HttpRequest{"GET",
                       "/api.xro/2.0/Organisation",
                       {{"Authorization", "Bearer " + xero.access}, {"xero-tenant-id", xero.tenant}},
                       ""});
    for (std::size_t at = 0; at < 5; ++at) EXPECT_FALSE(xero.model->begin(requests[at], xero.now));
    const auto refused = xero.model->begin(requests[5], xero.now);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 429);
    EXPECT_EQ(refused->headers.find("X-Rate-Limit-Problem").value_or(""), "concurrent");
    EXPECT_FALSE(refused->headers.find("Retry-After"));
    xero.configure(R"({"revoke_tokens":"all"})");
    xero.model->end(requests[0]);
    xero.connect();
    requests[5].headers.set("Authorization", "Bearer " + xero.access);
    EXPECT_FALSE(xero.model->begin(requests[5], xero.now)) << "a slot is given back even when the token is gone";
    EXPECT_EQ(xero.model->ledger()["calls"]["throttled"], 1);
}

TEST(XeroLimits, RefusedCallIsNotExecutedAndReplaysCountToo) {
    Xero xero;
    xero.configure(R"({"limits":{"minute":2}})");
    const std::string body = R"({"Name":"Ann"})";
    EXPECT_EQ(xero.keyed("PUT", "Contacts", body, "k").status, 200);
    EXPECT_EQ(xero.keyed("PUT", "Contacts", body, "k").status, 200);
    EXPECT_EQ(xero.keyed("PUT", "Contacts", body, "k").status, 429) << "the limit comes before the key";
    const auto ledger = xero.model->ledger();
    EXPECT_EQ(ledger["tenants"][0]["contacts"].size(), 1U);
    EXPECT_EQ(ledger["calls"]["total"], 3);
    EXPECT_EQ(ledger["calls"]["throttled"], 1);
    EXPECT_EQ(ledger["calls"]["by_operation"]["PUT Contacts"], 3);
}

TEST(XeroKeys, SameRequestIsReplayedForSixMinutesThenExecutedAsNew) {
    Xero xero;
    const std::string body = Xero::invoice_body("");
    const Answer first = xero.keyed("PUT", "Invoices", body, "k");
    xero.pass(6min - 1ms);
    EXPECT_EQ(xero.keyed("PUT", "Invoices", body, "k").text, first.text);
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["documents"].size(), 1U);
    xero.pass(1ms);
    EXPECT_NE(xero.keyed("PUT", "Invoices", body, "k").text, first.text);
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["documents"].size(), 2U);
}

TEST(XeroKeys, OtherBodyOrAddressUnderTheKeyIsRefused) {
    Xero xero;
    xero.keyed("PUT", "Contacts", R"({"Name":"Ann"})", "k");
    const std::string text = "Idempotency Key: k is used with a different request.";
    for (const Answer& answer : {xero.keyed("PUT", "Contacts", R"({"Name":"Bob"})", "k"),
                                 xero.keyed("POST", "Contacts", R"({"Name":"Ann"})", "k"),
                                 xero.keyed("PUT", "Contacts?summarizeErrors=false", R"({"Name":"Ann"})", "k")}) {
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(answer.json["Message"].text(), text);
    }
    EXPECT_EQ(xero.keyed("GET", "Contacts", "", "k").status, 200) << "ignored on reads";
    EXPECT_EQ(xero.keyed("PUT", "Contacts", R"({"Name":"C"})", std::string(128, 'x')).status, 200);
    EXPECT_EQ(xero.keyed("PUT", "Contacts", R"({"Name":"D"})", std::string(129, 'x')).status, 400);
}

TEST(XeroKeys, ErrorsAreReplayedEvenWhenTheCauseIsGone) {
    for (const bool cached : {true, false}) {
        Xero xero;
        xero.configure(cached ? "{}" : R"({"cache_validation_errors":false})");
        const std::string body = Xero::invoice_body("1", R"(,"CurrencyCode":"NZD")");
        EXPECT_EQ(xero.keyed("PUT", "Invoices", body, "k").status, 400);
        xero.configure(R"j({"tenants":{"Demo Company (UK)":{"currencies":["GBP","NZD"]}}})j");
        EXPECT_EQ(xero.keyed("PUT", "Invoices", body, "k").status, cached ? 400 : 200);
    }
}

TEST(XeroKeys, AnInjectedInternalErrorIsKeptAndAGatewayErrorIsNot) {
    for (const auto& [injected, later] : {std::pair{500, 500}, std::pair{502, 200}}) {
        Xero xero;
        HttpRequest request{
            "PUT",
            "/api.xro/2.0/Contacts",
            {{"Authorization", "Bearer " + xero.access}, {"xero-tenant-id", xero.tenant}, {"Idempotency-Key", "k"}},
            R"({"Name":"Ann"})"};
        xero.model->remember(request, xero.now, {injected, {}, ""}, /*applied=*/false);
        EXPECT_EQ(xero.model->handle(request, xero.now).status, later);
    }
}
