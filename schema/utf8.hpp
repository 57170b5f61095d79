#pragma once
// UTF-8 as texts of records and answers need it: valid or not, how many characters, one character at a time.

#include <cstddef>
#include <optional>
#include <string_view>

namespace spillway {

/// One character of a text and the bytes that it takes.
struct Utf8Character {
    char32_t code_point;
    std::size_t bytes;
};

/// The first character of `text`, which must not be empty. Nothing where it is not well-formed (overlong forms,
/// surrogates, values above U+10FFFF and cut sequences included).
std::optional<Utf8Character> first_character(std::string_view text);

/// The number of characters (code points); nothing where the text is not valid UTF-8.
std::optional<std::size_t> utf8_length(std::string_view text);

/// The longest prefix of at most `characters` characters; never cuts one in half. `text` is valid UTF-8.
std::string_view utf8_prefix(std::string_view text, std::size_t characters);

/// A control character other than line feed and tab (C0, DEL, C1).
constexpr bool is_refused_control(char32_t c) {
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c <= 0x9F);
}

}  // namespace spillway
