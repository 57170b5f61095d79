// Payments: what they apply to which documents, and what stays unapplied.

#include <algorithm>
#include <map>

#include "services/sandbox/qbo/faults.hpp"
#include "services/sandbox/qbo/rules.hpp"
#include "services/sandbox/qbo/tax.hpp"

namespace spillway::sandbox::qbo {
namespace {

constexpr Rounding kRounding = Rounding::half_away_from_zero;

AppliedLine read_line(const Scene& scene, const JsonValue& line, std::int64_t customer) {
    const Result<Decimal> amount = line["Amount"].as_decimal();
    if (line["Amount"].is_null()) refuse_missing("Amount");
    if (!amount.ok() || amount->is_negative() || *amount > Decimal(kAmountUnitsMax, kCents))
        refuse("2090", "Invalid number in Amount", "Amount");
    const auto& links = line["LinkedTxn"].items();
    if (links.size() != 1) refuse_missing("LinkedTxn");
    const std::string type = links[0]["TxnType"].string_or({});
    const KindInfo* kind = kind_by_name(type);
    const Result<Decimal> id = Decimal::parse(links[0]["TxnId"].string_or({}));
    const bool playable = kind != nullptr && is_document(kind->kind) && id.ok() && id->scale() == 0;
    const Object* document = playable ? scene.company.find(kind->kind, id->units()) : nullptr;
    if (document == nullptr) refuse_reference("TxnId", type + " " + links[0]["TxnId"].string_or({}) + " not found");
    if (document->customer != customer) refuse("620", "The transaction belongs to another customer", "LinkedTxn");
    return {kind->kind, id->units(), amount->rounded(kCents, kRounding)};
}

/// What a document has open once the payment's own old lines are off it.
Decimal open_without(const Scene& scene, const Object* old, Kind kind, std::int64_t id) {
    Decimal open = scene.company.find(kind, id)->open;
    if (old == nullptr) return open;
    for (const AppliedLine& line : old->applied) {
        if (line.kind == kind && line.id == id) open += line.amount;
    }
    return open;
}

void check_against_documents(const Scene& scene, const Object& draft, const Object* old) {
    std::map<std::pair<Kind, std::int64_t>, Decimal> sums;
    for (const AppliedLine& line : draft.applied) sums[{line.kind, line.id}] += line.amount;
    for (const auto& [document, amount] : sums) {
        const Decimal open = open_without(scene, old, document.first, document.second);
        if (open.is_zero() && !amount.is_zero())
            refuse("620", "The transaction is already paid or used up", "LinkedTxn");
        if (amount > open) refuse("6000", "More is applied than the transaction has open", "Amount");
    }
}

Decimal unapplied(const Object& payment) {
    Decimal rest = payment.total;
    for (const AppliedLine& line : payment.applied)
        rest = line.kind == Kind::credit_memo ? rest + line.amount : rest - line.amount;
    return rest;
}

void touch(const Scene& scene, Object& document) {
    // Whether a link changes the document's own SyncToken is not known.
    if (!scene.settings.linking_bumps_sync_token) return;
    ++document.sync_token;
    document.updated = scene.now;
}

void settle_deposit_account(const Scene& scene, Object& draft) {
    const Object* account = resolve(scene, draft, "DepositToAccountRef", Kind::account);
    if (account == nullptr) {
        const auto ids = scene.company.by_key(Kind::account, "Undeposited Funds");
        if (!ids.empty())
            draft.set_field(find_property(info(Kind::payment), "DepositToAccountRef"),
                            reference_json(std::to_string(ids.front()), {}));
        return;
    }
    const std::string type = text_field(*account, "AccountType");
    if (type != "Bank" && type != "Other Current Asset")
        refuse("6430", "A payment is deposited to a bank or other current asset account", "DepositToAccountRef");
}

}  // namespace

void check_payment(const Scene& scene, Object& draft, const Object* old, const JsonValue& body) {
    const Object* customer = resolve(scene, draft, "CustomerRef", Kind::customer);
    if (customer == nullptr) refuse_missing("CustomerRef");
    draft.customer = customer->id;
    const std::string* amount = draft.field("TotalAmt");
    if (amount == nullptr) refuse_missing("TotalAmt");
    draft.total = Decimal::parse(*amount)->rounded(kCents, kRounding);
    if (draft.total.is_negative() || draft.total > Decimal(kAmountUnitsMax, kCents))
        refuse("6000", "The payment's amount must be 0 or more", "TotalAmt");
    settle_date(scene, draft);
    settle_currency(scene, draft, customer);
    settle_deposit_account(scene, draft);
    resolve(scene, draft, "PaymentMethodRef", Kind::payment_method);
    draft.key = text_field(draft, "PaymentRefNum");
    const bool sparse = body["sparse"].bool_or(false) || body["sparse"].text() == "true";
    if (body.find("Line") != nullptr || !sparse) {
        draft.applied.clear();
        for (const JsonValue& line : body["Line"].items())
            draft.applied.push_back(read_line(scene, line, customer->id));
    }
    check_against_documents(scene, draft, old);
    draft.open = unapplied(draft);
    if (draft.open.is_negative()) refuse("6000", "More is applied than the payment and its credits hold", "TotalAmt");
}

void link_documents(const Scene& scene, const Object& payment) {
    for (const AppliedLine& line : payment.applied) {
        Object* document = scene.company.find(line.kind, line.id);
        document->open -= line.amount;
        if (std::ranges::find(document->payments, payment.id) != document->payments.end()) continue;
        document->payments.push_back(payment.id);
        touch(scene, *document);
    }
}

void unlink_documents(const Scene& scene, const Object& payment) {
    for (const AppliedLine& line : payment.applied) {
        Object* document = scene.company.find(line.kind, line.id);
        document->open += line.amount;
        if (std::erase(document->payments, payment.id) > 0) touch(scene, *document);
    }
}

}  // namespace spillway::sandbox::qbo
