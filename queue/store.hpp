#pragma once
// The Store port: durable jobs with exactly-once transitions. One process writes; claims live in memory only, so that
// claiming costs no write; whatever has effects outside is made durable by `start` before it happens.

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "queue/job.hpp"
#include "schema/result.hpp"

namespace spillway::queue {

/// Open on the storage thread, for one command of a group commit. Its changes reach the loop's in-memory index
/// only after COMMIT. Every verb with a Claim fails with conflict/`stale_claim` when the claim was overtaken; nothing
/// changed then.
class Transaction {
 public:
    virtual ~Transaction() = default;

    /// Referents inherit: open jobs whose key is in `waits` get at least this job's priority.
    virtual Result<Enqueued> enqueue(const NewJob& job) = 0;

    /// Notes durably that an effect outside is about to happen: after a crash the job is `unknown`, not `waiting`.
    virtual Result<void> start(const Claim& claim) = 0;
    virtual Result<void> settle(const Claim& claim, const Settlement& settlement) = 0;
    /// Frees the lane's waits on `key` with level <= `level`, and remembers it for nobody: later waits are the caller's
    /// check.
    virtual Result<void> release(const std::string& lane, const std::string& key, std::int64_t level) = 0;

    /// Parked -> waiting with attempts and crashes at 0. Errors: not_found, conflict/`not_parked`.
    virtual Result<void> replay(JobId id) = 0;
    /// When no open job is left for its key, every wait on that key is freed: what it stood for will not come, and who
    /// waits must find that out. Errors: not_found; conflict/`in_flight` (running or unknown),
    /// conflict/`already_ended`.
    virtual Result<void> cancel(JobId id) = 0;
    /// Parked -> resolved_by_hand; frees waits as cancel does. Errors: not_found, conflict/`not_parked`.
    virtual Result<void> resolve_by_hand(JobId id, const std::string& note) = 0;
    /// Blocked -> parked, when what the job waits for will not come by itself. It keeps its waits: replayed, it is
    /// blocked again, or waiting when they were released meanwhile. Errors: not_found, conflict/`not_blocked`
    /// (follow-ups included: the job that they follow goes first).
    virtual Result<void> park_blocked(JobId id, const std::string& cause, const std::string& detail,
                                      const std::string& advice) = 0;

    /// Nothing that the hold meets is claimed until it is lifted or its time is over; `since` is now. A second hold of
    /// the same lane and kind takes the place of the first.
    virtual Result<void> hold(const Hold& hold) = 0;
    virtual Result<void> lift(const std::optional<std::string>& lane, const std::optional<std::string>& kind) = 0;
    /// A hold of the lane.
    virtual Result<void> pause_lane(const std::string& lane, const LanePause& pause) = 0;
    virtual Result<void> resume_lane(const std::string& lane) = 0;

    virtual Result<Job> get(JobId id) = 0;
    /// The open job with that key (not its follow-up), if any.
    virtual std::optional<Job> find_open(const std::string& lane, const std::string& key) = 0;
};

/// Settles and intents go before intake, so that a flood of new records never delays what is in flight.
enum class CommandClass { settle, intake };

using Work = std::function<Result<void>(Transaction&)>;

class Store {
 public:
    virtual ~Store() = default;

    /// Runs `work` on the storage thread and commits it with its neighbours (durable before this returns). A work that
    /// returns an error is rolled back alone. It may be run twice, the first time rolled back: what it changes outside
    /// the transaction must not add up. Cannot be cancelled once queued. Errors: the work's
    /// own; unavailable/`storage_full`, unavailable/`storage_busy`, unavailable/`storage_failed`.
    virtual boost::asio::awaitable<Result<void>> commit(CommandClass command, Work work) = 0;

    // In memory, on the loop thread:

    /// What a lane would claim next: the kind of its first claimable job by priority (a floor keeps bulk moving), then
    /// age. Nothing when the lane is empty or paused.
    virtual std::optional<std::string> next_kind(const std::string& lane) = 0;
    /// The highest priority that a claimable job of the lane has, whatever the floor for bulk lets go first.
    virtual std::optional<Priority> most_urgent(const std::string& lane) = 0;
    /// Claims up to `limit` waiting jobs of one kind, by priority then age. Two claims never hand out one job.
    virtual std::vector<Claim> claim(const std::string& lane, const std::string& kind, std::size_t limit) = 0;
    /// Claims one `unknown` job in order to resolve it; nothing when it is claimed or no longer unknown.
    virtual std::optional<Claim> claim_unknown(const std::string& lane, JobId id) = 0;
    /// Puts claims back untouched (nothing was started), at their old place.
    virtual void unclaim(const std::string& lane, const std::vector<Claim>& claims) = 0;
    /// The jobs that are claimed right now, of all lanes: rows never say `running`, so whoever shows rows overlays
    /// them.
    virtual std::vector<JobId> running() = 0;
    /// Counts by state, `running` included; costs nothing.
    virtual LaneCounts counts(const std::string& lane) = 0;
    virtual std::optional<LanePause> lane_pause(const std::string& lane) = 0;
    /// Those in force, the widest first.
    virtual std::vector<Hold> holds() = 0;
    /// Carried out by this process at this moment.
    virtual bool claimed(JobId id) = 0;
    /// Waiting jobs of the lane that go before a job of this priority and id.
    virtual std::int64_t ahead(const std::string& lane, Priority priority, JobId id) = 0;

    /// Called on the loop thread whenever a lane may have become able to claim (new job, timer, release, resume). One
    /// listener.
    virtual void on_ready(std::function<void(const std::string& lane)> listener) = 0;
};

}  // namespace spillway::queue
