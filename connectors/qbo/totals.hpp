#pragma once
// The total that QuickBooks will compute for a document, known before it is sent.

#include "connectors/qbo/coding.hpp"

namespace spillway::qbo {

/// The named rule `per_rate_half_away_from_zero`, in this one place:
///   TaxExcluded    sum of lines + per tax code: (sum of its lines × percent), rounded once
///   TaxInclusive   sum of the lines as stated; the tax is inside
///   NotApplicable  sum of lines
///   US (TAX/NON)   sum of lines + the stated tax where a line says TAX: it is sent explicitly and honoured
/// Rounding half away from zero to the currency's places, per tax code on the sum of its lines: assumed, QuickBooks
/// does not say. Errors: rejected/`decimal_too_large`.
Result<Decimal> predicted_total(const Document& document, const CodedDocument& coded, bool us_sales_tax);

/// An amount without the tax inside it: amount × 100 / (100 + percent) rounded half away from zero.
/// Errors: rejected/`decimal_too_large`.
Result<Decimal> net_at_rate(Decimal gross, Decimal percent, const Currency& currency);
/// A line's amount without its tax: the stated tax taken off, or as net_at_rate.
Result<Decimal> net_of_gross(const Line& line, const CodedLine& coded, const Currency& currency);

}  // namespace spillway::qbo
