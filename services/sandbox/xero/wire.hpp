#pragma once
// Shapes on Xero's wire: dates, ids, answers that are no entity.

#include <optional>
#include <string>
#include <string_view>

#include "schema/clock.hpp"
#include "schema/date.hpp"
#include "schema/json_value.hpp"
#include "schema/runtime/http_message.hpp"
#include "services/sandbox/xero/books.hpp"

namespace spillway::sandbox::xero {

HttpResponse json_answer(int status, std::string body);
/// {"Type":null,"Title":"Unauthorized","Status":401,"Detail":...}
HttpResponse unauthorised(std::string_view detail, Ids& ids);
HttpResponse forbidden(std::string_view detail, Ids& ids);
/// 400 with ErrorNumber, Type and Message, without elements.
HttpResponse bad_request(int number, std::string_view type, std::string_view message);
/// An unknown id: 404 without a JSON body.
HttpResponse not_found();

/// "/Date(1571876400000+0000)/"
std::string instant(WallTime when);
/// Midnight UTC of the day: "/Date(...+0000)/"
std::string instant(Date day);
/// "2026-10-04T00:00:00"
std::string date_string(Date day);
/// The day of "2026-10-04", "2026-10-04T00:00:00" or "/Date(...)/".
std::optional<Date> read_date(std::string_view text);
Date date_of(WallTime when);
/// "31 March 2026", as messages name lock dates.
std::string long_date(Date day);

/// 8-4-4-4-12 hexadecimal digits.
bool is_guid(std::string_view text);
/// Two places, as all totals have.
Decimal cents(Decimal amount);

}  // namespace spillway::sandbox::xero
