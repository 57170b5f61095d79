#include "services/sandbox/xero/wire.hpp"

#include <array>
#include <charconv>

#include "schema/json_text.hpp"

namespace spillway::sandbox::xero {

namespace {

HttpResponse titled(int status, std::string_view title, std::string_view detail, Ids& ids) {
    JsonText json;
    json.object().key("Type").null().member("Title", title).member("Status", status).member("Detail", detail);
    json.member("Instance", ids.guid()).key("Extensions").object().close().close();
    return json_answer(status, std::move(json).take());
}

}  // namespace

HttpResponse json_answer(int status, std::string body) {
    return {status, {{"Content-Type", "application/json; charset=utf-8"}}, std::move(body)};
}

HttpResponse unauthorised(std::string_view detail, Ids& ids) { return titled(401, "Unauthorized", detail, ids); }
HttpResponse forbidden(std::string_view detail, Ids& ids) { return titled(403, "Forbidden", detail, ids); }

HttpResponse bad_request(int number, std::string_view type, std::string_view message) {
    JsonText json;
    json.object().member("ErrorNumber", number).member("Type", type).member("Message", message).close();
    return json_answer(400, std::move(json).take());
}

HttpResponse not_found() { return {404, {{"Content-Type", "text/html; charset=utf-8"}}, ""}; }

std::string instant(WallTime when) { return "/Date(" + std::to_string(to_ms(when)) + "+0000)/"; }
std::string instant(Date day) { return instant(WallTime{std::chrono::sys_days{day.ymd}}); }
std::string date_string(Date day) { return day.to_string() + "T00:00:00"; }

Date date_of(WallTime when) { return {std::chrono::floor<std::chrono::days>(when)}; }

std::optional<Date> read_date(std::string_view text) {
    if (text.starts_with("/Date(")) {
        std::int64_t ms = 0;
        const char* first = text.data() + 6;
        const auto read = std::from_chars(first, text.data() + text.size(), ms);
        if (read.ec != std::errc{} || ms < -62'135'596'800'000 || ms > 253'402'300'799'999) return std::nullopt;
        return date_of(from_ms(ms));
    }
    if (text.size() > 10 && text[10] != 'T' && text[10] != ' ') return std::nullopt;
    const Result<Date> day = Date::parse(text.substr(0, 10));
    return day ? std::optional(*day) : std::nullopt;
}

std::string long_date(Date day) {
    static constexpr std::array kMonths{"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
    return std::to_string(static_cast<unsigned>(day.ymd.day())) + " " +
           kMonths.at(static_cast<unsigned>(day.ymd.month()) - 1) + " " +
           std::to_string(static_cast<int>(day.ymd.year()));
}

bool is_guid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
        if (dash != (text[at] == '-')) return false;
        if (!dash && std::string_view("0123456789abcdefABCDEF").find(text[at]) == std::string_view::npos) return false;
    }
    return true;
}

Decimal cents(Decimal amount) { return amount.rounded(2, Rounding::half_away_from_zero); }

}  // namespace spillway::sandbox::xero
