#pragma once
// Exact requests: writes from prepared objects, reads by id, look-ups by marker.

#include "connectors/provider.hpp"

namespace spillway::xero {

Provider::BatchRule batch_rule(const Step& step);
PreparedCall assemble(std::string_view tenant, std::span<const PreparedObject> objects, std::string key);
std::vector<PreparedCall> read_by_id(std::string_view tenant, std::span<const Link> links);
std::vector<PreparedCall> look_up(std::string_view tenant, std::span<const PreparedObject> objects);
/// GET of `path` ("Organisation") with an optional query.
PreparedCall read_call(std::string_view tenant, std::string_view path, std::string query, std::string operation);
/// The objects of a read's answer. See Provider::read_objects.
Result<std::vector<RemoteObject>> read_objects(const PreparedCall& call, const SendResult& answer);

}  // namespace spillway::xero
