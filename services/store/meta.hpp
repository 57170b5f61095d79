#pragma once
// Single values of the whole store, by name.

#include <string>

#include "services/store/sql.hpp"

namespace spillway::store {

/// Empty when there is none.
std::string meta(Connection& connection, const std::string& name);
void set_meta(Connection& connection, const std::string& name, const std::string& value);
void drop_meta(Connection& connection, const std::string& name);

}  // namespace spillway::store
