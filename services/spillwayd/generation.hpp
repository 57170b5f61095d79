#pragma once
// The store's generation: a word kept in the store and in a file beside it. A restored or copied database shows itself
// by a difference, and gets a new generation, so that callers who follow events by cursor see the gap.

#include <string>

#include "queue/sqlite/sqlite_store.hpp"
#include "schema/random.hpp"

namespace spillway::daemon {

/// @return the generation in force. Errors: invalid/`state_dir` (the file cannot be written), storage errors.
boost::asio::awaitable<Result<std::string>> check_generation(queue::sqlite::SqliteStore& store, std::string state_dir,
                                                             Random& random);

}  // namespace spillway::daemon
