#include "connectors/qbo/words.hpp"

#include <algorithm>
#include <array>

#include "schema/sha256.hpp"

namespace spillway::qbo {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The first `count` groups of five bits of a hexadecimal text, as letters and digits.
std::string base32(std::string_view hex, std::size_t count) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string text;
    unsigned bits = 0;
    int held = 0;
    for (const char c : hex) {
        const unsigned digit = c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>(lower(c) - 'a') + 10;
        bits = (bits << 4) | digit;
        held += 4;
        if (held < 5) continue;
        held -= 5;
        text.push_back(kAlphabet[(bits >> held) & 31u]);
        if (text.size() == count) break;
    }
    return text;
}

}  // namespace

bool is_name_list(std::string_view entity) {
    return entity == kCustomer || entity == kVendor || entity == kEmployee || entity == kItem;
}

std::string_view marker_field(std::string_view entity) {
    if (entity == kItem) return "Name";
    if (is_name_list(entity)) return "DisplayName";
    return entity == kPayment ? "PaymentRefNum" : "DocNumber";
}

std::string path_word(std::string_view entity) {
    std::string word(entity);
    std::ranges::transform(word, word.begin(), lower);
    return word;
}

std::string company_path(std::string_view tenant) { return "/v3/company/" + percent_encode(tenant); }

std::string tag_of(std::string_view external_id) {
    std::string tag = "[spillway:";
    for (const char c : external_id) {
        if (c == '[' || c == ']' || c == '%')
            tag += percent_encode(std::string_view(&c, 1));
        else
            tag.push_back(c);
    }
    return tag + "]";
}

std::string payment_marker(const Subject& subject, std::string_view role) {
    std::string text(to_string(subject.kind));
    text += '\n' + subject.external_id + '\n' + std::string(role) + '\n' + std::to_string(subject.version);
    return "SP" + base32(sha256_hex(text), 18);
}

std::string query_literal(std::string_view value) {
    std::string literal = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') literal.push_back('\\');
        literal.push_back(c);
    }
    return literal + "'";
}

PreparedCall query_call(std::string_view tenant, std::string_view entity, std::string_view statement) {
    PreparedCall call;
    call.method = "GET";
    call.target = company_path(tenant) + "/query?query=" + percent_encode(statement) + "&minorversion=";
    call.target += kMinorVersion;
    call.operation = "query " + std::string(entity);
    return call;
}

const Link* link_of(const Subject& subject, std::string_view role) {
    const auto found = std::ranges::find(subject.links, role, &Link::role);
    return found == subject.links.end() ? nullptr : &*found;
}

const Link* referent_link(const Subject& subject, const Reference& reference, std::string_view role) {
    const auto links = subject.referents.find(reference);
    if (links == subject.referents.end()) return nullptr;
    const auto found = std::ranges::find(links->second, role, &Link::role);
    return found == links->second.end() ? nullptr : &*found;
}

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace spillway::qbo
