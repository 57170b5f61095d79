#include "connectors/qbo/totals.hpp"

#include <map>

namespace spillway::qbo {
namespace {

constexpr Rounding kRounding = Rounding::half_away_from_zero;

Error too_large(const Error& error) { return refused(error.code, error.detail); }

struct Share {
    Decimal net, percent;
};

Result<Decimal> tax_of(const std::map<std::string, Share>& shares, int places) {
    Decimal tax;
    for (const auto& [code, share] : shares) {
        // percent / 100 exactly: two more places.
        const Decimal percent = share.percent.shortest();
        if (percent.scale() + 2 > Decimal::kScaleMax)
            return refused("decimal_too_large", "a tax rate with too many places");
        const Result<Decimal> part =
            multiply(share.net, Decimal(percent.units(), percent.scale() + 2), places, kRounding);
        if (!part) return too_large(part.error());
        tax += *part;
    }
    return tax;
}

}  // namespace

Result<Decimal> predicted_total(const Document& document, const CodedDocument& coded, bool us_sales_tax) {
    const int places = document.currency.places();
    Decimal total(0, places);
    std::map<std::string, Share> shares;
    for (const CodedLine& line : coded.lines) {
        total += line.amount;
        Share& share = shares[line.tax_code];
        share.net += line.amount;
        share.percent = line.percent;
    }
    if (document.amounts != Amounts::exclusive) return total;
    if (us_sales_tax) return coded.taxed ? total + document.tax_total : total;
    const Result<Decimal> tax = tax_of(shares, places);
    if (!tax) return tax.error();
    return total + *tax;
}

Result<Decimal> net_at_rate(Decimal gross, Decimal percent, const Currency& currency) {
    const Result<Decimal> hundredfold = multiply(gross, Decimal(100, 0), currency.places(), kRounding);
    if (!hundredfold) return too_large(hundredfold.error());
    const Result<Decimal> net = divide(*hundredfold, Decimal(100, 0) + percent, currency.places(), kRounding);
    if (!net) return too_large(net.error());
    return *net;
}

Result<Decimal> net_of_gross(const Line& line, const CodedLine& coded, const Currency& currency) {
    if (line.tax) return (coded.amount - *line.tax).rounded(currency.places(), kRounding);
    return net_at_rate(coded.amount, coded.percent, currency);
}

}  // namespace spillway::qbo
