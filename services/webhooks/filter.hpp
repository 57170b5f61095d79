#pragma once
// Which events a webhook wants: patterns with spaces between, each "*", an exact type, or "record.*".

#include <string>
#include <string_view>

#include "schema/json_value.hpp"
#include "schema/result.hpp"

namespace spillway::webhooks {

/// From a JSON array of patterns; absent: all. Errors: invalid/`bad_types`.
Result<std::string> read_types(const JsonValue* given);
bool wants(std::string_view types, std::string_view type);

}  // namespace spillway::webhooks
