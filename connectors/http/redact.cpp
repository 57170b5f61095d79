#include "connectors/http/redact.hpp"

#include <algorithm>
#include <array>

#include "schema/runtime/secret.hpp"

namespace spillway::connectors {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

bool secret_header(std::string_view name) {
    static constexpr std::array<std::string_view, 3> kWhole = {"proxy-authorization", "cookie", "set-cookie"};
    static constexpr std::array<std::string_view, 4> kParts = {"token", "secret", "api-key", "signature"};
    const auto known = lower(name);
    return std::find(kWhole.begin(), kWhole.end(), known) != kWhole.end() ||
           std::any_of(kParts.begin(), kParts.end(),
                       [&](std::string_view part) { return known.find(part) != std::string::npos; });
}

bool secret_field(std::string_view name) {
    static constexpr std::array<std::string_view, 5> kWhole = {"code", "code_verifier", "password", "assertion",
                                                               "state"};
    const auto known = lower(name);
    // "token_type" and "token_type_hint" say nothing secret; every other name with "token" in it carries one.
    if (known.starts_with("token_type")) return false;
    return std::find(kWhole.begin(), kWhole.end(), known) != kWhole.end() || known.find("token") != std::string::npos ||
           known.find("secret") != std::string::npos;
}

std::string mask_authorization(std::string_view value) {
    const auto space = value.find(' ');
    return space == std::string_view::npos ? kSecretMask : std::string(value.substr(0, space + 1)) + kSecretMask;
}

/// The end of the JSON string that starts at `start` (its opening quote): the index behind the closing quote.
std::size_t string_end(std::string_view text, std::size_t start) {
    for (std::size_t i = start + 1; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            return i + 1;
    }
    return text.size();
}

}  // namespace

HttpHeaders redact_headers(const HttpHeaders& headers) {
    HttpHeaders out;
    for (const auto& [name, value] : headers) {
        if (lower(name) == "authorization")
            out.add(name, mask_authorization(value));
        else
            out.add(name, secret_header(name) ? std::string(kSecretMask) : value);
    }
    return out;
}

std::string redact_form(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto pair = text.substr(0, text.find('&'));
        text.remove_prefix(pair.size());
        const auto name = pair.substr(0, pair.find('='));
        const auto decoded = percent_decode(name, /*plus_is_space=*/true);
        const bool masked = name.size() < pair.size() && (!decoded || secret_field(*decoded));
        out += masked ? std::string(name) + '=' + kSecretMask : std::string(pair);
        if (text.empty()) break;
        out.push_back('&');
        text.remove_prefix(1);
    }
    return out;
}

std::string redact_json(std::string_view text) {
    std::string out;
    std::size_t at = 0;
    bool mask_next = false;  // the last string was the name of a secret, and its colon has been seen
    std::string_view last;
    while (at < text.size()) {
        if (text[at] != '"') {
            if (text[at] == ':') mask_next = secret_field(last);
            if (text[at] == ',' || text[at] == '{' || text[at] == '[') mask_next = false;
            out.push_back(text[at++]);
            continue;
        }
        const auto end = string_end(text, at);
        const auto whole = text.substr(at, end - at);
        out += mask_next ? '"' + std::string(kSecretMask) + '"' : std::string(whole);
        last = whole.size() >= 2 ? whole.substr(1, whole.size() - 2) : std::string_view{};
        if (mask_next) last = {};
        mask_next = false;
        at = end;
    }
    return out;
}

std::string redact_target(std::string_view target) {
    const auto mark = target.find('?');
    if (mark == std::string_view::npos) return std::string(target);
    return std::string(target.substr(0, mark + 1)) + redact_form(target.substr(mark + 1));
}

}  // namespace spillway::connectors
