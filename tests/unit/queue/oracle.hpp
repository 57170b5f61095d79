#pragma once
// What the queue should do, said again in the plainest way: no index, no disk, no groups. One lane.

#include <map>
#include <set>

#include "queue/store.hpp"

namespace spillway::queue::test {

struct OracleJob {
    std::string key, body;
    JobState state = JobState::waiting;
    bool follow_up = false;
    int attempts = 0;
    int crashes = 0;
    std::map<std::string, std::int64_t> waits{};
    std::int64_t run_at = 0;
    bool claimed = false;
    bool started = false;
};

class Oracle {
 public:
    explicit Oracle(int crashes_max) : crashes_max_(crashes_max) {}

    std::map<JobId, OracleJob> jobs;
    std::int64_t now = 0;

    /// What an enqueue must become; `id` is what the store answered.
    Placed enqueue(const NewJob& job, JobId id);
    /// Which of the ids of a key is open in that role; 0: none.
    JobId open(const std::string& key, bool follow_up) const;
    void start(JobId id);
    void settle(JobId id, const Settlement& settlement);
    void release(const std::string& key, std::int64_t level);
    bool replay(JobId id);
    bool cancel(JobId id);
    bool resolve_by_hand(JobId id);
    bool park_blocked(JobId id);
    void unclaim(JobId id);
    void promote_due();
    void crash();

 private:
    static bool idle(const OracleJob& job) {
        return !is_ended(job.state) && job.state != JobState::unknown && !job.claimed;
    }
    JobState ready(const OracleJob& job) const;
    void fold(OracleJob& main, JobId follow, bool was_parked);
    void go_on(const std::string& key);
    void end_by_person(OracleJob& job, JobState state);

    int crashes_max_;
};

}  // namespace spillway::queue::test
