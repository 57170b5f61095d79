#pragma once
// The two demo companies as they are before any request.

#include "services/sandbox/qbo/books.hpp"

namespace spillway::sandbox::qbo {

inline constexpr std::string_view kUkRealm = "9341452000000001";
inline constexpr std::string_view kUsRealm = "9341452000000002";

Company uk_company();
Company us_company();

}  // namespace spillway::sandbox::qbo
