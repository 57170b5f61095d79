// Payments and allocations as Xero takes them.
#include "connectors/xero/desk.hpp"
#include "connectors/xero/plan.hpp"
#include "connectors/xero/remote.hpp"
#include "connectors/xero/words.hpp"
#include "schema/json_text.hpp"
#include "schema/utf8.hpp"

namespace spillway::xero {
namespace {

// Allocations and payments --------------------------------------------------------------------------------------------

const Application* application_of(const std::vector<Application>& applications, std::string_view role,
                                  std::string_view prefix) {
    for (const Application& application : applications)
        if (role.substr(prefix.size()) == application.invoice) return &application;
    return nullptr;
}

// Amounts of a payment and of an allocation are taken in the invoice's currency (assumed): there is no field for
// another.
void check_currency(Desk& desk, const std::string& invoice, const Currency& stated) {
    const auto of_invoice = desk.subject.currencies.find({RecordKind::invoice, invoice});
    if (of_invoice == desk.subject.currencies.end() || of_invoice->second == stated) return;
    desk.refuse(rejected("currency_differs", "it is in " + stated.code + ", and invoice \"" + invoice + "\" in " +
                                                 of_invoice->second.code));
}

}  // namespace

PreparedObject allocation_object(Desk& desk, const CreditNote& note) {
    PreparedObject object;
    const Application* application = application_of(note.applies_to, desk.step.role, kAllocationRole);
    const Link* document = link_of(desk.subject, kDocumentRole);
    SPILLWAY_ASSERT(application && document);
    if (desk.mapping.document_status == "draft")
        desk.refuse(rejected("draft_cannot_be_allocated", "a credit note must be approved before it is allocated"));
    check_open_period(desk, note.document.date);
    const std::string invoice = desk.referent(RecordKind::invoice, application->invoice, kDocumentRole, kInvoices);
    object.marker = allocation_id(document->id, invoice);
    object.date = note.document.date;
    object.total = application->amount;
    check_currency(desk, application->invoice, note.document.currency);
    check_cents(desk, application->amount);
    JsonText json;
    json.object().key("Invoice").object().member("InvoiceID", invoice).close();
    json.member("Amount", application->amount).member("Date", note.document.date.to_string()).close();
    object.body = std::move(json).take();
    JsonText extra;
    extra.object().member("credit_note", document->id).member("invoice", invoice).close();
    object.extra = std::move(extra).take();
    return object;
}

namespace {

void check_fully_applied(Desk& desk, const Payment& payment) {
    Decimal applied;
    for (const Application& application : payment.applies_to) applied += application.amount;
    if (applied < payment.amount)
        desk.refuse(rejected("payment_unapplied", (payment.amount - applied).to_string() + " of " +
                                                      payment.amount.to_string() +
                                                      " settles no invoice, and a Xero payment always settles one; "
                                                      "apply the rest to invoices"));
}

}  // namespace

PreparedObject payment_object(Desk& desk, const Payment& payment) {
    PreparedObject object;
    const Application* application = application_of(payment.applies_to, desk.step.role, kPaymentRole);
    SPILLWAY_ASSERT(application);
    check_fully_applied(desk, payment);
    check_currency(desk, application->invoice, payment.currency);
    check_cents(desk, application->amount);
    check_open_period(desk, payment.date);
    const std::string invoice = desk.referent(RecordKind::invoice, application->invoice, kDocumentRole, kInvoices);
    const std::string account = desk.account(payment.account, desk.mapping.payment_account, "payment_account");
    object.marker = mark_of({desk.subject.external_id, application->invoice, std::to_string(desk.subject.version)});
    object.date = payment.date;
    object.total = application->amount;
    // The account word of a bank account without a code is its id.
    const bool by_id = std::any_of(desk.books.accounts.begin(), desk.books.accounts.end(),
                                   [&](const Account& known) { return known.code == account && known.id == account; });
    JsonText json;
    json.object().key("Invoice").object().member("InvoiceID", invoice).close();
    json.key("Account").object().member(by_id ? "AccountID" : "Code", account).close();
    json.member("Date", payment.date.to_string()).member("Amount", application->amount);
    const std::string reference = payment.reference ? object.marker + " " + *payment.reference : object.marker;
    json.member("Reference", utf8_prefix(reference, kPaymentReferenceMax)).close();
    object.body = std::move(json).take();
    JsonText extra;
    extra.object().member("invoice", invoice).close();
    object.extra = std::move(extra).take();
    return object;
}

}  // namespace spillway::xero
