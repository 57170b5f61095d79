#pragma once
// Invoices, bills and credit notes: lines and totals, rules of their life, and their JSON.

#include "services/sandbox/xero/api.hpp"
#include "services/sandbox/xero/lists.hpp"

namespace spillway::sandbox::xero {

/// What a document's lines are read by.
struct LineRules {
    bool sales = true;
    bool approved = false;     ///< SUBMITTED or AUTHORISED: accounts must be known; a draft only gets warnings
    bool discounts = true;     ///< ACCREC only
    std::string amount_types;  ///< Exclusive, Inclusive, NoTax
};

/// Replaces the lines: one sent with the LineItemID of an old line is that line changed, others are new, and an old
/// line that is not sent is gone.
void take_lines(Call& call, const JsonValue& sent, const LineRules& rules, Document& document, Played& played);
/// Tax per line, rounded, then summed. Exclusive and Inclusive differ in what a line's amount holds.
void price(Call& call, Document& document, Played& played);

/// The problems that the dates have with the organisation's lock dates.
void check_lock_dates(const Organisation& organisation, Date date, std::vector<std::string>& errors);

/// Sets PAID or AUTHORISED after a payment or allocation came or went, and saves.
void settle(Call& call, Document document, Date on);

void write_document(Call& call, JsonText& json, const Document& document, bool full);
Value document_field(const Books& books, const Document& document, std::string_view name);
HttpResponse read_documents(Call& call, bool credit_notes);

}  // namespace spillway::sandbox::xero
