#include "schema/utf8.hpp"

namespace spillway {
namespace {

/// The bytes of a character by its first byte; 0 where no character starts so.
std::size_t length_from(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

}  // namespace

std::optional<Utf8Character> first_character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t bytes = length_from(lead);
    if (bytes == 0 || text.size() < bytes) return std::nullopt;
    if (bytes == 1) return Utf8Character{lead, 1};
    char32_t code = lead & (0xFFu >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0) != 0x80) return std::nullopt;
        code = code << 6 | (next & 0x3Fu);
    }
    const bool overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (overlong || surrogate || code > 0x10FFFF) return std::nullopt;
    return Utf8Character{code, bytes};
}

std::optional<std::size_t> utf8_length(std::string_view text) {
    std::size_t count = 0;
    for (; !text.empty(); ++count) {
        const auto character = first_character(text);
        if (!character) return std::nullopt;
        text.remove_prefix(character->bytes);
    }
    return count;
}

std::string_view utf8_prefix(std::string_view text, std::size_t characters) {
    std::size_t bytes = 0;
    for (; characters > 0 && bytes < text.size(); --characters) {
        const auto character = first_character(text.substr(bytes));
        bytes += character ? character->bytes : 1;
    }
    return text.substr(0, bytes);
}

}  // namespace spillway
