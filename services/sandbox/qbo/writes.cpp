#include "services/sandbox/qbo/writes.hpp"

#include "schema/json_text.hpp"
#include "services/sandbox/qbo/faults.hpp"
#include "services/sandbox/qbo/lines.hpp"

namespace spillway::sandbox::qbo {
namespace {

void check_draft(const Scene& scene, Object& draft, const Object* old, const WriteRequest& request) {
    if (is_document(draft.kind)) return check_document(scene, draft, old, request);
    if (draft.kind == Kind::payment) return check_payment(scene, draft, old, request.body);
    check_named(scene, draft, old);
}

std::string create(const Scene& scene, const WriteRequest& request) {
    Object draft = merge_fields(request.kind, request.body, nullptr);
    check_draft(scene, draft, nullptr, request);
    draft.id = scene.company.next_id(draft.kind);
    draft.created = draft.updated = scene.now;
    if (draft.kind == Kind::payment) link_documents(scene, draft);
    const Object answer = draft;
    scene.company.put(std::move(draft));
    return object_json(scene.company, answer);
}

/// The object that the request's Id and SyncToken name. Errors: 2020, 610, 5010, and 6210 for a closed period.
const Object& target_of(const Scene& scene, const WriteRequest& request) {
    const std::string id = request.body["Id"].string_or({});
    if (id.empty()) refuse_missing("Id");
    if (request.body["SyncToken"].is_null()) refuse_missing("SyncToken");
    const Result<Decimal> number = Decimal::parse(id);
    const Object* found =
        number.ok() && number->scale() == 0 ? scene.company.find(request.kind.kind, number->units()) : nullptr;
    if (found == nullptr)
        refuse("610",
               "Object Not Found : Something you're trying to use has been made inactive. Check the fields with "
               "accounts, customers, items, vendors or employees.");
    if (request.body["SyncToken"].string_or({}) != std::to_string(found->sync_token))
        refuse("5010",
               "Stale Object Error : You and another user were working on this at the same time. Your "
               "SyncToken is not the latest.");
    if (is_transaction(found->kind)) check_period(scene, found->date);
    return *found;
}

bool same_content(const Object& a, const Object& b) {
    if (a.fields.size() != b.fields.size()) return false;
    for (const Field& field : a.fields) {
        const std::string* other = b.field(field.property->name);
        if (other == nullptr || *other != field.json) return false;
    }
    return a.lines_json == b.lines_json && a.tax_json == b.tax_json && a.applied == b.applied && a.active == b.active;
}

std::string update(const Scene& scene, const WriteRequest& request) {
    const Object old = target_of(scene, request);
    Object draft = merge_fields(request.kind, request.body, &old);
    check_draft(scene, draft, &old, request);
    // A sparse update without a change leaves token and time as they were.
    if (same_content(old, draft)) return object_json(scene.company, old);
    ++draft.sync_token;
    draft.updated = scene.now;
    if (draft.applied != old.applied) {
        unlink_documents(scene, old);
        link_documents(scene, draft);
    }
    const Object answer = draft;
    scene.company.put(std::move(draft));
    return object_json(scene.company, answer);
}

std::string remove(const Scene& scene, const WriteRequest& request) {
    if (!is_transaction(request.kind.kind))
        refuse("500", "Operation delete is not supported for " + std::string(request.kind.name));
    const Object old = target_of(scene, request);
    if (!old.payments.empty()) refuse("800", "A payment is linked to this transaction: unlink it first");
    if (old.kind == Kind::payment) unlink_documents(scene, old);
    scene.company.erase(old.kind, old.id, scene.now);
    JsonText json;
    json.object().member("domain", "QBO").member("status", "Deleted").member("Id", std::to_string(old.id)).close();
    return std::move(json).take();
}

/// Takes a voided document out of its payments: what was paid becomes unapplied.
void release_payments(const Scene& scene, const Object& document) {
    for (const std::int64_t id : document.payments) {
        Object* payment = scene.company.find(Kind::payment, id);
        std::erase_if(payment->applied, [&](const AppliedLine& line) {
            const bool ours = line.kind == document.kind && line.id == document.id;
            if (ours) payment->open += line.amount;
            return ours;
        });
        ++payment->sync_token;
        payment->updated = scene.now;
    }
}

std::string void_object(const Scene& scene, const WriteRequest& request) {
    if (request.kind.kind != Kind::invoice && request.kind.kind != Kind::payment)
        refuse("500", "Operation void is not supported for " + std::string(request.kind.name));
    const Object old = target_of(scene, request);
    if (old.voided) return object_json(scene.company, old);
    Object draft = old;
    if (draft.kind == Kind::payment) {
        unlink_documents(scene, old);
        draft.applied.clear();
        draft.set_field(find_property(request.kind, "TotalAmt"), "0");
    } else {
        release_payments(scene, old);
        draft.payments.clear();
        draft.lines_json = zeroed_lines(old.lines_json);
        draft.tax_json = tax_detail_json({}, 0);
    }
    const std::string note = text_field(old, "PrivateNote");
    std::string json;
    append_json_string(json, note.empty() ? "Voided" : "Voided - " + note);
    draft.set_field(find_property(request.kind, "PrivateNote"), json);
    draft.net = draft.tax = draft.total = draft.open = Decimal(0, kCents);
    draft.voided = true;
    ++draft.sync_token;
    draft.updated = scene.now;
    const Object answer = draft;
    scene.company.put(std::move(draft));
    return object_json(scene.company, answer);
}

void check_plan(const Company& company) {
    const std::string& status = company.subscription_status;
    if (status == "SUBSCRIBED" || status == "TRIAL" || status == "TRIALOPTIN") return;
    Fault fault = fault_of("6190", "Subscription period has ended or canceled or there was a billing problem");
    if (company.lapsed_plan_answers_200) fault.http_status = 200;  // seen once
    throw Refused{fault};
}

}  // namespace

std::string write_object(const Scene& scene, const WriteRequest& request) {
    if (!request.kind.writable)
        refuse("500", "Operation " + request.operation + " is not supported for " + std::string(request.kind.name));
    if (!request.body.is_object()) refuse("2010", "The request is not an object");
    check_plan(scene.company);
    const bool names_one = !request.body["Id"].is_null();
    if (request.operation == "delete") return remove(scene, request);
    if (request.operation == "void") {
        if (request.kind.kind == Kind::payment && !scene.settings.payment_void_by_operation)
            refuse("500", "Operation void is not supported for Payment");
        return void_object(scene, request);
    }
    if (request.operation == "update" && request.include_void) return void_object(scene, request);
    if (request.operation == "update" || (request.operation.empty() && names_one)) return update(scene, request);
    if (request.operation.empty() || request.operation == "create") return create(scene, request);
    refuse("500", "Operation " + request.operation + " is not supported");
}

}  // namespace spillway::sandbox::qbo
