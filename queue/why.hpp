#pragma once
// "Why is this job not running?": one answer for every job in every state, from what the store and the loop's memory
// say. Pure.

#include "queue/job.hpp"

namespace spillway::queue {

/// What a blocked job waits for in the end: the key at the root of the chain, and its open job, if there is one.
struct Root {
    std::string key;
    std::optional<JobId> job{};
    std::optional<JobState> state{};
    std::string cause{};
    std::int64_t blocks = 0;  ///< jobs that wait for it, this one included
};

/// What stands around a job at one moment.
struct Standing {
    bool claimed = false;       ///< this process carries it out
    std::int64_t ahead = 0;     ///< waiting jobs of its lane that go first
    std::vector<Hold> holds{};  ///< those in force
    std::optional<Root> root{};
    std::optional<JobId> follows{};  ///< of a follow-up: the job that it goes after
};

struct Why {
    /// "next", "behind", "held", "scheduled", "retry", "follows", "blocked", "in_flight", "unknown", "parked", "ended"
    std::string code;
    std::string words;  ///< one sentence for people
    std::optional<WallTime> until{};
    std::optional<JobId> job{};  ///< the one to look at, where there is one
    std::int64_t count = 0;      ///< behind: jobs ahead; blocked: jobs that its root blocks
};

Why explain(const Job& job, const Standing& standing, WallTime now);

}  // namespace spillway::queue
