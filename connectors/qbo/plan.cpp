#include "connectors/qbo/plan.hpp"

#include <algorithm>

#include "connectors/qbo/words.hpp"
#include "schema/record_rules.hpp"

namespace spillway::qbo {
namespace {

class Steps {
 public:
    explicit Steps(const Subject& subject) : subject_(subject) {}

    void add(Verb verb, std::string_view role, std::string_view entity) {
        steps_.push_back({verb, std::string(role), std::string(entity)});
    }
    void add(Verb verb, const Link& link) { add(verb, link.role, link.entity); }
    [[nodiscard]] bool is_old(const Link& link) const { return link.voided || link.record_version < subject_.version; }
    std::vector<Step> take() && { return std::move(steps_); }

 private:
    const Subject& subject_;
    std::vector<Step> steps_;
};

bool is_allocation(const Link& link) { return std::string_view(link.role).starts_with(kAllocationPrefix); }

void plan_contact(const Subject& subject, const Contact& contact, Steps& steps) {
    const auto wanted = [&](const std::string& role) {
        return !subject.voided && (role == kCustomerRole ? contact.customer : contact.supplier);
    };
    // Updates first: a vendor that gets its suffix frees the plain name for the customer.
    for (const Link& link : subject.links) {
        if (wanted(link.role) && steps.is_old(link)) steps.add(Verb::update, link);
    }
    if (wanted(std::string(kCustomerRole)) && link_of(subject, kCustomerRole) == nullptr)
        steps.add(Verb::create, kCustomerRole, kCustomer);
    if (wanted(std::string(kVendorRole)) && link_of(subject, kVendorRole) == nullptr)
        steps.add(Verb::create, kVendorRole, kVendor);
    for (const Link& link : subject.links) {
        if (!wanted(link.role) && !link.voided) steps.add(Verb::void_, link);
    }
}

void plan_item(const Subject& subject, Steps& steps) {
    const Link* link = link_of(subject, kItemRole);
    if (subject.voided) {
        if (link != nullptr && !link->voided) steps.add(Verb::void_, *link);
    } else if (link == nullptr) {
        steps.add(Verb::create, kItemRole, kItem);
    } else if (steps.is_old(*link)) {
        steps.add(Verb::update, *link);
    }
}

void plan_document(const Subject& subject, std::string_view entity, Steps& steps) {
    const Link* link = link_of(subject, kDocumentRole);
    if (subject.voided) {
        // A credit memo has no void: it is deleted.
        if (link != nullptr && !link->voided) steps.add(link->entity == kInvoice ? Verb::void_ : Verb::remove, *link);
    } else if (link == nullptr) {
        steps.add(Verb::create, kDocumentRole, entity);
    } else if (link->entity != entity) {
        steps.add(Verb::remove, *link);
        steps.add(Verb::create, kDocumentRole, entity);
    } else if (steps.is_old(*link)) {
        steps.add(Verb::update, *link);
    }
}

void plan_credit_note(const Subject& subject, const CreditNote& note, Steps& steps) {
    const auto role_of = [](const Application& application) {
        return std::string(kAllocationPrefix) + application.invoice;
    };
    const auto wanted = [&](const Link& link) {
        return !subject.voided && !steps.is_old(link) &&
               std::ranges::find(note.applies_to, link.role, role_of) != note.applies_to.end();
    };
    // What links the credit goes first: a linked credit memo can be neither deleted nor made smaller.
    for (const Link& link : subject.links) {
        if (is_allocation(link) && !wanted(link)) steps.add(Verb::remove, link);
    }
    plan_document(subject, kCreditMemo, steps);
    if (subject.voided) return;
    for (const Application& application : note.applies_to) {
        const Link* link = link_of(subject, role_of(application));
        if (link == nullptr || !wanted(*link)) steps.add(Verb::create, role_of(application), kPayment);
    }
}

void plan_payment(const Subject& subject, Steps& steps) {
    const Link* link = link_of(subject, kPaymentRole);
    if (subject.voided) {
        if (link != nullptr && !link->voided) steps.add(Verb::void_, *link);
        return;
    }
    if (link != nullptr && !steps.is_old(*link)) return;
    // A voided payment stays as it is, with nothing linked; the new one stands beside it.
    if (link != nullptr && !link->voided) steps.add(Verb::remove, *link);
    steps.add(Verb::create, kPaymentRole, kPayment);
}

}  // namespace

std::vector<Step> plan_steps(const Subject& subject) {
    Steps steps(subject);
    const RecordBody& body = subject.record.body;
    if (const auto* contact = std::get_if<Contact>(&body)) plan_contact(subject, *contact, steps);
    if (std::holds_alternative<Item>(body)) plan_item(subject, steps);
    if (const auto* invoice = std::get_if<Invoice>(&body))
        plan_document(subject, as_credit_note(*invoice) ? kCreditMemo : kInvoice, steps);
    if (const auto* note = std::get_if<CreditNote>(&body)) plan_credit_note(subject, *note, steps);
    if (std::holds_alternative<Payment>(body)) plan_payment(subject, steps);
    return std::move(steps).take();
}

std::vector<std::string> roles_read_before(const Step& step) {
    if (step.verb == Verb::create) return {};
    if (std::string_view(step.role).starts_with(kAllocationPrefix)) return {step.role, std::string(kDocumentRole)};
    return {step.role};
}

std::string display_name(const Subject& subject, std::string_view role) {
    const auto* contact = std::get_if<Contact>(&subject.record.body);
    if (contact == nullptr) return {};
    const bool shared = contact->customer || link_of(subject, kCustomerRole) != nullptr;
    return role == kVendorRole && shared ? contact->name + std::string(kSupplierSuffix) : contact->name;
}

}  // namespace spillway::qbo
