#include "schema/date.hpp"

#include <fmt/format.h>

namespace spillway {
namespace {

using namespace std::chrono;

/// Takes exactly `count` digits off the front of `text`; nothing when they are not there.
std::optional<int> take_number(std::string_view& text, std::size_t count) {
    if (text.size() < count) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(0, count)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, char wanted) {
    if (!text.starts_with(wanted)) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<year_month_day> take_date(std::string_view& text) {
    const auto y = take_number(text, 4);
    if (!y || !take(text, '-')) return std::nullopt;
    const auto m = take_number(text, 2);
    if (!m || !take(text, '-')) return std::nullopt;
    const auto d = take_number(text, 2);
    if (!d) return std::nullopt;
    const year_month_day ymd{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
    return ymd.ok() && *y > 0 ? std::optional(ymd) : std::nullopt;
}

/// "08:26:00"; a leap second (60) is the first second of the next minute.
std::optional<Millis> take_time_of_day(std::string_view& text) {
    const auto h = take_number(text, 2);
    if (!h || *h > 23 || !take(text, ':')) return std::nullopt;
    const auto m = take_number(text, 2);
    if (!m || *m > 59 || !take(text, ':')) return std::nullopt;
    const auto s = take_number(text, 2);
    if (!s || *s > 60) return std::nullopt;
    return hours{*h} + minutes{*m} + seconds{*s};
}

/// What follows the point; digits past the milliseconds are dropped.
std::optional<Millis> take_fraction(std::string_view& text) {
    if (!take(text, '.')) return Millis{0};
    int value = 0;
    int digits = 0;
    while (const auto digit = take_number(text, 1)) {
        if (digits < 3) value = value * 10 + *digit;
        ++digits;
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 3; ++digits) value *= 10;
    return Millis{value};
}

/// "Z", "+05:30" or nothing (UTC): how far the local time is ahead of UTC.
std::optional<Millis> take_zone(std::string_view& text) {
    if (text.empty() || take(text, 'Z') || take(text, 'z')) return Millis{0};
    const bool behind = text.starts_with('-');
    if (!take(text, '-') && !take(text, '+')) return std::nullopt;
    const auto h = take_number(text, 2);
    if (!h || *h > 23 || !take(text, ':')) return std::nullopt;
    const auto m = take_number(text, 2);
    if (!m || *m > 59) return std::nullopt;
    const Millis ahead = hours{*h} + minutes{*m};
    return behind ? -ahead : ahead;
}

std::optional<WallTime> read_time(std::string_view text) {
    const auto date = take_date(text);
    if (!date || !(take(text, 'T') || take(text, 't'))) return std::nullopt;
    const auto time_of_day = take_time_of_day(text);
    if (!time_of_day) return std::nullopt;
    const auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    const auto ahead = take_zone(text);
    if (!ahead || !text.empty()) return std::nullopt;
    return sys_days{*date} + *time_of_day + *fraction - *ahead;
}

std::string date_text(year_month_day ymd) {
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                       static_cast<unsigned>(ymd.day()));
}

}  // namespace

Result<Date> Date::parse(std::string_view text) {
    const auto ymd = take_date(text);
    if (!ymd || !text.empty()) return invalid("bad_date", "not a calendar date as YYYY-MM-DD");
    return Date{*ymd};
}

std::string Date::to_string() const { return date_text(ymd); }

std::string format_utc(WallTime when) {
    const sys_days midnight = floor<days>(when);
    const hh_mm_ss time{when - midnight};
    return fmt::format("{}T{:02}:{:02}:{:02}.{:03}Z", date_text(midnight), time.hours().count(), time.minutes().count(),
                       time.seconds().count(), time.subseconds().count());
}

Result<WallTime> parse_utc(std::string_view text) {
    const auto when = read_time(text);
    if (!when) return invalid("bad_time", "not a time as in RFC 3339");
    return *when;
}

}  // namespace spillway
