// Lines of documents: what a line may say, and what it comes to.

#include <algorithm>

#include "services/sandbox/xero/documents.hpp"

namespace spillway::sandbox::xero {

namespace {

constexpr Decimal kLineMost{999'999'999'999, 2};  // 9,999,999,999.99
constexpr std::size_t kDescriptionMax = 4000;

/// A number member into `target`; false with an error for what is no amount.
bool take_number(const JsonValue& sent, std::string_view name, std::optional<Decimal>& target, Played& played) {
    const JsonValue* value = sent.find(name);
    if (value == nullptr || value->is_null()) return true;
    const Result<Decimal> number = value->as_decimal();
    if (number && number->abs() <= kLineMost) {
        target = *number;
        return true;
    }
    played.errors.push_back(std::string(name) + " is not a valid amount");
    return false;
}

const Line* old_line(const Document& document, const std::string& id) {
    const auto at = std::ranges::find(document.lines, id, &Line::id);
    return at == document.lines.end() ? nullptr : &*at;
}

/// What a line does not say, its item does.
void default_from_item(Call& call, const JsonValue& sent, bool sales, Line& line, Played& played) {
    if (line.item_code.empty()) return;
    const auto items = call.books.items.with("code:" + folded(line.item_code));
    if (items.empty()) {
        played.errors.push_back("Item code '" + line.item_code + "' is not valid");  // wording assumed
        return;
    }
    const Item& item = *items.front();
    const PriceSide& side = sales ? item.sales : item.purchase;
    line.item_code = item.code;
    if (line.description.empty()) line.description = sales ? item.description : item.purchase_description;
    if (line.description.empty()) line.description = item.name;
    if (!line.unit_amount && sent.find("LineAmount") == nullptr) line.unit_amount = side.unit_price;
    if (line.account_code.empty()) line.account_code = side.account_code;
    if (line.tax_type.empty()) line.tax_type = side.tax_type;
}

bool postable(const Account& account) {
    return account.type != "BANK" && account.system_account != "DEBTORS" && account.system_account != "CREDITORS" &&
           account.status == "ACTIVE";
}

void check_account(Call& call, const LineRules& rules, Line& line, Played& played) {
    if (line.account_code.empty()) {
        if (rules.approved) played.errors.emplace_back("Account code or ID must be specified");  // wording assumed
        return;
    }
    const Account* account = call.books.account_by_code(line.account_code);
    if (account != nullptr && postable(*account)) {
        if (line.tax_type.empty()) line.tax_type = account->tax_type;
        return;
    }
    if (rules.approved) {
        played.errors.push_back("Account code '" + line.account_code + "' is not a valid code for this document.");
        return;
    }
    played.warnings.push_back("Account code '" + line.account_code +
                              "' has been removed as it does not match a recognised account.");
    line.account_code.clear();
}

void check_tax(Call& call, const LineRules& rules, Line& line, Played& played) {
    if (rules.amount_types == "NoTax" || line.tax_type.empty()) {
        line.tax_type = "NONE";
        return;
    }
    const TaxRate* rate = call.books.tax_rate(line.tax_type);
    const Account* account = line.account_code.empty() ? nullptr : call.books.account_by_code(line.account_code);
    const bool fits =
        rate != nullptr && (account == nullptr || (account->account_class == "REVENUE"   ? rate->to_revenue
                                                   : account->account_class == "EXPENSE" ? rate->to_expenses
                                                                                         : true));
    if (!fits)
        played.errors.push_back("The TaxType code '" + line.tax_type + "' cannot be used with account code '" +
                                line.account_code + "'.");
}

/// Quantity x UnitAmount less the discount, rounded to the penny. Nothing with an error.
std::optional<Decimal> expected_amount(Call& call, const LineRules& rules, const Line& line, Played& played) {
    if ((line.discount_rate || line.discount_amount) && !rules.discounts) {
        played.errors.emplace_back("Discounts can only be used on sales invoices and quotes");  // wording assumed
        return std::nullopt;
    }
    if (!line.unit_amount) return Decimal{0, 2};
    const Decimal quantity = line.quantity.value_or(Decimal{1, 0});
    Decimal unit = *line.unit_amount;
    int scale = 2;
    if (line.discount_rate) scale = 6;  // the discount is taken from the unrounded product
    Result<Decimal> amount = multiply(quantity, unit, scale, call.rounding());
    if (amount && line.discount_rate) {
        const Decimal left = Decimal{100, 0} - *line.discount_rate;
        amount = left.scale() > 6 ? Result<Decimal>(invalid("bad_discount", ""))
                                  : multiply(*amount, Decimal{left.units(), left.scale() + 2}, 2, call.rounding());
    }
    if (!amount || amount->abs() > kLineMost) {
        played.errors.emplace_back("The line amount is larger than 9,999,999,999.99");  // wording assumed
        return std::nullopt;
    }
    return line.discount_amount ? cents(*amount - cents(*line.discount_amount)) : *amount;
}

void take_amount(Call& call, const JsonValue& sent, const LineRules& rules, Line& line, Played& played) {
    std::optional<Decimal> stated;
    if (!take_number(sent, "LineAmount", stated, played)) return;
    if (stated && !line.unit_amount) {
        const Decimal quantity = line.quantity.value_or(Decimal{1, 0});
        if (quantity.is_zero()) {
            played.errors.emplace_back("Quantity must not be zero when only LineAmount is given");
            return;
        }
        line.quantity = quantity;
        const Result<Decimal> unit = divide(*stated, quantity, call.price_places(), call.rounding());
        if (unit) line.unit_amount = *unit;
        line.amount = cents(*stated);
        return;
    }
    const auto expected = expected_amount(call, rules, line, played);
    if (!expected) return;
    line.amount = *expected;
    if (stated && cents(*stated) != *expected)  // wording assumed
        played.errors.push_back("The line total " + cents(*stated).to_string() +
                                " does not match the expected line total " + expected->to_string());
}

Line read_line(Call& call, const JsonValue& sent, const LineRules& rules, const Document& document, Played& played) {
    const Line* old = old_line(document, sent["LineItemID"].string_or(""));
    Line line = old == nullptr ? Line{} : *old;
    if (old == nullptr) line.id = call.ids.guid();
    line.description = sent["Description"].string_or(line.description);
    line.item_code = sent["ItemCode"].string_or(line.item_code);
    line.account_code = sent["AccountCode"].string_or(line.account_code);
    if (const Account* account = call.books.accounts.find(sent["AccountID"].string_or("")))
        line.account_code = account->code;
    line.tax_type = sent["TaxType"].string_or(line.tax_type);
    if (sent["Tracking"].is_array()) line.tracking = write_json(sent["Tracking"]);
    take_number(sent, "Quantity", line.quantity, played);
    take_number(sent, "UnitAmount", line.unit_amount, played);
    take_number(sent, "DiscountRate", line.discount_rate, played);
    take_number(sent, "DiscountAmount", line.discount_amount, played);
    std::optional<Decimal> tax;
    take_number(sent, "TaxAmount", tax, played);
    default_from_item(call, sent, rules.sales, line, played);
    if (line.unit_amount) line.unit_amount = line.unit_amount->rounded(call.price_places(), call.rounding());
    if (line.description.empty()) played.errors.emplace_back("Description must be specified");  // wording assumed
    if (line.description.size() > kDescriptionMax)
        played.errors.emplace_back("Description must not exceed 4000 characters");
    const bool only_words = !line.unit_amount && sent.find("LineAmount") == nullptr;
    if (!only_words) check_account(call, rules, line, played);
    check_tax(call, rules, line, played);
    if (!only_words && !line.quantity) line.quantity = Decimal{1, 0};
    take_amount(call, sent, rules, line, played);
    line.tax_stated = tax.has_value();
    if (tax) line.tax = cents(*tax);
    return line;
}

}  // namespace

void take_lines(Call& call, const JsonValue& sent, const LineRules& rules, Document& document, Played& played) {
    std::vector<Line> lines;
    for (const JsonValue& one : sent.items()) lines.push_back(read_line(call, one, rules, document, played));
    document.lines = std::move(lines);
}

void price(Call& call, Document& document, Played& played) {
    document.sub_total = document.tax_total = Decimal{0, 2};
    for (Line& line : document.lines) {
        const TaxRate* rate = call.books.tax_rate(line.tax_type);
        const Decimal percent = rate == nullptr ? Decimal{} : rate->percent;
        const bool inclusive = document.amount_types == "Inclusive";
        if (document.amount_types == "NoTax") {
            line.tax = Decimal{0, 2};
        } else if (!line.tax_stated && inclusive) {
            const Decimal factor = Decimal{1, 0} + Decimal{percent.units(), percent.scale() + 2};
            line.tax = line.amount - divide(line.amount, factor, 2, call.rounding()).value();
        } else if (!line.tax_stated) {
            line.tax = multiply(line.amount, Decimal{percent.units(), percent.scale() + 2}, 2, call.rounding()).value();
        }
        document.sub_total += inclusive ? line.amount - line.tax : line.amount;
        document.tax_total += line.tax;
    }
    document.sub_total = cents(document.sub_total);
    document.tax_total = cents(document.tax_total);
    document.total = cents(document.sub_total + document.tax_total);
    if (document.total.is_negative() && call.switches.refuse_negative_totals)
        played.errors.emplace_back("The document total must not be negative");  // wording assumed
}

}  // namespace spillway::sandbox::xero
