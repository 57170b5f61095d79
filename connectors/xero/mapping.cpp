#include "connectors/xero/mapping.hpp"

#include <algorithm>

#include "connectors/rehearsal.hpp"
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

void check_cents(Desk& desk, Decimal amount) {
    if (const Result<Decimal> cents = in_cents(amount); !cents) desk.refuse(cents.error());
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

std::optional<Error> drift(const Link& link, const RemoteObject& current) {
    if (link.owned_hash.empty()) return std::nullopt;
    const Result<JsonValue> element = parse_json(current.body);
    if (!element) return std::nullopt;
    if (owned_hash(link.entity, *element, fields_of(link.owned_hash)) == link.owned_hash) return std::nullopt;
    return conflict("drift",
                    "somebody changed in Xero what this record owns; void or resubmit it, or overwrite by policy");
}

/// Whether the document itself may still be changed: dated in an open period, in the record as in the books.
void check_open_document(Desk& desk, const RemoteObject* current) {
    if (const Document* document = document_of(desk.subject.record)) check_open_period(desk, document->date);
    if (current && current->date) check_open_period(desk, *current->date);
}

/// The AllocationID that is ours: the one that we know, else the only one that is as ours was. People may have
/// allocated from the same credit note to the same invoice. Empty when ours is not there any more.
Result<std::string> own_allocation(const Link& link, std::span<const RemoteObject> read) {
    const bool known = !is_no_id(link.version);
    std::size_t all = 0;
    std::vector<const RemoteObject*> like_ours;
    for (const RemoteObject& object : read) {
        if (object.entity != kAllocations || object.id != link.id) continue;
        if (known && object.version == link.version) return object.version;
        ++all;
        const Result<JsonValue> element = parse_json(object.body);
        if (link.owned_hash.empty() ||
            (element && owned_hash(kAllocations, *element, fields_of(link.owned_hash)) == link.owned_hash))
            like_ours.push_back(&object);
    }
    if (all == 0 || known) return std::string();
    if (like_ours.size() == 1) return like_ours.front()->version;
    return conflict("allocation_unclear", "the credit note has " + std::to_string(all) +
                                              " allocations to that invoice, and it is not clear which one is ours");
}

Result<PreparedObject> ending_object(Desk& desk, const Link& link, std::span<const RemoteObject> read) {
    PreparedObject object;
    object.provider_id = link.id;
    object.provider_version = link.version;
    object.marker = link.id;
    const RemoteObject* current = object_of(link, read);
    const Error gone = conflict("already_gone", "it was voided, deleted or archived in Xero by somebody else");
    if (current && !current->live) return gone;
    if (desk.step.verb == Verb::void_) {
        check_open_document(desk, current);
        object.body = void_body(desk.step, link, desk.mapping, current);
    } else if (desk.step.entity == kPayments) {
        object.body = R"({"Status":"DELETED"})";
    } else if (desk.step.entity == kAllocations) {
        Result<std::string> own = own_allocation(link, read);
        if (!own) return own.error();
        if (own->empty()) return gone;
        object.provider_version = *std::move(own);
        const Link* document = link_of(desk.subject, kDocumentRole);
        check_open_document(desk, document ? object_of(*document, read) : nullptr);
    }
    if (desk.problem) return *desk.problem;
    return object;
}

/// A create or update.
Result<PreparedObject> written_object(Desk& desk, std::span<const RemoteObject> read) {
    const Link* link = link_of(desk.subject, desk.step.role);
    const RemoteObject* current = link && !desk.creates() ? object_of(*link, read) : nullptr;
    if (current) {
        if (!current->live) return conflict("gone", "it was voided, deleted or archived in Xero by somebody else");
        if (const auto changed = drift(*link, *current)) return *changed;
        check_open_document(desk, current);
    }
    desk.current = current;
    PreparedObject object = body_of(desk);
    if (desk.problem) return *desk.problem;
    if (!desk.creates()) object.provider_id = link->id;
    return object;
}

/// What would refuse the version that an object is taken away for.
std::optional<Error> refusal_of_what_follows(const Desk& desk, std::span<const RemoteObject> read) {
    if (desk.subject.voided) return std::nullopt;
    return rehearse(desk.subject, plan(desk.subject), [&](const Subject& then, const Step& next) {
        Desk later{then, next, desk.mapping, desk.books};
        return written_object(later, read);
    });
}

}  // namespace

Result<PreparedObject> prepare(const Subject& subject, const Step& step, const Mapping& mapping, const Books& books,
                               std::span<const RemoteObject> read) {
    SPILLWAY_ASSERT(entity_of(step.entity));
    Desk desk{subject, step, mapping, books};
    const Link* link = link_of(subject, step.role);
    SPILLWAY_ASSERT(step.verb == Verb::create || link);
    const bool ends = step.verb == Verb::void_ || step.verb == Verb::remove;
    Result<PreparedObject> object = ends ? ending_object(desk, *link, read) : written_object(desk, read);
    if (!object) return object;
    if (ends)
        if (const auto refusal = refusal_of_what_follows(desk, read)) return *refusal;
    object->verb = step.verb;
    object->role = step.role;
    object->entity = step.entity;
    return object;
}

}  // namespace spillway::xero
