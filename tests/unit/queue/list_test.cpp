#include <cmath>
#include <set>

#include "queue/backoff.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {

std::vector<Job> page(Bench& bench, const JobFilter& filter, std::optional<std::pair<std::int64_t, JobId>> after,
                      std::size_t limit) {
    return bench
        .read<std::vector<Job>>([=](sqlite::Connection& connection) {
            return Result<std::vector<Job>>(SqliteStore::list_jobs(connection, filter, after, limit));
        })
        .value();
}

std::vector<JobId> all_by_pages(Bench& bench, const JobFilter& filter, std::size_t limit) {
    std::vector<JobId> ids;
    std::optional<std::pair<std::int64_t, JobId>> after;
    for (;;) {
        const auto jobs = page(bench, filter, after, limit);
        for (const Job& job : jobs) ids.push_back(job.id);
        if (jobs.size() < limit) return ids;
        after = {to_ms(jobs.back().changed), jobs.back().id};
    }
}

/// 60 jobs in 3 lanes, some of them ended or parked, several changed in the same millisecond.
void fill(Bench& bench) {
    for (int each = 0; each < 60; ++each) {
        NewJob job = a_job("k" + std::to_string(each), "b", each % 4 == 0 ? "even" : "odd");
        job.lane = "lane" + std::to_string(each % 3);
        bench.enqueue(job);
        if (each % 7 == 0) bench.clock().advance(Millis{1});
    }
    for (const Claim& claim : bench.store().claim("lane0", "even", 5)) {
        EXPECT_TRUE(bench.settle(claim, Settlement::parked("bad", "words")).ok());
    }
    for (const Claim& claim : bench.store().claim("lane1", "odd", 5)) {
        EXPECT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());
    }
}

}  // namespace

TEST_F(StoreTest, ListsWalkEveryMatchOnceNewestChangeFirst) {
    fill(bench);
    struct Case {
        JobFilter filter;
        std::size_t matches;
    };
    std::vector<Case> cases(9);
    cases[0].matches = 60;
    cases[1] = {{.lane = "lane0"}, 20};
    cases[2] = {{.lanes = {"lane0", "lane1", "nowhere"}}, 40};
    cases[3] = {{.states = {JobState::parked}}, 5};
    cases[4] = {{.cause = "bad", .states = {JobState::parked, JobState::waiting}}, 5};
    cases[5] = {{.kind = "even"}, 15};
    cases[6] = {{.key = "k7"}, 1};
    cases[7] = {{.lane = "nowhere"}, 0};
    cases[8] = {{.lane = "lane2", .lanes = {"lane0"}}, 0};
    for (std::size_t at = 0; at < cases.size(); ++at) {
        for (const std::size_t limit : {std::size_t{1}, std::size_t{7}, std::size_t{200}}) {
            const auto ids = all_by_pages(bench, cases[at].filter, limit);
            EXPECT_EQ(ids.size(), cases[at].matches) << at << " by " << limit;
            EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), ids.size()) << at << " by " << limit;
        }
    }
    const auto jobs = page(bench, {}, std::nullopt, 1000);
    for (std::size_t at = 1; at < jobs.size(); ++at) {
        EXPECT_LT(std::pair(jobs[at].changed, jobs[at].id), std::pair(jobs[at - 1].changed, jobs[at - 1].id));
    }
}

TEST_F(StoreTest, APageHasAtMost200JobsAndStartsAtTheTimeAskedFor) {
    for (int each = 0; each < 210; ++each) bench.enqueue(a_job("k" + std::to_string(each)));
    EXPECT_EQ(page(bench, {}, std::nullopt, 1000).size(), 200u);
    bench.clock().advance(Millis{10});
    const WallTime since = bench.clock().wall_now();
    bench.enqueue(a_job("late"));
    JobFilter filter;
    filter.changed_since = since;
    EXPECT_EQ(page(bench, filter, std::nullopt, 1000).size(), 1u);
}

TEST(Words, StatesAndPrioritiesRoundTrip) {
    for (int state = 0; state <= static_cast<int>(JobState::resolved_by_hand); ++state) {
        EXPECT_EQ(job_state_from(to_string(static_cast<JobState>(state))), static_cast<JobState>(state));
    }
    for (const Priority priority : {Priority::interactive, Priority::normal, Priority::bulk}) {
        EXPECT_EQ(priority_from(to_string(priority)), priority);
    }
    EXPECT_FALSE(job_state_from("dead"));
    EXPECT_FALSE(priority_from(""));
}

}  // namespace spillway::queue::test
