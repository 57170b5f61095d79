#pragma once
// One run: a month's end of a few companies in a world of trouble, judged all the time, then healed and judged for
// good.

#include "tests/simulation/swarm/findings.hpp"
#include "tests/simulation/swarm/options.hpp"
#include "tests/simulation/swarm/trace.hpp"

namespace spillway::test {

struct RunResult {
    Findings findings{};
    std::uint64_t hash = 0;
    std::uint64_t settled = 0;  ///< versions acknowledged and brought to their end
    std::uint64_t calls = 0;    ///< requests at the providers
    std::int64_t virtual_seconds = 0;
};

/// Plays `options`; `trace` keeps what it was told to keep.
RunResult play(const Options& options, Trace& trace);

}  // namespace spillway::test
