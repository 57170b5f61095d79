#include "tests/unit/queue/oracle.hpp"

#include <limits>

namespace spillway::queue::test {

namespace {
std::map<std::string, std::int64_t> as_map(const std::vector<Wait>& waits) {
    std::map<std::string, std::int64_t> map;
    for (const Wait& wait : waits) map[wait.key] = std::max(map[wait.key], wait.level);
    return map;
}
}  // namespace

JobId Oracle::open(const std::string& key, bool follow_up) const {
    for (const auto& [id, job] : jobs) {
        if (job.key == key && job.follow_up == follow_up && !is_ended(job.state)) return id;
    }
    return 0;
}

JobState Oracle::ready(const OracleJob& job) const {
    if (!job.waits.empty()) return JobState::blocked;
    return job.run_at > now ? JobState::scheduled : JobState::waiting;
}

Placed Oracle::enqueue(const NewJob& job, JobId id) {
    const JobId main_id = open(job.key, false);
    const std::int64_t not_before = job.not_before ? to_ms(*job.not_before) : 0;
    if (main_id == 0) {
        OracleJob made{job.key, job.body};
        made.waits = as_map(job.waits);
        made.run_at = not_before;
        made.state = ready(made);
        jobs[id] = made;
        return Placed::created;
    }
    OracleJob& main = jobs.at(main_id);
    const JobId follow_id = open(job.key, true);
    if (!idle(main)) {
        OracleJob& follow = jobs[follow_id == 0 ? id : follow_id];
        follow = OracleJob{job.key, job.body, JobState::blocked, true};
        follow.waits = as_map(job.waits);
        follow.run_at = not_before;
        return Placed::follow_up;
    }
    if (follow_id != 0) {
        jobs.at(follow_id).state = JobState::superseded;
        jobs.at(follow_id).waits.clear();
    }
    if (main.state == JobState::parked) main.attempts = main.crashes = 0;
    if (main.attempts == 0) main.run_at = 0;
    main.body = job.body;
    main.waits = as_map(job.waits);
    main.run_at = std::max(main.run_at, not_before);
    main.state = ready(main);
    return Placed::coalesced;
}

void Oracle::start(JobId id) {
    jobs.at(id).started = true;
    jobs.at(id).state = JobState::unknown;
}

void Oracle::settle(JobId id, const Settlement& settlement) {
    OracleJob& job = jobs.at(id);
    job.claimed = job.started = false;
    job.attempts += settlement.counts_attempt ? 1 : 0;
    job.waits = as_map(settlement.waits);
    job.run_at = settlement.run_at ? to_ms(*settlement.run_at) : 0;
    job.state = settlement.state;
    const bool back =
        job.state == JobState::waiting || job.state == JobState::scheduled || job.state == JobState::blocked;
    if (back) job.state = job.crashes >= crashes_max_ ? JobState::parked : ready(job);
    const JobId follow = open(job.key, true);
    if (is_ended(job.state)) {
        go_on(job.key);
    } else if (follow != 0 && job.state != JobState::unknown) {
        fold(job, follow, job.state == JobState::parked);
    }
    if (settlement.releases_level) release(job.key, *settlement.releases_level);
}

void Oracle::fold(OracleJob& main, JobId follow_id, bool was_parked) {
    OracleJob& follow = jobs.at(follow_id);
    if (was_parked) main.attempts = main.crashes = 0, main.run_at = 0;
    main.body = follow.body;
    main.waits = std::move(follow.waits);
    main.run_at = std::max(main.run_at, follow.run_at);
    main.state = ready(main);
    follow.waits.clear();
    follow.state = JobState::superseded;
}

void Oracle::go_on(const std::string& key) {
    const JobId follow = open(key, true);
    if (follow == 0) return;
    jobs.at(follow).follow_up = false;
    jobs.at(follow).state = ready(jobs.at(follow));
}

void Oracle::release(const std::string& key, std::int64_t level) {
    for (auto& [id, job] : jobs) {
        const auto wait = job.waits.find(key);
        if (wait == job.waits.end() || wait->second > level) continue;
        job.waits.erase(wait);
        if (job.state == JobState::blocked && !job.follow_up) job.state = ready(job);
    }
}

bool Oracle::replay(JobId id) {
    OracleJob& job = jobs.at(id);
    if (job.state != JobState::parked) return false;
    job.attempts = job.crashes = 0;
    job.run_at = 0;
    job.state = ready(job);
    return true;
}

bool Oracle::cancel(JobId id) {
    OracleJob& job = jobs.at(id);
    if (!idle(job)) return false;
    end_by_person(job, JobState::cancelled);
    return true;
}

bool Oracle::resolve_by_hand(JobId id) {
    OracleJob& job = jobs.at(id);
    if (job.state != JobState::parked) return false;
    end_by_person(job, JobState::resolved_by_hand);
    return true;
}

bool Oracle::park_blocked(JobId id) {
    OracleJob& job = jobs.at(id);
    if (job.state != JobState::blocked || job.follow_up) return false;
    job.state = JobState::parked;
    return true;
}

void Oracle::end_by_person(OracleJob& job, JobState state) {
    job.state = state;
    job.waits.clear();
    if (!job.follow_up) go_on(job.key);
    if (open(job.key, false) == 0) release(job.key, std::numeric_limits<std::int64_t>::max());
}

void Oracle::unclaim(JobId id) {
    OracleJob& job = jobs.at(id);
    job.claimed = false;
    const JobId follow = open(job.key, true);
    if (follow != 0 && idle(job)) fold(job, follow, false);
}

void Oracle::promote_due() {
    for (auto& [id, job] : jobs) {
        if (job.state == JobState::scheduled) job.state = ready(job);
    }
}

void Oracle::crash() {
    for (auto& [id, job] : jobs) {
        if (job.started) ++job.crashes;
        job.started = job.claimed = false;
    }
    for (auto& [id, job] : jobs) {
        const JobId follow = open(job.key, true);
        if (!job.follow_up && idle(job) && follow != 0) fold(job, follow, false);
    }
}

}  // namespace spillway::queue::test
