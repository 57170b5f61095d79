#include "schema_check.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <regex>

#include "schema/utf8.hpp"

namespace spillway {
namespace {

struct Scene {
    const JsonValue& root;
    const JsonValue& schema;  ///< the one that holds the keyword
    const JsonValue& value;
    const std::string& at;
};

/// Checks one keyword, whose value is `rule`; a fault or empty.
using Keyword = std::function<std::string(const Scene& scene, const JsonValue& rule)>;

std::string verdict(bool holds, const Scene& scene, const char* keyword) {
    return holds ? std::string() : scene.at + ": " + keyword;
}

bool has_type(const JsonValue& value, std::string_view type) {
    return type == "integer" ? value.as_int64().ok() || value.as_int64().error().code == "decimal_too_large"
                             : type == to_string(value.type());
}

std::string check_properties(const Scene& scene, const JsonValue& rule) {
    for (const JsonMember& member : scene.value.members())
        if (const JsonValue* inner = rule.find(member.name))
            if (auto fault = schema_fault(scene.root, *inner, member.value, scene.at + "/" + member.name);
                !fault.empty())
                return fault;
    return {};
}

std::string check_additional(const Scene& scene, const JsonValue&) {
    for (const JsonMember& member : scene.value.members())
        if (!scene.schema["properties"].find(member.name)) return scene.at + ": additionalProperties " + member.name;
    return {};
}

std::string check_required(const Scene& scene, const JsonValue& rule) {
    for (const JsonValue& name : rule.items())
        if (scene.value.is_object() && !scene.value.find(name.text()))
            return scene.at + ": required " + name.string_or("");
    return {};
}

std::string check_items(const Scene& scene, const JsonValue& rule) {
    for (std::size_t i = 0; i < scene.value.items().size(); ++i)
        if (auto fault = schema_fault(scene.root, rule, scene.value.items()[i], pointer_to(scene.at, i));
            !fault.empty())
            return fault;
    return {};
}

std::string check_pattern(const Scene& scene, const JsonValue& rule) {
    if (!scene.value.is_string()) return {};
    // std::wregex, since a character of the pattern's classes may take more than one byte.
    const auto wide = [](std::string_view text) {
        std::wstring out;
        while (!text.empty()) {
            const auto character = first_character(text).value();
            out.push_back(static_cast<wchar_t>(character.code_point));
            text.remove_prefix(character.bytes);
        }
        return out;
    };
    return verdict(std::regex_search(wide(scene.value.text()), std::wregex(wide(rule.text()))), scene, "pattern");
}

std::string check_length(const Scene& scene, const JsonValue& rule, int sign) {
    if (!scene.value.is_string()) return {};
    const auto length = static_cast<std::int64_t>(utf8_length(scene.value.text()).value());
    return verdict(sign * length <= sign * rule.int64_or(0), scene, "length");
}

std::string check_count(const Scene& scene, const JsonValue& rule, int sign) {
    if (!scene.value.is_array()) return {};
    const auto count = static_cast<std::int64_t>(scene.value.items().size());
    return verdict(sign * count <= sign * rule.int64_or(0), scene, "count");
}

std::string check_bound(const Scene& scene, const JsonValue& rule, bool is_maximum) {
    if (!scene.value.is_number()) return {};
    const auto number = scene.value.as_decimal();
    if (!number) return verdict(!is_maximum, scene, "maximum");  // what does not fit in 64 bits is above it here
    return verdict(is_maximum ? *number <= rule.decimal_or({}) : *number >= rule.decimal_or({}), scene, "bound");
}

std::string check_any_of(const Scene& scene, const JsonValue& rule) {
    const bool any = std::any_of(rule.items().begin(), rule.items().end(), [&scene](const JsonValue& inner) {
        return schema_fault(scene.root, inner, scene.value, scene.at).empty();
    });
    return verdict(any, scene, "anyOf");
}

std::string check_if(const Scene& scene, const JsonValue& rule) {
    const bool holds = schema_fault(scene.root, rule, scene.value, scene.at).empty();
    return schema_fault(scene.root, scene.schema[holds ? "then" : "else"], scene.value, scene.at);
}

std::string check_ref(const Scene& scene, const JsonValue& rule) {
    constexpr std::string_view kPrefix = "#/$defs/";
    const JsonValue* target =
        rule.text().starts_with(kPrefix) ? scene.root["$defs"].find(rule.text().substr(kPrefix.size())) : nullptr;
    return target ? schema_fault(scene.root, *target, scene.value, scene.at) : "no definition " + rule.string_or("");
}

const std::map<std::string, Keyword>& keywords() {
    static const Keyword kNote = [](const Scene&, const JsonValue&) { return std::string(); };
    static const std::map<std::string, Keyword> kKeywords = {
        {"$ref", check_ref},
        {"type",
         [](const Scene& s, const JsonValue& rule) { return verdict(has_type(s.value, rule.text()), s, "type"); }},
        {"properties", check_properties},
        {"additionalProperties", check_additional},
        {"required", check_required},
        {"items", check_items},
        {"minItems", [](const Scene& s, const JsonValue& rule) { return check_count(s, rule, -1); }},
        {"maxItems", [](const Scene& s, const JsonValue& rule) { return check_count(s, rule, 1); }},
        {"minLength", [](const Scene& s, const JsonValue& rule) { return check_length(s, rule, -1); }},
        {"maxLength", [](const Scene& s, const JsonValue& rule) { return check_length(s, rule, 1); }},
        {"minimum", [](const Scene& s, const JsonValue& rule) { return check_bound(s, rule, /*is_maximum=*/false); }},
        {"maximum", [](const Scene& s, const JsonValue& rule) { return check_bound(s, rule, /*is_maximum=*/true); }},
        {"pattern", check_pattern},
        {"anyOf", check_any_of},
        {"enum",
         [](const Scene& s, const JsonValue& rule) {
             const auto& all = rule.items();
             return verdict(std::find(all.begin(), all.end(), s.value) != all.end(), s, "enum");
         }},
        {"const", [](const Scene& s, const JsonValue& rule) { return verdict(s.value == rule, s, "const"); }},
        {"if", check_if},
        {"else", kNote},  // by "if"
        {"description", kNote},
        {"default", kNote},
        {"format", kNote},  // an annotation unless a validator opts in
    };
    return kKeywords;
}

}  // namespace

std::string schema_fault(const JsonValue& root, const JsonValue& schema, const JsonValue& value,
                         const std::string& at) {
    const Scene scene{root, schema, value, at};
    for (const JsonMember& rule : schema.members()) {
        const auto keyword = keywords().find(rule.name);
        if (keyword == keywords().end()) return at + ": unknown keyword " + rule.name;
        if (auto fault = keyword->second(scene, rule.value); !fault.empty()) return fault;
    }
    return {};
}

}  // namespace spillway
