#pragma once
// What every door through which records come accepts as an external id.

#include <string_view>

#include "schema/ids.hpp"
#include "schema/result.hpp"

namespace spillway::store {

/// 1 to 128 characters, none of them a control character. Errors: invalid/`bad_external_id` with `pointer`.
Result<ExternalId> read_external_id(std::string_view text, std::string_view pointer);

}  // namespace spillway::store
