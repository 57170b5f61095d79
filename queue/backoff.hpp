#pragma once
// Full-jitter exponential backoff: retries of many jobs spread out instead of returning together.

#include "schema/clock.hpp"
#include "schema/random.hpp"

namespace spillway::queue {

struct BackoffPolicy {
    Millis base{2'000};
    Millis cap{15 * 60 * 1000};
    int attempts_max = 12;  ///< after that many attempts a job is parked
};

/// Uniform in [0, min(cap, base × 2^(attempt-1))], at least 100 ms. `attempt` counts from 1.
Millis backoff_delay(const BackoffPolicy& policy, int attempt, Random& random);

}  // namespace spillway::queue
