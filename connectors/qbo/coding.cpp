#include "connectors/qbo/coding.hpp"

#include <algorithm>

#include "connectors/qbo/totals.hpp"
#include "connectors/qbo/words.hpp"
#include "schema/record_rules.hpp"

namespace spillway::qbo {
namespace {

/// What the lines of one document are coded with.
struct Coding {
    const Subject& subject;
    const Document& document;
    const Mapping& mapping;
    const Books& books;
};

std::string nth(std::size_t index) { return "line " + std::to_string(index + 1) + ": "; }

Result<std::string> mapped_item(const Line& line, const Mapping& mapping) {
    const std::string word = line.account.value_or(std::string(kNoItemWord));
    const auto found = mapping.accounts.find(word);
    if (found == mapping.accounts.end()) {
        if (line.account) return refused("account_unmapped", "the account word '" + word + "' is not in the mapping");
        return refused("line_needs_item",
                       "a line without an item: QuickBooks would drop its amount. Name an item, or map '" + word +
                           "' to a product or service");
    }
    if (!found->second.starts_with(kItemPrefix))
        return refused("account_not_an_item", "QuickBooks posts sales lines through products and services: map '" +
                                                  word + "' to item:<id>, or name an item on the line");
    return found->second.substr(kItemPrefix.size());
}

Result<std::string> item_of(const Coding& coding, const Line& line) {
    if (!line.item) return mapped_item(line, coding.mapping);
    const Link* link = referent_link(coding.subject, {RecordKind::item, *line.item}, kItemRole);
    if (link == nullptr) return refused("reference_missing", "item '" + *line.item + "' is not in the books");
    return link->id;
}

Result<std::string> tax_code_of(const Coding& coding, const Line& line) {
    if (!line.tax_code) {
        if (coding.mapping.tax_code.empty())
            return refused("tax_code_unmapped", "a line without a tax code, and the mapping has no default");
        return coding.mapping.tax_code;
    }
    const auto found = coding.mapping.tax_codes.find(*line.tax_code);
    if (found == coding.mapping.tax_codes.end())
        return refused("tax_code_unmapped", "the tax code '" + *line.tax_code + "' is not in the mapping");
    return found->second;
}

/// Tax code and percentage of a line. Without tax, lines name no code, but in the US they say NON.
Result<void> put_tax(const Coding& coding, const Line& line, CodedLine& coded) {
    if (coding.document.amounts == Amounts::none) {
        if (coding.books.us_sales_tax) coded.tax_code = "NON";
        return success();
    }
    Result<std::string> code = tax_code_of(coding, line);
    if (!code) return std::move(code).error();
    const auto rate = std::ranges::find(coding.books.tax_rates, *code, &TaxRate::code);
    if (rate == coding.books.tax_rates.end())
        return refused("tax_code_unknown", "QuickBooks has no tax code with id '" + *code + "': refresh the lists");
    coded.tax_code = *std::move(code);
    coded.percent = rate->percent;
    return success();
}

Result<CodedLine> code_line(const Coding& coding, const Line& line) {
    const Result<Decimal> amount = line_amount(line, coding.document.currency);
    if (!amount) return refused(amount.error().code, amount.error().detail);
    CodedLine coded;
    coded.amount = amount->rounded(coding.document.currency.places(), Rounding::half_away_from_zero);
    coded.net = coded.amount;
    Result<std::string> item = item_of(coding, line);
    if (!item) return std::move(item).error();
    coded.item_id = *std::move(item);
    const Result<void> taxed = put_tax(coding, line, coded);
    if (!taxed) return taxed.error();
    if (coding.document.amounts != Amounts::inclusive) return coded;
    const Result<Decimal> net = net_of_gross(line, coded, coding.document.currency);
    if (!net) return net.error();
    coded.net = *net;
    return coded;
}

}  // namespace

Error refused(std::string code, std::string detail) {
    return Error{ErrorKind::rejected, std::move(code), std::move(detail)};
}

Result<std::string> account_for(const std::optional<std::string>& word, const std::string& fallback,
                                const Mapping& mapping) {
    if (!word) {
        if (fallback.empty()) return refused("account_unmapped", "the mapping names no account for this");
        return fallback;
    }
    const auto found = mapping.accounts.find(*word);
    if (found == mapping.accounts.end())
        return refused("account_unmapped", "the account word '" + *word + "' is not in the mapping");
    return found->second;
}

Result<CodedDocument> code_document(const Subject& subject, const Document& document, const Mapping& mapping,
                                    const Books& books) {
    if (books.us_sales_tax && document.amounts == Amounts::inclusive)
        return refused("inclusive_not_in_us", "a US company has no amounts that include tax: submit them exclusive");
    const Coding coding{subject, document, mapping, books};
    CodedDocument coded;
    coded.lines.reserve(document.lines.size());
    for (std::size_t i = 0; i < document.lines.size(); ++i) {
        Result<CodedLine> line = code_line(coding, document.lines[i]);
        if (!line) return refused(line.error().code, nth(i) + line.error().detail);
        coded.taxed = coded.taxed || (books.us_sales_tax && line->tax_code == "TAX");
        coded.lines.push_back(*std::move(line));
    }
    const Result<Decimal> total = predicted_total(document, coded, books.us_sales_tax);
    if (!total) return total.error();
    coded.total = *total;
    return coded;
}

}  // namespace spillway::qbo
