// The cases of queue/CHECKLIST.md on time, cancelling, pausing, stopping and jobs that wait for others.

#include "tests/unit/queue/checklist.hpp"

namespace spillway::queue::test {

TEST_F(Checklist, clock_jumps_forward_backward) {
    const WallTime now = bench.clock().wall_now();
    for (const int minutes : {10, 30, 50}) {
        bench.enqueue(with(a_job("k" + std::to_string(minutes)), now + std::chrono::minutes(minutes)));
    }
    auto timer = spillway::test::start(bench.io(), bench.store().run());
    bench.clock().run_for(std::chrono::minutes(1));
    bench.clock().shift_wall(-std::chrono::hours(1));
    bench.clock().run_for(std::chrono::minutes(5));
    EXPECT_EQ(bench.count(JobState::scheduled), 3);
    bench.clock().shift_wall(std::chrono::hours(1) + std::chrono::minutes(25));
    bench.clock().run_for(std::chrono::minutes(1));  // a set clock is noticed within a minute
    EXPECT_EQ(bench.count(JobState::waiting), 2);
    const auto claims = bench.store().claim("L", "push", 9);
    ASSERT_EQ(claims.size(), 2u);
    bench.clock().shift_wall(-std::chrono::hours(1));
    bench.clock().run_for(std::chrono::minutes(2));
    EXPECT_TRUE(bench.store().claim("L", "push", 9).empty()) << "no time passes twice";
    for (const Claim& claim : claims) EXPECT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());
    bench.clock().shift_wall(std::chrono::hours(2));
    bench.clock().run_for(std::chrono::minutes(1));
    EXPECT_EQ(bench.store().claim("L", "push", 9).size(), 1u);
    EXPECT_FALSE(timer.ended());
}

TEST_F(Checklist, far_future_and_past_times) {
    const JobId epoch = bench.enqueue(with(a_job("epoch"), from_ms(0))).id;
    const JobId before = bench.enqueue(with(a_job("before"), from_ms(-86'400'000))).id;
    const JobId far = bench.enqueue(with(a_job("far"), from_ms(253'402'300'799'000))).id;  // the end of year 9999
    const JobId last = bench.enqueue(with(a_job("last"), from_ms(std::numeric_limits<std::int64_t>::max()))).id;
    std::set<JobId> claimed;
    for (const Claim& claim : bench.store().claim("L", "push", 9)) claimed.insert(claim.id);
    EXPECT_EQ(claimed, (std::set<JobId>{epoch, before}));
    bench.pass(std::chrono::hours(24));
    bench.reopen();
    bench.pass(std::chrono::minutes(1));
    EXPECT_EQ(bench.count(JobState::scheduled), 2);
    EXPECT_EQ(bench.job(far).run_at, from_ms(253'402'300'799'000));
    EXPECT_TRUE(bench.cancel(far).ok());
    EXPECT_TRUE(bench.cancel(last).ok());
}

TEST_F(Checklist, cancel_each_state) {
    const WallTime later = bench.clock().wall_now() + std::chrono::hours(1);
    const JobId waiting = bench.enqueue(a_job("waiting", "", "waits")).id;
    const JobId scheduled = bench.enqueue(with(a_job("scheduled"), later)).id;
    const JobId blocked = bench.enqueue(with(a_job("blocked"), {{"x", 1}})).id;
    const JobId retried = bench.enqueue(a_job("retried", "", "retries")).id;
    ASSERT_TRUE(bench.settle(*bench.claim_one("L", "retries"), Settlement::retry_at(later, "down", "")).ok());
    const JobId parked = bench.enqueue(a_job("parked", "", "parks")).id;
    ASSERT_TRUE(bench.settle(*bench.claim_one("L", "parks"), Settlement::parked("bad", "")).ok());
    for (const JobId id : {waiting, scheduled, blocked, retried, parked}) {
        EXPECT_TRUE(bench.cancel(id).ok()) << id;
        EXPECT_EQ(bench.state(id), JobState::cancelled);
        EXPECT_EQ(bench.cancel(id).error().code, "already_ended");
    }
    bench.pass(std::chrono::hours(2));
    EXPECT_FALSE(bench.store().next_kind("L")) << "none ever runs";
    const JobId claimed = bench.enqueue(a_job("b", "", "other")).id;
    const Claim claim = *bench.claim_one("L", "other");
    EXPECT_EQ(bench.cancel(claimed).error().code, "in_flight");
    ASSERT_TRUE(bench.start(claim).ok());
    EXPECT_EQ(bench.cancel(claimed).error().code, "in_flight");
    ASSERT_TRUE(bench.settle(claim, Settlement::unknown("cut")).ok());
    EXPECT_EQ(bench.cancel(claimed).error().code, "in_flight") << "sent: it ends as what happened";
    ASSERT_TRUE(bench.settle(*bench.store().claim_unknown("L", claimed), Settlement::applied(1)).ok());
    EXPECT_EQ(bench.state(claimed), JobState::applied);
    EXPECT_EQ(bench.cancel(999).error().kind, ErrorKind::not_found);
}

