// What a request's properties must look like, and how they join those of the stored object.

#include "schema/json_text.hpp"
#include "schema/money.hpp"
#include "schema/utf8.hpp"
#include "services/sandbox/qbo/faults.hpp"
#include "services/sandbox/qbo/rules.hpp"

namespace spillway::sandbox::qbo {
namespace {

std::string quoted(std::string_view text) {
    std::string json;
    append_json_string(json, text);
    return json;
}

std::string text_json(const Property& property, const JsonValue& value) {
    if (!value.is_string() && !value.is_number())
        refuse("2120", "Invalid type of " + std::string(property.name), std::string(property.name));
    const std::string text = value.string_or({});
    const std::size_t length = utf8_length(text).value_or(text.size());
    if (property.length_max != 0 && length > property.length_max)
        refuse("2050",
               "String length specified does not match the supported length. Min:0 Max:" +
                   std::to_string(property.length_max) + " supported. Supplied length:" + std::to_string(length),
               std::string(property.name));
    return quoted(text);
}

std::string boolean_json(const Property& property, const JsonValue& value) {
    if (value.is_boolean()) return value.bool_or(false) ? "true" : "false";
    if (value.is_string() && (value.text() == "true" || value.text() == "false")) return std::string(value.text());
    refuse("2120", "Invalid type of " + std::string(property.name), std::string(property.name));
}

/// The value as it is kept; a refusal when it is not of the property's shape.
std::string field_json(const Property& property, const JsonValue& value) {
    const std::string name(property.name);
    switch (property.shape) {
        case Shape::text: return text_json(property, value);
        case Shape::boolean: return boolean_json(property, value);
        case Shape::number: {
            const Result<Decimal> number = value.as_decimal();
            if (!number.ok()) refuse("2090", "Invalid number in " + name, name);
            return number->to_string();
        }
        case Shape::date: {
            if (!value.is_string() || !Date::parse(value.text()).ok()) refuse("2060", "Invalid date in " + name, name);
            return quoted(value.text());
        }
        case Shape::ref: {
            const std::string id = value["value"].string_or({});
            if (id.empty()) refuse_reference(name, name + " has no value");
            return reference_json(id, value["name"].string_or({}));
        }
        case Shape::any:
        case Shape::read_only: break;
    }
    return write_json(value);
}

}  // namespace

Object merge_fields(const KindInfo& kind, const JsonValue& body, const Object* old) {
    Object draft = old != nullptr ? *old : Object{kind.kind};
    const JsonValue& sparse = body["sparse"];
    if (!sparse.bool_or(false) && sparse.text() != "true") draft.fields.clear();
    for (const JsonMember& member : body.members()) {
        const Property* property = find_property(kind, member.name);
        if (property == nullptr)
            refuse("2010", "Property Name:" + member.name + " specified is unsupported or invalid", member.name);
        if (property->shape == Shape::read_only) continue;
        draft.set_field(property, member.value.is_null() ? std::string() : field_json(*property, member.value));
    }
    return draft;
}

std::string reference_json(std::string_view id, std::string_view name) {
    JsonText json;
    json.object().member("value", id);
    if (!name.empty()) json.member("name", name);
    json.close();
    return std::move(json).take();
}

std::int64_t reference_id(const Object& draft, std::string_view property) {
    const std::string* json = draft.field(property);
    if (json == nullptr) return 0;
    const Result<JsonValue> value = parse_json(*json);
    const std::string text = value.ok() ? (*value)["value"].string_or({}) : std::string();
    const Result<Decimal> id = Decimal::parse(text);
    if (!id.ok() || id->scale() != 0 || id->units() <= 0)
        refuse_reference(property, std::string(property) + " " + text + " not found");
    return id->units();
}

const Object* resolve(const Scene& scene, const Object& draft, std::string_view property, Kind kind) {
    const std::int64_t id = reference_id(draft, property);
    if (id == 0) return nullptr;
    const Object* found = scene.company.find(kind, id);
    if (found == nullptr || !found->active)
        refuse_reference(property, std::string(info(kind).name) + " " + std::to_string(id) + " not found or inactive");
    return found;
}

void settle_currency(const Scene& scene, Object& draft, const Object* customer) {
    const KindInfo& kind = info(draft.kind);
    const Property* property = find_property(kind, "CurrencyRef");
    const std::string* json = draft.field("CurrencyRef");
    const Company& company = scene.company;
    if (json == nullptr) {
        if (company.multi_currency && customer != nullptr) refuse_missing("CurrencyRef");
        draft.set_field(property, reference_json(company.currency, {}));
        return;
    }
    const Result<JsonValue> value = parse_json(*json);
    const std::string code = (*value)["value"].string_or({});
    if (!Currency::parse(code).ok() || (!company.multi_currency && code != company.currency))
        refuse("2220", "Currency " + code + " is not usable in this company", "CurrencyRef");
    if (customer == nullptr) return;
    const Result<JsonValue> theirs = parse_json(*customer->field("CurrencyRef"));
    if ((*theirs)["value"].text() != code)
        refuse("6000", "The transaction is in " + code + ", but the customer is not", "CurrencyRef");
}

void check_period(const Scene& scene, Date date) {
    if (!scene.company.book_close_date || date > *scene.company.book_close_date) return;
    Fault fault = fault_of(scene.settings.closed_period_code,
                           "The account period has closed and the account books cannot be updated");
    if (fault.code == "5010") fault.message = "Account Period Closed";  // reported once in place of 6210
    throw Refused{fault};
}

void settle_date(const Scene& scene, Object& draft) {
    if (draft.field("TxnDate") == nullptr)
        draft.set_field(find_property(info(draft.kind), "TxnDate"), quoted(pacific_time(scene.now).substr(0, 10)));
    draft.date = Date::parse(text_field(draft, "TxnDate")).value();
    check_period(scene, draft.date);
}

}  // namespace spillway::sandbox::qbo
