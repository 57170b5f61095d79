#include "schema/json_text.hpp"

#include "schema/assert.hpp"
#include "schema/utf8.hpp"

namespace spillway {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// What a character below 0x80 needs to be written as; empty when it stands for itself.
std::string escape_of(char32_t c) {
    switch (c) {
        case '"': return "\\\"";
        case '\\': return "\\\\";
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        default: break;
    }
    if (c >= 0x20 && c != 0x7F) return {};
    static constexpr char kDigits[] = "0123456789abcdef";
    return std::string("\\u00") + kDigits[c >> 4 & 15] + kDigits[c & 15];
}

bool stands_for_itself(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && stands_for_itself(text[plain])) ++plain;
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const auto character = first_character(text);
        if (!character)
            out.append(kReplacement);
        else if (character->bytes == 1)
            out.append(escape_of(character->code_point));
        else
            out.append(text.substr(0, character->bytes));
        text.remove_prefix(character ? character->bytes : 1);
    }
    out.push_back('"');
}

void JsonText::before_value() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    SPILLWAY_ASSERT(open_.empty() ? text_.empty() : open_.back() == ']');
    if (!first_) text_.push_back(',');
    first_ = false;
}

JsonText& JsonText::object() {
    before_value();
    text_.push_back('{');
    open_.push_back('}');
    first_ = true;
    return *this;
}

JsonText& JsonText::array() {
    before_value();
    text_.push_back('[');
    open_.push_back(']');
    first_ = true;
    return *this;
}

JsonText& JsonText::close() {
    SPILLWAY_ASSERT(!open_.empty() && !after_key_);
    text_.push_back(open_.back());
    open_.pop_back();
    first_ = false;
    return *this;
}

JsonText& JsonText::key(std::string_view name) {
    SPILLWAY_ASSERT(!open_.empty() && open_.back() == '}' && !after_key_);
    if (!first_) text_.push_back(',');
    first_ = false;
    append_json_string(text_, name);
    text_.push_back(':');
    after_key_ = true;
    return *this;
}

JsonText& JsonText::value(std::string_view text) {
    before_value();
    append_json_string(text_, text);
    return *this;
}

JsonText& JsonText::value(Decimal number) { return raw(number.to_string()); }

JsonText& JsonText::raw(std::string_view json) {
    before_value();
    text_.append(json);
    return *this;
}

std::string JsonText::take() && {
    SPILLWAY_ASSERT(open_.empty() && !text_.empty());
    return std::move(text_);
}

}  // namespace spillway
