#pragma once
// The route table: data, so that 404, 405 and the check against openapi.json fall out of it.

#include <span>

#include "services/api/call.hpp"

namespace spillway::api {

std::span<const Route> routes();

struct Match {
    const Route* route = nullptr;  ///< null: no route of that method
    std::unordered_map<std::string, std::string> path;
    std::string allow;  ///< methods that the path takes, for 405; empty: no such path
};
/// `path` is percent-encoded; its parameters come back decoded ("%2F" inside one stays inside it).
Match match_route(std::string_view method, std::string_view path);

}  // namespace spillway::api
