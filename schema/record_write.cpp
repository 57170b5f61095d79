// The canonical text of a record. The order of members is part of its hash: it never changes.
#include "schema/json_text.hpp"
#include "schema/record_json.hpp"

namespace spillway {
namespace {

std::optional<Decimal> shortest(const std::optional<Decimal>& number) {
    return number ? std::optional(number->shortest()) : std::nullopt;
}

std::optional<std::string> code_of(const std::optional<Currency>& currency) {
    return currency ? std::optional(currency->code) : std::nullopt;
}

void write(JsonText& out, const Address& address) {
    out.object();
    if (!address.lines.empty()) {
        out.key("lines").array();
        for (const std::string& line : address.lines) out.value(line);
        out.close();
    }
    out.member("city", address.city).member("region", address.region).member("postal_code", address.postal_code);
    out.member("country", address.country).close();
}

void write(JsonText& out, const Line& line) {
    out.object().member("item", line.item).member("description", line.description);
    out.member("quantity", line.quantity.shortest()).member("unit_price", line.unit_price.shortest());
    out.member("amount", shortest(line.amount)).member("account", line.account).member("tax_code", line.tax_code);
    out.member("tax", shortest(line.tax)).close();
}

void write(JsonText& out, const std::vector<Application>& applications) {
    if (applications.empty()) return;
    out.key("applies_to").array();
    for (const Application& application : applications)
        out.object().member("invoice", application.invoice).member("amount", application.amount.shortest()).close();
    out.close();
}

void write_members(JsonText& out, const Contact& contact) {
    out.member("name", contact.name).member("customer", contact.customer).member("supplier", contact.supplier);
    out.member("email", contact.email).member("phone", contact.phone).member("tax_number", contact.tax_number);
    if (contact.address) write(out.key("address"), *contact.address);
    out.member("currency", code_of(contact.currency));
}

void write_members(JsonText& out, const Item& item) {
    out.member("code", item.code).member("name", item.name).member("description", item.description);
    out.member("unit_price", shortest(item.unit_price))
        .member("account", item.account)
        .member("tax_code", item.tax_code);
}

void write_members(JsonText& out, const Document& document) {
    out.member("contact", document.contact).member("number", document.number).member("date", document.date.to_string());
    if (document.due_date) out.member("due_date", document.due_date->to_string());
    out.member("currency", document.currency.code).member("amounts", to_string(document.amounts));
    out.key("lines").array();
    for (const Line& line : document.lines) write(out, line);
    out.close();
    out.member("tax_total", document.tax_total.shortest()).member("total", document.total.shortest());
    out.member("reference", document.reference).member("memo", document.memo);
}

void write_members(JsonText& out, const Invoice& invoice) { write_members(out, invoice.document); }

void write_members(JsonText& out, const CreditNote& credit_note) {
    write_members(out, credit_note.document);
    write(out, credit_note.applies_to);
}

void write_members(JsonText& out, const Payment& payment) {
    out.member("contact", payment.contact).member("date", payment.date.to_string());
    out.member("currency", payment.currency.code).member("amount", payment.amount.shortest());
    write(out, payment.applies_to);
    out.member("account", payment.account).member("reference", payment.reference);
}

}  // namespace

std::string write_record(const Record& record) {
    JsonText out;
    out.object();
    std::visit([&out](const auto& body) { write_members(out, body); }, record.body);
    out.member("source_version", record.source_version).close();
    return std::move(out).take();
}

}  // namespace spillway
