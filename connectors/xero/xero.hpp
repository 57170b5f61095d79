#pragma once
// Xero's accounting API behind the Provider port. Facts are cited where they are used: "OpenAPI" is
// XeroAPI/Xero-OpenAPI xero_accounting.yaml 16.1.0, "docs" are pages of developer.xero.com, both read in 2026; what
// neither says is marked assumed.

#include <memory>

#include "connectors/provider.hpp"

namespace spillway {

std::unique_ptr<Provider> make_xero();

}  // namespace spillway
