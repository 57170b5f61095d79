// What each answer means for each object of the call.
#include "tests/unit/connectors/xero_fixture.hpp"

namespace spillway {
namespace {

using namespace xero_test;
using Kind = ElementOutcome::Kind;

SendResult unanswered(Stage stage) { return {.stage = stage, .response = {}, .failure = "connection reset"}; }

PreparedObject invoice(const std::string& number) { return first_object(invoice_subject(document(number))); }
std::vector<PreparedObject> one() { return {invoice("INV-1")}; }
std::vector<PreparedObject> two() { return {invoice("INV-1"), invoice("INV-2")}; }

std::string element(const std::string& number, const std::string& id, const std::string& rest = "") {
    return "{\"Type\":\"ACCREC\",\"InvoiceID\":\"" + id + "\",\"InvoiceNumber\":\"" + number +
           "\",\"Status\":\"AUTHORISED\",\"Total\":9.18" + rest + "}";
}
std::string envelope(const std::string& elements) { return "{\"Status\":\"OK\",\"Invoices\":[" + elements + "]}"; }
std::string error_of(const std::string& message) {
    return ",\"HasErrors\":true,\"StatusAttributeString\":\"ERROR\",\"ValidationErrors\":[{\"Message\":\"" + message +
           "\"}]";
}

struct Row {
    const char* name;
    SendResult answer;
    Kind one;  // of a call with one object
    const char* code;
    Kind two;  // of a call with two
    const char* code_two;
};
class XeroStatus : public testing::TestWithParam<Row> {};
TEST_P(XeroStatus, DecidesOverTheWholeCall) {
    const Row& row = GetParam();
    const auto single = provider().read_answer(one(), row.answer);
    ASSERT_EQ(single.size(), 1u);
    EXPECT_EQ(single[0].kind, row.one);
    EXPECT_EQ(single[0].error.code, row.code);
    const auto several = provider().read_answer(two(), row.answer);
    ASSERT_EQ(several.size(), 2u);
    for (const auto& outcome : several) {
        EXPECT_EQ(outcome.kind, row.two);
        EXPECT_EQ(outcome.error.code, row.code_two);
        EXPECT_FALSE(outcome.link);
        if (row.answer.stage == Stage::answered) EXPECT_EQ(outcome.error.http_status, row.answer.response.status);
    }
}
const char* const kWhole = "whole_call_refused";
INSTANTIATE_TEST_SUITE_P(
    Table, XeroStatus,
    testing::Values(
        Row{"not_sent", unanswered(Stage::not_sent), Kind::unavailable, "not_sent", Kind::unavailable, "not_sent"},
        Row{"lost", unanswered(Stage::sending), Kind::unknown, "answer_lost", Kind::unknown, "answer_lost"},
        Row{"garbage", answered(200, "<html>"), Kind::unknown, "answer_unreadable", Kind::unknown, "answer_unreadable"},
        Row{"empty", answered(200, "{}"), Kind::unknown, "element_missing", Kind::unknown, "element_missing"},
        Row{"not_modified", answered(304, ""), Kind::unknown, "unexpected_status", Kind::unknown, "unexpected_status"},
        Row{"validation",
            answered(
                400,
                "{\"ErrorNumber\":10,\"Type\":\"ValidationException\",\"Message\":\"A validation exception occurred\","
                "\"Elements\":[{\"InvoiceID\":\"00000000-0000-0000-0000-000000000000\",\"ValidationErrors\":[{"
                "\"Message\":"
                "\"Invoice # must be unique.\"}]}]}"),
            Kind::rejected, "number_taken", Kind::unknown, kWhole},
        Row{"other_400", answered(400, "{\"ErrorNumber\":14,\"Type\":\"PostDataInvalidException\",\"Message\":\"no\"}"),
            Kind::rejected, "bad_request", Kind::unknown, kWhole},
        Row{"key_reused", answered(400, "{\"Message\":\"Idempotency Key: k is used with a different request.\"}"),
            Kind::unknown, "idempotency_key_reused", Kind::unknown, "idempotency_key_reused"},
        Row{"expired", answered(401, "{\"Detail\":\"TokenExpired: token expired at 02/20/2025 08:32:50\"}"),
            Kind::unauthorised, "token_expired", Kind::unauthorised, "token_expired"},
        Row{"unauthorised", answered(401, "{\"Detail\":\"AuthenticationUnsuccessful\"}"), Kind::unauthorised,
            "unauthorised", Kind::unauthorised, "unauthorised"},
        Row{"scope", answered(401, "", {{"WWW-Authenticate", "error=\"insufficent_scope\""}}), Kind::unauthorised,
            "insufficient_scope", Kind::unauthorised, "insufficient_scope"},
        Row{"forbidden", answered(403, "{\"Detail\":\"AuthenticationUnsuccessful\"}"), Kind::unauthorised,
            "tenant_forbidden", Kind::unauthorised, "tenant_forbidden"},
        Row{"missing", answered(404, ""), Kind::rejected, "object_missing", Kind::unknown, kWhole},
        Row{"precondition", answered(412, ""), Kind::rejected, "precondition_failed", Kind::unknown, kWhole},
        Row{"too_large", answered(413, "{\"Title\":\"PayloadTooLarge\"}"), Kind::rejected, "too_large", Kind::unknown,
            kWhole},
        Row{"media_type", answered(415, ""), Kind::rejected, "bad_request", Kind::unknown, kWhole},
        Row{"throttled", answered(429, "", {{"Retry-After", "26"}}), Kind::throttled, "throttled", Kind::throttled,
            "throttled"},
        Row{"broken", answered(500, "{\"Detail\":\"An error occurred in Xero.\",\"Instance\":\"g\"}"), Kind::unknown,
            "provider_error", Kind::unknown, "provider_error"},
        Row{"not_implemented", answered(501, ""), Kind::rejected, "not_implemented", Kind::unknown, kWhole},
        Row{"gateway", answered(502, ""), Kind::unknown, "provider_error", Kind::unknown, "provider_error"},
        Row{"offline", answered(503, "The Organisation is offline"), Kind::unknown, "provider_offline", Kind::unknown,
            "provider_offline"},
        Row{"old_throttled", answered(503, "oauth_problem=rate limit exceeded"), Kind::throttled, "throttled",
            Kind::throttled, "throttled"},
        Row{"gateway_time", answered(504, ""), Kind::unknown, "provider_error", Kind::unknown, "provider_error"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(XeroAnswers, KeepsWaitsAndTheIdOfTheRequest) {
    EXPECT_EQ(provider().read_answer(one(), answered(429, "", {{"Retry-After", "26"}}))[0].error.retry_after,
              std::chrono::seconds(26));
    EXPECT_EQ(provider().read_answer(one(), answered(503, "The Organisation is offline"))[0].error.retry_after,
              std::chrono::seconds(300));
    EXPECT_EQ(provider().read_answer(one(), answered(500, "{\"Instance\":\"g-1\"}"))[0].error.request_id, "g-1");
    EXPECT_EQ(provider().read_answer(one(), answered(500, "", {{"xero-correlation-id", "x-1"}}))[0].error.request_id,
              "x-1");
}

TEST(XeroAnswers, FindsEachElementByNumberWhateverTheirOrder) {
    const auto outcomes = provider().read_answer(
        two(),
        answered(200,
                 envelope(element("INV-2", kNoId, error_of("The document date cannot be before the period lock date")) +
                          "," + element("INV-1", kInvoiceId, ",\"Warnings\":[{\"Message\":\"odd rate\"}]"))));
    ASSERT_EQ(outcomes.size(), 2u);
    EXPECT_EQ(outcomes[0].kind, Kind::applied);
    EXPECT_EQ(outcomes[0].link->id, kInvoiceId);
    EXPECT_EQ(outcomes[0].link->entity, "Invoices");
    EXPECT_EQ(outcomes[0].link->role, "document");
    EXPECT_FALSE(outcomes[0].link->owned_hash.empty());
    EXPECT_EQ(outcomes[0].total, dec("9.18"));
    EXPECT_EQ(outcomes[0].warnings, std::vector<std::string>{"odd rate"});
    EXPECT_EQ(outcomes[1].kind, Kind::rejected);
    EXPECT_EQ(outcomes[1].error.code, "period_locked");
    EXPECT_EQ(outcomes[1].error.detail, "The document date cannot be before the period lock date");
    EXPECT_FALSE(outcomes[1].advice.empty());
}

TEST(XeroAnswers, DoesNotGuessByPosition) {
    const auto outcomes = provider().read_answer(
        two(), answered(200, envelope(element("INV-1", kInvoiceId) + "," + element("INV-9", kInvoiceId))));
    EXPECT_EQ(outcomes[0].kind, Kind::applied);
    EXPECT_EQ(outcomes[1].kind, Kind::unknown);
    EXPECT_EQ(outcomes[1].error.code, "element_missing");
}

struct ElementRow {
    const char* name;
    std::string rest;
    const char *code, *detail;
    bool taken;
};
class XeroElement : public testing::TestWithParam<ElementRow> {};
TEST_P(XeroElement, IsRejectedWithXerosWords) {
    const auto outcome =
        provider().read_answer(one(), answered(200, envelope(element("INV-1", kNoId, GetParam().rest))))[0];
    EXPECT_EQ(outcome.kind, Kind::rejected);
    EXPECT_EQ(outcome.error.kind, ErrorKind::rejected);
    EXPECT_EQ(outcome.error.code, GetParam().code);
    EXPECT_EQ(outcome.error.detail, GetParam().detail);
    EXPECT_EQ(outcome.taken, GetParam().taken);
}
INSTANTIATE_TEST_SUITE_P(
    Table, XeroElement,
    testing::Values(
        ElementRow{"taken", error_of("Invoice # must be unique."), "number_taken", "Invoice # must be unique.", true},
        ElementRow{"nested",
                   ",\"LineItems\":[{\"ValidationErrors\":[{\"Message\":\"Account code '1' is not a valid code "
                   "for this document.\"}]}]",
                   "bad_account", "Account code '1' is not a valid code for this document.", false},
        ElementRow{"description", ",\"ValidationErrors\":[{\"Description\":\"odd\"}]", "refused", "odd", false},
        ElementRow{
            "several",
            ",\"HasErrors\":true,\"ValidationErrors\":[{\"Message\":\"odd\"},{\"Message\":\"Email address must be "
            "valid.\"}]",
            "bad_email", "odd Email address must be valid.", false},
        ElementRow{"silent", "", "refused", "Xero did not say why", false}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(XeroAnswers, ReadsEveryOtherKindOfWrite) {
    const auto payment = first_object(payment_subject());
    const auto paid = provider().read_answer(
        std::vector{payment},
        answered(200, "{\"Payments\":[{\"PaymentID\":\"" + kPaymentId + "\",\"Reference\":\"" + payment.marker +
                          " BACS 77\",\"Amount\":9.18,\"Invoice\":{\"InvoiceID\":\"" + kInvoiceId +
                          "\",\"HasErrors\":false}}]}"))[0];
    EXPECT_EQ(paid.kind, Kind::applied);
    EXPECT_EQ(paid.link->id, kPaymentId);
    EXPECT_EQ(paid.link->role, "payment:inv-1");
    EXPECT_EQ(paid.total, dec("9.18"));

    Subject credit = credit_subject();
    credit.links = {link("document", "CreditNotes", kCreditId)};
    const auto allocated =
        provider().read_answer(std::vector{first_object(credit)},
                               answered(200, "{\"Allocations\":[{\"Amount\":5.00,\"Invoice\":{\"InvoiceID\":\"" +
                                                 kInvoiceId + "\"},\"ValidationErrors\":[]}]}"))[0];
    EXPECT_EQ(allocated.kind, Kind::applied) << "the answer names no AllocationID";
    EXPECT_EQ(allocated.link->id, kCreditId + "/" + kInvoiceId);

    Item item;
    item.code = item.name = "22423";
    const auto made =
        provider().read_answer(std::vector{first_object(subject_of(item, "item-1"))},
                               answered(200, "{\"Items\":[{\"ItemID\":\"" + kItemId + "\",\"Code\":\"22423\"}]}"))[0];
    EXPECT_EQ(made.link->version, "22423") << "lines name an item by its code";
}

TEST(XeroAnswers, ReadsRemovals) {
    Subject subject = payment_subject();
    subject.voided = true;
    subject.links = {link("payment:inv-1", "Payments", kPaymentId)};
    const std::vector objects{first_object(subject)};
    const auto gone = provider().read_answer(
        objects, answered(200, "{\"Payments\":[{\"PaymentID\":\"" + kPaymentId + "\",\"Status\":\"DELETED\"}]}"))[0];
    EXPECT_EQ(gone.kind, Kind::applied);
    EXPECT_FALSE(gone.link);
    EXPECT_EQ(provider().read_answer(objects, answered(404, ""))[0].kind, Kind::applied) << "it is gone already";
    Item item;
    item.code = item.name = "x";
    Subject shelf = subject_of(item, "item-1");
    shelf.voided = true;
    shelf.links = {link("item", "Items", kItemId)};
    EXPECT_EQ(provider().read_answer(std::vector{first_object(shelf)}, answered(204, ""))[0].kind, Kind::applied);
}

TEST(XeroAnswers, BelievesAVoidOnlyWhenTheStatusSaysSo) {
    Subject subject = invoice_subject();
    subject.voided = true;
    subject.links = {link("document", "Invoices", kInvoiceId)};
    const std::vector objects{first_object(subject)};
    std::string voided = element("INV-1", kInvoiceId);
    EXPECT_EQ(provider().read_answer(objects, answered(200, envelope(voided)))[0].kind, Kind::rejected);
    voided.replace(voided.find("AUTHORISED"), 10, "VOIDED");
    const auto outcome = provider().read_answer(objects, answered(200, envelope(voided)))[0];
    EXPECT_EQ(outcome.kind, Kind::applied);
    EXPECT_TRUE(outcome.link->voided);
}

struct LimitRow {
    const char* name;
    int status;
    HttpHeaders headers;
    LimitSignals::Problem problem;
};
class XeroLimits : public testing::TestWithParam<LimitRow> {};
TEST_P(XeroLimits, NamesTheProblem) {
    EXPECT_EQ(provider().limit_signals(answered(GetParam().status, "", GetParam().headers).response).problem,
              GetParam().problem);
}
using Problem = LimitSignals::Problem;
INSTANTIATE_TEST_SUITE_P(
    Table, XeroLimits,
    testing::Values(LimitRow{"none", 200, {{"X-Rate-Limit-Problem", "minute"}}, Problem::none},
                    LimitRow{"minute", 429, {{"X-Rate-Limit-Problem", "minute"}}, Problem::minute},
                    LimitRow{"old_minute", 429, {{"X-Rate-Limit-Problem", "Minute"}}, Problem::minute},
                    LimitRow{"day", 429, {{"x-rate-limit-problem", "day"}}, Problem::day},
                    LimitRow{"old_day", 429, {{"X-Rate-Limit-Problem", "Daily"}}, Problem::day},
                    LimitRow{"concurrent", 429, {{"X-Rate-Limit-Problem", "concurrent"}}, Problem::concurrent},
                    LimitRow{"app", 429, {{"X-Rate-Limit-Problem", "appminute"}}, Problem::app_minute},
                    LimitRow{"app_dash", 429, {{"X-Rate-Limit-Problem", "app-minute"}}, Problem::app_minute},
                    LimitRow{"silent", 429, {}, Problem::unspecified},
                    LimitRow{"new_word", 429, {{"X-Rate-Limit-Problem", "lunar"}}, Problem::unspecified}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(XeroAnswers, ReadsTheRemainingHeadersOfEveryAnswer) {
    const auto signals = provider().limit_signals(
        answered(400, "",
                 {{"X-MinLimit-Remaining", "0"}, {"X-DayLimit-Remaining", "344"}, {"X-AppMinLimit-Remaining", "9999"}})
            .response);
    EXPECT_EQ(signals.minute_remaining, 0);
    EXPECT_EQ(signals.day_remaining, 344);
    EXPECT_EQ(signals.app_minute_remaining, 9999);
    EXPECT_FALSE(signals.retry_after);
}

}  // namespace
}  // namespace spillway
