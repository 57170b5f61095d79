#pragma once
// Defects planted on purpose, one at a time, to prove that the simulation's judges can fail:
// tests/simulation/README.md. They exist in the simulation's own build of a few sources; everywhere else the condition
// is the constant false.

#ifdef SPILLWAY_SIMULATED
#include <string_view>

namespace spillway {
/// Whether this run has the planted defect of that name.
bool has_defect(std::string_view name);
}  // namespace spillway
#define SPILLWAY_DEFECT(name) (::spillway::has_defect(name))
#else
#define SPILLWAY_DEFECT(name) (false)
#endif
