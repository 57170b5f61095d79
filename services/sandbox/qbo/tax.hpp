#pragma once
// Tax of a sales document. How QuickBooks rounds is not documented (its totals may differ by a cent from a caller's):
// here, assumed, tax is computed once per tax rate on the sum of its lines and rounded half away from zero to the cent;
// the switch `tax_rounding` = per_line rounds each line instead. Nothing else in the sandbox knows the rule.

#include <cstdint>
#include <string>
#include <vector>

#include "services/sandbox/qbo/books.hpp"

namespace spillway::sandbox::qbo {

/// A line as tax sees it.
struct TaxableLine {
    Decimal amount;     ///< before tax, or with it when `gross`
    std::int64_t code;  ///< TaxCode id; 0: no tax
    bool gross = false;
};

struct TaxLine {
    std::int64_t rate = 0;  ///< TaxRate id
    Decimal percent;
    Decimal taxable;  ///< before tax
    Decimal tax;
};

struct TaxSums {
    Decimal net, tax, total;
    std::vector<TaxLine> lines;
};

/// Places of amounts.
inline constexpr int kCents = 2;

TaxSums compute_tax(const Company& company, const std::vector<TaxableLine>& lines, bool per_line);
/// Puts the caller's own tax amount in place of the computed one; the rate with the largest tax takes the difference.
void override_tax(TaxSums& sums, Decimal stated, bool prices_hold_tax);
/// The value of TxnTaxDetail; `us_code` is the TxnTaxCodeRef of US companies, or 0.
std::string tax_detail_json(const TaxSums& sums, std::int64_t us_code);

}  // namespace spillway::sandbox::qbo
