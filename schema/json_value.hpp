#pragma once
// A parsed JSON text as a tree that keeps every number's text (amounts are read as exact decimals, never as doubles)
// and the order of members. Looking up what is not there gives null, so answers are read without a check at every step:
//
//   const Result<JsonValue> body = parse_json(response.body);
//   for (const JsonValue& invoice : (*body)["Invoices"].items()) total += invoice["Total"].decimal_or({});
//
// The tree knows nothing of unknown members: who wants to refuse them walks members() (see record_json.cpp).

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/decimal.hpp"
#include "schema/result.hpp"

namespace spillway {

/// Bounds of what is parsed: bytes of text, nesting, and values of all kinds together (they bound the memory).
struct JsonLimits {
    std::size_t bytes_max = 16u << 20;
    std::size_t depth_max = 32;
    std::size_t values_max = 1'000'000;
};

struct JsonMember;

class JsonValue {
 public:
    enum class Type { null, boolean, number, string, array, object };

    // Defined below JsonMember, which a value's destructor must know.
    JsonValue() noexcept;
    JsonValue(const JsonValue&);
    JsonValue(JsonValue&&) noexcept;
    JsonValue& operator=(const JsonValue&);
    JsonValue& operator=(JsonValue&&) noexcept;
    ~JsonValue();

    static JsonValue boolean(bool value);
    static JsonValue number(std::string text);
    static JsonValue string(std::string text);
    static JsonValue array(std::vector<JsonValue> items);
    static JsonValue object(std::vector<JsonMember> members);

    [[nodiscard]] Type type() const { return type_; }
    [[nodiscard]] bool is_null() const { return type_ == Type::null; }
    [[nodiscard]] bool is_string() const { return type_ == Type::string; }
    [[nodiscard]] bool is_number() const { return type_ == Type::number; }
    [[nodiscard]] bool is_boolean() const { return type_ == Type::boolean; }
    [[nodiscard]] bool is_array() const { return type_ == Type::array; }
    [[nodiscard]] bool is_object() const { return type_ == Type::object; }

    /// The elements of an array; empty for anything else.
    [[nodiscard]] const std::vector<JsonValue>& items() const;
    /// The members of an object in the order of the text; empty for anything else.
    [[nodiscard]] const std::vector<JsonMember>& members() const;
    /// The member of that name (case counts), or null pointer. Linear: objects are small.
    [[nodiscard]] const JsonValue* find(std::string_view name) const;
    /// The member of that name, or a null value where there is none.
    const JsonValue& operator[](std::string_view name) const;
    /// The text of a string, or of a number as it was written; empty for anything else.
    [[nodiscard]] std::string_view text() const;

    /// Exact reads. Errors: invalid/`wrong_type` without a pointer (a value does not know where it stands); of
    /// as_decimal those of Decimal::parse too. as_decimal takes a number or a string of decimal text; as_int64 a whole
    /// number (1, 1.0).
    [[nodiscard]] Result<std::string> as_string() const;
    [[nodiscard]] Result<Decimal> as_decimal() const;
    [[nodiscard]] Result<std::int64_t> as_int64() const;
    [[nodiscard]] Result<bool> as_bool() const;

    /// Forgiving reads: the fallback where as_x would fail. string_or also gives a number's text.
    [[nodiscard]] std::string string_or(std::string_view fallback) const;
    [[nodiscard]] Decimal decimal_or(Decimal fallback) const;
    [[nodiscard]] std::int64_t int64_or(std::int64_t fallback) const;
    [[nodiscard]] bool bool_or(bool fallback) const;

    /// Same type and content; numbers by their text, members in any order.
    bool operator==(const JsonValue& other) const;

 private:
    using Items = std::vector<JsonValue>;
    using Members = std::vector<JsonMember>;

    Type type_ = Type::null;
    std::variant<bool, std::string, Items, Members> content_;
};

struct JsonMember {
    std::string name;
    JsonValue value;
};

inline JsonValue::JsonValue() noexcept = default;
inline JsonValue::JsonValue(const JsonValue&) = default;
inline JsonValue::JsonValue(JsonValue&&) noexcept = default;
inline JsonValue& JsonValue::operator=(const JsonValue&) = default;
inline JsonValue& JsonValue::operator=(JsonValue&&) noexcept = default;
inline JsonValue::~JsonValue() = default;

/// "null", "boolean", "number" ... as JSON Schema calls them.
std::string_view to_string(JsonValue::Type type);

/// Parses one JSON text (RFC 8259, UTF-8). Duplicate members are refused. May throw nothing but bad_alloc.
/// Errors: invalid with the JSON pointer of the place: `bad_json` (not JSON, not UTF-8), `duplicate_member`,
/// `json_too_deep`, `json_too_large`.
Result<JsonValue> parse_json(std::string_view text, JsonLimits limits = {});

/// The tree as compact JSON text; numbers as they were written.
std::string write_json(const JsonValue& value);

/// Appends "/name" to a JSON pointer, escaped as RFC 6901 says.
std::string pointer_to(std::string_view parent, std::string_view name);
std::string pointer_to(std::string_view parent, std::size_t index);

}  // namespace spillway
