// The case of queue/CHECKLIST.md on retention.

#include "queue/sqlite/prune.hpp"
#include "tests/unit/queue/checklist.hpp"

namespace spillway::queue::test {

namespace {

/// @return how many went.
std::int64_t prune(Bench& bench, WallTime before) {
    std::int64_t pruned = 0;
    const auto done = bench.commit(
        [&](Transaction& transaction) {
            pruned = sqlite::prune_ended(transaction, before);
            return success();
        },
        CommandClass::intake);
    EXPECT_TRUE(done.ok());
    return pruned;
}

}  // namespace

TEST_F(Checklist, retention_bounded_batches) {
    const int jobs = many(4'000);
    fill(jobs, [](int at) { return in_lane(a_job("k" + std::to_string(at)), at % 2 == 0 ? "L" : "M"); });
    const Settlement ends[] = {Settlement::applied(1), Settlement::applied_with_difference(1, "0.01"),
                               Settlement::superseded("newer")};
    std::set<JobId> ended;
    for (const char* lane : {"L", "M"}) {
        for (const Claim& claim : bench.store().claim(lane, "push", static_cast<std::size_t>(jobs))) {
            ASSERT_TRUE(bench.settle(claim, ends[claim.id % 3]).ok());
            ended.insert(claim.id);
        }
    }
    // One in each state that is not an end, and as old as the ended ones.
    std::vector<JobId> open;
    for (const char* key : {"waiting", "parked", "unknown", "blocked", "scheduled", "claimed"})
        open.push_back(bench.enqueue(a_job(key)).id);
    const auto claims = bench.store().claim("L", "push", 6);
    ASSERT_EQ(claims.size(), 6u);
    ASSERT_TRUE(bench.settle(claims[1], Settlement::parked("bad", "")).ok());
    ASSERT_TRUE(bench.start(claims[2]).ok());
    ASSERT_TRUE(bench.settle(claims[3], Settlement::blocked({{"x", 1}})).ok());
    ASSERT_TRUE(
        bench.settle(claims[4], Settlement::retry_at(bench.clock().wall_now() + std::chrono::hours(99), "", "")).ok());
    bench.store().unclaim("L", {claims[0]});
    const JobId cancelled = bench.enqueue(a_job("cancelled")).id;
    ASSERT_TRUE(bench.cancel(cancelled).ok());
    ended.insert(cancelled);
    bench.clock().advance(std::chrono::hours(48));
    const JobId young = bench.enqueue(in_lane(a_job("young"), "M")).id;
    ASSERT_TRUE(bench.settle(*bench.claim_one("M"), Settlement::applied(1)).ok());
    const WallTime before = bench.clock().wall_now() - std::chrono::hours(24);
    EXPECT_EQ(prune(bench, before - std::chrono::hours(48)), 0) << "nothing is that old";

    const auto counts = bench.store().counts("M").by_state;
    std::int64_t gone = 0;
    int steps = 0;
    while (const std::int64_t pruned = prune(bench, before)) {
        ASSERT_LE(pruned, static_cast<std::int64_t>(sqlite::kPrunedAtOnce));
        gone += pruned;
        if (++steps == 10) bench.reopen();  // what is left goes on as before
    }
    EXPECT_EQ(gone, static_cast<std::int64_t>(ended.size()));
    EXPECT_EQ(steps, static_cast<int>((ended.size() + sqlite::kPrunedAtOnce - 1) / sqlite::kPrunedAtOnce));
    EXPECT_EQ(number("SELECT count(*) FROM jobs"), static_cast<std::int64_t>(open.size()) + 1);
    for (const JobId id : open) EXPECT_FALSE(is_ended(bench.state(id))) << id;
    EXPECT_EQ(bench.state(young), JobState::applied);
    for (const char* table : {"job_bodies", "job_history"})
        EXPECT_EQ(number("SELECT count(*) FROM " + std::string(table) + " WHERE job_id NOT IN (SELECT id FROM jobs)"),
                  0);
    EXPECT_EQ(number("SELECT count(*) FROM (SELECT lane_id, state, jobs - pruned FROM lane_counts WHERE jobs <> pruned "
                     "EXCEPT SELECT lane_id, state, count(*) FROM jobs GROUP BY lane_id, state)"),
              0)
        << "the counts know what is gone";
    EXPECT_EQ(bench.store().counts("M").by_state, counts) << "and go on counting it";
    // Neither an id nor a key is held by what is gone.
    const auto again = bench.enqueue(a_job("k0"));
    EXPECT_EQ(again.placed, Placed::created);
    EXPECT_GT(again.id, young);
    EXPECT_EQ(bench.claim_one()->id, open[0]);
}

}  // namespace spillway::queue::test
