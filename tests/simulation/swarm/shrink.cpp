// Makes a failing run small, and tells what it was.

#include <algorithm>
#include <cstdio>

#include "tests/simulation/swarm/hunt.hpp"
#include "tests/simulation/swarm/run.hpp"

namespace spillway::test {

namespace {

bool still_fails(const Options& options, const std::string& rule) {
    return play_apart(options, /*twice=*/rule == "differs").rule == rule;
}

}  // namespace

Options shrink(const Options& options, const std::string& rule) {
    auto smallest = options;
    const auto take = [&](const Options& candidate) {
        if (!still_fails(candidate, rule)) return false;
        smallest = candidate;
        std::printf("  still fails: %s\n", candidate.to_arguments().c_str());
        std::fflush(stdout);
        return true;
    };
    for (bool smaller = true; smaller;) {
        smaller = false;
        for (std::size_t i = 0; i < kFaultCount; ++i) {
            if (!smallest.faults.test(i)) continue;
            auto candidate = smallest;
            candidate.faults.reset(i);
            smaller = take(candidate) || smaller;
        }
        for (const int by : {4, 2}) {
            auto candidate = smallest;
            candidate.records = std::max(10, smallest.records / by);
            if (candidate.records < smallest.records && take(candidate)) smaller = true;
        }
        auto candidate = smallest;
        candidate.hours = std::max(2, smallest.hours / 2);
        if (candidate.hours < smallest.hours && take(candidate)) smaller = true;
    }
    return smallest;
}

void report(const Options& options, const Verdict& verdict) {
    constexpr std::size_t kShown = 120;
    std::printf("FAILED %s [%s] %s\n", verdict.rule.c_str(), verdict.record.c_str(), verdict.detail.c_str());
    if (verdict.rule != "died" && verdict.rule != "hangs") {
        Trace trace;
        trace.keep(verdict.record.empty() ? "\x01" : verdict.record);
        (void)play(options, trace);
        const auto& lines = trace.lines();
        const auto from = lines.size() > kShown ? lines.size() - kShown : 0;
        if (from > 0) std::printf("  ... %zu lines before\n", from);
        for (std::size_t i = from; i < lines.size(); ++i) std::printf("  %s\n", lines[i].c_str());
    }
    std::printf("repeat: tests/simulate %s\n", options.to_arguments().c_str());
}

}  // namespace spillway::test
