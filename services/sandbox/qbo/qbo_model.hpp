#pragma once
// QuickBooks Online as the sandbox plays it: OAuth, the accounting API v3 for sales documents, its limits and its
// faults. What it does and the switches of configure() are listed in README.md of this folder.

#include <cstdint>
#include <memory>

#include "services/sandbox/provider_model.hpp"

namespace spillway::sandbox {

/// A model with two demo companies: "Sandbox Company_UK_1" (GBP, VAT) and "Sandbox Company_US_1" (USD, TAX/NON).
/// The same seed and the same requests at the same times give the same answers, tokens included.
std::unique_ptr<ProviderModel> make_qbo_model(std::uint64_t seed);

}  // namespace spillway::sandbox
