#pragma once
// Writes JSON text, with decimals exactly as they are: no amount passes through a double. Commas are put by the writer.
//
//   JsonText json;
//   json.object().member("Total", total).member("Currency", currency.code);
//   json.key("Lines").array();
//   for (const Line& line : lines) json.object().member("Description", line.description).member("Tax",
//   line.tax).close(); json.close().close(); return std::move(json).take();

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/decimal.hpp"

namespace spillway {

/// `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

class JsonText {
 public:
    JsonText& object();
    JsonText& array();
    /// Ends the innermost open object or array.
    JsonText& close();
    /// The name of the next value; only directly inside an object.
    JsonText& key(std::string_view name);

    JsonText& value(std::string_view text);
    JsonText& value(const char* text) { return value(std::string_view(text)); }
    JsonText& value(const std::string& text) { return value(std::string_view(text)); }
    /// All places as kept (2.50); pass `x.shortest()` for 2.5.
    JsonText& value(Decimal number);
    template <std::integral T>
    JsonText& value(T number) {
        if constexpr (std::same_as<T, bool>)
            return raw(number ? "true" : "false");
        else
            return raw(std::to_string(number));
    }
    JsonText& value(double) = delete;  ///< numbers are whole or Decimal
    JsonText& value(char) = delete;
    JsonText& null() { return raw("null"); }
    /// `json` is one complete JSON value already, such as a stored body; it is written as it stands.
    JsonText& raw(std::string_view json);

    /// key() and value() in one; an empty optional writes nothing at all.
    template <class T>
    JsonText& member(std::string_view name, const T& what) {
        return key(name).value(what);
    }
    template <class T>
    JsonText& member(std::string_view name, const std::optional<T>& what) {
        return what ? key(name).value(*what) : *this;
    }
    JsonText& member_raw(std::string_view name, std::string_view json) { return key(name).raw(json); }

    /// The text so far; complete once everything is closed.
    [[nodiscard]] const std::string& text() const { return text_; }
    /// The finished text. Asserts that nothing is left open.
    [[nodiscard]] std::string take() &&;

 private:
    void before_value();

    std::string text_;
    std::vector<char> open_;  // the closing brackets that are owed
    bool first_ = true;       // nothing written yet in the innermost object or array
    bool after_key_ = false;
};

}  // namespace spillway
