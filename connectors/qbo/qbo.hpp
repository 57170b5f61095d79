#pragma once
// QuickBooks Online behind the Provider port.

#include <memory>

#include "connectors/provider.hpp"

namespace spillway {

/// Stateless; safe to share. What it does per kind and verb, and what it assumes of QuickBooks, is in README.md of this
/// folder.
std::unique_ptr<Provider> make_qbo();

}  // namespace spillway
