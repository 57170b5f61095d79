#include "queue/backoff.hpp"

#include <algorithm>

#include "schema/assert.hpp"

namespace spillway::queue {

Millis backoff_delay(const BackoffPolicy& policy, int attempt, Random& random) {
    SPILLWAY_ASSERT(attempt >= 1);
    std::int64_t bound = std::max<std::int64_t>(policy.base.count(), 1);
    // Doubling stops at the cap, so that no attempt number can overflow.
    for (int doubled = 1; doubled < attempt && bound < policy.cap.count(); ++doubled) bound *= 2;
    bound = std::min(bound, policy.cap.count());
    const auto drawn = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(bound) + 1));
    return Millis{std::max<std::int64_t>(drawn, 100)};
}

}  // namespace spillway::queue
