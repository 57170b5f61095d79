#pragma once
// Parked jobs by filter: counted without a walk, run again in bounded steps.

#include "queue/sqlite/sqlite_store.hpp"

namespace spillway::queue::sqlite {

/// All given conditions hold.
struct ParkedFilter {
    std::optional<std::vector<std::string>> lanes{};  ///< one of these; not given: any
    std::optional<std::string> kind{}, key{}, cause{};
    std::vector<JobId> ids{};  ///< one of these, when not empty; at most kReplayedAtOnce
};

/// Jobs that one step runs again at most; it looks at ten times as many, so that its time on the storage thread is
/// bounded.
inline constexpr std::size_t kReplayedAtOnce = 200;

struct ParkedCount {
    std::string lane, cause;
    std::int64_t jobs = 0;
};
/// By lane and cause, from the counts that every transition keeps; of a key or of ids from their own rows. Exact.
std::vector<ParkedCount> count_parked(Connection& connection, const ParkedFilter& filter);

/// How far a replay has come: its caller keeps it, in the transaction of each step.
struct ReplayCursor {
    std::int64_t lane = 0;
    JobId job = 0;
};
struct ReplayStep {
    ReplayCursor reached;
    std::int64_t replayed = 0;
    bool done = false;
};

/// The beginning of a replay. Who is parked by a transition after it has a higher token, whatever the clock says.
std::uint64_t replay_fence(Transaction& transaction);
/// Runs the next jobs behind `from` again that match and were parked before `fence`. The walk is by lane and id, so
/// that no job is met twice and none that was parked anew: steps that end with done = true, each begun where the last
/// one ended, leave nothing out that stayed parked all the while. After a crash the last committed cursor goes on.
Result<ReplayStep> replay_parked(Transaction& transaction, const ParkedFilter& filter, std::uint64_t fence,
                                 ReplayCursor from);

}  // namespace spillway::queue::sqlite
