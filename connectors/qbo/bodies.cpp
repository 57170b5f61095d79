#include "connectors/qbo/bodies.hpp"

#include "connectors/qbo/words.hpp"
#include "schema/json_text.hpp"
#include "schema/utf8.hpp"

namespace spillway::qbo {
namespace {

void begin(JsonText& json, const Target& target) {
    json.object();
    if (target.verb == Verb::create) return;
    // Sparse: what is left out stays, so a bookkeeper's own fields survive.
    json.member("sparse", true).member("Id", target.id).member("SyncToken", target.version);
    if (target.reactivate) json.member("Active", true);
}

void put_ref(JsonText& json, std::string_view name, const std::string& id) {
    json.key(name).object().member("value", id).close();
}

void put_address(JsonText& json, const Address& address) {
    constexpr std::string_view kLines[] = {"Line1", "Line2", "Line3", "Line4"};
    json.key("BillAddr").object();
    for (std::size_t i = 0; i < address.lines.size() && i < std::size(kLines); ++i)
        json.member(kLines[i], address.lines[i]);
    json.member("City", address.city).member("CountrySubDivisionCode", address.region);
    json.member("PostalCode", address.postal_code).member("Country", address.country).close();
}

/// Whether quantity × price makes exactly this amount. If not, both are left out: error 6070 would refuse the document.
bool multiplies_to(Decimal quantity, Decimal price, Decimal amount) {
    if (quantity.shortest().scale() > kPlacesMax || price.shortest().scale() > kPlacesMax) return false;
    const Result<Decimal> product = multiply(quantity, price, amount.scale(), Rounding::half_away_from_zero);
    return product.ok() && *product == amount;
}

void put_line(JsonText& json, const Line& line, const CodedLine& coded, bool inclusive) {
    json.object().member("Amount", coded.net).member("Description", line.description);
    json.member("DetailType", "SalesItemLineDetail").key("SalesItemLineDetail").object();
    put_ref(json, "ItemRef", coded.item_id);
    if (multiplies_to(line.quantity, line.unit_price, coded.net))
        json.member("Qty", line.quantity.shortest()).member("UnitPrice", line.unit_price.shortest());
    if (!coded.tax_code.empty()) put_ref(json, "TaxCodeRef", coded.tax_code);
    // With tax inside, Amount is the net and this the gross: stating both leaves nothing to guess.
    if (inclusive) json.member("TaxInclusiveAmt", coded.amount);
    json.close().close();
}

std::string_view tax_word(Amounts amounts) {
    switch (amounts) {
        case Amounts::exclusive: return "TaxExcluded";
        case Amounts::inclusive: return "TaxInclusive";
        case Amounts::none: return "NotApplicable";
    }
    return "NotApplicable";
}

}  // namespace

std::string contact_body(const Contact& contact, const std::string& name, bool vendor, const Target& target) {
    JsonText json;
    begin(json, target);
    json.member("DisplayName", name);
    if (contact.email) json.key("PrimaryEmailAddr").object().member("Address", *contact.email).close();
    if (contact.phone) json.key("PrimaryPhone").object().member("FreeFormNumber", *contact.phone).close();
    if (contact.address) put_address(json, *contact.address);
    json.member(vendor ? "TaxIdentifier" : "PrimaryTaxIdentifier", contact.tax_number);
    // A contact's currency is fixed when it is made.
    if (contact.currency && target.verb == Verb::create) put_ref(json, "CurrencyRef", contact.currency->code);
    json.close();
    return std::move(json).take();
}

std::string item_description(const Item& item) {
    std::string description = item.name;
    if (item.description && *item.description != item.name) description += "\n" + *item.description;
    return description;
}

std::string item_body(const Item& item, const std::string& income_account, const Target& target) {
    JsonText json;
    begin(json, target);
    json.member("Name", item.code).member("Sku", item.code);
    const std::string description = item_description(item);
    json.member("Description", utf8_prefix(description, kItemDescriptionMax));
    // Without stock there is nothing to count; an item that people made an inventory item stays one.
    if (target.verb == Verb::create) json.member("Type", "Service");
    if (item.unit_price) {
        const Decimal price = item.unit_price->shortest();
        json.member("UnitPrice", price.scale() <= kPlacesMax
                                     ? price
                                     : price.rounded(kPlacesMax, Rounding::half_away_from_zero).shortest());
    }
    put_ref(json, "IncomeAccountRef", income_account);
    json.close();
    return std::move(json).take();
}

std::string document_body(const DocumentParts& parts, const Target& target) {
    const Document& document = parts.document;
    JsonText json;
    begin(json, target);
    json.member("DocNumber", document.number).member("TxnDate", document.date.to_string());
    if (parts.with_due_date && document.due_date) json.member("DueDate", document.due_date->to_string());
    put_ref(json, "CustomerRef", parts.customer_id);
    if (target.verb == Verb::create) put_ref(json, "CurrencyRef", document.currency.code);
    if (!parts.us) json.member("GlobalTaxCalculation", tax_word(document.amounts));
    if (!parts.note.empty()) json.member("PrivateNote", parts.note);
    json.key("Line").array();
    for (std::size_t i = 0; i < document.lines.size(); ++i)
        put_line(json, document.lines[i], parts.coded.lines[i], document.amounts == Amounts::inclusive);
    json.close();
    // An update says also that there is no tax any more: in a sparse one, what is left out stays.
    const Decimal tax = parts.coded.taxed ? document.tax_total : Decimal(0, document.currency.places());
    if (parts.coded.taxed || (parts.us && target.verb != Verb::create))
        json.key("TxnTaxDetail").object().member("TotalTax", tax).close();
    json.close();
    return std::move(json).take();
}

std::string payment_body(const PaymentParts& parts) {
    JsonText json;
    json.object().member("TotalAmt", parts.total);
    put_ref(json, "CustomerRef", parts.customer_id);
    put_ref(json, "CurrencyRef", parts.currency.code);
    json.member("TxnDate", parts.date.to_string())
        .member("PaymentRefNum", parts.marker)
        .member("PrivateNote", parts.note);
    if (!parts.account.empty()) put_ref(json, "DepositToAccountRef", parts.account);
    json.key("Line").array();
    for (const Linked& line : parts.lines) {
        json.object().member("Amount", line.amount).key("LinkedTxn").array().object();
        json.member("TxnId", line.id).member("TxnType", line.entity).close().close().close();
    }
    json.close().close();
    return std::move(json).take();
}

std::string ending_body(std::string_view entity, const Target& target) {
    JsonText json;
    json.object();
    if (is_name_list(entity) || (entity == kPayment && target.verb == Verb::void_)) json.member("sparse", true);
    json.member("Id", target.id).member("SyncToken", target.version);
    if (is_name_list(entity)) json.member("Active", false);
    json.close();
    return std::move(json).take();
}

std::string note_of(const std::optional<std::string>& memo, const std::optional<std::string>& reference,
                    const std::string& tag) {
    std::string note;
    if (memo && !memo->empty()) note += *memo + "\n";
    if (reference && !reference->empty()) note += *reference + "\n";
    return note + tag;
}

std::string updated_note(const std::string& ours, const std::string& current, const std::string& tag) {
    const auto at = current.find(tag);
    if (at == std::string::npos) return current.empty() ? ours : ours + "\n" + current;
    // A new memo may be the tail of the old one, so what stands before the tag is compared as a whole.
    const auto ours_end = at + tag.size();
    return current.compare(0, ours_end, ours) == 0 ? std::string() : ours + current.substr(ours_end);
}

}  // namespace spillway::qbo
