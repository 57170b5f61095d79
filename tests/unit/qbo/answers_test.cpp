#include <gtest/gtest.h>

#include "connectors/qbo/fault.hpp"
#include "tests/unit/qbo/builders.hpp"

namespace spillway {
namespace {

using namespace qbo_test;
using Kind = ElementOutcome::Kind;

const std::string kService =
    R"({"Fault":{"Error":[{"Message":"Stale","Detail":"You and another user","code":"5010","element":"x"}],)"
    R"("type":"ValidationFault"},"time":"2026-01-01T00:00:00Z"})";
const std::string kGateway =
    R"({"fault":{"error":[{"message":"message=AuthenticationFailed; errorCode=003200; statusCode=401",)"
    R"("detail":"Token expired","code":"3200","element":null}],"type":"AUTHENTICATION"},"time":1})";
const std::string kXml =
    R"(<?xml version="1.0"?><IntuitResponse time="t" xmlns="http://schema.intuit.com/finance/v3">)"
    R"(<Fault type="SERVICE"><Error code="003001"><Message>message=ThrottleExceeded; errorCode=003001</Message>)"
    R"(<Detail>slow &amp; steady</Detail></Error></Fault></IntuitResponse>)";

std::vector<PreparedObject> objects(std::size_t count) {
    std::vector<PreparedObject> made;
    for (std::size_t i = 0; i < count; ++i)
        made.push_back(prepared_invoice("I-" + std::to_string(i), "INV-" + std::to_string(i)));
    return made;
}

std::vector<ElementOutcome> read(std::size_t count, const SendResult& answer) {
    return make_qbo()->read_answer(objects(count), answer);
}

std::string element(int ordinal, const std::string& content) {
    return R"({"bId":")" + std::to_string(ordinal) + "\"," + content + "}";
}
std::string batch(const std::string& elements) { return R"({"BatchItemResponse":[)" + elements + R"(],"time":"t"})"; }

TEST(QboFaults, AreReadInEveryShape) {
    struct Case {
        std::string body, type, code, detail;
    };
    const Case cases[] = {{kService, "ValidationFault", "5010", "You and another user"},
                          {kGateway, "AUTHENTICATION", "3200", "Token expired"},
                          {kXml, "SERVICE", "3001", "slow & steady"},
                          {R"({"Fault":{"Error":[{"Message":"message=X; errorCode=003100; s"}],"type":"SERVICE"}})",
                           "SERVICE", "3100", ""},
                          {R"({"Fault":{"Error":[{"Message":"Dup","Detail":"null","code":"6240"}]}})", "", "6240", ""}};
    for (const Case& one : cases) {
        const auto fault = qbo::read_fault(one.body);
        ASSERT_TRUE(fault) << one.body;
        ASSERT_EQ(fault->errors.size(), 1u) << one.body;
        EXPECT_EQ(fault->type, one.type);
        EXPECT_EQ(fault->errors[0].code, one.code);
        EXPECT_EQ(fault->errors[0].detail, one.detail);
    }
}

TEST(QboFaults, AreNotSeenWhereThereAreNone) {
    for (const char* body : {"", "<html><body>502 Bad Gateway</body></html>", "{}", "null", R"({"Invoice":{"Id":"1"}})",
                             "<Fault", "<Error"})
        EXPECT_TRUE(!qbo::read_fault(body) || qbo::read_fault(body)->errors.empty()) << body;
    EXPECT_FALSE(qbo::read_fault("<html></html>"));
}

TEST(QboFaults, OfXmlAreReadWithEveryError) {
    const auto fault =
        qbo::read_fault(R"(<Fault type="V"><Error code="1"><Message>a</Message></Error><Error code="2"/></Fault>)");
    ASSERT_TRUE(fault);
    ASSERT_EQ(fault->errors.size(), 2u);
    EXPECT_EQ(fault->errors[0].message, "a");
    EXPECT_EQ(fault->errors[1].code, "2");
}

struct WholeCall {
    const char* what;
    std::size_t members;
    SendResult answer;
    Kind kind;
    const char* code;
};

TEST(QboAnswers, OfAWholeCallAreClassified) {
    const std::string bad = R"({"Fault":{"Error":[{"Message":"m","code":"2020"}],"type":"ValidationFault"}})";
    const std::string dup = R"({"Fault":{"Error":[{"Message":"m","code":"600"}],"type":"ValidationFault"}})";
    const std::string locked = R"({"Fault":{"Error":[{"Message":"m","code":"140"}],"type":"ValidationFault"}})";
    const std::string lapsed = R"({"Fault":{"Error":[{"Message":"m","code":"6190"}],"type":"ValidationFault"}})";
    const std::string html = "<html>oops</html>";
    const WholeCall cases[] = {
        {"refused connection", 2, {Stage::not_sent, {}, "connect: refused"}, Kind::unavailable, "not_sent"},
        {"lost answer", 2, {Stage::sending, {}, "read: timeout"}, Kind::unknown, "no_answer"},
        {"token", 2, answered(401, kGateway), Kind::unauthorised, "token_refused"},
        {"token, no body", 1, answered(401, ""), Kind::unauthorised, "token_refused"},
        {"forbidden", 1, answered(403, html), Kind::unauthorised, "not_authorised"},
        {"throttled as 403", 2, answered(403, kXml), Kind::throttled, "throttled"},
        {"throttled", 2, answered(429, kXml), Kind::throttled, "throttled"},
        {"throttled, no body", 1, answered(429, ""), Kind::throttled, "throttled"},
        {"throttled, HTML", 1, answered(429, html), Kind::throttled, "throttled"},
        {"one object refused", 1, answered(400, bad), Kind::rejected, "parameter_missing"},
        {"a batch refused", 2, answered(400, bad), Kind::unknown, "whole_call_refused"},
        {"a batch refused under 200", 2, answered(200, bad), Kind::unknown, "whole_call_refused"},
        {"one object refused under 200", 1, answered(200, bad), Kind::rejected, "parameter_missing"},
        {"lapsed under 200", 2, answered(200, lapsed), Kind::unauthorised, "subscription_lapsed"},
        {"company locked", 2, answered(400, locked), Kind::unavailable, "company_locked"},
        {"repeated request id", 1, answered(400, dup), Kind::unknown, "duplicate_request_id"},
        {"repeated request id of a batch", 2, answered(400, dup), Kind::unknown, "whole_call_refused"},
        {"too large", 2, answered(413, ""), Kind::unknown, "whole_call_refused"},
        {"one too large", 1, answered(413, ""), Kind::rejected, "provider_refused"},
        {"no such path", 1, answered(404, html), Kind::rejected, "provider_refused"},
        {"server error", 2, answered(500, bad), Kind::unknown, "provider_failed"},
        {"server error, one", 1, answered(500, bad), Kind::unknown, "provider_failed"},
        {"bad gateway", 2, answered(502, html), Kind::unknown, "provider_failed"},
        {"unavailable", 1, answered(503, ""), Kind::unknown, "provider_failed"},
        {"gateway time-out", 1, answered(504, html), Kind::unknown, "provider_failed"},
        {"HTML as success", 2, answered(200, html), Kind::unknown, "bad_answer"},
        {"empty success", 1, answered(200, ""), Kind::unknown, "bad_answer"},
        {"no elements", 2, answered(200, "{}"), Kind::unknown, "bad_answer"},
        {"redirect", 1, answered(302, ""), Kind::unknown, "unexpected_answer"},
    };
    for (const WholeCall& one : cases) {
        const auto outcomes = read(one.members, one.answer);
        ASSERT_EQ(outcomes.size(), one.members) << one.what;
        for (const ElementOutcome& outcome : outcomes) {
            EXPECT_EQ(outcome.kind, one.kind) << one.what;
            EXPECT_EQ(outcome.error.code, one.code) << one.what;
            EXPECT_EQ(outcome.error.http_status, one.answer.stage == Stage::answered ? one.answer.response.status : 0)
                << one.what;
        }
    }
}

TEST(QboAnswers, OfABatchAreMatchedByBidNotByPosition) {
    const std::string made = R"("Invoice":)" + invoice_json("130", "0", "INV-1", "10.00", "[spillway:I-1]");
    const std::string taken =
        R"("Fault":{"Error":[{"Message":"Duplicate Document Number Error",)"
        R"("Detail":"DocNumber=INV-0 is assigned to TxnType=Invoice with TxnId=99","code":"6140"}],"type":"ValidationFault"})";
    const auto outcomes = read(4, answered(200,
                                           batch(element(1, made) + "," + element(0, taken) + "," + element(7, made) +
                                                 "," + element(3, R"("Nothing":1)")),
                                           {{"Intuit-Tid", "1-abc"}}));
    ASSERT_EQ(outcomes.size(), 4u);
    EXPECT_EQ(outcomes[0].kind, Kind::rejected);
    EXPECT_TRUE(outcomes[0].taken);
    EXPECT_NE(outcomes[0].error.detail.find("TxnId=99"), std::string::npos);
    EXPECT_EQ(outcomes[0].error.request_id, "1-abc");
    ASSERT_EQ(outcomes[1].kind, Kind::applied);
    EXPECT_EQ(outcomes[1].link->id, "130");
    EXPECT_EQ(outcomes[1].link->version, "0");
    EXPECT_EQ(outcomes[1].link->entity, "Invoice");
    EXPECT_EQ(outcomes[1].link->role, "document");
    EXPECT_FALSE(outcomes[1].link->owned_hash.empty());
    EXPECT_EQ(outcomes[1].total, dec("10"));
    EXPECT_EQ(outcomes[1].warnings, std::vector<std::string>{});
    EXPECT_EQ(outcomes[2].kind, Kind::unknown);  // not in the answer
    EXPECT_EQ(outcomes[3].kind, Kind::unknown);  // neither object nor fault
}

TEST(QboAnswers, ThatHoldAnObjectTwiceDecideNothing) {
    const std::string made = R"("Invoice":)" + invoice_json("130", "0", "INV-0", "10.00", "");
    const auto outcomes = read(1, answered(200, batch(element(0, made) + "," + element(0, made))));
    EXPECT_EQ(outcomes[0].kind, Kind::unknown);
}

TEST(QboAnswers, WarnWhenQuickBooksKeepsSomethingElse) {
    const std::string renumbered = R"("Invoice":)" + invoice_json("130", "0", "1001", "10.00", "[spillway:I-0]") +
                                   R"(,"Warnings":{"Warning":[{"Message":"look out"}]})";
    const auto outcomes = read(1, answered(200, batch(element(0, renumbered))));
    ASSERT_EQ(outcomes[0].kind, Kind::applied);
    EXPECT_EQ(outcomes[0].warnings,
              (std::vector<std::string>{"QuickBooks holds another DocNumber than was sent", "look out"}));
}

TEST(QboAnswers, OfDeletesAndVoidsEndTheLink) {
    const auto provider = make_qbo();
    PreparedObject object;
    object.entity = "CreditMemo";
    object.role = "document";
    object.verb = Verb::remove;
    object.provider_id = "140";
    object.body = R"({"Id":"140","SyncToken":"1"})";
    const std::vector gone{object};
    const auto deleted = provider->read_answer(
        gone, answered(200, batch(element(0, R"("CreditMemo":{"status":"Deleted","Id":"140"})"))));
    EXPECT_EQ(deleted[0].kind, Kind::applied);
    EXPECT_FALSE(deleted[0].link);
    const std::string missing =
        R"("Fault":{"Error":[{"Message":"Object Not Found","code":"610"}],"type":"ValidationFault"})";
    EXPECT_EQ(provider->read_answer(gone, answered(200, batch(element(0, missing))))[0].kind, Kind::applied);

    object.entity = "Invoice";
    object.verb = Verb::void_;
    const std::vector voided{object};
    const auto answer = provider->read_answer(
        voided, answered(200, R"({"Invoice":)" + invoice_json("140", "2", "INV-1", "0", "Voided - x") + "}"));
    ASSERT_EQ(answer[0].kind, Kind::applied);
    EXPECT_TRUE(answer[0].link->voided);
    EXPECT_EQ(answer[0].link->version, "2");
    const auto stale = provider->read_answer(voided, answered(400, kService));
    EXPECT_TRUE(stale[0].stale);
    const auto absent = provider->read_answer(voided, answered(400, "{" + missing + "}"));
    EXPECT_EQ(absent[0].kind, Kind::applied);
    EXPECT_TRUE(absent[0].link->voided);
}

TEST(QboAnswers, KeepTheLimitsOfRetryAfter) {
    EXPECT_EQ(read(1, answered(429, "", {{"Retry-After", "30"}}))[0].error.retry_after, std::chrono::seconds(30));
    EXPECT_EQ(read(1, answered(429, "", {{"Retry-After", "999999"}}))[0].error.retry_after, std::chrono::seconds(3600));
    EXPECT_EQ(read(1, answered(429, "", {{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}}))[0].error.retry_after,
              std::nullopt);
}

TEST(QboAnswers, SignalThrottlingUnderAnyStatus) {
    const auto provider = make_qbo();
    EXPECT_EQ(provider->limit_signals({429, {{"Retry-After", "5"}}, ""}).problem, LimitSignals::Problem::unspecified);
    EXPECT_EQ(provider->limit_signals({429, {{"Retry-After", "5"}}, ""}).retry_after, std::chrono::seconds(5));
    EXPECT_EQ(provider->limit_signals({403, {}, kXml}).problem, LimitSignals::Problem::unspecified);
    EXPECT_EQ(provider->limit_signals({403, {}, kGateway}).problem, LimitSignals::Problem::none);
    EXPECT_EQ(provider->limit_signals({200, {}, "ThrottleExceeded"}).problem, LimitSignals::Problem::none);
}

}  // namespace
}  // namespace spillway
