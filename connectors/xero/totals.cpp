#include "connectors/xero/totals.hpp"

#include "schema/record_rules.hpp"

namespace spillway::xero {
namespace {

// docs "Rounding": tax is computed per line, rounded to two places, then summed; of inclusive lines net = gross / (1 +
// rate).
Result<Decimal> tax_of(Decimal amount, Decimal percent, Amounts amounts) {
    const Decimal rate(percent.units(), percent.scale() + 2);
    switch (amounts) {
        case Amounts::none: return Decimal(0, kAmountPlaces);
        case Amounts::exclusive: return multiply(amount, rate, kAmountPlaces, kRounding);
        case Amounts::inclusive: {
            const Result<Decimal> net = divide(amount, Decimal(1, 0) + rate, kAmountPlaces, kRounding);
            if (!net) return net.error();
            return amount - *net;
        }
    }
    return Decimal(0, kAmountPlaces);
}

WireLine wire_line(const Line& line, Decimal amount) {
    const Decimal price = line.unit_price.rounded(kPricePlaces, kRounding).shortest();
    const Decimal quantity = line.quantity.shortest();
    const Result<Decimal> product = multiply(quantity, price, kAmountPlaces, kRounding);
    if (quantity.scale() <= kQuantityPlaces && product && *product == amount)
        return {.quantity = quantity, .unit_amount = price, .amount = amount, .tax = {}, .folded = false};
    return {.quantity = Decimal(1, 0), .unit_amount = amount.shortest(), .amount = amount, .tax = {}, .folded = true};
}

}  // namespace

Result<Decimal> in_cents(Decimal amount) {
    const Decimal cents = amount.rounded(kAmountPlaces, kRounding);
    if (cents == amount) return cents;
    return Error{
        .kind = ErrorKind::rejected,
        .code = "currency_places",
        .detail = "Xero keeps two places whatever the currency; " + amount.to_shortest() + " would be changed"};
}

Result<Totals> predict(const Document& document, const std::vector<Decimal>& percents) {
    SPILLWAY_ASSERT(percents.size() == document.lines.size());
    Totals totals{.lines = {}, .tax = Decimal(0, kAmountPlaces), .total = Decimal(0, kAmountPlaces)};
    for (std::size_t i = 0; i < document.lines.size(); ++i) {
        const Line& line = document.lines[i];
        const Result<Decimal> stated = line_amount(line, document.currency);
        if (!stated) return stated.error();
        const Result<Decimal> amount = in_cents(*stated);
        if (!amount) return amount.error();
        WireLine wire = wire_line(line, *amount);
        const Result<Decimal> computed = tax_of(wire.amount, percents[i], document.amounts);
        if (!computed) return computed.error();
        Decimal tax = *computed;
        if (document.amounts != Amounts::none && line.tax && *line.tax != tax) {
            const Result<Decimal> stated_tax = in_cents(*line.tax);
            if (!stated_tax) return stated_tax.error();
            tax = *stated_tax;
            wire.tax = tax;
        }
        totals.tax += tax;
        totals.total += wire.amount;
        if (document.amounts == Amounts::exclusive) totals.total += tax;
        totals.lines.push_back(wire);
    }
    return totals;
}

}  // namespace spillway::xero
