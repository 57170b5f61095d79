// Contacts, items and documents as Xero takes them.
#include "connectors/xero/desk.hpp"
#include "connectors/xero/mapping.hpp"
#include "connectors/xero/plan.hpp"
#include "connectors/xero/totals.hpp"
#include "connectors/xero/words.hpp"
#include "schema/json_text.hpp"
#include "schema/record_rules.hpp"
#include "schema/utf8.hpp"

namespace spillway::xero {
namespace {

// Contacts ------------------------------------------------------------------------------------------------------------

void put_address(JsonText& json, const Address& address) {
    // POBOX is what Xero prints on documents (docs "Types": postal address).
    json.key("Addresses").array().object().member("AddressType", "POBOX");
    for (std::size_t i = 0; i < address.lines.size() && i < 4; ++i)
        json.member("AddressLine" + std::to_string(i + 1), address.lines[i]);
    json.member("City", address.city).member("Region", address.region);
    json.member("PostalCode", address.postal_code).member("Country", address.country);
    json.close().close();
}

}  // namespace

PreparedObject contact_object(Desk& desk, const Contact& contact) {
    PreparedObject object;
    object.marker = contact_number(desk.subject.external_id);
    JsonText json;
    json.object();
    if (!desk.creates()) json.member("ContactID", link_of(desk.subject, desk.step.role)->id);
    json.member("Name", contact.name);
    if (desk.creates()) json.member("ContactNumber", object.marker);
    json.member("EmailAddress", contact.email);
    if (contact.phone) {
        check_length(desk, *contact.phone, kPhoneMax, "phone_too_long", "phone numbers");
        json.key("Phones").array().object().member("PhoneType", "DEFAULT").member("PhoneNumber", *contact.phone);
        json.close().close();
    }
    if (contact.tax_number)
        check_length(desk, *contact.tax_number, kTaxNumberMax, "tax_number_too_long", "tax numbers");
    json.member("TaxNumber", contact.tax_number);
    if (contact.address) put_address(json, *contact.address);
    if (contact.currency) json.member("DefaultCurrency", contact.currency->code);
    json.close();
    object.body = std::move(json).take();
    return object;
}

namespace {

// Items ---------------------------------------------------------------------------------------------------------------

}  // namespace

PreparedObject item_object(Desk& desk, const Item& item) {
    check_length(desk, item.code, kItemCodeMax, "number_too_long", "item codes");
    PreparedObject object;
    object.marker = item.code;
    JsonText json;
    json.object();
    if (!desk.creates()) json.member("ItemID", link_of(desk.subject, desk.step.role)->id);
    json.member("Code", item.code);  // the schema requires it of updates too
    const std::string_view name = utf8_prefix(item.name, kItemNameMax);
    json.member("Name", name);
    // A name that had to be cut is kept whole where Xero has room.
    json.member("Description", item.description ? *item.description : item.name);
    json.key("SalesDetails").object();
    if (item.unit_price) json.member("UnitPrice", item.unit_price->rounded(kPricePlaces, kRounding).shortest());
    json.member("AccountCode", desk.account(item.account, desk.mapping.sales_account, "sales_account"));
    if (item.tax_code || !desk.mapping.tax_code.empty()) json.member("TaxType", desk.tax_code(item.tax_code));
    json.close().close();
    object.body = std::move(json).take();
    return object;
}

namespace {

// Documents -----------------------------------------------------------------------------------------------------------

std::string_view line_amount_types(Amounts amounts) {
    switch (amounts) {
        case Amounts::exclusive: return "Exclusive";
        case Amounts::inclusive: return "Inclusive";
        case Amounts::none: return "NoTax";
    }
    return "";
}

// What a folded line was, so that a reader of the document still sees it.
std::string description_of(const Line& line, const WireLine& wire) {
    if (!wire.folded) return line.description;
    const std::string was = " (" + line.quantity.to_shortest() + " x " + line.unit_price.to_shortest() + ")";
    constexpr std::size_t kDescriptionMax = 4'000;  // docs
    return std::string(utf8_prefix(line.description, kDescriptionMax - was.size())) + was;
}

// Accounts and tax codes of every line, then Xero's own arithmetic over them.
Result<Totals> put_lines(Desk& desk, JsonText& json, const Document& document) {
    std::vector<std::string> tax_codes;
    std::vector<Decimal> percents;
    for (const Line& line : document.lines) {
        const bool taxed = document.amounts != Amounts::none;
        tax_codes.push_back(taxed ? desk.tax_code(line.tax_code) : std::string());
        percents.push_back(taxed ? desk.percent(tax_codes.back()) : Decimal{});
    }
    Result<Totals> totals = predict(document, percents);
    if (!totals) return totals;
    json.key("LineItems").array();
    for (std::size_t i = 0; i < document.lines.size(); ++i) {
        const Line& line = document.lines[i];
        const WireLine& wire = totals->lines[i];
        json.object().member("Description", description_of(line, wire));
        json.member("Quantity", wire.quantity).member("UnitAmount", wire.unit_amount).member("LineAmount", wire.amount);
        if (line.item)  // an item's Code is kept in its link's version
            json.member("ItemCode", desk.referent(RecordKind::item, *line.item, kItemRole, kItems, &Link::version));
        json.member("AccountCode", desk.account(line.account, desk.mapping.sales_account, "sales_account"));
        if (!tax_codes[i].empty()) json.member("TaxType", tax_codes[i]);
        json.member("TaxAmount", wire.tax).close();
    }
    json.close();
    return totals;
}

// With tax inside, a wrong tax leaves the total as it is, so it is compared by itself. Rounding may differ by a minor
// unit a line.
void check_tax(Desk& desk, const Document& document, const Totals& totals) {
    if (document.amounts != Amounts::inclusive) return;
    const Decimal rounding(static_cast<std::int64_t>(document.lines.size()), kAmountPlaces);
    if ((document.tax_total - totals.tax).abs() <= std::max(desk.mapping.rounding_bound, rounding)) return;
    desk.refuse(rejected("tax_mismatch", "stated tax " + document.tax_total.to_string() + ", but Xero would compute " +
                                             totals.tax.to_string() + " within " + document.total.to_string() +
                                             "; correct the record or its tax codes"));
}

void check_total(Desk& desk, const Document& document, const Totals& totals) {
    check_cents(desk, document.total);
    check_cents(desk, document.tax_total);
    check_tax(desk, document, totals);
    const Decimal difference = (document.total - totals.total).abs();
    if (difference <= desk.mapping.rounding_bound) return;
    desk.refuse(rejected("total_mismatch", "stated total " + document.total.to_string() + ", but Xero would compute " +
                                               totals.total.to_string() + " (tax " + totals.tax.to_string() +
                                               "); correct the record or raise the connection's rounding bound of " +
                                               desk.mapping.rounding_bound.to_string()));
}

// Without an id, POST takes a number for the document of that number, so an update says it only to change it. That a
// credit note takes another number is not documented.
bool is_renumbered(Desk& desk, const Document& document, bool credit) {
    if (desk.creates() || !desk.current || desk.current->marker.empty()) return false;
    if (desk.current->marker == document.number) return false;
    if (credit)
        desk.refuse(rejected("number_changed", "the credit note is " + desk.current->marker +
                                                   " in the books, and its number cannot be changed to " +
                                                   document.number + "; void it and submit another"));
    return !credit;
}

}  // namespace

PreparedObject document_object(Desk& desk, const Document& document, bool credit) {
    PreparedObject object;
    object.marker = document.number;
    object.date = document.date;
    object.counterparty = desk.referent(RecordKind::contact, document.contact, kContactRole, kContacts);
    check_length(desk, document.number, kDocumentNumberMax, "number_too_long", "document numbers");
    check_open_period(desk, document.date);
    JsonText json;
    json.object();
    if (desk.creates())
        json.member("Type", credit ? "ACCRECCREDIT" : "ACCREC");
    else
        json.member(credit ? "CreditNoteID" : "InvoiceID", link_of(desk.subject, desk.step.role)->id);
    // Of the contact nothing but its id: anything more would change the contact itself.
    json.key("Contact").object().member("ContactID", object.counterparty).close();
    json.member("Date", document.date.to_string());
    if (!credit) {
        // An approved invoice needs a due date (assumed): due at once, where the record names none.
        if (document.due_date || desk.creates())
            json.member("DueDate", document.due_date.value_or(document.date).to_string());
    }
    json.member("LineAmountTypes", line_amount_types(document.amounts));
    if (desk.creates() || is_renumbered(desk, document, credit))
        json.member(credit ? "CreditNoteNumber" : "InvoiceNumber", document.number);
    if (document.reference) json.member("Reference", utf8_prefix(*document.reference, kReferenceMax));
    json.member("CurrencyCode", document.currency.code);
    if (desk.creates()) json.member("Status", desk.mapping.document_status == "draft" ? "DRAFT" : "AUTHORISED");
    const Result<Totals> totals = put_lines(desk, json, document);
    json.close();
    if (!totals) {
        desk.refuse(rejected(totals.error().code, totals.error().detail));
        return object;
    }
    check_total(desk, document, *totals);
    object.body = std::move(json).take();
    object.total = totals->total;
    JsonText extra;
    extra.object().member("tolerance", desk.mapping.rounding_bound).close();
    object.extra = std::move(extra).take();
    return object;
}

}  // namespace spillway::xero
