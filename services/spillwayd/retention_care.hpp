#pragma once
// Old rows deleted while the service runs, a few at a time.

#include <boost/asio/awaitable.hpp>

#include "queue/sqlite/sqlite_store.hpp"

namespace spillway::daemon {

/// How long what has ended is kept, see services/store/retention.hpp. Zero: for ever.
struct RetentionDays {
    int jobs = 30;
    int audit = 400;
};

/// Deletes all that is too old now, in steps with pauses in between: intake waits for one step at most, and the steps
/// wait while the disk is short. Until nothing is left or the caller is cancelled. @return the rows deleted.
boost::asio::awaitable<std::int64_t> sweep(queue::sqlite::SqliteStore& store, Clock& clock, RetentionDays keep);

}  // namespace spillway::daemon
