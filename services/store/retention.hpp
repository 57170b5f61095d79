#pragma once
// What is deleted once it is old, in bounded steps. What says which object in the books a record is never goes:
// records, every version of them, links, open calls and intents, open and parked jobs.

#include "services/store/sql.hpp"

namespace spillway::queue {
class Transaction;
}

namespace spillway::store {

/// Nothing given: kept for ever.
struct Retention {
    std::optional<WallTime> jobs_before{};   ///< ended jobs with bodies and histories; ended syncs
    std::optional<WallTime> audit_before{};  ///< attempts, closed calls with intents, events, ended replays, deliveries
};

/// Where the walk over calls stands; begin each sweep with a new one.
struct RetentionCursor {
    std::int64_t call = 0;
};

/// Deletes some rows, the oldest first. @return how many: 0 when nothing is left.
std::int64_t retention_step(queue::Transaction& transaction, const Retention& retention, RetentionCursor& cursor);

}  // namespace spillway::store
