#pragma once
// The Xero that the sandbox plays: identity service, connections, and /api.xro/2.0 for the kinds that Spillway carries.

#include <cstdint>
#include <memory>

#include "services/sandbox/provider_model.hpp"

namespace spillway::sandbox {

/// Two demo organisations, one registered app ("sandbox-xero-client"). Ids and tokens follow from the seed.
std::unique_ptr<ProviderModel> make_xero_model(std::uint64_t seed);

}  // namespace spillway::sandbox
