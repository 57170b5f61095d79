#pragma once
// Create, update, delete and void: one object each.

#include <string>

#include "services/sandbox/qbo/rules.hpp"

namespace spillway::sandbox::qbo {

/// Plays one write to its full effect. @return the object as answered: its JSON, or that of a deleted one.
/// Throws Refused, and then nothing has changed.
std::string write_object(const Scene& scene, const WriteRequest& request);

/// The whole object as the API answers it.
std::string object_json(const Company& company, const Object& object, bool stale_token = false);

}  // namespace spillway::sandbox::qbo
