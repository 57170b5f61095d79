#pragma once
// Plain calendar dates of documents. They have no time zone and never shift with one.

#include <chrono>
#include <string>
#include <string_view>

#include "schema/clock.hpp"
#include "schema/result.hpp"

namespace spillway {

struct Date {
    std::chrono::year_month_day ymd{};

    /// "2010-12-01" exactly; a day that the calendar does not have is an error. Errors: invalid/`bad_date`.
    static Result<Date> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    auto operator<=>(const Date&) const = default;
};

/// "2010-12-01T08:26:00.000Z"
std::string format_utc(WallTime when);
/// RFC 3339 with `Z` or an offset, or without a zone (read as UTC); fractions are cut to milliseconds.
/// Errors: invalid/`bad_time`.
Result<WallTime> parse_utc(std::string_view text);

}  // namespace spillway
