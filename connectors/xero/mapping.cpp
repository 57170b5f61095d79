#include "connectors/xero/mapping.hpp"

#include <algorithm>

#include "connectors/xero/plan.hpp"
#include "connectors/xero/remote.hpp"
#include "connectors/xero/totals.hpp"
#include "connectors/xero/words.hpp"
#include "schema/json_text.hpp"
#include "schema/record_rules.hpp"
#include "schema/utf8.hpp"

namespace spillway::xero {
namespace {

Error rejected(std::string code, std::string detail) {
    return Error{.kind = ErrorKind::rejected, .code = std::move(code), .detail = std::move(detail)};
}

Error conflict(std::string code, std::string detail) {
    return Error{.kind = ErrorKind::conflict, .code = std::move(code), .detail = std::move(detail)};
}

/// All that the mapping of one object looks at, and the first refusal.
struct Desk {
    const Subject& subject;
    const Step& step;
    const Mapping& mapping;
    const Books& books;
    std::optional<Error> problem{};

    void refuse(Error error) {
        if (!problem) problem = std::move(error);
    }
    [[nodiscard]] bool creates() const { return step.verb == Verb::create; }

    /// The code of an account, by the caller's word or the default.
    std::string account(const std::optional<std::string>& word, const std::string& fallback, const char* member) {
        return coded(word, fallback, mapping.accounts, books.accounts, "account", member);
    }
    std::string tax_code(const std::optional<std::string>& word) {
        return coded(word, mapping.tax_code, mapping.tax_codes, books.tax_rates, "tax_code", "tax_code");
    }
    Decimal percent(const std::string& code) {
        for (const TaxRate& rate : books.tax_rates)
            if (rate.code == code) return rate.percent;
        return {};
    }
    /// Xero's id of a record that this one names.
    std::string referent(RecordKind kind, const std::string& external_id, std::string_view role,
                         std::string_view entity, std::string Link::* what = &Link::id) {
        const auto found = subject.referents.find({kind, external_id});
        if (found != subject.referents.end())
            for (const Link& link : found->second)
                if (link.role == role && !link.voided) {
                    if (link.entity == entity) return link.*what;
                    refuse(rejected("reference_of_other_kind", std::string(to_string(kind)) + " \"" + external_id +
                                                                   "\" is in the books as " + link.entity));
                    return {};
                }
        refuse(rejected("reference_missing",
                        std::string(to_string(kind)) + " \"" + external_id + "\" is not in the books"));
        return {};
    }

