#pragma once
// As much of JSON Schema 2020-12 as the published record schema uses, for tests.

#include <string>

#include "schema/json_value.hpp"

namespace spillway {

/// Where and by which keyword `value` breaks `schema` ("/lines/0: required"); empty when it holds. `root` resolves
/// "$ref". A keyword that is not known here is a fault too: no rule is skipped silently.
std::string schema_fault(const JsonValue& root, const JsonValue& schema, const JsonValue& value,
                         const std::string& at = "");

}  // namespace spillway
