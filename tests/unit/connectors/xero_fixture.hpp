#pragma once
// One small organisation and the records that the Xero tests speak of.

#include <gtest/gtest.h>

#include "connectors/xero/xero.hpp"
#include "schema/json_value.hpp"

namespace spillway::xero_test {

inline const std::string kTenant = "7ee0a15f-0000-4000-8000-000000000001";
inline const std::string kKey = "0123456789abcdef0123456789abcdef";
inline const std::string kContactId = "c0000000-0000-4000-8000-000000000001";
inline const std::string kInvoiceId = "10000000-0000-4000-8000-000000000001";
inline const std::string kCreditId = "cd000000-0000-4000-8000-000000000001";
inline const std::string kItemId = "17000000-0000-4000-8000-000000000001";
inline const std::string kPaymentId = "9a000000-0000-4000-8000-000000000001";
inline const std::string kNoId = "00000000-0000-0000-0000-000000000000";

inline const Provider& provider() {
    static const std::unique_ptr<Provider> xero = make_xero();
    return *xero;
}

inline Decimal dec(std::string_view text) { return *Decimal::parse(text); }
inline Date day(std::string_view text) { return *Date::parse(text); }

inline Books books() {
    Books books;
    books.tenant_id = kTenant;
    Account sales{.id = "a-200", .code = "200", .name = "Sales", .type = "REVENUE"};
    sales.takes_sales = true;
    Account bank{.id = "a-bank", .code = "a-bank", .name = "Bank", .type = "BANK"};
    bank.takes_payments = true;
    Account clearing{.id = "a-091", .code = "091", .name = "Card clearing", .type = "CURRENT"};
    clearing.takes_payments = true;
    Account old{.id = "a-old", .code = "299", .name = "Old sales", .type = "SALES"};
    old.active = false;
    old.takes_sales = true;
    books.accounts = {bank, clearing, sales, old};
    books.tax_rates = {{.code = "NONE", .name = "No VAT", .percent = dec("0")},
                       {.code = "OUTPUT2", .name = "20% (VAT on Income)", .percent = dec("20")},
                       {.code = "RRINPUT", .name = "5% in", .percent = dec("5"), .active = true, .for_sales = false}};
    return books;
}

inline Mapping mapping() {
    Mapping mapping;
    mapping.sales_account = "200";
    mapping.payment_account = "091";
    mapping.tax_code = "OUTPUT2";
    mapping.accounts = {{"till", "a-bank"}, {"closed", "299"}};
    mapping.tax_codes = {{"zero", "NONE"}, {"gone", "OLD"}};
    mapping.rounding_bound = dec("0.01");
    return mapping;
}

inline Link link(std::string role, std::string entity, std::string id, std::int64_t version = 1) {
    Link link;
    link.role = std::move(role);
    link.entity = std::move(entity);
    link.id = std::move(id);
    link.record_version = version;
    return link;
}

inline Line line(std::string description, std::string_view quantity, std::string_view price) {
    return {.item = {},
            .description = std::move(description),
            .quantity = dec(quantity),
            .unit_price = dec(price),
            .amount = {},
            .account = {},
            .tax_code = {},
            .tax = {}};
}

inline Document document(std::string number = "INV-1") {
    Document document;
    document.contact = "cust-1";
    document.number = std::move(number);
    document.date = day("2010-12-01");
    document.due_date = day("2010-12-31");
    document.currency = Currency{"GBP"};
    document.amounts = Amounts::exclusive;
    document.lines = {line("Lantern", "3", "2.55")};
    document.tax_total = dec("1.53");
    document.total = dec("9.18");
    return document;
}

inline Subject subject_of(RecordBody body, std::string external_id) {
    Subject subject;
    subject.record.body = std::move(body);
    subject.kind = subject.record.kind();
    subject.external_id = std::move(external_id);
    subject.referents[{RecordKind::contact, "cust-1"}] = {link("contact", "Contacts", kContactId)};
    subject.referents[{RecordKind::invoice, "inv-1"}] = {link("document", "Invoices", kInvoiceId)};
    Link item = link("item", "Items", kItemId);
    item.version = "22423";
    subject.referents[{RecordKind::item, "item-1"}] = {item};
    return subject;
}

inline Subject invoice_subject(Document body = document()) { return subject_of(Invoice{std::move(body)}, "inv-1"); }

inline Subject credit_subject() {
    CreditNote note;
    note.document = document("CN-1");
    note.document.due_date.reset();
    note.applies_to = {{"inv-1", dec("5.00")}};
    return subject_of(note, "cn-1");
}

inline Subject payment_subject() {
    Payment payment;
    payment.contact = "cust-1";
    payment.date = day("2010-12-05");
    payment.currency = Currency{"GBP"};
    payment.amount = dec("9.18");
    payment.applies_to = {{"inv-1", dec("9.18")}};
    payment.reference = "BACS 77";
    return subject_of(payment, "pay-1");
}

inline Step step(Verb verb, std::string role, std::string entity) { return {verb, std::move(role), std::move(entity)}; }

/// @param current  the step's own object as it is now; without an id it gets that of the subject's link.
inline Result<PreparedObject> prepared(const Subject& subject, const Step& wanted, const Mapping& how = mapping(),
                                       const Books& where = books(), const RemoteObject* current = nullptr) {
    std::vector<RemoteObject> read;
    if (current) read.push_back(*current);
    for (const Link& one : subject.links) {
        if (!current || one.role != wanted.role || !read[0].id.empty()) continue;
        read[0].id = one.id;
        read[0].entity = one.entity;
    }
    return provider().prepare(subject, wanted, how, where, read);
}

/// The object of a subject's first step.
inline PreparedObject first_object(const Subject& subject) {
    const auto steps = provider().plan(subject);
    EXPECT_FALSE(steps.empty());
    auto object = prepared(subject, steps.front());
    EXPECT_TRUE(object) << object.error().code << " " << object.error().detail;
    return *object;
}

inline SendResult answered(int status, std::string body, HttpHeaders headers = {}) {
    HttpResponse response{.status = status, .headers = std::move(headers), .body = std::move(body)};
    return {.stage = Stage::answered, .response = std::move(response)};
}

inline std::string code_of(const Result<PreparedObject>& result) { return result ? "ok" : result.error().code; }

}  // namespace spillway::xero_test
