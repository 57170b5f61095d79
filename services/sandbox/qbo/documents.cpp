// Invoices and credit memos: what a write makes of them.

#include <array>

#include "schema/json_text.hpp"
#include "services/sandbox/qbo/faults.hpp"
#include "services/sandbox/qbo/lines.hpp"
#include "services/sandbox/qbo/rules.hpp"

namespace spillway::sandbox::qbo {
namespace {

TaxMode tax_mode(const Scene& scene, const Object& draft) {
    if (scene.company.us) return TaxMode::us;
    const std::string word = text_field(draft, "GlobalTaxCalculation");
    if (word.empty()) refuse_missing("GlobalTaxCalculation");
    if (word == "TaxExcluded") return TaxMode::excluded;
    if (word == "TaxInclusive") return TaxMode::inclusive;
    if (word == "NotApplicable") return TaxMode::not_applicable;
    refuse("2170", "GlobalTaxCalculation " + word + " is unknown", "GlobalTaxCalculation");
}

std::int64_t us_tax_code(const Scene& scene, const JsonValue& detail) {
    const JsonValue& reference = detail["TxnTaxCodeRef"];
    if (!scene.company.us || reference.is_null()) return 0;
    const Result<Decimal> id = Decimal::parse(reference["value"].string_or({}));
    if (!id.ok() || id->scale() != 0 || !scene.company.tax_codes.contains(id->units()))
        refuse_reference("TxnTaxCodeRef", "TaxCode " + reference["value"].string_or({}) + " not found");
    return id->units();
}

void compute(const Scene& scene, Object& draft, const Object* old, const JsonValue& body) {
    const JsonValue* sent = body.find("Line");
    const JsonValue& detail = body["TxnTaxDetail"];
    const bool sparse = body["sparse"].bool_or(false) || body["sparse"].text() == "true";
    const bool amounts_untouched =
        old != nullptr && sparse && sent == nullptr && detail.is_null() && body["GlobalTaxCalculation"].is_null();
    if (amounts_untouched) return;
    if (sent == nullptr && (old == nullptr || !sparse)) refuse_missing("Line");
    const TaxMode mode = tax_mode(scene, draft);
    const bool has_detail = !detail["TotalTax"].is_null() || !detail["TaxLine"].items().empty();
    if (mode == TaxMode::not_applicable && has_detail)
        refuse("6170", "TxnTaxDetail was sent with GlobalTaxCalculation NotApplicable", "TxnTaxDetail");
    const std::string old_json = old != nullptr ? old->lines_json : "[]";
    const Result<JsonValue> kept = parse_json(old_json);
    const std::int64_t us_code = us_tax_code(scene, detail);
    ReadLines lines = read_lines(scene, sent != nullptr ? *sent : *kept, old_json, mode, us_code);
    TaxSums sums = compute_tax(scene.company, lines.taxable, scene.settings.tax_rounding == "per_line");
    const Result<Decimal> stated = detail["TotalTax"].as_decimal();
    if (stated.ok() && scene.settings.explicit_tax_honoured && *stated != sums.tax) {
        const bool prices_hold_tax = !lines.taxable.empty() && lines.taxable.front().gross;
        override_tax(sums, stated->rounded(kCents, Rounding::half_away_from_zero), prices_hold_tax);
    }
    if (sums.total.is_negative()) refuse("6000", "The transaction's total must be 0 or more");
    draft.lines_json = std::move(lines.json);
    draft.line_count = lines.count;
    draft.tax_json = tax_detail_json(sums, us_code);
    draft.net = sums.net;
    draft.tax = sums.tax;
    draft.total = sums.total;
}

void settle_number(const Scene& scene, Object& draft, const Object* old) {
    const bool asks = draft.key == "AUTO_GENERATE" || text_field(draft, "AutoDocNumber") == "true";
    const bool automatic = draft.key.empty() && old == nullptr && !scene.company.custom_txn_numbers;
    if (!asks && !automatic) return;
    draft.key = std::to_string(scene.company.next_doc_number());
    draft.set_field(find_property(info(draft.kind), "DocNumber"), "\"" + draft.key + "\"");
}

void check_number(const Scene& scene, const Object& draft, const Object* old) {
    if (draft.key.empty() || !scene.settings.doc_number_check || (old != nullptr && old->key == draft.key)) return;
    constexpr std::array kSalesForms{Kind::invoice, Kind::credit_memo};
    for (const Kind kind : kSalesForms) {
        // Whether an invoice and a credit memo clash is disputed.
        if (kind != draft.kind && scene.settings.doc_number_scope == "type") continue;
        for (const std::int64_t id : scene.company.by_key(kind, draft.key)) {
            if (kind == draft.kind && id == draft.id) continue;
            refuse("6140",
                   "Duplicate Document Number Error : You must specify a different number. This number has "
                   "already been used. DocNumber=" +
                       draft.key + " is assigned to TxnType=" + std::string(info(kind).name) +
                       " with TxnId=" + std::to_string(id));
        }
    }
}

}  // namespace

void check_document(const Scene& scene, Object& draft, const Object* old, const WriteRequest& request) {
    const Object* customer = resolve(scene, draft, "CustomerRef", Kind::customer);
    if (customer == nullptr) refuse_missing("CustomerRef");
    draft.customer = customer->id;
    settle_date(scene, draft);
    settle_currency(scene, draft, customer);
    resolve(scene, draft, "SalesTermRef", Kind::term);
    const Decimal applied = old != nullptr ? old->total - old->open : Decimal();
    compute(scene, draft, old, request.body);
    draft.open = draft.total - applied;
    // Assumed: nothing is documented on shrinking or moving a document that payments are linked to.
    if (draft.open.is_negative()) refuse("6000", "More than the new total is already paid or applied");
    if (old != nullptr && !old->payments.empty() && old->customer != draft.customer)
        refuse("6000", "The customer of a transaction with linked payments cannot change", "CustomerRef");
    draft.key = text_field(draft, "DocNumber");
    if (!request.allow_duplicate_number) check_number(scene, draft, old);
    settle_number(scene, draft, old);
}

}  // namespace spillway::sandbox::qbo
