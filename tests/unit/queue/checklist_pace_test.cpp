// The cases of queue/CHECKLIST.md on attempts, priorities and many lanes.

#include <cmath>
#include <fstream>

#include "queue/backoff.hpp"
#include "tests/unit/queue/checklist.hpp"

namespace spillway::queue::test {

namespace {

std::int64_t resident_bytes() {
    std::int64_t pages = 0;
    std::int64_t resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return resident * 4096;
}

}  // namespace

TEST_F(Checklist, backoff_bounds_and_jitter) {
    const BackoffPolicy policy;
    SeededRandom random(1);
    for (const int attempt : {1, 2, 5, 12, 1'000'000}) {
        const double bound = std::min(2'000.0 * std::pow(2.0, attempt - 1), 900'000.0);
        std::int64_t low = 0;
        for (int draw = 0; draw < 1'000; ++draw) {
            const std::int64_t delay = backoff_delay(policy, attempt, random).count();
            ASSERT_GE(delay, 100);
            ASSERT_LE(static_cast<double>(delay), bound);
            if (static_cast<double>(delay) < bound / 2) ++low;
        }
        EXPECT_GT(low, 400) << attempt;
        EXPECT_LT(low, 600) << attempt;
    }
}

TEST_F(Checklist, 429_does_not_consume_attempt) {
    const JobId id = bench.enqueue(a_job("a")).id;
    for (int each = 0; each < 1'000; ++each) {
        const auto claim = bench.claim_one();
        ASSERT_TRUE(claim);
        ASSERT_TRUE(bench.start(*claim).ok());
        ASSERT_TRUE(bench.settle(*claim, Settlement::again()).ok());
    }
    EXPECT_EQ(bench.job(id).attempts, 0);
    EXPECT_EQ(bench.job(id).crashes, 0);
    EXPECT_EQ(bench.state(id), JobState::waiting);
}

TEST_F(Checklist, permanent_error_no_retry) {
    const JobId id = bench.enqueue(a_job("a")).id;
    ASSERT_TRUE(bench.start(*bench.claim_one()).ok());
    bench.reopen();
    const Claim claim = *bench.store().claim_unknown("L", id);
    ASSERT_TRUE(
        bench.settle(claim, Settlement::parked("rejected", "Account code '200' is archived", "unarchive it")).ok());
    bench.pass(std::chrono::hours(24));
    EXPECT_FALSE(bench.claim_one());
    const Job job = bench.job(id);
    EXPECT_EQ(job.state, JobState::parked);
    EXPECT_EQ(job.attempts, 1);
    EXPECT_EQ(job.cause, "rejected");
    EXPECT_EQ(job.detail, "Account code '200' is archived") << "the provider's words";
    EXPECT_EQ(job.advice, "unarchive it");
}

TEST_F(Checklist, FiftySnoozesKeepAttemptsAndAge) {
    const JobId id = bench.enqueue(a_job("a")).id;
    const WallTime created = bench.job(id).created;
    const WallTime first_retry = bench.clock().wall_now() + Millis{1};
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::retry_at(first_retry, "down", "503")).ok());
    for (int snooze = 0; snooze < 50; ++snooze) {
        bench.pass(std::chrono::minutes(2));
        const auto claim = bench.claim_one();
        ASSERT_TRUE(claim) << snooze;
        const WallTime later = bench.clock().wall_now() + std::chrono::minutes(1);
        ASSERT_TRUE(bench.settle(*claim, Settlement::again(later)).ok());
        EXPECT_EQ(bench.state(id), JobState::scheduled);
    }
    EXPECT_EQ(bench.job(id).attempts, 1);
    EXPECT_EQ(bench.job(id).created, created);
}

