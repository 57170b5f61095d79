#include "connectors/qbo/error_table.hpp"

#include <algorithm>
#include <array>

namespace spillway::qbo {
namespace {

using enum ElementOutcome::Kind;

constexpr std::string_view kReconnect = "Reconnect this company as a QuickBooks administrator.";
constexpr std::string_view kReport = "Report this: the request was not in the form that QuickBooks expects.";
constexpr std::string_view kFixData = "Correct the record and submit it again.";
constexpr std::string_view kFixMapping = "Check the connection's mapping and refresh the lists from QuickBooks.";
constexpr std::string_view kFixTax = "Check the tax codes in the connection's mapping.";
constexpr std::string_view kReopen = "Move the closing date in QuickBooks, or submit the record with a later date.";
constexpr std::string_view kInQuickBooks = "Settle this in QuickBooks, then replay.";
constexpr std::string_view kUnlink = "Remove what is linked to it in QuickBooks first, then replay.";
constexpr std::string_view kSubscription = "Renew the company's QuickBooks subscription, then reconnect.";

constexpr auto kTable = std::to_array<Meaning>({
    {"100", unauthorised, "not_authorised", kReconnect},
    {"110", unauthorised, "not_authorised", kReconnect},
    {"120", unauthorised, "not_authorised", kReconnect},
    {"130", unavailable, "wrong_cluster", ""},
    {"140", unavailable, "company_locked", ""},
    {"150", unavailable, "company_in_maintenance", ""},
    {"500", rejected, "operation_not_supported", kReport},
    {"600", unknown, "duplicate_request_id",
     ""},  // a first sending was accepted: only a look-up tells what became of it
    {"610", rejected, "object_not_found",
     "The object, or one that it refers to, was deleted or made inactive in QuickBooks."},
    {"620", rejected, "cannot_be_linked", kInQuickBooks},
    {"630", rejected, "duplicate_object", "", Mark::taken},
    {"700", rejected, "bad_parent", kFixData},
    {"800", rejected, "has_dependants", kUnlink},
    {"900", rejected, "bad_parent", kFixData},
    {"1000", unknown, "operation_failed", ""},
    {"1010", unknown, "operation_failed", ""},
    {"1020", unknown, "operation_failed", ""},
    {"1040", rejected, "batch_too_large", kReport},
    {"2000", rejected, "unknown_entity", kReport},
    {"2010", rejected, "unknown_property", kReport},
    {"2020", rejected, "parameter_missing", kFixData},
    {"2030", rejected, "bad_id", kFixMapping},
    {"2040", rejected, "bad_characters", kFixData},
    {"2050", rejected, "bad_length", kFixData},
    {"2060", rejected, "bad_value", kFixData},
    {"2070", rejected, "bad_value", kFixData},
    {"2080", rejected, "bad_value", kFixData},
    {"2090", rejected, "bad_value", kFixData},
    {"2100", rejected, "bad_value", kFixData},
    {"2110", rejected, "bad_value", kFixData},
    {"2120", rejected, "bad_value", kFixData},
    {"2130", rejected, "bad_request_id", kReport},
    {"2140", rejected, "bad_amount", kFixData},
    {"2150", rejected, "bad_amount", kFixData},
    {"2160", rejected, "bad_amount", kFixData},
    {"2170", rejected, "bad_value", kReport},
    {"2200", rejected, "bad_address", kFixData},
    {"2210", rejected, "bad_address", kFixData},
    {"2220", rejected, "bad_currency", kFixData},
    {"2250", rejected, "no_lines", kFixData},
    {"2260", rejected, "no_posting_type", kReport},
    {"2280", rejected, "tax_amount_missing", kFixTax},
    {"2290", rejected, "negative_line", kFixData},
    {"2300", rejected, "journal_unbalanced", kFixData},
    {"2500", rejected, "bad_reference", kFixMapping},
    {"2600", rejected, "conflicting_elements", kReport},
    {"3000", rejected, "bad_custom_field", kFixData},
    {"3001", throttled, "throttled", ""},
    {"3100", unauthorised, "not_authorised", kReconnect},
    {"3200", unauthorised, "token_refused", kReconnect},
    {"4000", rejected, "bad_query", kReport},
    {"4001", rejected, "bad_query", kReport},
    {"4002", unavailable, "query_failed", ""},
    {"5000", rejected, "deprecated_field", kReport},
    {"5010", rejected, "stale_object", "", Mark::stale},
    {"5020", rejected, "not_permitted", kInQuickBooks},
    {"5030", rejected, "not_in_plan", "The company's QuickBooks plan lacks this feature."},
    {"6000", rejected, "business_rule", kInQuickBooks},
    {"6010", rejected, "account_type_missing", kFixMapping},
    {"6020", rejected, "bad_upload", kReport},
    {"6030", rejected, "bad_upload", kReport},
    {"6040", rejected, "bad_upload", kReport},
    {"6041", rejected, "bad_upload", kReport},
    {"6050", rejected, "bad_upload", kReport},
    {"6070", rejected, "amount_mismatch", "Amount is not quantity times price: correct the line's figures."},
    {"6080", rejected, "name_missing", kFixData},
    {"6090", rejected, "line_incomplete", kFixData},
    {"6100", rejected, "bad_tax_code", kFixTax},
    {"6110", rejected, "merchant_transaction", kInQuickBooks},
    {"6120", rejected, "merchant_transaction", kInQuickBooks},
    {"6140", rejected, "number_taken", "Another document has this number: change one of the two numbers.", Mark::taken},
    {"6160", rejected, "bad_tax_code", kFixTax},
    {"6170", rejected, "bad_tax_code", kFixTax},
    {"6180", rejected, "nested_too_deep", kFixData},
    {"6190", unauthorised, "subscription_lapsed", kSubscription},
    {"6200", rejected, "period_closed", kReopen},
    {"6210", rejected, "period_closed", kReopen},
    {"6220", rejected, "cannot_delete", kUnlink},
    {"6230", rejected, "bad_tax_code", kFixTax},
    {"6240", rejected, "name_taken", "A customer, vendor, employee or item has this name: change one of the two names.",
     Mark::taken},
    {"6250", rejected, "customer_inactive", "Make the customer active in QuickBooks, then replay."},
    {"6270", rejected, "before_inventory_start", kInQuickBooks},
    {"6280", rejected, "cannot_delete", kUnlink},
    {"6400", rejected, "cannot_delete", kUnlink},
    {"6420", rejected, "email_missing", kFixData},
    {"6430", rejected, "bad_account_type", kFixMapping},
    {"6440", rejected, "line_needs_item", kFixMapping},
    {"6450", rejected, "payment_settled", kInQuickBooks},
    {"6470", rejected, "bad_tax_code", kFixTax},
    {"6480", rejected, "matched_in_bank_feed", kInQuickBooks},
    {"6540", rejected, "in_a_deposit", "Take the payment out of its bank deposit in QuickBooks, then replay."},
    {"7001", unauthorised, "subscription_lapsed", kSubscription},  // seen by one caller, also for a host mixed up
    {"10000", unknown, "application_error", ""},
    {"10100", rejected, "result_too_large", kReport},
    {"10200", unauthorised, "company_reset", "The company was wiped in QuickBooks: connect it anew."},
});

constexpr Meaning kUnlistedRefusal{"", rejected, "provider_refused", kInQuickBooks};
constexpr Meaning kUnlistedSystem{"", unknown, "provider_failed", ""};
constexpr Meaning kUnlistedAccess{"", unauthorised, "not_authorised", kReconnect};
constexpr Meaning kClosedAs5010{"5010", rejected, "period_closed", kReopen};
constexpr Meaning kThrottledByName{"", throttled, "throttled", ""};

bool holds(const FaultError& error, std::string_view words) {
    return error.message.find(words) != std::string::npos || error.detail.find(words) != std::string::npos;
}

const Meaning& meaning_of(const Fault& fault, const FaultError& error) {
    if (holds(error, "ThrottleExceeded")) return kThrottledByName;
    // One report shows a closed period as 5010, which else is a stale SyncToken.
    if (error.code == "5010" && holds(error, "Account Period Closed")) return kClosedAs5010;
    const auto found = std::ranges::find(kTable, std::string_view(error.code), &Meaning::code);
    if (found != kTable.end()) return *found;
    if (fault.type == "SystemFault") return kUnlistedSystem;
    if (fault.type.starts_with("Auth") || fault.type.starts_with("AUTH")) return kUnlistedAccess;
    return kUnlistedRefusal;
}

int caution(ElementOutcome::Kind kind) {
    switch (kind) {
        case throttled: return 5;
        case unauthorised: return 4;
        case unknown: return 3;
        case unavailable: return 2;
        case rejected: return 1;
        case applied: return 0;
    }
    return 0;
}

ErrorKind error_kind(ElementOutcome::Kind kind) {
    switch (kind) {
        case throttled: return ErrorKind::throttled;
        case unauthorised: return ErrorKind::unauthorised;
        case unknown: return ErrorKind::unknown;
        case unavailable: return ErrorKind::unavailable;
        case rejected: return ErrorKind::rejected;
        case applied: break;
    }
    return ErrorKind::bug;
}

}  // namespace

std::span<const Meaning> error_table() { return kTable; }

ElementOutcome outcome_of(const Fault& fault, const AnswerFacts& facts) {
    const Meaning* worst = nullptr;
    bool all_taken = !fault.errors.empty(), all_stale = all_taken;
    for (const FaultError& error : fault.errors) {
        const Meaning& meaning = meaning_of(fault, error);
        all_taken = all_taken && meaning.mark == Mark::taken;
        all_stale = all_stale && meaning.mark == Mark::stale;
        if (worst == nullptr || caution(meaning.kind) > caution(worst->kind)) worst = &meaning;
    }
    if (worst == nullptr) worst = &meaning_of(fault, FaultError{});
    ElementOutcome outcome;
    outcome.kind = worst->kind;
    outcome.error = {error_kind(worst->kind), std::string(worst->word), words_of(fault)};
    outcome.error.http_status = facts.http_status;
    outcome.error.request_id = facts.request_id;
    if (worst->kind == throttled) outcome.error.retry_after = facts.retry_after;
    outcome.advice = worst->advice;
    // A second error besides makes the mark worthless: adopting or re-reading would not cure it.
    outcome.taken = worst->kind == rejected && all_taken;
    outcome.stale = worst->kind == rejected && all_stale;
    return outcome;
}

}  // namespace spillway::qbo
