#include "connectors/xero/mapping.hpp"

#include <algorithm>

#include "connectors/xero/desk.hpp"
#include "connectors/xero/plan.hpp"
#include "connectors/xero/remote.hpp"
#include "connectors/xero/totals.hpp"
#include "connectors/xero/words.hpp"
#include "schema/json_text.hpp"
#include "schema/record_rules.hpp"
#include "schema/utf8.hpp"

namespace spillway::xero {

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

std::string contact_number(std::string_view external_id) {
    const bool plain = std::all_of(external_id.begin(), external_id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (plain && external_id.size() <= kContactNumberMax) return std::string(external_id);
    return mark_of({"contact", external_id});
}

namespace {

Error conflict(std::string code, std::string detail) {
    return Error{.kind = ErrorKind::conflict, .code = std::move(code), .detail = std::move(detail)};
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