 private:
    template <class Known>
    std::string coded(const std::optional<std::string>& word, const std::string& fallback,
                      const std::map<std::string, std::string>& words, const std::vector<Known>& known,
                      const char* what, const char* member) {
        std::string code = fallback;
        if (word) {
            const auto mapped = words.find(*word);
            if (mapped == words.end()) {
                refuse(rejected(std::string("unmapped_") + what,
                                "\"" + *word + "\" is not in the connection's mapping; add it under " + what + "s"));
                return {};
            }
            code = mapped->second;
        }
        const auto found =
            std::find_if(known.begin(), known.end(), [&](const Known& k) { return k.code == code && k.active; });
        if (code.empty())
            refuse(rejected("mapping_incomplete", std::string("the connection's mapping names no ") + member));
        else if (found == known.end())
            refuse(
                rejected(std::string("unknown_") + what, "\"" + code + "\" is not an active one in the organisation"));
        return code;
    }
};

void check_length(Desk& desk, std::string_view text, std::size_t most, const char* code, const char* what) {
    const std::size_t length = utf8_length(text).value_or(text.size());
    if (length > most)
        desk.refuse(rejected(code, std::string("Xero takes ") + what + " of at most " + std::to_string(most) +
                                       " characters; \"" + std::string(text) + "\" has " + std::to_string(length)));
}

void check_open_period(Desk& desk, const Date& date) {
    if (desk.books.locked_until && date <= *desk.books.locked_until)
        desk.refuse(rejected("period_locked", "dated " + date.to_string() + ", and the books are locked until " +
                                                  desk.books.locked_until->to_string()));
}

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

// Items ---------------------------------------------------------------------------------------------------------------

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

void check_total(Desk& desk, const Document& document, const Totals& totals) {
    const Decimal difference = (document.total - totals.total).abs();
    if (difference <= desk.mapping.rounding_bound) return;
    desk.refuse(rejected("total_mismatch", "stated total " + document.total.to_string() + ", but Xero would compute " +
                                               totals.total.to_string() + " (tax " + totals.tax.to_string() +
                                               "); correct the record or raise the connection's rounding bound of " +
                                               desk.mapping.rounding_bound.to_string()));
}

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
    if (desk.creates()) json.member(credit ? "CreditNoteNumber" : "InvoiceNumber", document.number);
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

// Allocations and payments --------------------------------------------------------------------------------------------

const Application* application_of(const std::vector<Application>& applications, std::string_view role,
                                  std::string_view prefix) {
    for (const Application& application : applications)
        if (role.substr(prefix.size()) == application.invoice) return &application;
    return nullptr;
}

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
    JsonText json;
    json.object().key("Invoice").object().member("InvoiceID", invoice).close();
    json.member("Amount", application->amount).member("Date", note.document.date.to_string()).close();
    object.body = std::move(json).take();
    JsonText extra;
    extra.object().member("credit_note", document->id).member("invoice", invoice).close();
    object.extra = std::move(extra).take();
    return object;
}

void check_fully_applied(Desk& desk, const Payment& payment) {
    Decimal applied;
    for (const Application& application : payment.applies_to) applied += application.amount;
    if (applied < payment.amount)
        desk.refuse(rejected("payment_unapplied", (payment.amount - applied).to_string() + " of " +
                                                      payment.amount.to_string() +
                                                      " settles no invoice, and a Xero payment always settles one; "
                                                      "apply the rest to invoices"));
}

PreparedObject payment_object(Desk& desk, const Payment& payment) {
    PreparedObject object;
    const Application* application = application_of(payment.applies_to, desk.step.role, kPaymentRole);
    SPILLWAY_ASSERT(application);
    check_fully_applied(desk, payment);
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

PreparedObject body_of(Desk& desk) {
    switch (desk.subject.kind) {
        case RecordKind::contact: return contact_object(desk, std::get<Contact>(desk.subject.record.body));
        case RecordKind::item: return item_object(desk, std::get<Item>(desk.subject.record.body));
        case RecordKind::invoice: {
            const Invoice& invoice = std::get<Invoice>(desk.subject.record.body);
            const std::optional<CreditNote> credit = as_credit_note(invoice);
            return document_object(desk, credit ? credit->document : invoice.document, credit.has_value());
        }
        case RecordKind::credit_note: {
            const CreditNote& note = std::get<CreditNote>(desk.subject.record.body);
            return desk.step.role == kDocumentRole ? document_object(desk, note.document, /*credit=*/true)
                                                   : allocation_object(desk, note);
        }
        case RecordKind::payment: return payment_object(desk, std::get<Payment>(desk.subject.record.body));
    }
    return {};
}

// Ending --------------------------------------------------------------------------------------------------------------

std::string void_body(const Step& step, const Link& link, const Mapping& mapping, const RemoteObject* current) {
    JsonText json;
    json.object().member(entity_of(step.entity)->id, link.id);
    if (step.entity == kContacts) {
        json.member("ContactStatus", "ARCHIVED");
    } else {  // docs: drafts are deleted, approved documents voided
        const Result<JsonValue> element = parse_json(current ? current->body : "{}");
        const std::string status = element ? (*element)["Status"].string_or("") : "";
        const bool draft =
            status.empty() ? mapping.document_status == "draft" : status == "DRAFT" || status == "SUBMITTED";
        json.member("Status", draft ? "DELETED" : "VOIDED");
    }
    json.close();
    return std::move(json).take();
}

Result<PreparedObject> ending_object(Desk& desk, const Link& link, const RemoteObject* current) {
    PreparedObject object;
    object.provider_id = link.id;
    object.provider_version = link.version;
    object.marker = link.id;
    const Error gone = conflict("already_gone", "it was voided, deleted or archived in Xero by somebody else");
    if (current && !current->live) return gone;
    if (desk.step.verb == Verb::void_) {
        if (const Document* document = document_of(desk.subject.record)) check_open_period(desk, document->date);
        object.body = void_body(desk.step, link, desk.mapping, current);
    } else if (desk.step.entity == kPayments) {
        object.body = R"({"Status":"DELETED"})";
    } else if (desk.step.entity == kAllocations) {
        if (current) object.provider_version = current->version;
        if (object.provider_version.empty()) return gone;
    }
    if (desk.problem) return *desk.problem;
    return object;
}

std::optional<Error> drift(const Link& link, const RemoteObject& current) {
    if (link.owned_hash.empty()) return std::nullopt;
    const Result<JsonValue> element = parse_json(current.body);
    if (!element) return std::nullopt;
    if (owned_hash(link.entity, *element, fields_of(link.owned_hash)) == link.owned_hash) return std::nullopt;
    return conflict("drift",
                    "somebody changed in Xero what this record owns; void or resubmit it, or overwrite by policy");
}

}  // namespace

std::string contact_number(std::string_view external_id) {
    const bool plain = std::all_of(external_id.begin(), external_id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (plain && external_id.size() <= kContactNumberMax) return std::string(external_id);
    return mark_of({"contact", external_id});
}

Result<PreparedObject> prepare(const Subject& subject, const Step& step, const Mapping& mapping, const Books& books,
                               const RemoteObject* current) {
    SPILLWAY_ASSERT(entity_of(step.entity));
    Desk desk{subject, step, mapping, books};
    const Link* link = link_of(subject, step.role);
    SPILLWAY_ASSERT(step.verb == Verb::create || link);
    PreparedObject object;
    if (step.verb == Verb::void_ || step.verb == Verb::remove) {
        Result<PreparedObject> ending = ending_object(desk, *link, current);
        if (!ending) return ending;
        object = std::move(*ending);
    } else {
        if (step.verb == Verb::update && current) {
            if (!current->live) return conflict("gone", "it was voided, deleted or archived in Xero by somebody else");
            if (const auto changed = drift(*link, *current)) return *changed;
        }
        object = body_of(desk);
        if (desk.problem) return *desk.problem;
        if (step.verb == Verb::update) object.provider_id = link->id;
    }
    object.verb = step.verb;
    object.role = step.role;
    object.entity = step.entity;
    return object;
}

}  // namespace spillway::xero
