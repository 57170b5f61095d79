#pragma once
// Records, books and answers for the tests of the QuickBooks Online provider.

#include <string>

#include "connectors/qbo/qbo.hpp"

namespace spillway::qbo_test {

inline Decimal dec(std::string_view text) { return Decimal::parse(text).value(); }
inline Date day(std::string_view text) { return Date::parse(text).value(); }

inline Books uk_books() {
    Books books;
    books.tenant_id = "9130";
    books.name = "Acme UK";
    books.base_currency = Currency{"GBP"};
    books.country = "GB";
    books.accounts = {{"1", "1", "Sales of Product Income", "Income", true, true, false},
                      {"4", "4", "Undeposited Funds", "Other Current Asset", true, false, true},
                      {"5", "5", "Current Account", "Bank", true, false, true},
                      {"9", "item:9", "Services", "Item", true, false, false}};
    books.tax_rates = {{"1", "20.0% S", dec("20"), true, true},
                       {"2", "5.0% R", dec("5"), true, true},
                       {"5", "No VAT", dec("0"), true, true}};
    return books;
}

inline Books us_books() {
    Books books = uk_books();
    books.base_currency = Currency{"USD"};
    books.country = "US";
    books.us_sales_tax = true;
    books.tax_rates = {{"TAX", "Taxable", {}, true, true}, {"NON", "Not taxable", {}, true, true}};
    return books;
}

inline Mapping mapping() {
    Mapping mapping;
    mapping.sales_account = "1";
    mapping.payment_account = "4";
    mapping.tax_code = "1";
    mapping.tax_codes = {{"reduced", "2"}, {"none", "5"}, {"lost", "77"}};
    mapping.accounts = {{"bank", "5"}, {"consulting", "item:9"}};
    mapping.rounding_bound = dec("0.01");
    return mapping;
}

inline Line line(std::string_view quantity, std::string_view price) {
    Line line;
    line.item = "SKU-1";
    line.description = "Lantern";
    line.quantity = dec(quantity);
    line.unit_price = dec(price);
    return line;
}

/// Two lanterns at 5.00, without tax: total 10.00.
inline Document document() {
    Document document;
    document.contact = "C-1";
    document.number = "INV-1";
    document.date = day("2010-12-01");
    document.currency = Currency{"GBP"};
    document.lines = {line("2", "5.00")};
    document.total = dec("10.00");
    return document;
}

inline Link link(std::string role, std::string entity, std::string id, std::int64_t record_version = 1) {
    Link link;
    link.role = std::move(role);
    link.entity = std::move(entity);
    link.id = std::move(id);
    link.version = "0";
    link.record_version = record_version;
    return link;
}

inline Subject subject(RecordBody body, std::string external_id, std::int64_t version = 1) {
    Record record{std::move(body), std::nullopt};
    Subject subject{record.kind(), std::move(external_id), version, record, false, {}, {}};
    subject.referents[{RecordKind::contact, "C-1"}] = {link("customer", "Customer", "58")};
    subject.referents[{RecordKind::item, "SKU-1"}] = {link("item", "Item", "7")};
    subject.referents[{RecordKind::invoice, "I-1"}] = {link("document", "Invoice", "130")};
    subject.referents[{RecordKind::invoice, "I-2"}] = {link("document", "Invoice", "131")};
    return subject;
}

inline Subject an_invoice(Document content = document()) { return subject(Invoice{std::move(content)}, "I-1"); }
inline Subject a_credit_note(std::vector<Application> applies_to = {}) {
    CreditNote note{document(), std::move(applies_to)};
    note.document.number = "CN-1";
    return subject(note, "CN-1");
}
inline Subject a_payment() {
    Payment payment;
    payment.contact = "C-1";
    payment.date = day("2010-12-24");
    payment.currency = Currency{"GBP"};
    payment.amount = dec("25.00");
    payment.applies_to = {{"I-1", dec("10.00")}, {"I-2", dec("12.50")}};
    payment.reference = "CHQ 100012";
    return subject(payment, "P-1");
}
inline Contact contact(bool customer, bool supplier) {
    Contact contact;
    contact.name = "O'Neil \\ Sons";
    contact.customer = customer;
    contact.supplier = supplier;
    return contact;
}
inline Item item() {
    Item item;
    item.code = "85123A";
    item.name = "WHITE HANGING HEART";
    item.unit_price = dec("2.550");
    return item;
}

inline Step creation(std::string role, std::string entity) {
    return {Verb::create, std::move(role), std::move(entity)};
}
inline Step the_document(Verb verb, std::string entity = "Invoice") { return {verb, "document", std::move(entity)}; }

/// A step's own object as it is now; without an id it gets that of the subject's link.
inline std::vector<RemoteObject> as_read(const Subject& subject, const Step& step, const RemoteObject* current) {
    std::vector<RemoteObject> read;
    if (current == nullptr) return read;
    read.push_back(*current);
    for (const Link& one : subject.links) {
        if (one.role != step.role || !read[0].id.empty()) continue;
        read[0].id = one.id;
        read[0].entity = one.entity;
    }
    return read;
}

/// The object of the invoice that `an_invoice` makes, prepared for creation.
inline PreparedObject prepared_invoice(std::string external_id = "I-1", std::string number = "INV-1") {
    Subject made = an_invoice();
    made.external_id = std::move(external_id);
    std::get<Invoice>(made.record.body).document.number = std::move(number);
    return make_qbo()->prepare(made, the_document(Verb::create), mapping(), uk_books(), {}).value();
}

inline SendResult answered(int status, std::string body, HttpHeaders headers = {}) {
    return {Stage::answered, {status, std::move(headers), std::move(body)}, {}};
}

/// An invoice as QuickBooks answers it: with a subtotal line and fields of its own.
inline std::string invoice_json(std::string_view id, std::string_view token, std::string_view number,
                                std::string_view total, std::string_view note) {
    std::string text =
        R"({"Id":")" + std::string(id) + R"(","SyncToken":")" + std::string(token) + R"(","DocNumber":")";
    text += std::string(number) + R"(","TxnDate":"2010-12-01","CustomerRef":{"value":"58","name":"Acme"},)";
    text +=
        R"("CurrencyRef":{"value":"GBP"},"GlobalTaxCalculation":"NotApplicable","Line":[{"Id":"1","LineNum":1,"Amount":10.00,)";
    text +=
        R"("Description":"Lantern","DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"7"},"Qty":2,)";
    text +=
        R"("UnitPrice":5}},{"Amount":10.00,"DetailType":"SubTotalLineDetail","SubTotalLineDetail":{}}],"TotalAmt":)";
    return text + std::string(total) + R"(,"Balance":0,"PrivateNote":")" + std::string(note) + "\"}";
}

}  // namespace spillway::qbo_test
