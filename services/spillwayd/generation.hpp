#pragma once
// The store's generation: a word kept in the store and, with the count of heartbeats, in a file beside it. A restored
// or copied database shows itself by a difference, and gets a new generation, so that callers who follow events by
// cursor see the gap; what it does not know of was sent, maybe, so it starts in doubt (store/doubt.hpp).

#include <string>

#include "queue/sqlite/sqlite_store.hpp"
#include "schema/random.hpp"

namespace spillway::daemon {

/// @return the generation in force. Errors: invalid/`state_dir` (the file cannot be written), storage errors.
boost::asio::awaitable<Result<std::string>> check_generation(queue::sqlite::SqliteStore& store, std::string state_dir,
                                                             WallTime now, Random& random);
/// Writes the file, whole or not at all. Blocking. Errors: invalid/`state_dir`.
Result<void> note_generation(const std::string& state_dir, const std::string& generation, std::int64_t beats);

}  // namespace spillway::daemon
