// Invoices, bills and credit notes: creating, changing, and the steps of their life.

#include "services/sandbox/xero/documents.hpp"

#include <algorithm>
#include <array>

#include "services/sandbox/xero/contacts.hpp"

namespace spillway::sandbox::xero {

namespace {

constexpr std::string_view kWrongStep = "Invoice not of valid status for modification";
constexpr std::string_view kAllocated =
    "This document cannot be edited as it has a payment or credit note allocated to it.";

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
}

bool live(const Call& call, const Document& document) {
    if (document.status == "DELETED") return false;
    return document.status != "VOIDED" || !call.switches.void_frees_number;
}

std::string key_of(std::string_view type, const std::string& number) {
    if (type == "ACCREC") return "invoice:" + number;
    return (type == "ACCPAY" ? "bill:" : "credit:") + number;
}

const Document* holder_of(const Call& call, std::string_view type, const std::string& number) {
    for (const Document* document : call.books.documents.with(key_of(type, number)))
        if (document->type == type && live(call, *document)) return document;
    return nullptr;
}

std::string_view number_member(bool credit_note) { return credit_note ? "CreditNoteNumber" : "InvoiceNumber"; }

void take_dates(const JsonValue& sent, Document& document, Played& played) {
    const auto take = [&](std::string_view name, auto& target) {
        const std::string text = sent[name].string_or("");
        if (text.empty()) return;
        if (const auto day = read_date(text))
            target = *day;
        else
            played.errors.push_back(std::string(name) + " is not a valid date");
    };
    take("Date", document.date);
    take("DueDate", document.due);
}

void take_head(Call& call, const JsonValue& sent, Document& document, Played& played) {
    document.number = sent[number_member(document.credit_note)].string_or(document.number);
    // On bills Reference does not exist; the number is shown in its place.
    if (document.type != "ACCPAY") document.reference = sent["Reference"].string_or(document.reference);
    document.url = sent["Url"].string_or(document.url);
    document.branding_theme = sent["BrandingThemeID"].string_or(document.branding_theme);
    document.amount_types = sent["LineAmountTypes"].string_or(document.amount_types);
    document.currency = sent["CurrencyCode"].string_or(document.currency);
    document.sent = sent["SentToContact"].bool_or(document.sent);
    document.rate = sent["CurrencyRate"].decimal_or(document.rate);
    take_dates(sent, document, played);
    if (!one_of(document.amount_types, {"Exclusive", "Inclusive", "NoTax"}))
        played.errors.emplace_back("LineAmountTypes is not valid");
    if (document.number.size() > 255) played.errors.emplace_back("The number must not exceed 255 characters");
    const auto& currencies = call.books.organisation.currencies;
    if (std::ranges::find(currencies, document.currency) == currencies.end())
        played.errors.push_back("Organisation is not subscribed to currency " + document.currency);
}

void check_number(const Call& call, const Document& document, Played& played) {
    if (!document.sales() || document.number.empty()) return;
    for (const Document* other : call.books.documents.with(key_of(document.type, document.number))) {
        if (other->id == document.id || other->type != document.type || !live(call, *other)) continue;
        played.errors.emplace_back(document.credit_note ? "Credit Note # must be unique."
                                                        : "Invoice # must be unique.");
        return;
    }
}

void check_complete(const Document& document, Played& played) {
    if (document.status != "DRAFT" && document.lines.empty())
        played.errors.emplace_back("One or more line items must be specified");  // wording assumed
}

/// Lines are read anew where they were sent, and also when the document leaves its draft.
void take_content(Call& call, const JsonValue& sent, Document& document, Played& played) {
    LineRules rules;
    rules.sales = document.sales();
    rules.approved = document.status != "DRAFT";
    rules.discounts = document.type == "ACCREC";
    rules.amount_types = document.amount_types;
    if (sent["LineItems"].is_array()) take_lines(call, sent["LineItems"], rules, document, played);
    check_complete(document, played);
    if (played.ok()) price(call, document, played);
}

void number_automatically(Call& call, Document& document) {
    if (!document.number.empty() || !document.sales()) return;
    int& next = document.credit_note ? call.books.next_credit : call.books.next_invoice;
    do {
        std::string digits = std::to_string(next++);
        digits.insert(0, digits.size() < 4 ? 4 - digits.size() : 0, '0');
        document.number = (document.credit_note ? "CN-" : "INV-") + digits;
    } while (holder_of(call, document.type, document.number) != nullptr);
}

Played create(Call& call, const JsonValue& sent, bool credit_note) {
    Played played{std::string(Ids::none()), {}, {}, false};
    Document document;
    document.credit_note = credit_note;
    document.type = sent["Type"].string_or("");
    if (credit_note ? !one_of(document.type, {"ACCRECCREDIT", "ACCPAYCREDIT"})
                    : !one_of(document.type, {"ACCREC", "ACCPAY"})) {
        played.errors.emplace_back("Type is not valid");  // wording assumed
        return played;
    }
    document.status = sent["Status"].string_or("DRAFT");
    if (!one_of(document.status, {"DRAFT", "SUBMITTED", "AUTHORISED"})) {
        played.errors.emplace_back(kWrongStep);
        return played;
    }
    document.id = call.ids.guid();
    document.created = document.updated = call.now.wall;
    document.currency = call.books.organisation.currency;
    document.date = date_of(call.now.wall);
    take_head(call, sent, document, played);
    check_lock_dates(call.books.organisation, document.date, played.errors);
    const Contact* contact = contact_for_document(call, sent["Contact"], document.sales(), played);
    if (contact != nullptr) document.contact_id = contact->id;
    number_automatically(call, document);
    check_number(call, document, played);
    take_content(call, sent, document, played);
    if (!played.ok()) return played;
    played.id = document.id;
    call.books.documents.put(std::move(document));
    return played;
}

/// DRAFT <-> SUBMITTED -> AUTHORISED; drafts -> DELETED; AUTHORISED -> VOIDED; nothing leads back.
bool step_allowed(std::string_view from, std::string_view to) {
    if (from == to) return true;
    if (one_of(from, {"DRAFT", "SUBMITTED"})) return one_of(to, {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"});
    return from == "AUTHORISED" && to == "VOIDED";
}

bool same_amounts(const Document& a, const Document& b) {
    if (a.amount_types != b.amount_types || a.currency != b.currency || a.total != b.total ||
        a.lines.size() != b.lines.size())
        return false;
    for (std::size_t at = 0; at < a.lines.size(); ++at) {
        const Line &one = a.lines[at], &two = b.lines[at];
        if (one.amount != two.amount || one.tax != two.tax || one.tax_type != two.tax_type ||
            one.quantity != two.quantity || one.unit_amount != two.unit_amount)
            return false;
    }
    return true;
}

/// A document that ends takes nothing else from the request.
Played end_document(Call& call, Document document, const std::string& status) {
    Played played{document.id, {}, {}, false};
    if (status == "VOIDED" && document.settled_in_part()) {
        played.errors.emplace_back(
            "The status VOIDED cannot be applied to the invoice because it has payments or credit notes allocated to "
            "it.");
        return played;
    }
    check_lock_dates(call.books.organisation, document.date, played.errors);
    if (!played.ok()) return played;
    document.status = status;
    document.updated = call.now.wall;
    call.books.documents.put(std::move(document));
    return played;
}

Played update(Call& call, const Document& old, const JsonValue& sent) {
    Played played{old.id, {}, {}, false};
    std::string status = sent["Status"].string_or(old.status);
    if (old.status == "PAID" && status == "AUTHORISED") status = "PAID";  // PAID is Xero's own word for it
    if (old.status == "PAID" && status == "VOIDED") return end_document(call, old, status);
    if (one_of(old.status, {"VOIDED", "DELETED"}) || !step_allowed(old.status, status)) {
        played.errors.emplace_back(kWrongStep);
        return played;
    }
    if (one_of(status, {"VOIDED", "DELETED"})) return end_document(call, old, status);

    Document document = old;
    document.status = status;
    document.updated = call.now.wall;
    check_lock_dates(call.books.organisation, old.date, played.errors);
    take_head(call, sent, document, played);
    if (document.date != old.date) check_lock_dates(call.books.organisation, document.date, played.errors);
    if (sent["Contact"].is_object()) {
        const Contact* contact = contact_for_document(call, sent["Contact"], document.sales(), played);
        if (contact != nullptr) document.contact_id = contact->id;
    }
    check_number(call, document, played);
    take_content(call, sent, document, played);
    const bool locked = old.settled_in_part() && (document.date != old.date || !same_amounts(old, document) ||
                                                  (!old.credited.is_zero() && document.contact_id != old.contact_id));
    if (played.ok() && locked) played.errors.emplace_back(kAllocated);
    if (played.ok()) call.books.documents.put(std::move(document));
    return played;
}

/// Whom a POST without an id means: the one with that number.
const Document* matched(const Call& call, const JsonValue& sent, bool credit_note) {
    const std::string number = sent[number_member(credit_note)].string_or("");
    if (number.empty() || call.method() != "POST") return nullptr;
    const std::string type = sent["Type"].string_or(credit_note ? "ACCRECCREDIT" : "ACCREC");
    if (type == "ACCPAY" && !call.switches.post_bill_overwrites) return nullptr;
    if (type == "ACCPAYCREDIT") return nullptr;
    return holder_of(call, type, number);
}

Played play_document(Call& call, const JsonValue& sent, bool credit_note, const std::string& path_id) {
    const std::string_view id_member = credit_note ? "CreditNoteID" : "InvoiceID";
    const std::string id = path_id.empty() ? sent[id_member].string_or("") : path_id;
    if (!id.empty()) {
        const Document* document = call.books.documents.find(id);
        if (document == nullptr) {  // the path takes a number too
            document = path_id.empty() ? nullptr : holder_of(call, credit_note ? "ACCRECCREDIT" : "ACCREC", id);
        }
        if (document == nullptr || document->credit_note != credit_note) return Played::missing();
        return update(call, *document, sent);
    }
    if (const Document* document = matched(call, sent, credit_note)) return update(call, *document, sent);
    return create(call, sent, credit_note);
}

}  // namespace

void check_lock_dates(const Organisation& organisation, Date date, std::vector<std::string>& errors) {
    const auto check = [&](const std::optional<Date>& lock, std::string_view name) {
        if (lock && date <= *lock)
            errors.push_back("The document date cannot be before the " + std::string(name) + ", currently set at " +
                             long_date(*lock));
    };
    check(organisation.period_lock, "period lock date");
    check(organisation.year_end_lock, "end of year lock date");
}

void settle(Call& call, Document document, Date on) {
    const bool done = document.outstanding().is_zero();
    if (one_of(document.status, {"AUTHORISED", "PAID"})) {
        document.status = done ? "PAID" : "AUTHORISED";
        document.paid_on = done ? std::optional(on) : std::nullopt;
    }
    document.updated = call.now.wall;
    call.books.documents.put(std::move(document));
}

HttpResponse serve_documents(Call& call) {
    const bool credit_notes = call.path.front() == "CreditNotes";
    if (credit_notes && call.path.size() >= 3 && call.path[2] == "Allocations") return serve_allocations(call);
    if (call.path.size() > 2) return not_found();
    if (call.method() == "GET") return read_documents(call, credit_notes);
    const std::string id = call.path.size() == 2 ? call.path[1] : "";
    if (call.method() != "POST" && (call.method() != "PUT" || !id.empty())) return {501, {}, ""};
    const BatchKind kind{credit_notes ? "CreditNotes" : "Invoices", credit_notes ? "CreditNoteID" : "InvoiceID",
                         "HasErrors",
                         [&](const JsonValue& sent) { return play_document(call, sent, credit_notes, id); },
                         [&](JsonText& json, const std::string& row) {
                             write_document(call, json, *call.books.documents.find(row), /*full=*/true);
                         }};
    return play_batch(call, kind);
}

}  // namespace spillway::sandbox::xero
