#pragma once
// The store looked after while the service runs: a quick check soon after the start; schedules repeat it once a day,
// and a full one once a week (nightly.hpp).

#include <boost/asio/awaitable.hpp>

#include "queue/sqlite/sqlite_store.hpp"

namespace spillway::daemon {

/// What it finds is in the store's status and in the log. @return false when something else was under way, or it gave
/// way to the log's bound.
boost::asio::awaitable<bool> check_store(queue::sqlite::SqliteStore& store, queue::sqlite::CheckDepth depth);
/// Until one check is complete, or cancelled.
boost::asio::awaitable<void> check_after_start(queue::sqlite::SqliteStore& store, Clock& clock);

}  // namespace spillway::daemon
