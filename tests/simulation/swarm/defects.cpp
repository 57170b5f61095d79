#include "tests/simulation/swarm/defects.hpp"

#include <algorithm>
#include <stdexcept>

#include "schema/simulated.hpp"

#ifndef SPILLWAY_SIMULATED
#error "the registry of planted defects belongs into the simulation's own build"
#endif

namespace spillway {

namespace {
std::string planted;  // of this process: each run is one
}

bool has_defect(std::string_view name) { return !planted.empty() && planted == name; }

namespace test {

void plant(const std::string& name) {
    const bool known =
        std::any_of(std::begin(kDefects), std::end(kDefects), [&](const auto& one) { return one.name == name; });
    if (!known && !name.empty()) throw std::invalid_argument("no defect " + name);
    planted = name;
}

}  // namespace test

}  // namespace spillway
