#pragma once
// Many seeds, each in a process of its own, so that a crash or a run that never ends is a finding like any other.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "tests/simulation/swarm/options.hpp"

namespace spillway::test {

/// What is known of a run from outside.
struct Verdict {
    bool passed = false;
    std::string rule;    ///< "lost", "limit" ... or "died", "hangs", "differs"
    std::string record;  ///< for the trace
    std::string detail;
    std::uint64_t hash = 0, settled = 0, calls = 0;
    double cpu_seconds = 0;
    std::map<std::string, std::uint64_t> marks{};
};

/// Plays in a child process; `twice`: two runs of one seed must have one hash.
Verdict play_apart(const Options& options, bool twice);

struct HuntPlan {
    std::uint64_t first = 1, last = 1;
    int jobs = 2;
    bool twice = false;
    std::optional<std::chrono::seconds> time{};  ///< no new seed after it
    int failures_max = 20;
    bool needs_marks = false;  ///< fails when a mark of marks.hpp was never met
    std::function<Options(std::uint64_t seed)> options;
};

/// Prints each failure as it is found, and a summary. @return the process's exit code.
int hunt(const HuntPlan& plan);

/// Each planted defect must be found by a seed from `first` to `last` that finds nothing without it. @return the
/// process's exit code.
int prove_defects(const HuntPlan& plan, const std::string& only);

/// The smallest options that fail by the same rule: kinds of trouble and records taken away while it still fails.
Options shrink(const Options& options, const std::string& rule);

/// Prints what a failure was, a trace of the record concerned, and the line that repeats it.
void report(const Options& options, const Verdict& verdict);

}  // namespace spillway::test
