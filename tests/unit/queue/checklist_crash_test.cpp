// The cases of queue/CHECKLIST.md on durability and crashes. The rest of them is in tests/crash.

#include "tests/unit/queue/checklist.hpp"

namespace spillway::queue::test {

TEST_F(Checklist, enqueue_commits_with_business_row) {
    const auto both = [](const std::string& key, bool fails) -> Work {
        return [=](Transaction& transaction) -> Result<void> {
            const auto made = transaction.enqueue(a_job(key));
            if (!made.ok()) return made.error();
            sqlite::connection_of(transaction).database().exec("INSERT INTO business VALUES ('" + key + "')");
            if (fails) return invalid("changed_my_mind", "");
            return success();
        };
    };
    ASSERT_TRUE(bench
                    .commit([](Transaction& transaction) {
                        sqlite::connection_of(transaction).database().exec("CREATE TABLE business (key TEXT) STRICT");
                        return success();
                    })
                    .ok());
    EXPECT_TRUE(bench.commit(both("written", false)).ok());
    EXPECT_FALSE(bench.commit(both("rolled back", true)).ok());
    EXPECT_EQ(number("SELECT count(*) FROM business"), 1);
    EXPECT_EQ(number("SELECT count(*) FROM jobs"), 1);
    int cuts = 0;
    for (std::uint64_t step = 1;; ++step) {
        SeededRandom random(step);
        vfs.cut_power_in(step);
        const bool done = bench.commit(both("k" + std::to_string(step), false)).ok();
        bench.crash();
        vfs.power_on(random);
        ASSERT_TRUE(bench.open().ok());
        EXPECT_EQ(number("SELECT count(*) FROM jobs LEFT JOIN business USING (key) WHERE business.key IS NULL"), 0);
        EXPECT_EQ(number("SELECT count(*) FROM business LEFT JOIN jobs USING (key) WHERE jobs.key IS NULL"), 0);
        if (done) break;
        ++cuts;
        ASSERT_LT(step, 500u);
    }
    EXPECT_GT(cuts, 4);
}

TEST_F(Checklist, kill_before_claim_commit) {
    const JobId id = bench.enqueue(a_job("a")).id;
    const std::uint64_t steps = vfs.steps();
    ASSERT_TRUE(bench.claim_one());
    EXPECT_EQ(vfs.steps(), steps) << "a claim writes nothing, so a kill finds nothing half done";
    bench.reopen();
    EXPECT_EQ(bench.job(id).attempts, 0);
    EXPECT_EQ(bench.job(id).crashes, 0);
    EXPECT_EQ(bench.claim_one()->id, id);
}

TEST_F(Checklist, kill_after_claim_before_send) {
    const JobId claimed = bench.enqueue(a_job("claimed")).id;
    const JobId started = bench.enqueue(a_job("started")).id;
    const auto claims = bench.store().claim("L", "push", 2);
    ASSERT_TRUE(bench.start(claims[1]).ok());
    const std::uint32_t epoch = bench.store().epoch();
    bench.reopen();
    EXPECT_GT(bench.store().epoch(), epoch);
    EXPECT_EQ(bench.job(claimed).crashes, 0);
    EXPECT_EQ(bench.state(claimed), JobState::waiting);
    const Job job = bench.job(started);
    EXPECT_EQ(job.state, JobState::unknown);
    EXPECT_EQ(job.crashes, 1);
    EXPECT_EQ(job.attempts, 0);
    EXPECT_EQ(bench.count(JobState::unknown), 1);
    // Claims of the process that died mean nothing, whatever their job does now.
    EXPECT_FALSE(bench.settle(claims[0], Settlement::applied(1)).ok());
    EXPECT_FALSE(bench.settle(claims[1], Settlement::applied(1)).ok());
    const auto next = bench.store().claim("L", "push", 5);
    ASSERT_EQ(next.size(), 1u);
    EXPECT_EQ(next[0].id, claimed);
    EXPECT_GT(next[0].token, claims[1].token);
    ASSERT_TRUE(bench.store().claim_unknown("L", started)) << "found by the first opening, without a sweep";
}

TEST_F(Checklist, kill_after_send_before_record) {
    const JobId id = bench.enqueue(a_job("a", "v1")).id;
    ASSERT_TRUE(bench.start(*bench.claim_one()).ok());
    bench.reopen();
    EXPECT_EQ(bench.state(id), JobState::unknown);
    EXPECT_FALSE(bench.store().next_kind("L"));
    EXPECT_FALSE(bench.claim_one()) << "it may have been sent: never again blindly";
    EXPECT_EQ(bench.enqueue(a_job("a", "v2")).placed, Placed::follow_up) << "nor overtaken";
    EXPECT_FALSE(bench.claim_one());
    const auto resolver = bench.store().claim_unknown("L", id);
    ASSERT_TRUE(resolver);
    EXPECT_FALSE(bench.store().claim_unknown("L", id)) << "one looks it up, not two";
    ASSERT_TRUE(bench.settle(*resolver, Settlement::applied(1)).ok());
    EXPECT_EQ(bench.job(id).body, "v1");
    const auto next = bench.claim_one();
    ASSERT_TRUE(next);
    EXPECT_EQ(bench.job(next->id).body, "v2");
}

TEST_F(Checklist, kill_after_record_before_ack) {
    const JobId id = bench.enqueue(a_job("a")).id;
    const Claim claim = *bench.claim_one();
    ASSERT_TRUE(bench.start(claim).ok());
    const std::uint64_t steps = vfs.steps();
    const auto pending = begin(settle_work(claim, Settlement::applied(1)));
    bench.io().restart();
    while (vfs.steps() == steps) bench.io().poll_one();
    ASSERT_FALSE(pending.ended()) << "committed, and nobody has been told";
    bench.reopen();
    EXPECT_EQ(bench.state(id), JobState::applied);
    EXPECT_EQ(bench.job(id).attempts, 1);
    EXPECT_EQ(bench.job(id).crashes, 0);
    EXPECT_FALSE(bench.claim_one());
    EXPECT_FALSE(bench.store().claim_unknown("L", id));
    EXPECT_EQ(bench.settle(claim, Settlement::applied(1)).error().code, "stale_claim");
}

TEST_F(Checklist, fsync_error_is_fatal) {
    bool ever_failed = false;
    for (std::uint64_t step = 1;; ++step) {
        const std::string key = "k" + std::to_string(step);
        vfs.fail_step_in(step);
        auto first = begin(enqueue_work(a_job(key)), CommandClass::intake);
        auto second = begin(enqueue_work(a_job(key + "b")), CommandClass::intake);
        settle_the_loop();
        const auto result = first.take();
        ASSERT_EQ(second.take().ok(), result.ok()) << "a group is acknowledged as a whole";
        if (result.ok()) break;  // the commit has fewer steps than this
        ever_failed = true;
        EXPECT_EQ(result.error().kind, ErrorKind::unavailable);
        EXPECT_EQ(result.error().code, "storage_failed");
        EXPECT_EQ(bench.commit(enqueue_work(a_job("later"))).error().code, "storage_failed")
            << "no success on the same handle";
        bench.reopen();
        ASSERT_LT(step, 200u);
    }
    EXPECT_TRUE(ever_failed);
}

TEST_F(Checklist, disk_full_on_enqueue) {
    bench.enqueue(a_job("a"));
    vfs.set_full(true);
    const auto refused = bench.commit(enqueue_work(a_job("refused")), CommandClass::intake);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(refused.error().code, "storage_full");
    EXPECT_EQ(bench.count(JobState::waiting), 1);
    vfs.set_full(false);
    EXPECT_TRUE(bench.commit(enqueue_work(a_job("refused")), CommandClass::intake).ok()) << "without a restart";
    EXPECT_EQ(bench.count(JobState::waiting), 2);
    bench.crash();
    std::int64_t free = 1 << 20;
    bench.settings().free_bytes = [&] { return free; };
    bench.reopen();
    EXPECT_EQ(bench.count(JobState::waiting), 2);
    const auto claim = bench.claim_one();
    ASSERT_TRUE(claim);
    EXPECT_EQ(bench.commit(enqueue_work(a_job("b")), CommandClass::intake).error().code, "storage_full");
    EXPECT_TRUE(bench.settle(*claim, Settlement::applied(1)).ok()) << "what runs ends in the space held back";
    free = std::int64_t{1} << 40;
    EXPECT_TRUE(bench.commit(enqueue_work(a_job("b")), CommandClass::intake).ok());
}

TEST_F(Checklist, poison_job_crashes_process) {
    const JobId id = bench.enqueue(a_job("a")).id;
    const JobId other = bench.enqueue(a_job("b", "", "other")).id;
    for (int crash = 1; crash <= bench.settings().crashes_max; ++crash) {
        const auto claim = crash == 1 ? bench.claim_one() : bench.store().claim_unknown("L", id);
        ASSERT_TRUE(claim && bench.start(*claim).ok());
        bench.reopen();
        EXPECT_EQ(bench.state(id), JobState::unknown) << "the queue cannot know whether the effect happened";
    }
    ASSERT_TRUE(bench.settle(*bench.store().claim_unknown("L", id), Settlement::again()).ok());
    EXPECT_EQ(bench.state(id), JobState::parked);
    EXPECT_EQ(bench.job(id).cause, "poison");
    EXPECT_EQ(bench.claim_one("L", "other")->id, other) << "others run on";
    ASSERT_TRUE(bench.replay(id).ok());
    const Job job = bench.job(id);
    EXPECT_EQ(job.state, JobState::waiting);
    EXPECT_EQ(job.crashes, 0);
    EXPECT_EQ(job.cause, "");
}

TEST_F(Checklist, restart_storm) {
    std::map<JobId, JobState> expected;
    std::uint64_t steps_max = 0;
    for (int round = 0; round < 100; ++round) {
        const JobId id = bench.enqueue(a_job("k" + std::to_string(round))).id;
        expected[id] = JobState::waiting;
        if (round % 2 == 0) {
            const Claim claim = *bench.claim_one();
            ASSERT_EQ(expected.at(claim.id), JobState::waiting) << "given out again";
            ASSERT_TRUE(bench.start(claim).ok());
            expected[claim.id] = JobState::unknown;
            if (round % 4 == 0) {
                ASSERT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());
                expected[claim.id] = JobState::applied;
            }
        }
        const std::uint64_t steps = vfs.steps();
        bench.reopen();
        steps_max = std::max(steps_max, vfs.steps() - steps);
    }
    for (const auto& [id, state] : expected) EXPECT_EQ(bench.state(id), state) << id;
    EXPECT_EQ(number("SELECT count(*) FROM jobs"), 100);
    EXPECT_EQ(number("SELECT max(crashes) FROM jobs"), 1) << "a crash counts for what ran, once";
    EXPECT_LT(steps_max, 120u) << "an opening writes for what had started, not for all that there is";
}

}  // namespace spillway::queue::test
