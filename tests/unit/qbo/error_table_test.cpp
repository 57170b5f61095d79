#include "connectors/qbo/error_table.hpp"

#include <gtest/gtest.h>

#include <set>

namespace spillway::qbo {
namespace {

using Kind = ElementOutcome::Kind;

struct Row {
    const char* code;
    Kind kind;
    const char* word;
    bool taken = false;
    bool stale = false;
};

constexpr auto kRejected = Kind::rejected;

// Written from the provider's error page, not from the table under test.
const Row kRows[] = {
    {"100", Kind::unauthorised, "not_authorised"},
    {"110", Kind::unauthorised, "not_authorised"},
    {"120", Kind::unauthorised, "not_authorised"},
    {"130", Kind::unavailable, "wrong_cluster"},
    {"140", Kind::unavailable, "company_locked"},
    {"150", Kind::unavailable, "company_in_maintenance"},
    {"500", kRejected, "operation_not_supported"},
    {"600", Kind::unknown, "duplicate_request_id"},
    {"610", kRejected, "object_not_found"},
    {"620", kRejected, "cannot_be_linked"},
    {"630", kRejected, "duplicate_object", true},
    {"700", kRejected, "bad_parent"},
    {"800", kRejected, "has_dependants"},
    {"900", kRejected, "bad_parent"},
    {"1000", Kind::unknown, "operation_failed"},
    {"1010", Kind::unknown, "operation_failed"},
    {"1020", Kind::unknown, "operation_failed"},
    {"1040", kRejected, "batch_too_large"},
    {"2000", kRejected, "unknown_entity"},
    {"2010", kRejected, "unknown_property"},
    {"2020", kRejected, "parameter_missing"},
    {"2030", kRejected, "bad_id"},
    {"2040", kRejected, "bad_characters"},
    {"2050", kRejected, "bad_length"},
    {"2060", kRejected, "bad_value"},
    {"2070", kRejected, "bad_value"},
    {"2080", kRejected, "bad_value"},
    {"2090", kRejected, "bad_value"},
    {"2100", kRejected, "bad_value"},
    {"2110", kRejected, "bad_value"},
    {"2120", kRejected, "bad_value"},
    {"2130", kRejected, "bad_request_id"},
    {"2140", kRejected, "bad_amount"},
    {"2150", kRejected, "bad_amount"},
    {"2160", kRejected, "bad_amount"},
    {"2170", kRejected, "bad_value"},
    {"2200", kRejected, "bad_address"},
    {"2210", kRejected, "bad_address"},
    {"2220", kRejected, "bad_currency"},
    {"2250", kRejected, "no_lines"},
    {"2260", kRejected, "no_posting_type"},
    {"2280", kRejected, "tax_amount_missing"},
    {"2290", kRejected, "negative_line"},
    {"2300", kRejected, "journal_unbalanced"},
    {"2500", kRejected, "bad_reference"},
    {"2600", kRejected, "conflicting_elements"},
    {"3000", kRejected, "bad_custom_field"},
    {"3001", Kind::throttled, "throttled"},
    {"3100", Kind::unauthorised, "not_authorised"},
    {"3200", Kind::unauthorised, "token_refused"},
    {"4000", kRejected, "bad_query"},
    {"4001", kRejected, "bad_query"},
    {"4002", Kind::unavailable, "query_failed"},
    {"5000", kRejected, "deprecated_field"},
    {"5010", kRejected, "stale_object", false, true},
    {"5020", kRejected, "not_permitted"},
    {"5030", kRejected, "not_in_plan"},
    {"6000", kRejected, "business_rule"},
    {"6010", kRejected, "account_type_missing"},
    {"6020", kRejected, "bad_upload"},
    {"6030", kRejected, "bad_upload"},
    {"6040", kRejected, "bad_upload"},
    {"6041", kRejected, "bad_upload"},
    {"6050", kRejected, "bad_upload"},
    {"6070", kRejected, "amount_mismatch"},
    {"6080", kRejected, "name_missing"},
    {"6090", kRejected, "line_incomplete"},
    {"6100", kRejected, "bad_tax_code"},
    {"6110", kRejected, "merchant_transaction"},
    {"6120", kRejected, "merchant_transaction"},
    {"6140", kRejected, "number_taken", true},
    {"6160", kRejected, "bad_tax_code"},
    {"6170", kRejected, "bad_tax_code"},
    {"6180", kRejected, "nested_too_deep"},
    {"6190", Kind::unauthorised, "subscription_lapsed"},
    {"6200", kRejected, "period_closed"},
    {"6210", kRejected, "period_closed"},
    {"6220", kRejected, "cannot_delete"},
    {"6230", kRejected, "bad_tax_code"},
    {"6240", kRejected, "name_taken", true},
    {"6250", kRejected, "customer_inactive"},
    {"6270", kRejected, "before_inventory_start"},
    {"6280", kRejected, "cannot_delete"},
    {"6400", kRejected, "cannot_delete"},
    {"6420", kRejected, "email_missing"},
    {"6430", kRejected, "bad_account_type"},
    {"6440", kRejected, "line_needs_item"},
    {"6450", kRejected, "payment_settled"},
    {"6470", kRejected, "bad_tax_code"},
    {"6480", kRejected, "matched_in_bank_feed"},
    {"6540", kRejected, "in_a_deposit"},
    {"7001", Kind::unauthorised, "subscription_lapsed"},
    {"10000", Kind::unknown, "application_error"},
    {"10100", kRejected, "result_too_large"},
    {"10200", Kind::unauthorised, "company_reset"},
};

Fault fault(std::string code, std::string message = "m", std::string type = "ValidationFault") {
    return {std::move(type), {{std::move(code), std::move(message), "d", ""}}};
}

TEST(QboErrorTable, GivesEachCodeItsOutcome) {
    for (const Row& row : kRows) {
        const ElementOutcome outcome = outcome_of(fault(row.code), {400, "tid-1", std::nullopt});
        EXPECT_EQ(outcome.kind, row.kind) << row.code;
        EXPECT_EQ(outcome.error.code, row.word) << row.code;
        EXPECT_EQ(outcome.taken, row.taken) << row.code;
        EXPECT_EQ(outcome.stale, row.stale) << row.code;
        EXPECT_EQ(outcome.error.detail, std::string("m: d (") + row.code + ")");
        EXPECT_EQ(outcome.error.request_id, "tid-1");
        EXPECT_EQ(outcome.error.http_status, 400);
    }
}

TEST(QboErrorTable, HasNoRowThatTheTestDoesNotKnowAndNoneTwice) {
    std::set<std::string_view> codes;
    for (const Meaning& meaning : error_table()) EXPECT_TRUE(codes.insert(meaning.code).second) << meaning.code;
    EXPECT_EQ(codes.size(), std::size(kRows));
}

TEST(QboErrorTable, AdvisesWhereverAPersonMustAct) {
    for (const Meaning& meaning : error_table()) {
        const bool parked = meaning.kind == kRejected && meaning.mark == Mark::none;
        EXPECT_EQ(parked && meaning.advice.empty(), false) << meaning.code;
    }
}

TEST(QboErrorTable, TakesAClosedPeriodUnderTheStaleCodeAsClosed) {
    const ElementOutcome outcome = outcome_of(fault("5010", "Account Period Closed"), {});
    EXPECT_EQ(outcome.error.code, "period_closed");
    EXPECT_FALSE(outcome.stale);
}

TEST(QboErrorTable, KnowsThrottlingByItsNameWhateverTheCode) {
    const ElementOutcome outcome =
        outcome_of(fault("", "message=ThrottleExceeded; statusCode=429"), {403, "", std::chrono::seconds(7)});
    EXPECT_EQ(outcome.kind, Kind::throttled);
    EXPECT_EQ(outcome.error.retry_after, std::chrono::seconds(7));
}

TEST(QboErrorTable, JudgesUnlistedCodesByTheTypeOfTheFault) {
    EXPECT_EQ(outcome_of(fault("9999"), {}).kind, kRejected);
    EXPECT_EQ(outcome_of(fault("9999", "m", "SystemFault"), {}).kind, Kind::unknown);
    EXPECT_EQ(outcome_of(fault("9999", "m", "AuthenticationFault"), {}).kind, Kind::unauthorised);
    EXPECT_EQ(outcome_of(fault("9999", "m", "AUTHENTICATION"), {}).kind, Kind::unauthorised);
    EXPECT_EQ(outcome_of({"SystemFault", {}}, {}).kind, Kind::unknown);
    EXPECT_EQ(outcome_of({"ValidationFault", {}}, {}).kind, kRejected);
}

TEST(QboErrorTable, LetsTheMostCautiousOfSeveralErrorsDecide) {
    const Fault mixed{"ValidationFault", {{"6140", "a", "", ""}, {"10000", "b", "", ""}}};
    EXPECT_EQ(outcome_of(mixed, {}).kind, Kind::unknown);
    const Fault taken_and_bad{"ValidationFault", {{"6140", "a", "", ""}, {"2500", "b", "", ""}}};
    EXPECT_EQ(outcome_of(taken_and_bad, {}).kind, kRejected);
    EXPECT_FALSE(outcome_of(taken_and_bad, {}).taken);
    EXPECT_EQ(outcome_of(taken_and_bad, {}).error.detail, "a (6140); b (2500)");
}

}  // namespace
}  // namespace spillway::qbo
