#include "schema/json_value.hpp"

#include "schema/assert.hpp"
#include "schema/json_text.hpp"

namespace spillway {
namespace {

Error wrong_type(std::string_view wanted, JsonValue::Type found) {
    return invalid("wrong_type", "expected " + std::string(wanted) + ", found " + std::string(to_string(found)));
}

void write(const JsonValue& value, JsonText& out) {
    switch (value.type()) {
        case JsonValue::Type::null: out.null(); return;
        case JsonValue::Type::boolean: out.value(value.bool_or(false)); return;
        case JsonValue::Type::number: out.raw(value.text()); return;
        case JsonValue::Type::string: out.value(value.text()); return;
        case JsonValue::Type::array:
            out.array();
            for (const JsonValue& item : value.items()) write(item, out);
            out.close();
            return;
        case JsonValue::Type::object:
            out.object();
            for (const JsonMember& member : value.members()) {
                out.key(member.name);
                write(member.value, out);
            }
            out.close();
            return;
    }
}

}  // namespace

std::string_view to_string(JsonValue::Type type) {
    switch (type) {
        case JsonValue::Type::null: return "null";
        case JsonValue::Type::boolean: return "boolean";
        case JsonValue::Type::number: return "number";
        case JsonValue::Type::string: return "string";
        case JsonValue::Type::array: return "array";
        case JsonValue::Type::object: return "object";
    }
    return "null";
}

JsonValue JsonValue::boolean(bool value) {
    JsonValue result;
    result.type_ = Type::boolean;
    result.content_ = value;
    return result;
}

JsonValue JsonValue::number(std::string text) {
    JsonValue result;
    result.type_ = Type::number;
    result.content_ = std::move(text);
    return result;
}

JsonValue JsonValue::string(std::string text) {
    JsonValue result;
    result.type_ = Type::string;
    result.content_ = std::move(text);
    return result;
}

JsonValue JsonValue::array(std::vector<JsonValue> items) {
    JsonValue result;
    result.type_ = Type::array;
    result.content_ = std::move(items);
    return result;
}

JsonValue JsonValue::object(std::vector<JsonMember> members) {
    JsonValue result;
    result.type_ = Type::object;
    result.content_ = std::move(members);
    return result;
}

const std::vector<JsonValue>& JsonValue::items() const {
    static const Items kNone;
    return is_array() ? std::get<Items>(content_) : kNone;
}

const std::vector<JsonMember>& JsonValue::members() const {
    static const Members kNone;
    return is_object() ? std::get<Members>(content_) : kNone;
}

const JsonValue* JsonValue::find(std::string_view name) const {
    for (const JsonMember& member : members())
        if (member.name == name) return &member.value;
    return nullptr;
}

const JsonValue& JsonValue::operator[](std::string_view name) const {
    static const JsonValue kNull;
    const JsonValue* found = find(name);
    return found ? *found : kNull;
}

std::string_view JsonValue::text() const {
    const auto* text = std::get_if<std::string>(&content_);
    return text ? std::string_view(*text) : std::string_view();
}

Result<std::string> JsonValue::as_string() const {
    if (!is_string()) return wrong_type("string", type_);
    return std::string(text());
}

Result<Decimal> JsonValue::as_decimal() const {
    if (!is_number() && !is_string()) return wrong_type("number", type_);
    return Decimal::parse(text());
}

Result<std::int64_t> JsonValue::as_int64() const {
    if (!is_number()) return wrong_type("integer", type_);
    const Result<Decimal> number = Decimal::parse(text());
    if (!number) return number.error();
    if (number->shortest().scale() != 0) return invalid("wrong_type", "expected integer, found a fraction");
    return number->shortest().units();
}

Result<bool> JsonValue::as_bool() const {
    if (!is_boolean()) return wrong_type("boolean", type_);
    return std::get<bool>(content_);
}

std::string JsonValue::string_or(std::string_view fallback) const {
    return std::string(is_string() || is_number() ? text() : fallback);
}

Decimal JsonValue::decimal_or(Decimal fallback) const {
    const Result<Decimal> number = as_decimal();
    return number ? *number : fallback;
}

std::int64_t JsonValue::int64_or(std::int64_t fallback) const {
    const Result<std::int64_t> number = as_int64();
    return number ? *number : fallback;
}

bool JsonValue::bool_or(bool fallback) const { return is_boolean() ? std::get<bool>(content_) : fallback; }

bool JsonValue::operator==(const JsonValue& other) const {
    if (type_ != other.type_) return false;
    if (!is_object())
        return is_array() ? items() == other.items()
                          : content_.index() == other.content_.index() && text() == other.text() &&
                                bool_or(false) == other.bool_or(false);
    if (members().size() != other.members().size()) return false;
    for (const JsonMember& member : members()) {
        const JsonValue* twin = other.find(member.name);
        if (!twin || !(*twin == member.value)) return false;
    }
    return true;
}

std::string write_json(const JsonValue& value) {
    JsonText out;
    write(value, out);
    return std::move(out).take();
}

std::string pointer_to(std::string_view parent, std::string_view name) {
    std::string pointer(parent);
    pointer.push_back('/');
    for (const char c : name) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer.push_back(c);
    }
    return pointer;
}

std::string pointer_to(std::string_view parent, std::size_t index) {
    return std::string(parent) + "/" + std::to_string(index);
}

}  // namespace spillway
