#pragma once
// The organisation: its tenants, lists and a proposed mapping.

#include "connectors/provider.hpp"

namespace spillway::xero {

Result<std::vector<Tenant>> read_tenants(const SendResult& answer);
std::vector<PreparedCall> books_calls(std::string_view tenant);
Result<Books> read_books(std::string_view tenant, std::span<const SendResult> answers);
Mapping propose(const Books& books);
std::vector<MappingProblem> check(const Mapping& mapping, const Books& books);

}  // namespace spillway::xero
