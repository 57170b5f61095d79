#pragma once
// Calls and intents: what was, or may have been, sent to a provider. A call is one HTTP write request, an intent one
// object in it. Both are durable before the first byte leaves, and stay open until every object's outcome is known.

#include <cstdint>
#include <string>
#include <vector>

#include "connectors/provider.hpp"
#include "queue/sqlite/sqlite_store.hpp"
#include "schema/ids.hpp"

namespace spillway::store {

using queue::sqlite::Connection;

struct Intent {
    std::int64_t id = 0;
    std::int64_t record_id = 0;
    std::int64_t record_version = 0;
    queue::JobId job_id = 0;
    PreparedObject object;
    bool open = true;
    /// When a complete look-up of this process first found nothing; not stored, so a restart looks twice again.
    std::optional<SteadyTime> absent_since;
};

struct Call {
    std::string key;
    ConnectionId connection;
    PreparedCall request;
    std::uint32_t epoch = 0;  ///< the process start that sent it
    bool unknown = false;     ///< an attempt ended without saying what happened
    WallTime sent{};          ///< the last time that bytes may have left
    // Of this process only; not stored, so nothing of it survives a restart.
    std::optional<SteadyTime> first_sent;
    std::optional<SteadyTime> last_sent;
    bool resent = false;
    bool doubt = false;           ///< never sent as far as we know: looked up before it is
    int status = 0;               ///< of the last answer; 0: none came
    std::vector<Intent> intents;  ///< in the order of the members
};

enum class IntentEnd { applied, rejected, not_applied };

/// Writes the call and its intents; fills in the intents' ids. Runs in the transaction that also starts the jobs.
Result<void> open_call(Connection& connection, Call& call);
/// Notes that the bytes may leave (again) at `now`.
Result<void> touch_call(Connection& connection, const std::string& key, WallTime now);
/// The outcome of at least one object is unknown; the answer, if any, is kept as evidence.
Result<void> mark_unknown(Connection& connection, const std::string& key, int status, const std::string& answer);
Result<void> end_intent(Connection& connection, std::int64_t intent, IntentEnd end);
/// Closes the call when none of its intents is open any more.
Result<void> close_if_settled(Connection& connection, const std::string& key, WallTime now);
/// Calls of a connection that still hold open intents, oldest first.
std::vector<Call> open_calls(Connection& connection, const ConnectionId& id);

struct Attempt {
    std::int64_t record_id = 0;
    queue::JobId job_id = 0;
    std::int64_t record_version = 0;
    WallTime at{};
    std::string role, verb, outcome, code, detail, request_id, call_key;
    int http_status = 0;
};
Result<void> add_attempt(Connection& connection, const Attempt& attempt);

}  // namespace spillway::store
