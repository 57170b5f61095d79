#pragma once
// The store looked after while the service runs: a quick check soon after the start and once a day.

#include <boost/asio/awaitable.hpp>

#include "queue/sqlite/sqlite_store.hpp"

namespace spillway::daemon {

/// Until cancelled. What a check finds is in the store's status and in the log.
boost::asio::awaitable<void> look_after(queue::sqlite::SqliteStore& store, Clock& clock);

}  // namespace spillway::daemon
