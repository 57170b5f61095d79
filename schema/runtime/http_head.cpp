#include "schema/runtime/http_head.hpp"

#include <algorithm>
#include <array>

namespace spillway {
namespace {

bool is_token_char(char c) {
    static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
}

bool is_value_char(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F); }

bool set_by_sender(std::string_view name) {
    static constexpr std::array<std::string_view, 4> kNames = {"content-length", "transfer-encoding", "connection",
                                                               "host"};
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view known) {
        return std::equal(name.begin(), name.end(), known.begin(), known.end(),
                          [&](char a, char b) { return lower(a) == b; });
    });
}

}  // namespace

bool is_http_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool safe_headers(const HttpHeaders& headers) {
    return std::all_of(headers.begin(), headers.end(), [](const auto& field) {
        return is_http_token(field.first) && std::all_of(field.second.begin(), field.second.end(), is_value_char);
    });
}

bool safe_target(std::string_view target) {
    return target.starts_with('/') &&
           std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

void append_headers(std::string& out, const HttpHeaders& headers) {
    for (const auto& [name, value] : headers) {
        if (set_by_sender(name)) continue;
        out += name;
        out += ": ";
        out += value;
        out += "\r\n";
    }
}

}  // namespace spillway