TEST_F(Checklist, priority_no_starvation) {
    for (int each = 0; each < 40; ++each) {
        bench.enqueue(with(a_job("bulk" + std::to_string(each), "", "bulk"), Priority::bulk));
        bench.enqueue(with(a_job("now" + std::to_string(each), "", "now"), Priority::interactive));
    }
    std::string order;
    for (int each = 0; each < 16; ++each) {
        const auto kind = bench.store().next_kind("L");
        ASSERT_TRUE(kind);
        EXPECT_EQ(bench.store().next_kind("L"), kind) << "asking changes nothing";
        EXPECT_EQ(bench.store().most_urgent("L"), Priority::interactive) << "also when the floor lets bulk go";
        ASSERT_TRUE(bench.claim_one("L", *kind));
        order += kind->front();
    }
    EXPECT_EQ(order, "nnnnnnnbnnnnnnnb") << "one claim in eight";
}

TEST_F(Checklist, interactive_beats_bulk) {
    fill(many(50'000), [](int at) { return with(a_job("k" + std::to_string(at)), Priority::bulk); });
    ASSERT_EQ(bench.store().claim("L", "push", 100).size(), 100u);
    const JobId now = bench.enqueue(with(a_job("now"), Priority::interactive)).id;
    EXPECT_EQ(bench.claim_one()->id, now);
    const JobId referent = bench.enqueue(with(a_job("contact/1"), Priority::bulk)).id;
    bench.enqueue(with(with(a_job("invoice/1"), Priority::interactive), {{"contact/1", 1}}));
    EXPECT_EQ(bench.claim_one()->id, referent) << "what it needs goes first too";
}

TEST_F(Checklist, noisy_tenant_10k_jobs) {
    fill(many(10'000), [](int at) { return in_lane(a_job("k" + std::to_string(at)), "noisy"); });
    std::vector<std::string> ready;
    bench.store().on_ready([&](const std::string& lane) { ready.push_back(lane); });
    ASSERT_EQ(bench.store().claim("noisy", "push", 50).size(), 50u);
    const JobId quiet = bench.enqueue(in_lane(a_job("a"), "quiet")).id;
    EXPECT_EQ(ready, std::vector<std::string>{"quiet"}) << "told at once";
    EXPECT_EQ(bench.claim_one("quiet")->id, quiet);
}

TEST_F(Checklist, blocked_key_does_not_slow_others) {
    fill(many(100'000), [](int at) {
        return in_lane(with(a_job("k" + std::to_string(at)), std::vector<Wait>{{"never", 1}}), "blocked");
    });
    bench.enqueue(a_job("a"));
    std::vector<std::string> ready;
    bench.store().on_ready([&](const std::string& lane) { ready.push_back(lane); });
    const std::uint64_t steps = vfs.steps();
    for (int each = 0; each < 200; ++each) {
        const auto claim = bench.claim_one();
        ASSERT_TRUE(claim);
        ASSERT_TRUE(bench.settle(*claim, Settlement::again()).ok());
    }
    EXPECT_LT((vfs.steps() - steps) / 200, 60u) << "a settle writes no more than in an empty store";
    EXPECT_EQ(std::set<std::string>(ready.begin(), ready.end()), std::set<std::string>{"L"})
        << "nobody looks at the blocked lane";
    EXPECT_FALSE(bench.store().next_kind("blocked"));
}

TEST_F(Checklist, many_tenants_memory) {
    const int kLanes = many(100'000);
    const std::int64_t before = resident_bytes();
    fill(kLanes, [](int at) { return in_lane(a_job("a"), "lane" + std::to_string(at)); });
    const std::int64_t disk = static_cast<std::int64_t>(vfs.save().begin()->second.size());
    if (!kUnderAsan && !kUnderTsan) {
        EXPECT_LT(resident_bytes() - before, 6 * disk + kLanes * 1'500) << "the disk of this test is in memory too";
    }
    const std::uint64_t steps = vfs.steps();
    for (int lane = 0; lane < kLanes; lane += 997) {
        const std::string name = "lane" + std::to_string(lane);
        ASSERT_TRUE(bench.store().next_kind(name));
        ASSERT_EQ(bench.store().claim(name, "push", 9).size(), 1u);
        EXPECT_FALSE(bench.store().next_kind(name));
    }
    EXPECT_EQ(vfs.steps(), steps);
}

}  // namespace spillway::queue::test
