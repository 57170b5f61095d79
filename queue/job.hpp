#pragma once
// The words of the queue: jobs in lanes. A job's kind, key and body are opaque: the queue knows nothing of accounting.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/clock.hpp"

namespace spillway::queue {

using JobId = std::int64_t;

enum class JobState {
    waiting,    ///< may be claimed
    scheduled,  ///< may be claimed from `run_at` on
    blocked,    ///< waits for at least one wait-key
    running,    ///< claimed by this process; never stored: a crash frees it
    unknown,    ///< an effect outside may have happened; must be resolved, never re-run blindly
    parked,     ///< waits for a person
    // ended:
    applied,
    applied_with_difference,
    superseded,
    cancelled,
    resolved_by_hand,
};
std::string_view to_string(JobState state);
std::optional<JobState> job_state_from(std::string_view word);
constexpr bool is_ended(JobState state) { return state >= JobState::applied; }

enum class Priority { interactive, normal, bulk };
std::string_view to_string(Priority priority);
std::optional<Priority> priority_from(std::string_view word);

/// A job waits until `key` (within its lane) has been released up to `level`: "contact/C1" at version 3.
struct Wait {
    std::string key;
    std::int64_t level = 0;
    auto operator<=>(const Wait&) const = default;
};

struct NewJob {
    std::string lane;  ///< one lane per connection
    std::string kind;  ///< claims are made for one kind at a time: "push.invoice"
    std::string key;   ///< unique among open jobs of the lane: "invoice/INV-1"; also the wait-key that others wait on
    Priority priority = Priority::normal;
    std::string body;  ///< at most 4 KiB
    std::optional<WallTime> not_before;
    std::vector<Wait> waits;
};

/// What became of an enqueue.
enum class Placed {
    created,
    coalesced,  ///< an open job that had not started (parked ones included) now carries the newer body and waits;
                ///< un-parked
    follow_up,  ///< the open job is running or unknown: one follow-up goes after it (a second one replaces the first's
                ///< body)
};
struct Enqueued {
    JobId id = 0;
    Placed placed = Placed::created;
};

/// The right to carry out one job. Every transition made elsewhere (cancel, replay, restart) makes it stale.
struct Claim {
    JobId id = 0;
    std::uint64_t token = 0;  ///< rises for ever, restarts included
};

/// How an attempt ends. Build with the named functions.
struct Settlement {
    JobState state = JobState::waiting;
    std::string cause;   ///< stable word: "total_mismatch"; empty for applied
    std::string detail;  ///< for people
    std::string advice;  ///< suggested fix, for parked
    std::optional<WallTime> run_at;
    std::vector<Wait> waits;
    bool counts_attempt = true;
    std::optional<std::int64_t> releases_level;  ///< on applied: frees waits on this job's key up to this level

    /// The job is done; jobs that wait on its key up to `level` are freed in the same transaction.
    static Settlement applied(std::int64_t level);
    static Settlement applied_with_difference(std::int64_t level, std::string detail);
    static Settlement superseded(std::string detail);
    static Settlement parked(std::string cause, std::string detail, std::string advice = {});
    static Settlement retry_at(WallTime when, std::string cause, std::string detail);
    /// Back to the queue without costing an attempt (throttled, paused, more steps to do).
    static Settlement again(std::optional<WallTime> when = {});
    static Settlement blocked(std::vector<Wait> waits);
    /// The outcome is unknown: the job stays out of reach until it is resolved.
    static Settlement unknown(std::string detail);
};

struct Job {
    JobId id = 0;
    std::string lane, kind, key, body;
    Priority priority = Priority::normal;
    JobState state = JobState::waiting;
    int attempts = 0;
    int crashes = 0;  ///< times the process died after this job had started; counted apart from attempts
    std::string cause, detail, advice;
    WallTime created{};
    WallTime changed{};
    std::optional<WallTime> run_at;
    std::vector<Wait> waits;  ///< unreleased ones
    bool follow_up = false;
};

/// One transition of a job's past.
struct Step {
    WallTime at{};
    JobState from = JobState::waiting;
    JobState to = JobState::waiting;
    std::string cause;
    int attempt = 0;  ///< attempts counted so far
};

struct JobFilter {
    std::optional<std::string> lane{}, kind{}, key{}, cause{};
    std::vector<std::string> lanes{};  ///< any of these, when not empty (a partner's connections)
    std::vector<JobState> states{};    ///< any of these; empty: all
    std::optional<WallTime> changed_since{};
};

struct LaneCounts {
    std::string lane;
    std::vector<std::pair<JobState, std::int64_t>> by_state;  ///< states with at least one job
};

/// Why nothing new starts: in a lane, of a kind, of a kind in a lane, or (neither named) at all. What runs is finished.
struct Hold {
    std::optional<std::string> lane{}, kind{};
    std::string reason{};
    WallTime since{};
    std::optional<WallTime> until{};
};

/// A key of a lane that jobs wait for.
struct BlockedKey {
    std::string key;
    std::int64_t waiting = 0;         ///< jobs that wait for the key itself
    JobId first = 0;                  ///< the oldest of them
    WallTime since{};                 ///< when that one came to wait
    std::optional<JobId> head{};      ///< the open job of the key; none: nothing will free it by itself
    std::optional<JobState> state{};  ///< of the head
    std::string cause{};              ///< of the head
};

struct LanePause {
    std::string reason;
    std::optional<WallTime> until;
};

}  // namespace spillway::queue
