#include "connectors/xero/plan.hpp"

#include <algorithm>

#include "connectors/xero/words.hpp"
#include "schema/record_rules.hpp"

namespace spillway::xero {
namespace {

bool open_link(const Link* link) { return link && !link->voided; }

// Contacts and items: one object that is created, then updated.
std::vector<Step> plan_single(const Subject& subject, std::string_view role, std::string_view entity, Verb ends_by) {
    const Link* link = link_of(subject, role);
    const auto step = [&](Verb verb) { return std::vector<Step>{{verb, std::string(role), std::string(entity)}}; };
    if (subject.voided) return open_link(link) ? step(ends_by) : std::vector<Step>{};
    if (!open_link(link)) return step(Verb::create);
    return link->record_version < subject.version ? step(Verb::update) : std::vector<Step>{};
}

// Payments and allocations cannot be changed, only removed and made anew (docs), so each one written for an older
// version goes first.
// @return the roles that are gone after the steps added here.
void remove_outdated(const Subject& subject, std::string_view prefix, std::string_view entity, bool all,
                     std::vector<Step>& steps) {
    for (const Link& link : subject.links)
        if (link.role.starts_with(prefix) && !link.voided && (all || link.record_version < subject.version))
            steps.push_back({Verb::remove, link.role, std::string(entity)});
}

void create_missing(const Subject& subject, const std::vector<Application>& applications, std::string_view prefix,
                    std::string_view entity, std::vector<Step>& steps) {
    for (const Application& application : applications) {
        const std::string role = std::string(prefix) + application.invoice;
        const Link* link = link_of(subject, role);
        if (!open_link(link) || link->record_version < subject.version)
            steps.push_back({Verb::create, role, std::string(entity)});
    }
}

std::vector<Step> plan_document(const Subject& subject, const CreditNote* credit) {
    const std::string entity(credit ? kCreditNotes : kInvoices), role(kDocumentRole);
    const Link* link = link_of(subject, kDocumentRole);
    std::vector<Step> steps;
    // What is allocated cannot be edited or voided: allocations go before, and come back after.
    remove_outdated(subject, kAllocationRole, kAllocations, subject.voided, steps);
    if (subject.voided) {
        if (open_link(link)) steps.push_back({Verb::void_, role, link->entity});
        return steps;
    }
    if (open_link(link) && link->entity != entity) {  // the total changed its sign: another kind of document
        steps.push_back({Verb::void_, role, link->entity});
        steps.push_back({Verb::create, role, entity});
    } else if (!open_link(link)) {
        steps.push_back({Verb::create, role, entity});
    } else if (link->record_version < subject.version) {
        steps.push_back({Verb::update, role, entity});
    }
    if (credit) create_missing(subject, credit->applies_to, kAllocationRole, kAllocations, steps);
    return steps;
}

std::vector<Step> plan_payment(const Subject& subject, const Payment& payment) {
    std::vector<Step> steps;
    remove_outdated(subject, kPaymentRole, kPayments, subject.voided, steps);
    if (!subject.voided) create_missing(subject, payment.applies_to, kPaymentRole, kPayments, steps);
    return steps;
}

}  // namespace

const Link* link_of(const Subject& subject, std::string_view role) {
    const auto found =
        std::find_if(subject.links.begin(), subject.links.end(), [&](const Link& link) { return link.role == role; });
    return found == subject.links.end() ? nullptr : &*found;
}

std::vector<Step> plan(const Subject& subject) {
    switch (subject.kind) {
        case RecordKind::contact: return plan_single(subject, kContactRole, kContacts, Verb::void_);
        // Items have no status; deleting is all there is (OpenAPI).
        case RecordKind::item: return plan_single(subject, kItemRole, kItems, Verb::remove);
        case RecordKind::invoice: {
            const std::optional<CreditNote> credit = as_credit_note(std::get<Invoice>(subject.record.body));
            return plan_document(subject, credit ? &*credit : nullptr);
        }
        case RecordKind::credit_note: return plan_document(subject, &std::get<CreditNote>(subject.record.body));
        case RecordKind::payment: return plan_payment(subject, std::get<Payment>(subject.record.body));
    }
    return {};
}

std::vector<std::string> reads_before(const Step& step) {
    switch (step.verb) {
        case Verb::create: return {};
        case Verb::update:
        case Verb::void_: return {step.role};  // drift; and which status ends a document depends on the one it has
        case Verb::remove:
            // The answer to an allocation's creation names no AllocationID (OpenAPI).
            if (step.entity == kAllocations) return {step.role};
            return {};
    }
    return {};
}

}  // namespace spillway::xero
