#pragma once
// Xero's accounting API behind the Provider port. Facts are cited where they are used: "OpenAPI" is
// XeroAPI/Xero-OpenAPI xero_accounting.yaml 16.1.0, "docs" are pages of developer.xero.com, both read in 2026; what
// neither says is marked assumed.

#include <memory>

#include "connectors/provider.hpp"

namespace spillway {

/// Calls that an organisation may take of one app in 24 hours, but on the Starter tier (docs "Limits").
inline constexpr int kXeroCallsPerDay = 5'000;

/// @param calls_per_day  what the app's tier allows; 1,000 on Starter.
std::unique_ptr<Provider> make_xero(int calls_per_day = kXeroCallsPerDay);

}  // namespace spillway
