#pragma once
// The books as the control API shows them, in the shape that both providers share.

#include <nlohmann/json_fwd.hpp>

#include "services/sandbox/qbo/books.hpp"

namespace spillway::sandbox::qbo {

nlohmann::json tenant_json(const Company& company);

}  // namespace spillway::sandbox::qbo
