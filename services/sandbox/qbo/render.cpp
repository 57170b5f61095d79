// Objects as the API answers them.

#include "schema/json_text.hpp"
#include "services/sandbox/qbo/faults.hpp"
#include "services/sandbox/qbo/tax.hpp"
#include "services/sandbox/qbo/writes.hpp"

namespace spillway::sandbox::qbo {
namespace {

Decimal cents(Decimal amount) { return amount.rounded(kCents, Rounding::half_away_from_zero); }

Decimal balance_of(const Company& company, std::int64_t customer) {
    Decimal balance(0, kCents);
    for (const std::int64_t id : company.by_customer(Kind::invoice, customer))
        balance += company.find(Kind::invoice, id)->open;
    for (const Kind kind : {Kind::credit_memo, Kind::payment}) {
        for (const std::int64_t id : company.by_customer(kind, customer)) balance -= company.find(kind, id)->open;
    }
    return balance;
}

std::string qualified_name(const Company& company, const Object& object) {
    std::string name = object.key;
    const Object* at = &object;
    for (int level = 0; level < 5 && at->field("ParentRef") != nullptr; ++level) {
        at = company.find(object.kind, reference_id(*at, "ParentRef"));
        if (at == nullptr) break;
        name = at->key + ":" + name;
    }
    return name;
}

void write_links(JsonText& json, const Object& document) {
    json.key("LinkedTxn").array();
    for (const std::int64_t id : document.payments)
        json.object().member("TxnId", std::to_string(id)).member("TxnType", "Payment").close();
    json.close();
}

void write_document(JsonText& json, const Object& document) {
    json.member_raw("Line", document.lines_json).member_raw("TxnTaxDetail", document.tax_json);
    json.member("TotalAmt", cents(document.total)).member("Balance", cents(document.open));
    if (document.kind == Kind::credit_memo) json.member("RemainingCredit", cents(document.open));
    write_links(json, document);
}

void write_payment(JsonText& json, const Object& payment) {
    json.member("UnappliedAmt", cents(payment.open)).key("Line").array();
    for (const AppliedLine& line : payment.applied) {
        json.object().member("Amount", line.amount).key("LinkedTxn").array().object();
        json.member("TxnId", std::to_string(line.id)).member("TxnType", info(line.kind).name).close().close().close();
    }
    json.close();
}

void write_named(JsonText& json, const Company& company, const Object& object) {
    json.member("FullyQualifiedName", qualified_name(company, object));
    if (object.field("Active") == nullptr) json.member("Active", object.active);
    if (!is_person(object.kind)) return;
    json.member("Balance", object.kind == Kind::customer ? balance_of(company, object.id) : Decimal(0, kCents));
}

}  // namespace

std::string object_json(const Company& company, const Object& object, bool stale_token) {
    JsonText json;
    json.object();
    for (const Field& field : object.fields) {
        const Object* customer =
            field.property->name == "CustomerRef" ? company.find(Kind::customer, object.customer) : nullptr;
        json.member_raw(field.property->name,
                        customer != nullptr ? reference_json(std::to_string(customer->id), customer->key) : field.json);
    }
    if (is_document(object.kind)) {
        write_document(json, object);
    } else if (object.kind == Kind::payment) {
        write_payment(json, object);
    } else {
        write_named(json, company, object);
    }
    const std::int64_t token = stale_token && object.sync_token > 0 ? object.sync_token - 1 : object.sync_token;
    json.member("domain", "QBO").member("sparse", false).member("Id", std::to_string(object.id));
    json.member("SyncToken", std::to_string(token)).key("MetaData").object();
    json.member("CreateTime", pacific_time(object.created)).member("LastUpdatedTime", pacific_time(object.updated));
    json.close().close();
    return std::move(json).take();
}

}  // namespace spillway::sandbox::qbo
