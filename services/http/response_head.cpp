#include "services/http/response_head.hpp"

#include <cstdio>
#include <ctime>

#include "schema/runtime/http_head.hpp"
#include "services/http/problem.hpp"

namespace spillway::http {
namespace {

bool same_word(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// RFC 9110 5.6.7. By hand: strftime's names depend on the locale.
std::string http_date(WallTime now) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t seconds = static_cast<std::time_t>(to_ms(now) / 1000);
    std::tm at{};
    gmtime_r(&seconds, &at);
    char text[64];
    std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[at.tm_wday], at.tm_mday,
                  kMonths[at.tm_mon], at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
    return text;
}

}  // namespace

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::optional<std::string> response_head(const HttpResponse& response, const Framing& framing, WallTime now) {
    if (response.status < 200 || response.status > 599 || !safe_headers(response.headers)) return std::nullopt;
    std::string head = framing.http11 ? "HTTP/1.1 " : "HTTP/1.0 ";
    head += std::to_string(response.status) + ' ';
    head += reason_of(response.status);
    head += "\r\n";
    append_headers(head, response.headers);
    if (!response.headers.find("Date")) head += "Date: " + http_date(now) + "\r\n";
    if (framing.chunked)
        head += "Transfer-Encoding: chunked\r\n";
    else if (may_have_body(response.status) && (framing.http11 || framing.content_length > 0))
        head += "Content-Length: " + std::to_string(framing.content_length) + "\r\n";
    if (!framing.keep_alive) head += "Connection: close\r\n";
    if (framing.keep_alive && !framing.http11) head += "Connection: keep-alive\r\n";
    head += "\r\n";
    return head;
}

std::string chunk_frame(const std::string& bytes) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + bytes + "\r\n";
}

bool wants_close(const HttpHeaders& headers) {
    const auto field = headers.find("Connection");
    return field && same_word(*field, "close");
}

bool is_continue(const std::string& expect) { return same_word(expect, "100-continue"); }

bool normalise_target(std::string& target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        const auto slash = target.find('/', scheme.size());
        target = slash == std::string::npos ? "/" : target.substr(slash);
        break;
    }
    return safe_target(target);
}

}  // namespace spillway::http
