#pragma once
// The company: what is read of it when connecting, the mapping proposed from it, and what is wrong with a mapping.

#include <span>
#include <string_view>
#include <vector>

#include "connectors/provider.hpp"

namespace spillway::qbo {

/// Reads the company that a consent's callback claims by its realmId: the callback comes through a browser, so only
/// the token tells whether it is true. Errors: invalid/`bad_realm`.
Result<PreparedCall> company_call(std::string_view realm);
/// The one company. Errors: forbidden/`other_company` (the token has no right to it), unavailable, throttled.
Result<std::vector<Tenant>> read_claimed_company(std::string_view realm, const SendResult& answer);

/// Company, preferences, accounts, tax codes, tax rates, and the services a new company begins with: a query each.
std::vector<PreparedCall> company_calls(std::string_view tenant);

/// `answers` in the order of the calls. The listed services become accounts of type "Item" with codes "item:<id>", for
/// lines without an item. Errors: unavailable, throttled, unauthorised.
Result<Books> read_company(std::string_view tenant, std::span<const SendResult> answers);

Mapping proposed_mapping(const Books& books);
/// Codes: account_unknown, account_inactive, account_not_for_sales, account_not_for_payments, tax_code_unknown,
/// tax_code_not_for_sales, status_not_supported, bound_negative, custom_numbers_off.
std::vector<MappingProblem> mapping_problems(const Mapping& mapping, const Books& books);

}  // namespace spillway::qbo
