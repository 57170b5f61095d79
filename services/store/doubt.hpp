#pragma once
// Does this store know everything that was sent? Not when it was restored, or may have been: a wall clock behind its
// last heartbeat, or far ahead of it, is what a restored snapshot or copy looks like from inside. Its backlog is then
// in doubt until each record of it was looked for in the books.

#include <optional>
#include <string>

#include "queue/job.hpp"
#include "services/store/sql.hpp"

namespace spillway::store {

struct Heartbeat {
    std::int64_t count = 0;  ///< rises for ever
    WallTime at{};
};
std::optional<Heartbeat> heartbeat(Connection& connection);
/// The next heartbeat. @return it.
Heartbeat beat(Connection& connection, WallTime now);

struct Doubt {
    std::string why;  ///< "store_replaced", "clock_behind", "clock_gap"
    WallTime since{};
    queue::JobId through = 0;       ///< the backlog found then: open jobs up to this one
    std::optional<WallTime> until;  ///< of a restored store: what is submitted until then may be a repetition
};
std::optional<Doubt> doubt(Connection& connection);
/// Everything that is open now is in doubt; with `resubmissions`, for a week also what is submitted from now on. Widens
/// a doubt that is there already.
void raise_doubt(Connection& connection, const std::string& why, WallTime now, bool resubmissions);
/// Whether nothing is left of it: no open job, parked ones included, and no time.
bool is_over(Connection& connection, const Doubt& doubt, WallTime now);
void end_doubt(Connection& connection);

/// A wait that a provider asked for, of one budget; kept over restarts.
void save_wait(Connection& connection, const std::string& budget, Millis left, WallTime now);
/// What is left of it: by the stored rest or by the wall clock, whichever is shorter, since either clock may have been
/// set meanwhile.
std::optional<Millis> wait_left(Connection& connection, const std::string& budget, WallTime now);

/// Jobs of a connection that are `unknown` and have no open intent: nothing would ever resolve them.
std::vector<queue::JobId> stranded_jobs(Connection& connection, const std::string& lane);

}  // namespace spillway::store
