#include "services/sandbox/qbo/tax.hpp"

#include <algorithm>
#include <map>

#include "schema/json_text.hpp"
#include "services/sandbox/qbo/faults.hpp"

namespace spillway::sandbox::qbo {
namespace {

constexpr Rounding kRounding = Rounding::half_away_from_zero;

Decimal checked(Result<Decimal> amount) {
    if (!amount.ok()) refuse("6000", "An amount is too large");
    return *amount;
}

/// The tax in (gross) or on (net) an amount.
Decimal tax_of(Decimal amount, Decimal percent, bool gross) {
    if (!gross) return checked(multiply(amount, Decimal(percent.units(), percent.scale() + 2), kCents, kRounding));
    const Decimal product = checked(multiply(amount, percent, amount.scale() + percent.scale(), kRounding));
    return checked(divide(product, Decimal(100, 0) + percent, kCents, kRounding));
}

using GroupKey = std::pair<std::int64_t, bool>;  // rate id, gross

struct Group {
    Decimal percent, amount, tax_by_line;
};

}  // namespace

TaxSums compute_tax(const Company& company, const std::vector<TaxableLine>& lines, bool per_line) {
    TaxSums sums;
    std::map<GroupKey, Group> groups;
    for (const TaxableLine& line : lines) {
        (line.gross ? sums.total : sums.net) += line.amount;
        const auto code = company.tax_codes.find(line.code);
        if (code == company.tax_codes.end()) continue;
        for (const auto& [rate, percent] : code->second.rates) {
            Group& group = groups[{rate, line.gross}];
            group.percent = percent;
            group.amount += line.amount;
            if (per_line) group.tax_by_line += tax_of(line.amount, percent, line.gross);
        }
    }
    Decimal tax_in_gross;
    for (const auto& [key, group] : groups) {
        const Decimal tax = per_line ? group.tax_by_line : tax_of(group.amount, group.percent, key.second);
        if (key.second) tax_in_gross += tax;
        sums.tax += tax;
        sums.lines.push_back({key.first, group.percent, key.second ? group.amount - tax : group.amount, tax});
    }
    const Decimal gross = sums.total;
    sums.total = gross + sums.net + (sums.tax - tax_in_gross);
    sums.net = sums.total - sums.tax;
    return sums;
}

void override_tax(TaxSums& sums, Decimal stated, bool prices_hold_tax) {
    const Decimal difference = stated - sums.tax;
    const auto largest = std::ranges::max_element(sums.lines, {}, &TaxLine::tax);
    if (largest != sums.lines.end()) largest->tax += difference;
    sums.tax = stated;
    if (prices_hold_tax)
        sums.net -= difference;
    else
        sums.total += difference;
}

std::string tax_detail_json(const TaxSums& sums, std::int64_t us_code) {
    JsonText json;
    json.object();
    if (us_code != 0) json.key("TxnTaxCodeRef").raw("{\"value\":\"" + std::to_string(us_code) + "\"}");
    json.member("TotalTax", sums.tax.rounded(kCents, kRounding)).key("TaxLine").array();
    for (const TaxLine& line : sums.lines) {
        json.object().member("Amount", line.tax).member("DetailType", "TaxLineDetail").key("TaxLineDetail").object();
        json.key("TaxRateRef").object().member("value", std::to_string(line.rate)).close();
        json.member("PercentBased", true).member("TaxPercent", line.percent);
        json.member("NetAmountTaxable", line.taxable).close().close();
    }
    json.close().close();
    return std::move(json).take();
}

}  // namespace spillway::sandbox::qbo
