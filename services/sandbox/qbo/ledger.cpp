#include "services/sandbox/qbo/ledger.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "services/sandbox/qbo/tax.hpp"

namespace spillway::sandbox::qbo {
namespace {

using nlohmann::json;

std::string amount(Decimal value) { return value.rounded(kCents, Rounding::half_away_from_zero).to_string(); }

std::string number_of(const Company& company, Kind kind, std::int64_t id) {
    const Object* document = company.find(kind, id);
    return document != nullptr ? document->key : std::string();
}

json document_json(const Company& company, const Object& document) {
    const Object* customer = company.find(Kind::customer, document.customer);
    std::string status = document.voided ? "voided" : document.open.is_zero() ? "paid" : "open";
    return {{"id", std::to_string(document.id)},
            {"type", document.kind == Kind::invoice ? "invoice" : "credit_note"},
            {"number", document.key},
            {"contact", customer != nullptr ? customer->key : std::string()},
            {"date", document.date.to_string()},
            {"currency", company.currency},
            {"net", amount(document.net)},
            {"tax", amount(document.tax)},
            {"total", amount(document.total)},
            {"status", status},
            {"lines", document.line_count}};
}

/// A payment's lines as cash per invoice and credit per (credit note, invoice): credits go to the invoices in order.
struct Split {
    json cash = json::array(), credits = json::array();
};

Split split(const Company& company, const Object& payment) {
    Split made;
    std::vector<AppliedLine> credits;
    std::ranges::copy_if(payment.applied, std::back_inserter(credits),
                         [](const AppliedLine& line) { return line.kind == Kind::credit_memo; });
    auto credit = credits.begin();
    for (const AppliedLine& line : payment.applied) {
        if (line.kind != Kind::invoice) continue;
        Decimal rest = line.amount;
        const std::string invoice = number_of(company, Kind::invoice, line.id);
        while (!rest.is_zero() && credit != credits.end()) {
            const Decimal part = std::min(rest, credit->amount);
            made.credits.push_back({{"credit_note", number_of(company, Kind::credit_memo, credit->id)},
                                    {"invoice", invoice},
                                    {"amount", amount(part)}});
            rest -= part;
            credit->amount -= part;
            if (credit->amount.is_zero()) ++credit;
        }
        if (!rest.is_zero()) made.cash.push_back({{"document", invoice}, {"amount", amount(rest)}});
    }
    return made;
}

}  // namespace

json tenant_json(const Company& company) {
    json tenant{{"id", company.realm},         {"name", company.name},       {"contacts", json::array()},
                {"items", json::array()},      {"documents", json::array()}, {"payments", json::array()},
                {"allocations", json::array()}};
    for (const Kind kind : {Kind::customer, Kind::vendor}) {
        for (const auto& [id, person] : company.all(kind))
            tenant["contacts"].push_back(
                {{"id", std::to_string(id)}, {"name", person.key}, {"status", person.active ? "active" : "inactive"}});
    }
    for (const auto& [id, item] : company.all(Kind::item))
        tenant["items"].push_back({{"id", std::to_string(id)}, {"code", text_field(item, "Sku")}, {"name", item.key}});
    for (const Kind kind : {Kind::invoice, Kind::credit_memo}) {
        for (const auto& entry : company.all(kind)) tenant["documents"].push_back(document_json(company, entry.second));
    }
    for (const auto& [id, payment] : company.all(Kind::payment)) {
        Split parts = split(company, payment);
        for (json& credit : parts.credits) tenant["allocations"].push_back(std::move(credit));
        // A zero payment that only links credits to invoices is an allocation, not a payment.
        if (payment.total.is_zero() && !payment.applied.empty()) continue;
        tenant["payments"].push_back({{"id", std::to_string(id)},
                                      {"amount", amount(payment.total)},
                                      {"date", payment.date.to_string()},
                                      {"reference", payment.key},
                                      {"status", payment.voided ? "voided" : "active"},
                                      {"applied", std::move(parts.cash)}});
    }
    return tenant;
}

}  // namespace spillway::sandbox::qbo
