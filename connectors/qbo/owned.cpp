#include "connectors/qbo/owned.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "connectors/qbo/words.hpp"
#include "schema/sha256.hpp"

namespace spillway::qbo {
namespace {

/// Hexadecimal digits of a field's hash; '-' ends it.
constexpr std::size_t kDigits = 12;

constexpr auto kContactFields =
    std::to_array<std::string_view>({"DisplayName", "PrimaryEmailAddr", "PrimaryPhone", "BillAddr"});
constexpr auto kItemFields =
    std::to_array<std::string_view>({"Name", "Sku", "Description", "UnitPrice", "IncomeAccountRef"});
constexpr auto kDocumentFields =
    std::to_array<std::string_view>({"DocNumber", "TxnDate", "DueDate", "CustomerRef", "GlobalTaxCalculation", "Line"});
constexpr auto kPaymentFields = std::to_array<std::string_view>(
    {"PaymentRefNum", "TxnDate", "TotalAmt", "CustomerRef", "DepositToAccountRef", "Line"});

std::span<const std::string_view> fields_of(std::string_view entity) {
    if (entity == kItem) return kItemFields;
    if (is_name_list(entity)) return kContactFields;
    if (entity == kPayment) return kPaymentFields;
    return kDocumentFields;
}

std::string number_text(const JsonValue& value) {
    const Result<Decimal> number = value.as_decimal();
    return number ? number->to_shortest() : std::string(value.text());
}

/// One scalar, or a reference's id, with a mark that ends it.
std::string scalar(const JsonValue& value) {
    if (value.is_object()) return scalar(value["value"]);
    return (value.is_number() ? number_text(value) : value.string_or("")) + '\x1f';
}

/// QuickBooks adds a subtotal of its own.
bool is_added(const JsonValue& line) { return line["DetailType"].text() == "SubTotalLineDetail"; }

/// What we write are sales lines, or lines that only link (payments).
bool is_written(const JsonValue& line) {
    const std::string_view type = line["DetailType"].text();
    return type.empty() || type == "SalesItemLineDetail" || type == "PaymentLineDetail";
}

/// Everything in a value, references by their id.
std::string whole(const JsonValue& value) {
    std::string text;
    for (const JsonValue& element : value.items()) text += whole(element);
    if (value.is_boolean()) return value.bool_or(false) ? "true" : "false";
    if (!value.is_object() || value.find("value") != nullptr) return text.empty() ? scalar(value) : text;
    for (const JsonMember& member : value.members()) text += member.name + ':' + whole(member.value);
    return text;
}

std::string lines_text(const JsonValue& lines) {
    std::string text;
    for (const JsonValue& line : lines.items()) {
        if (is_added(line)) continue;
        const std::string_view type = line["DetailType"].text();
        const JsonValue& detail = line["SalesItemLineDetail"];
        text += scalar(line["Amount"]) + scalar(line["Description"]) + scalar(detail["ItemRef"]) +
                scalar(detail["TaxCodeRef"]) + scalar(detail["Qty"]) + scalar(detail["UnitPrice"]);
        // What people add, lines of theirs (a discount, a heading) and members of ours: an update would wipe it.
        if (!is_written(line)) text += std::string(type) + ':' + whole(line[std::string(type)]);
        for (const char* member : {"ClassRef", "ServiceDate"})
            if (detail.find(member) != nullptr) text += std::string(member) + ':' + scalar(detail[member]);
        for (const JsonValue& linked : line["LinkedTxn"].items())
            text += scalar(linked["TxnType"]) + scalar(linked["TxnId"]);
        text += '\x1e';
    }
    return text;
}

std::string parts_text(const JsonValue& object, std::span<const std::string_view> names) {
    std::string text;
    for (const std::string_view name : names) text += scalar(object[name]);
    return text;
}

std::string field_text(const JsonValue& object, std::string_view field) {
    constexpr auto kAddress = std::to_array<std::string_view>(
        {"Line1", "Line2", "Line3", "Line4", "City", "CountrySubDivisionCode", "PostalCode", "Country"});
    if (field == "Line") return lines_text(object[field]);
    if (field == "BillAddr") return parts_text(object[field], kAddress);
    if (field == "PrimaryEmailAddr") return scalar(object[field]["Address"]);
    if (field == "PrimaryPhone") return scalar(object[field]["FreeFormNumber"]);
    return scalar(object[field]);
}

bool hold_numbers(const JsonValue& sent, const JsonValue& read) { return number_text(sent) == number_text(read); }

bool hold_arrays(const JsonValue& sent, const JsonValue& read) {
    std::vector<const JsonValue*> held;
    for (const JsonValue& element : read.items()) {
        if (!is_added(element)) held.push_back(&element);
    }
    return std::ranges::equal(sent.items(), held, [](const JsonValue& a, const JsonValue* b) { return holds(a, *b); });
}

/// Country codes come back in another form, tax numbers masked.
bool comes_back_otherwise(std::string_view name) {
    constexpr auto kOtherwise = std::to_array<std::string_view>({"Country", "PrimaryTaxIdentifier", "TaxIdentifier"});
    return std::ranges::find(kOtherwise, name) != kOtherwise.end();
}

bool holds_member(const JsonMember& sent, const JsonValue& read) {
    if (sent.name == "SyncToken" || sent.name == "sparse" || comes_back_otherwise(sent.name)) return true;
    if (sent.name == "PrivateNote") return read.text().starts_with(sent.value.text());     // people write behind it
    if (sent.name == "TotalTax") return sent.value.decimal_or({}) == read.decimal_or({});  // no tax, no detail
    return holds(sent.value, read);
}

}  // namespace

std::string owned_hash(std::string_view entity, const JsonValue& object) {
    std::string hash;
    for (const std::string_view field : fields_of(entity)) {
        if (!hash.empty()) hash.push_back('-');
        hash += sha256_hex(field_text(object, field)).substr(0, kDigits);
    }
    return hash;
}

std::vector<std::string> drifted(std::string_view entity, std::string_view before, std::string_view now,
                                 const JsonValue& body) {
    std::vector<std::string> fields;
    if (before.size() != now.size()) return fields;
    std::size_t at = 0;
    for (const std::string_view field : fields_of(entity)) {
        if (at + kDigits > now.size()) break;
        const bool differs = before.substr(at, kDigits) != now.substr(at, kDigits);
        if (differs && body.find(field) != nullptr) fields.emplace_back(field);
        at += kDigits + 1;
    }
    return fields;
}

bool holds(const JsonValue& sent, const JsonValue& read) {
    switch (sent.type()) {
        case JsonValue::Type::null: return true;
        case JsonValue::Type::boolean: return read.is_boolean() && sent.bool_or(false) == read.bool_or(true);
        case JsonValue::Type::number: return hold_numbers(sent, read);
        case JsonValue::Type::string: return sent.text() == read.text();
        case JsonValue::Type::array: return hold_arrays(sent, read);
        case JsonValue::Type::object: break;
    }
    return std::ranges::all_of(sent.members(),
                               [&](const JsonMember& member) { return holds_member(member, read[member.name]); });
}

bool compares_all(const JsonValue& sent) {
    return std::ranges::all_of(sent.items(), compares_all) &&
           std::ranges::all_of(sent.members(), [](const JsonMember& member) {
               return !comes_back_otherwise(member.name) && compares_all(member.value);
           });
}

}  // namespace spillway::qbo
