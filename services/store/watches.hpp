#pragma once
// Watches: a write that was looked up twice and never found may still take effect, hours later (QuickBooks did that).
// Until that cannot happen any more the books are looked at again, so that a twin is never silent.

#include "services/store/calls.hpp"

namespace spillway::store {

/// How long a late effect is looked for.
constexpr Millis kWatched{7 * 24 * 60 * 60 * 1000LL};

struct Watch {
    std::int64_t id = 0;
    std::string connection, provider, tenant;
    std::int64_t record_id = 0, record_version = 0;
    queue::JobId job_id = 0;
    PreparedObject object;
    WallTime since{};
    std::string told;  ///< the last finding that was reported; empty: none
};

void add_watch(Connection& connection, const ConnectionId& owner, const Intent& intent, WallTime now);
/// Active connections that have one whose next look is due.
std::vector<std::string> connections_to_watch(Connection& connection, WallTime now);
/// Those of one of them, the longest overdue first; none once it is not active.
std::vector<Watch> due_watches(Connection& connection, const std::string& owner, WallTime now, std::size_t limit);
/// After a look: the next one comes ever later; after `kWatched` there is none.
void looked(Connection& connection, const Watch& watch, WallTime now);
/// It could not be looked for now: in an hour again, however old it is.
void put_off(Connection& connection, const Watch& watch, WallTime now);
/// A finding is reported once.
void told(Connection& connection, const Watch& watch, const std::string& finding);
/// Of connections that cannot be looked at any more.
void forget_watches(Connection& connection, WallTime before);

/// A call of the job is under way: what the books hold may be its own.
bool has_open_intent(Connection& connection, queue::JobId job);

}  // namespace spillway::store
