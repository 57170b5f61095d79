#pragma once
// From the caller's words to the company's ids: tax codes and items of lines, accounts. And the total that QuickBooks
// will compute.

#include <optional>
#include <string>
#include <vector>

#include "connectors/provider.hpp"

namespace spillway::qbo {

/// Mapping::accounts says "item:<Item id>" where a word stands for a product or service: sales lines post through items
/// only.
inline constexpr std::string_view kItemPrefix = "item:";
/// The word in Mapping::accounts for lines that name neither item nor account.
inline constexpr std::string_view kNoItemWord = "line_without_item";

/// A line with everything looked up.
struct CodedLine {
    Decimal amount;  ///< as stated: with tax where amounts are inclusive
    Decimal net;     ///< without tax
    std::string item_id;
    std::string tax_code;  ///< empty where the line names none (amounts none, outside the US)
    Decimal percent;       ///< of the tax code
};

struct CodedDocument {
    std::vector<CodedLine> lines;
    Decimal total;       ///< as QuickBooks will compute it
    bool taxed = false;  ///< US: a line says TAX, so the stated tax goes with the document
};

/// The account for a caller's word, or `fallback` where there is no word.
/// Errors: rejected/`account_unmapped`.
Result<std::string> account_for(const std::optional<std::string>& word, const std::string& fallback,
                                const Mapping& mapping);

/// Looks up every line and predicts the total.
/// Errors: rejected/`line_needs_item`, `account_not_an_item`, `account_unmapped`, `tax_code_unmapped`,
/// `tax_code_unknown`, `inclusive_not_in_us`, `reference_missing`, `decimal_too_large`.
Result<CodedDocument> code_document(const Subject& subject, const Document& document, const Mapping& mapping,
                                    const Books& books);

/// A refusal that needs no look at the provider.
Error refused(std::string code, std::string detail);

}  // namespace spillway::qbo
