#include "connectors/xero/remote.hpp"

#include <array>
#include <span>

#include "connectors/xero/words.hpp"
#include "schema/sha256.hpp"

namespace spillway::xero {
namespace {

std::string text_of(const JsonValue& value) {
    return value.is_number() ? value.decimal_or({}).to_shortest() : std::string(value.text());
}

std::string joined(const JsonValue& object, std::initializer_list<const char*> names) {
    std::string text;
    for (const char* name : names) text += text_of(object[name]) + '\x1f';
    return text;
}

std::string date_text(const JsonValue& element, std::string_view name) {
    const std::optional<Date> date = date_in(element, name);
    return date ? date->to_string() : std::string();
}

// Nothing for a line that people gave no tracking category.
std::string tracking_text(const JsonValue& line) {
    std::string text;
    for (const JsonValue& category : line["Tracking"].items()) text += joined(category, {"Name", "Option"});
    return text;
}

// Lines are one field: they are replaced together, and with them what people added to them.
std::string lines_text(const JsonValue& element) {
    std::string text;
    for (const JsonValue& line : element["LineItems"].items())
        text += joined(line,
                       {"Description", "Quantity", "UnitAmount", "LineAmount", "ItemCode", "AccountCode", "TaxType"}) +
                tracking_text(line) + '\x1e';
    return text;
}

std::string taxes_text(const JsonValue& element) {
    std::string text;
    for (const JsonValue& line : element["LineItems"].items()) text += text_of(line["TaxAmount"]) + '\x1e';
    return text;
}

// Xero gives every type of address and phone back, most of them empty; only the one that we write counts.
const JsonValue& typed(const JsonValue& list, const char* member, std::string_view type) {
    static const JsonValue none;
    for (const JsonValue& one : list.items())
        if (one[member].text() == type) return one;
    return none;
}

struct OwnedField {
    char letter;
    const char* member;  // in a body: the field is ours where the body has it
    std::string (*text)(const JsonValue&);
};

constexpr std::array<OwnedField, 9> kDocumentFields{{
    {'C', "Contact", [](const JsonValue& e) { return text_of(e["Contact"]["ContactID"]); }},
    {'D', "Date", [](const JsonValue& e) { return date_text(e, "Date"); }},
    {'U', "DueDate", [](const JsonValue& e) { return date_text(e, "DueDate"); }},
    {'R', "Reference", [](const JsonValue& e) { return text_of(e["Reference"]); }},
    {'A', "LineAmountTypes", [](const JsonValue& e) { return text_of(e["LineAmountTypes"]); }},
    {'Y', "CurrencyCode", [](const JsonValue& e) { return text_of(e["CurrencyCode"]); }},
    {'L', "LineItems", lines_text},
    // Written with the lines: the taxes, by default Xero's own, and the number, which an update names only to change
    // it.
    {'T', "LineItems", taxes_text},
    {'N', "LineItems", [](const JsonValue& e) { return joined(e, {"InvoiceNumber", "CreditNoteNumber"}); }},
}};
constexpr std::array<OwnedField, 6> kContactFields{{
    {'N', "Name", [](const JsonValue& e) { return text_of(e["Name"]); }},
    {'E', "EmailAddress", [](const JsonValue& e) { return text_of(e["EmailAddress"]); }},
    {'P', "Phones",
     [](const JsonValue& e) { return text_of(typed(e["Phones"], "PhoneType", "DEFAULT")["PhoneNumber"]); }},
    {'T', "TaxNumber", [](const JsonValue& e) { return text_of(e["TaxNumber"]); }},
    {'A', "Addresses",
     [](const JsonValue& e) {
         return joined(typed(e["Addresses"], "AddressType", "POBOX"),
                       {"AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4", "City", "Region", "PostalCode",
                        "Country"});
     }},
    {'Y', "DefaultCurrency", [](const JsonValue& e) { return text_of(e["DefaultCurrency"]); }},
}};
constexpr std::array<OwnedField, 4> kItemFields{{
    {'C', "Code", [](const JsonValue& e) { return text_of(e["Code"]); }},
    {'N', "Name", [](const JsonValue& e) { return text_of(e["Name"]); }},
    {'D', "Description", [](const JsonValue& e) { return text_of(e["Description"]); }},
    {'S', "SalesDetails",
     [](const JsonValue& e) { return joined(e["SalesDetails"], {"UnitPrice", "AccountCode", "TaxType"}); }},
}};
constexpr std::array<OwnedField, 4> kSettlementFields{{
    {'I', "Invoice", [](const JsonValue& e) { return text_of(e["Invoice"]["InvoiceID"]); }},
    {'M', "Amount", [](const JsonValue& e) { return text_of(e["Amount"]); }},
    {'D', "Date", [](const JsonValue& e) { return date_text(e, "Date"); }},
    {'R', "Reference", [](const JsonValue& e) { return text_of(e["Reference"]); }},
}};

std::span<const OwnedField> fields_for(std::string_view entity) {
    if (entity == kContacts) return kContactFields;
    if (entity == kItems) return kItemFields;
    if (entity == kInvoices || entity == kCreditNotes) return kDocumentFields;
    return kSettlementFields;
}

std::string all_fields(std::string_view entity) {
    std::string letters;
    for (const OwnedField& field : fields_for(entity)) letters += field.letter;
    return letters;
}

std::optional<Decimal> amount_in(const JsonValue& element, const char* name) {
    const Result<Decimal> amount = element[name].as_decimal();
    return amount ? std::optional(*amount) : std::nullopt;
}

RemoteObject remote_of(const Entity& entity, const JsonValue& element) {
    RemoteObject object;
    object.entity = entity.name;
    object.id = element[entity.id].text();
    object.marker = element[entity.marker].text();
    object.owned_hash = owned_hash(entity.name, element, all_fields(entity.name));
    object.live = is_live(element);
    object.date = date_in(element, "Date");
    object.body = write_json(element);
    if (entity.name == kItems) object.version = object.marker;
    if (entity.name == kInvoices || entity.name == kCreditNotes) {
        object.counterparty = element["Contact"]["ContactID"].text();
        object.total = amount_in(element, "Total");
    }
    if (entity.name == kPayments) object.total = amount_in(element, "Amount");
    return object;
}

// A credit note shows its allocations; they cannot be read alone.
void add_allocations(const JsonValue& credit_note, std::vector<RemoteObject>& out) {
    for (const JsonValue& element : credit_note["Allocations"].items()) {
        if (element["IsDeleted"].bool_or(false)) continue;
        RemoteObject object = remote_of(*entity_of(kAllocations), element);
        object.version = object.id;
        object.id = allocation_id(credit_note["CreditNoteID"].text(), element["Invoice"]["InvoiceID"].text());
        object.marker = object.id;
        object.total = amount_in(element, "Amount");
        out.push_back(std::move(object));
    }
}

}  // namespace

std::string owned_fields(std::string_view entity, const JsonValue& body) {
    std::string letters;
    for (const OwnedField& field : fields_for(entity))
        if (body.find(field.member)) letters += field.letter;
    return letters;
}

std::string owned_hash(std::string_view entity, const JsonValue& element, std::string_view fields) {
    std::string text;
    for (const OwnedField& field : fields_for(entity))
        if (fields.find(field.letter) != std::string_view::npos) text += field.letter + field.text(element) + '\x1d';
    return std::string(fields) + ":" + sha256_hex(text).substr(0, 32);
}

std::string_view fields_of(std::string_view hash) { return hash.substr(0, hash.find(':')); }

bool holds(const JsonValue& element, const JsonValue& body) {
    if (body.is_object()) {
        for (const JsonMember& member : body.members()) {
            if (member.name == "Status") continue;
            const bool date = member.name == "Date" || member.name == "DueDate";
            const bool same = date ? date_text(element, member.name) == member.value.text()
                                   : holds(element[member.name], member.value);
            if (!same) return false;
        }
        return true;
    }
    if (body.is_array()) {
        // Addresses and phones come back with every type; documents' lines exactly as many as were sent.
        if (!body.items().empty() && (body.items()[0].find("AddressType") || body.items()[0].find("PhoneType"))) {
            for (const JsonValue& wanted : body.items()) {
                const char* type = wanted.find("AddressType") ? "AddressType" : "PhoneType";
                if (!holds(typed(element, type, wanted[type].text()), wanted)) return false;
            }
            return true;
        }
        if (element.items().size() != body.items().size()) return false;
        for (std::size_t i = 0; i < body.items().size(); ++i)
            if (!holds(element.items()[i], body.items()[i])) return false;
        return true;
    }
    return text_of(element) == text_of(body);
}

std::vector<RemoteObject> remote_objects(const JsonValue& answer) {
    std::vector<RemoteObject> objects;
    for (const std::string_view name : {kContacts, kItems, kInvoices, kCreditNotes, kPayments}) {
        for (const JsonValue& element : answer[name].items()) {
            // Bills and supplier credits share the collections and may share our numbers.
            const std::string_view type = element["Type"].text();
            if (name == kInvoices && !type.empty() && type != "ACCREC") continue;
            if (name == kCreditNotes && !type.empty() && type != "ACCRECCREDIT") continue;
            objects.push_back(remote_of(*entity_of(name), element));
            if (name == kCreditNotes) add_allocations(element, objects);
        }
    }
    return objects;
}

std::string allocation_id(std::string_view credit_note, std::string_view invoice) {
    return std::string(credit_note) + "/" + std::string(invoice);
}

}  // namespace spillway::xero
