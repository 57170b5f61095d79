// That the judges can fail: every planted defect is found, by seeds that find nothing without it.

#include <cstdio>
#include <vector>

#include "tests/simulation/swarm/defects.hpp"
#include "tests/simulation/swarm/hunt.hpp"

namespace spillway::test {

namespace {

/// Whether the seed finds the defect; a seed that fails without it proves nothing.
bool finds(const HuntPlan& plan, const Defect& defect, std::uint64_t seed) {
    auto options = plan.options(seed);
    options.defect = defect.name;
    const auto verdict = play_apart(options, /*twice=*/false);
    if (verdict.passed) return false;
    options.defect.clear();
    if (!play_apart(options, /*twice=*/false).passed) return false;
    std::printf("%-28s seed %-5llu %s: %s\n", std::string(defect.name).c_str(), static_cast<unsigned long long>(seed),
                verdict.rule.c_str(), verdict.detail.substr(0, 110).c_str());
    std::fflush(stdout);
    return true;
}

bool is_found(const HuntPlan& plan, const Defect& defect) {
    if (finds(plan, defect, defect.seed)) return true;
    for (auto seed = plan.first; seed <= plan.last; ++seed)
        if (seed != defect.seed && finds(plan, defect, seed)) return true;
    std::printf("%-28s NOT FOUND: %s\n", std::string(defect.name).c_str(), std::string(defect.breaks).c_str());
    return false;
}

}  // namespace

int prove_defects(const HuntPlan& plan, const std::string& only) {
    int found = 0, all = 0;
    for (const auto& defect : kDefects) {
        if (!only.empty() && only != defect.name) continue;
        ++all;
        found += is_found(plan, defect) ? 1 : 0;
    }
    std::printf("%d of %d planted defects found\n", found, all);
    return found == all && all > 0 ? 0 : 1;
}

}  // namespace spillway::test
