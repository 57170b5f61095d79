#pragma once
// Rules between the fields of a record that hold whatever the provider, and the arithmetic that both providers share.

#include <optional>

#include "schema/record.hpp"
#include "schema/result.hpp"

namespace spillway {

/// The amount of a line in the currency's minor unit: stated, or quantity × unit price rounded half away from zero.
/// Errors: invalid/`decimal_too_large`.
Result<Decimal> line_amount(const Line& line, const Currency& currency);

/// The sum of line amounts; for `inclusive` it holds the tax, for the others not. Errors: as line_amount.
Result<Decimal> lines_total(const Document& document);

/// Checks a whole record: amounts in the minor unit, a contact that is customer or supplier, applications within the
/// amount, unique applications, due date not before date ..., stated total = lines (+ tax when exclusive) within `1
/// minor unit per line`. Errors: invalid with code and JSON pointer.
Result<void> check_record(const Record& record);

/// The declared rule for documents that turn negative ("negative_invoice_is_credit_note"): an invoice whose total is
/// below zero is a credit note with every sign turned, same number, nothing applied. Nothing for other invoices.
std::optional<CreditNote> as_credit_note(const Invoice& invoice);

}  // namespace spillway
