#pragma once

#include <cstdint>

#include "tests/bench/support/samples.hpp"

namespace spillway::bench {

/// Idle pick-up over HTTP: from the first byte of a PUT on a kept connection until a handler has the job. API, server
/// and store are the daemon's; the handler takes what the store reports as ready, in place of a connection's lane.
Samples pick_up_over_http(std::int64_t times);

}  // namespace spillway::bench