TEST_F(Checklist, cancel_vs_complete_race) {
    for (const bool cancel_first : {true, false}) {
        const JobId id = bench.enqueue(a_job("k" + std::to_string(cancel_first ? 1 : 0))).id;
        const Claim claim = *bench.claim_one();
        std::vector<spillway::test::Pending<Result<void>>> both;
        if (cancel_first) both.push_back(begin(cancel_work(id)));
        both.push_back(begin(settle_work(claim, Settlement::applied(1))));
        if (!cancel_first) both.push_back(begin(cancel_work(id)));
        settle_the_loop();
        const auto cancelled = both[cancel_first ? 0 : 1].take();
        EXPECT_TRUE(both[cancel_first ? 1 : 0].take().ok());
        ASSERT_FALSE(cancelled.ok());
        EXPECT_EQ(cancelled.error().code, cancel_first ? "in_flight" : "already_ended");
        EXPECT_EQ(bench.state(id), JobState::applied);
        EXPECT_EQ(bench.count(JobState::cancelled), 0);
    }
}

TEST_F(Checklist, pause_before_start) {
    ASSERT_TRUE(bench.commit([](Transaction& t) { return t.pause_lane("L", {"not yet", std::nullopt}); }).ok());
    bench.reopen();
    bench.enqueue(a_job("a"));
    EXPECT_FALSE(bench.store().next_kind("L"));
    EXPECT_FALSE(bench.claim_one());
    bench.reopen();
    EXPECT_FALSE(bench.claim_one());
    EXPECT_EQ(bench.store().lane_pause("L")->reason, "not yet");
    ASSERT_TRUE(bench.commit([](Transaction& t) { return t.resume_lane("L"); }).ok());
    EXPECT_TRUE(bench.claim_one());
}

TEST_F(Checklist, graceful_stop_deadline) {
    for (int each = 0; each < 4; ++each) bench.enqueue(a_job("k" + std::to_string(each)));
    const auto claims = bench.store().claim("L", "push", 4);
    ASSERT_TRUE(bench.start(claims[0]).ok());
    // A stop: what is settled is settled, the rest is handed back, and what is queued is answered.
    auto settled = begin(settle_work(claims[0], Settlement::applied(1)));
    auto accepted = begin(enqueue_work(a_job("late")), CommandClass::intake);
    bench.store().unclaim("L", {claims[1], claims[2], claims[3]});
    auto closed = spillway::test::start(bench.io(), bench.store().close());
    settle_the_loop();
    ASSERT_TRUE(closed.ended());
    EXPECT_TRUE(settled.take().ok());
    EXPECT_TRUE(accepted.take().ok());
    EXPECT_EQ(bench.commit(enqueue_work(a_job("too late"))).error().code, "storage_closed");
    bench.reopen();
    const auto again = bench.store().claim("L", "push", 9);
    ASSERT_EQ(again.size(), 4u) << "claimable at once";
    for (const Claim& claim : again) {
        EXPECT_EQ(bench.job(claim.id).attempts, 0);
        EXPECT_EQ(bench.job(claim.id).crashes, 0);
    }
    EXPECT_EQ(bench.count(JobState::applied), 1);
}

TEST_F(Checklist, dependency_fan_in_race) {
    bench.enqueue(a_job("contact/1"));
    bench.enqueue(a_job("item/1"));
    const JobId child = bench.enqueue(with(a_job("invoice/1", "", "child"), {{"contact/1", 1}, {"item/1", 1}})).id;
    const auto parents = bench.store().claim("L", "push", 2);
    auto first = begin(settle_work(parents[0], Settlement::applied(1)));
    auto second = begin(settle_work(parents[1], Settlement::applied(1)));
    settle_the_loop();
    EXPECT_TRUE(first.take().ok() && second.take().ok());
    EXPECT_EQ(bench.state(child), JobState::waiting);
    EXPECT_EQ(bench.claim_one("L", "child")->id, child);
    EXPECT_FALSE(bench.claim_one("L", "child"));
    EXPECT_EQ(bench.count(JobState::blocked), 0);
}

TEST_F(Checklist, parent_failed_policy) {
    // Parked: kept. Superseded by another version: kept, for that one. Ended by a person: runs, and finds out.
    const JobId child = bench.enqueue(with(a_job("invoice/1", "", "child"), {{"contact/1", 1}})).id;
    bench.enqueue(a_job("contact/1"));
    const Claim claim = *bench.claim_one();
    ASSERT_TRUE(bench.settle(claim, Settlement::parked("bad", "words")).ok());
    EXPECT_EQ(bench.state(child), JobState::blocked);
    const JobId again = bench.enqueue(a_job("contact/1", "newer")).id;
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::superseded("")).ok());
    EXPECT_EQ(bench.state(child), JobState::blocked);
    EXPECT_EQ(bench.state(again), JobState::superseded);
    const JobId last = bench.enqueue(a_job("contact/1", "newest")).id;
    ASSERT_TRUE(bench.cancel(last).ok());
    EXPECT_EQ(bench.state(child), JobState::waiting) << "no orphan waits for ever";
}

TEST_F(Checklist, notify_lost) {
    // Nobody listens: whoever asks finds everything all the same.
    bench.store().on_ready({});
    const JobId id = bench.enqueue(a_job("a")).id;
    const JobId later = bench.enqueue(with(a_job("b"), bench.clock().wall_now() + std::chrono::minutes(1))).id;
    const JobId waits = bench.enqueue(with(a_job("c"), {{"a", 1}})).id;
    EXPECT_EQ(bench.claim_one()->id, id);
    bench.reopen();
    const Claim claim = *bench.claim_one();
    ASSERT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());
    EXPECT_EQ(bench.claim_one()->id, waits);
    bench.pass(std::chrono::minutes(2));
    EXPECT_EQ(bench.claim_one()->id, later);
}

}  // namespace spillway::queue::test
