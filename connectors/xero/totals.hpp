#pragma once
// What Xero will compute from a document's lines, before it is sent.

#include <vector>

#include "schema/record.hpp"
#include "schema/result.hpp"

namespace spillway::xero {

/// Xero's totals have two places whatever the currency; prices have four with unitdp=4 (docs "Rounding"). Its rounding
/// mode is undocumented: half away from zero is assumed, here and nowhere else.
inline constexpr int kAmountPlaces = 2, kPricePlaces = 4, kQuantityPlaces = 4;
inline constexpr Rounding kRounding = Rounding::half_away_from_zero;

/// A line as Xero takes it.
struct WireLine {
    Decimal quantity, unit_amount, amount;
    std::optional<Decimal> tax;  ///< sent only where the stated tax is not what Xero would compute
    /// The price does not fit four places or quantity × price is not the stated amount: the line is sent as 1 × amount,
    /// because Xero checks the product, and the text says what it was.
    bool folded = false;
};

struct Totals {
    std::vector<WireLine> lines;
    Decimal tax, total;
};

/// An amount as Xero keeps it. Errors: rejected/`currency_places` when that would change it (fils of a dinar).
Result<Decimal> in_cents(Decimal amount);

/// @param percents  the tax rate of each line; as many as the document has lines.
/// Errors: as line_amount; as in_cents.
Result<Totals> predict(const Document& document, const std::vector<Decimal>& percents);

}  // namespace spillway::xero
