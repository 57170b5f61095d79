#include "connectors/qbo/prepare.hpp"

#include "connectors/qbo/bodies.hpp"
#include "connectors/qbo/owned.hpp"
#include "connectors/qbo/plan.hpp"
#include "connectors/qbo/totals.hpp"
#include "connectors/qbo/words.hpp"
#include "connectors/rehearsal.hpp"
#include "schema/json_text.hpp"
#include "schema/record_rules.hpp"
#include "schema/utf8.hpp"

namespace spillway::qbo {
namespace {

constexpr std::size_t kNoteMax = 4000, kItemNameMax = 100, kDisplayNameMax = 500;
constexpr std::size_t kTaxedLinesMax = 750;  // API reference of Invoice: taxable forms

/// Everything that preparing one step looks at.
struct Work {
    const Subject& subject;
    const Step& step;
    const Mapping& mapping;
    const Books& books;
    const RemoteObject* current;
    const Link* link;
};

std::size_t length(std::string_view text) { return utf8_length(text).value_or(text.size()); }

std::string current_note(const RemoteObject* current) {
    if (current == nullptr) return {};
    const Result<JsonValue> body = parse_json(current->body);
    return body ? (*body)["PrivateNote"].string_or("") : std::string();
}

Target target_of(const Work& work) {
    Target target;
    target.verb = work.step.verb;
    if (work.link == nullptr || target.verb == Verb::create) return target;
    target.id = work.link->id;
    target.version =
        work.current != nullptr && !work.current->version.empty() ? work.current->version : work.link->version;
    target.reactivate = target.verb == Verb::update && work.link->voided;
    target.current_note = current_note(work.current);
    return target;
}

PreparedObject object_of(const Work& work, const Target& target) {
    PreparedObject object;
    object.verb = work.step.verb;
    object.role = work.step.role;
    object.entity = work.step.entity;
    object.provider_id = target.id;
    object.provider_version = target.version;
    return object;
}

Result<std::string> customer_of(const Work& work, const std::string& contact) {
    const Reference reference{RecordKind::contact, contact};
    if (const Link* link = referent_link(work.subject, reference, kCustomerRole)) return link->id;
    if (referent_link(work.subject, reference, kVendorRole) != nullptr)
        return refused("contact_not_customer", "contact '" + contact + "' is a supplier only: make it a customer too");
    return refused("reference_missing", "contact '" + contact + "' is not in the books");
}

Result<void> check_date(const Books& books, const Date& date) {
    if (!books.locked_until || date > *books.locked_until) return success();
    return refused("period_locked",
                   "dated " + date.to_string() + ", the books are closed up to " + books.locked_until->to_string());
}

Result<void> check_currency(const Books& books, const Currency& currency) {
    if (currency == books.base_currency) return success();
    // QuickBooks would take a rate of 1 where none is sent.
    return refused("exchange_rate_missing", "the company keeps its books in " + books.base_currency.code +
                                                "; a document in " + currency.code + " needs an exchange rate");
}

bool has_refused_character(std::string_view name) { return name.find_first_of(":\t\n\r") != std::string_view::npos; }

Result<PreparedObject> prepare_contact(const Work& work, const Contact& contact) {
    const std::string name = display_name(work.subject, work.step.role);
    if (has_refused_character(name))
        return refused("name_not_allowed", "QuickBooks allows no colon, tab or line break in a name: " + name);
    if (length(name) > kDisplayNameMax) return refused("name_too_long", "longer than 500 characters");
    const Target target = target_of(work);
    PreparedObject object = object_of(work, target);
    object.body = contact_body(contact, name, work.step.role == kVendorRole, target);
    object.marker = name;
    object.extra = write_extra({{}, contact.currency ? contact.currency->code : std::string(), {}});
    return object;
}

/// An item proposes its text and price to people; documents bring their own. So what is too long is cut, and said.
std::string cuts_of(const Item& item) {
    std::string cuts;
    if (length(item_description(item)) > kItemDescriptionMax) cuts = "the description was cut to 4000 characters";
    if (item.unit_price && item.unit_price->shortest().scale() > kPlacesMax)
        cuts += std::string(cuts.empty() ? "" : "; ") + "the price " + item.unit_price->to_shortest() +
                " was rounded to five places";
    return cuts;
}

Result<PreparedObject> prepare_item(const Work& work, const Item& item) {
    if (has_refused_character(item.code))
        return refused("code_not_allowed",
                       "QuickBooks allows no colon, tab or line break in an item's name: " + item.code);
    if (length(item.code) > kItemNameMax) return refused("code_too_long", "longer than 100 characters: " + item.code);
    const Result<std::string> account = account_for(item.account, work.mapping.sales_account, work.mapping);
    if (!account) return account.error();
    if (account->starts_with(kItemPrefix))
        return refused("account_unmapped",
                       "the account word '" + item.account.value_or("") + "' stands for an item, not an account");
    const Target target = target_of(work);
    PreparedObject object = object_of(work, target);
    object.body = item_body(item, *account, target);
    object.marker = item.code;
    Extra extra;
    extra.warning = cuts_of(item);
    object.extra = write_extra(extra);
    return object;
}

/// Refusals of a document that need no coding of its lines.
Result<void> check_document(const Work& work, const Document& document) {
    if (!work.books.custom_numbers)
        return refused("custom_numbers_off",
                       "QuickBooks would renumber documents: switch on custom transaction numbers");
    if (length(document.number) > kNumberMax)
        return refused("number_too_long", "'" + document.number + "' is longer than QuickBooks' 21 characters");
    if (work.link != nullptr && work.link->voided && work.step.verb == Verb::update)
        return refused("voided_in_books", "a voided invoice does not come back: submit it under a new id and number");
    if (document.amounts != Amounts::none && document.lines.size() > kTaxedLinesMax)
        return refused("too_many_lines", "more than the 750 lines of a document with tax");
    if (Result<void> date = check_date(work.books, document.date); !date) return date;
    if (work.current != nullptr && work.current->date) {
        if (Result<void> date = check_date(work.books, *work.current->date); !date) return date;
    }
    return check_currency(work.books, document.currency);
}

Result<void> check_total(const Document& document, Decimal predicted, Decimal bound) {
    if ((document.total - predicted).abs() <= bound) return success();
    return refused("total_mismatch", "stated total " + document.total.to_string() + ", QuickBooks would compute " +
                                         predicted.to_string());
}

/// A stated tax inside an amount becomes that line's net, so it has to be what the line's tax code makes.
Result<void> check_line_tax(const Line& line, const CodedLine& coded, const Currency& currency, Decimal bound) {
    if (!line.tax) return success();
    const Result<Decimal> net = net_at_rate(coded.amount, coded.percent, currency);
    if (!net) return net.error();
    const Decimal tax = coded.amount - *net;
    if ((*line.tax - tax).abs() <= std::max(bound, Decimal(1, currency.places()))) return success();
    return refused("tax_mismatch", "a line of " + coded.amount.to_string() + " states a tax of " +
                                       line.tax->to_string() + ", its tax code makes " + tax.to_string());
}

/// With tax inside, a wrong tax leaves the total as it is, so it is compared by itself. Rounding may differ by a minor
/// unit a line.
Result<void> check_tax(const Document& document, const CodedDocument& coded, Decimal bound) {
    if (document.amounts != Amounts::inclusive) return success();
    Decimal tax;
    for (std::size_t i = 0; i < document.lines.size(); ++i) {
        const CodedLine& line = coded.lines[i];
        if (Result<void> fits = check_line_tax(document.lines[i], line, document.currency, bound); !fits) return fits;
        tax += line.amount - line.net;
    }
    const Decimal rounding(static_cast<std::int64_t>(document.lines.size()), document.currency.places());
    if ((document.tax_total - tax).abs() <= std::max(bound, rounding)) return success();
    return refused("tax_mismatch", "stated tax " + document.tax_total.to_string() + ", QuickBooks would compute " +
                                       tax.to_string() + " within " + document.total.to_string());
}

Result<PreparedObject> prepare_document(const Work& work, const Document& document) {
    if (Result<void> checked = check_document(work, document); !checked) return checked.error();
    Result<std::string> customer = customer_of(work, document.contact);
    if (!customer) return customer.error();
    const Result<CodedDocument> coded = code_document(work.subject, document, work.mapping, work.books);
    if (!coded) return coded.error();
    if (Result<void> total = check_total(document, coded->total, work.mapping.rounding_bound); !total)
        return total.error();
    if (Result<void> tax = check_tax(document, *coded, work.mapping.rounding_bound); !tax) return tax.error();

    const Target target = target_of(work);
    const std::string tag = tag_of(work.subject.external_id);
    std::string note = note_of(document.memo, document.reference, tag);
    if (length(note) > kNoteMax)
        return refused("memo_too_long", "memo and reference are longer than QuickBooks' note of 4000");
    if (target.verb == Verb::update) note = updated_note(note, target.current_note, tag);
    PreparedObject object = object_of(work, target);
    object.body = document_body({document, *coded, *customer, std::string(utf8_prefix(note, kNoteMax)),
                                 work.books.us_sales_tax, work.step.entity == kInvoice},
                                target);
    object.marker = document.number;
    object.counterparty = *customer;
    object.total = coded->total;
    object.date = document.date;
    object.extra = write_extra({tag, {}, work.mapping.rounding_bound});
    return object;
}

Result<Linked> linked_invoice(const Work& work, const Application& application, const Currency& currency) {
    const Link* link = referent_link(work.subject, {RecordKind::invoice, application.invoice}, kDocumentRole);
    if (link == nullptr)
        return refused("reference_missing", "invoice '" + application.invoice + "' is not in the books");
    if (link->entity != kInvoice)
        return refused("invoice_is_credit", "invoice '" + application.invoice +
                                                "' is negative, so it is a credit memo: nothing can be paid on it");
    return Linked{std::string(kInvoice), link->id,
                  application.amount.rounded(currency.places(), Rounding::half_away_from_zero)};
}

/// What a payment and an allocation share.
Result<PreparedObject> finish_payment(const Work& work, PaymentParts parts) {
    if (Result<void> date = check_date(work.books, parts.date); !date) return date.error();
    if (Result<void> currency = check_currency(work.books, parts.currency); !currency) return currency.error();
    if (length(parts.note) > kNoteMax)
        return refused("memo_too_long", "the reference is longer than QuickBooks' note of 4000");
    PreparedObject object = object_of(work, target_of(work));
    parts.marker = payment_marker(work.subject, work.step.role);
    object.body = payment_body(parts);
    object.marker = parts.marker;
    object.counterparty = parts.customer_id;
    object.total = parts.total;
    object.date = parts.date;
    object.extra = write_extra({tag_of(work.subject.external_id), {}, {}});
    return object;
}

Result<PreparedObject> prepare_payment(const Work& work, const Payment& payment) {
    const Result<std::string> customer = customer_of(work, payment.contact);
    if (!customer) return customer.error();
    const Result<std::string> account = account_for(payment.account, work.mapping.payment_account, work.mapping);
    if (!account) return account.error();
    PaymentParts parts{*customer,
                       {},
                       note_of(std::nullopt, payment.reference, tag_of(work.subject.external_id)),
                       *account,
                       payment.date,
                       payment.currency,
                       payment.amount.rounded(payment.currency.places(), Rounding::half_away_from_zero),
                       {}};
    for (const Application& application : payment.applies_to) {
        Result<Linked> line = linked_invoice(work, application, payment.currency);
        if (!line) return line.error();
        parts.lines.push_back(*std::move(line));
    }
    return finish_payment(work, std::move(parts));
}

/// A credit is applied by a payment of nothing that links the invoice and the credit memo.
Result<PreparedObject> prepare_allocation(const Work& work, const CreditNote& note) {
    const std::string invoice = work.step.role.substr(kAllocationPrefix.size());
    const Link* credit = link_of(work.subject, kDocumentRole);
    if (credit == nullptr) return refused("reference_missing", "the credit memo itself is not in the books");
    for (const Application& application : note.applies_to) {
        if (application.invoice != invoice) continue;
        const Result<std::string> customer = customer_of(work, note.document.contact);
        if (!customer) return customer.error();
        Result<Linked> line = linked_invoice(work, application, note.document.currency);
        if (!line) return line.error();
        const Linked own{std::string(kCreditMemo), credit->id, line->amount};
        return finish_payment(work, {*customer,
                                     {},
                                     tag_of(work.subject.external_id),
                                     {},
                                     note.document.date,
                                     note.document.currency,
                                     Decimal(0, 0),
                                     {*std::move(line), own}});
    }
    return Error{ErrorKind::bug, "unknown_step", "the credit note does not apply to '" + invoice + "'"};
}

/// A transaction in a closed period can be neither voided nor deleted; nor is what hangs on one taken off.
Result<void> check_open_period(const Work& work, std::span<const RemoteObject> read) {
    if (is_name_list(work.step.entity)) return success();
    for (const std::string& role : roles_read_before(work.step)) {
        const Link* link = link_of(work.subject, role);
        const RemoteObject* current = link == nullptr ? nullptr : object_of(*link, read);
        if (current == nullptr || !current->date) continue;
        if (Result<void> open = check_date(work.books, *current->date); !open) return open;
    }
    return success();
}

Result<PreparedObject> prepare_ending(const Work& work) {
    const Target target = target_of(work);
    PreparedObject object = object_of(work, target);
    object.body = ending_body(work.step.entity, target);
    object.extra = write_extra({});
    return object;
}

Result<PreparedObject> prepare_write(const Work& work) {
    const RecordBody& body = work.subject.record.body;
    if (const auto* contact = std::get_if<Contact>(&body)) return prepare_contact(work, *contact);
    if (const auto* item = std::get_if<Item>(&body)) return prepare_item(work, *item);
    if (const auto* payment = std::get_if<Payment>(&body)) return prepare_payment(work, *payment);
    if (const auto* note = std::get_if<CreditNote>(&body)) {
        const bool allocation = std::string_view(work.step.role).starts_with(kAllocationPrefix);
        return allocation ? prepare_allocation(work, *note) : prepare_document(work, note->document);
    }
    const Invoice& invoice = std::get<Invoice>(body);
    const std::optional<CreditNote> negative = as_credit_note(invoice);
    return prepare_document(work, negative ? negative->document : invoice.document);
}

/// What a person changed in fields that the update would overwrite.
Result<void> check_drift(const Work& work, const PreparedObject& object) {
    if (work.step.verb != Verb::update || work.current == nullptr) return success();
    const auto drift = [](std::string detail) { return Error{ErrorKind::conflict, "drift", std::move(detail)}; };
    if (work.current->version.empty()) return drift("the object was deleted in QuickBooks");
    if (work.link->voided) return success();
    if (!work.current->live) return drift("the object was voided or made inactive in QuickBooks");
    const Result<JsonValue> body = parse_json(object.body);
    if (!body) return body.error();
    std::string fields;
    for (const std::string& field : drifted(work.step.entity, work.link->owned_hash, work.current->owned_hash, *body))
        fields += (fields.empty() ? "" : ", ") + field;
    if (fields.empty()) return success();
    return drift("changed in QuickBooks since we wrote it: " + fields);
}

/// A create or update, and what a person did to the object meanwhile.
Result<PreparedObject> prepare_written(const Work& work) {
    Result<PreparedObject> object = prepare_write(work);
    if (!object) return object;
    if (const Result<void> drift = check_drift(work, *object); !drift) return drift.error();
    return object;
}

}  // namespace

Result<PreparedObject> prepare_object(const Subject& subject, const Step& step, const Mapping& mapping,
                                      const Books& books, std::span<const RemoteObject> read) {
    const auto work_of = [&](const Subject& with, const Step& wanted) {
        const Link* link = link_of(with, wanted.role);
        const bool creates = wanted.verb == Verb::create;
        return Work{with, wanted, mapping, books, link == nullptr || creates ? nullptr : object_of(*link, read), link};
    };
    const Work work = work_of(subject, step);
    if (step.verb != Verb::create && work.link == nullptr)
        return Error{ErrorKind::bug, "unknown_step", "no object in the role '" + step.role + "'"};
    if (step.verb == Verb::create || step.verb == Verb::update) return prepare_written(work);
    if (const Result<void> open = check_open_period(work, read); !open) return open.error();
    if (!subject.voided) {
        const auto write = [&](const Subject& then, const Step& next) { return prepare_written(work_of(then, next)); };
        if (const auto refusal = rehearse(subject, plan_steps(subject), write)) return *refusal;
    }
    return prepare_ending(work);
}

std::string write_extra(const Extra& extra) {
    JsonText json;
    json.object();
    if (!extra.tag.empty()) json.member("tag", extra.tag);
    if (!extra.currency.empty()) json.member("currency", extra.currency);
    if (!extra.bound.is_zero()) json.member("bound", extra.bound);
    if (!extra.warning.empty()) json.member("warning", extra.warning);
    json.close();
    return std::move(json).take();
}

Extra read_extra(std::string_view text) {
    const Result<JsonValue> json = parse_json(text);
    if (!json) return {};
    return {(*json)["tag"].string_or(""), (*json)["currency"].string_or(""), (*json)["bound"].decimal_or({}),
            (*json)["warning"].string_or("")};
}

}  // namespace spillway::qbo
