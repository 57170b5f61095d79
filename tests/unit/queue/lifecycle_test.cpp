// What becomes of one job: claim, start, settle, crash, park, replay, cancel.

#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

TEST_F(StoreTest, AJobGoesFromEnqueueToApplied) {
    const Enqueued made = bench.enqueue(a_job("invoice/1", "v1"));
    EXPECT_EQ(made.placed, Placed::created);
    EXPECT_EQ(bench.store().next_kind("L"), "push");
    const auto claim = bench.claim_one();
    ASSERT_TRUE(claim);
    EXPECT_EQ(bench.count(JobState::running), 1);
    EXPECT_EQ(bench.store().running(), std::vector<JobId>{made.id});
    EXPECT_EQ(bench.count(JobState::waiting), 0);
    ASSERT_TRUE(bench.start(*claim).ok());
    EXPECT_EQ(bench.count(JobState::running), 1);
    EXPECT_EQ(bench.count(JobState::unknown), 0);
    ASSERT_TRUE(bench.settle(*claim, Settlement::applied(1)).ok());
    const Job job = bench.job(made.id);
    EXPECT_EQ(job.state, JobState::applied);
    EXPECT_EQ(job.attempts, 1);
    EXPECT_EQ(job.body, "v1");
    EXPECT_EQ(bench.count(JobState::applied), 1);
    EXPECT_EQ(bench.count(JobState::running), 0);
    EXPECT_FALSE(bench.store().next_kind("L"));
}

TEST_F(StoreTest, EachSettlementLeavesItsStateAttemptsAndWords) {
    const WallTime later = bench.clock().wall_now() + std::chrono::minutes(5);
    struct Case {
        Settlement settlement;
        JobState state;
        int attempts;
        std::string cause, detail, advice;
    };
    const std::vector<Case> cases = {
        {Settlement::applied(1), JobState::applied, 1, "", "", ""},
        {Settlement::applied_with_difference(1, "0.01"), JobState::applied_with_difference, 1, "", "0.01", ""},
        {Settlement::superseded("newer"), JobState::superseded, 0, "", "newer", ""},
        {Settlement::parked("bad", "words", "fix"), JobState::parked, 1, "bad", "words", "fix"},
        {Settlement::retry_at(later, "down", "503"), JobState::scheduled, 1, "down", "503", ""},
        {Settlement::again(), JobState::waiting, 0, "", "", ""},
        {Settlement::again(later), JobState::scheduled, 0, "", "", ""},
        {Settlement::blocked({{"contact/1", 1}}), JobState::blocked, 0, "", "", ""},
        {Settlement::unknown("cut"), JobState::unknown, 0, "", "cut", ""},
    };
    int number = 0;
    for (const Case& each : cases) {
        const std::string kind = "kind" + std::to_string(++number);
        const JobId id = bench.enqueue(a_job("k" + std::to_string(number), "b", kind)).id;
        const auto claim = bench.claim_one("L", kind);
        ASSERT_TRUE(claim && bench.start(*claim).ok());
        ASSERT_TRUE(bench.settle(*claim, each.settlement).ok());
        const Job job = bench.job(id);
        EXPECT_EQ(job.state, each.state) << number;
        EXPECT_EQ(job.attempts, each.attempts) << number;
        EXPECT_EQ(job.cause, each.cause) << number;
        EXPECT_EQ(job.detail, each.detail) << number;
        EXPECT_EQ(job.advice, each.advice) << number;
    }
}

TEST_F(StoreTest, UnclaimedJobsReturnToTheirOldPlaceAndTheClaimIsDead) {
    const JobId first = bench.enqueue(a_job("a")).id;
    bench.enqueue(a_job("b"));
    const auto claims = bench.store().claim("L", "push", 2);
    ASSERT_EQ(claims.size(), 2u);
    bench.store().unclaim("L", {claims[0]});
    const auto again = bench.claim_one();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->id, first);
    EXPECT_FALSE(bench.start(claims[0]).ok());
    EXPECT_TRUE(bench.start(*again).ok());
}

TEST_F(StoreTest, AnUnknownJobIsClaimedOnceToResolveIt) {
    const JobId id = bench.enqueue(a_job("a")).id;
    ASSERT_TRUE(bench.start(*bench.claim_one()).ok());
    bench.reopen();
    const auto claim = bench.store().claim_unknown("L", id);
    ASSERT_TRUE(claim);
    EXPECT_FALSE(bench.store().claim_unknown("L", id));
    bench.store().unclaim("L", {*claim});
    const auto again = bench.store().claim_unknown("L", id);
    ASSERT_TRUE(again);
    ASSERT_TRUE(bench.settle(*again, Settlement::applied(1)).ok());
    EXPECT_FALSE(bench.store().claim_unknown("L", id));
    bench.reopen();
    EXPECT_EQ(bench.job(id).crashes, 1) << "a crash counts once, and only for the process that ran it";
}

TEST_F(StoreTest, ParkedJobsWaitForAPerson) {
    const JobId replayed = bench.enqueue(a_job("a")).id;
    const JobId resolved = bench.enqueue(a_job("b")).id;
    for (const Claim& claim : bench.store().claim("L", "push", 2)) {
        ASSERT_TRUE(bench.settle(claim, Settlement::parked("bad", "words")).ok());
    }
    EXPECT_FALSE(bench.store().next_kind("L"));
    ASSERT_TRUE(bench.replay(replayed).ok());
    EXPECT_EQ(bench.job(replayed).attempts, 0);
    const auto by_hand = bench.commit([=](Transaction& t) { return t.resolve_by_hand(resolved, "typed it in"); });
    ASSERT_TRUE(by_hand.ok());
    EXPECT_EQ(bench.job(resolved).detail, "typed it in");
    EXPECT_EQ(bench.state(resolved), JobState::resolved_by_hand);
    for (const JobId id : {replayed, resolved}) EXPECT_EQ(bench.replay(id).error().code, "not_parked");
    EXPECT_EQ(bench.replay(999).error().kind, ErrorKind::not_found);
}

TEST_F(StoreTest, OnlyABlockedJobIsParkedForWhatNeverCame) {
    NewJob waits = a_job("invoice/1");
    waits.waits = {{"contact/1", 1}};
    const JobId blocked = bench.enqueue(waits).id;
    const JobId running = bench.enqueue(a_job("a")).id;
    const Claim claim = *bench.claim_one();
    const JobId follow = bench.enqueue(a_job("a")).id;
    const auto park = [&](JobId id) {
        return bench.commit([=](Transaction& t) { return t.park_blocked(id, "missing", "no contact", "send it"); });
    };
    ASSERT_TRUE(park(blocked).ok());
    const Job job = bench.job(blocked);
    EXPECT_EQ(job.state, JobState::parked);
    EXPECT_EQ(job.cause + "," + job.detail + "," + job.advice, "missing,no contact,send it");
    EXPECT_EQ(bench.count(JobState::parked), 1);
    EXPECT_EQ(bench.count(JobState::blocked), 1) << "the follow-up";
    for (const JobId id : {blocked, running, follow}) EXPECT_EQ(park(id).error().code, "not_blocked") << id;
    EXPECT_EQ(park(999).error().kind, ErrorKind::not_found);
    EXPECT_TRUE(bench.settle(claim, Settlement::applied(1)).ok()) << "a refusal leaves the claim alone";
    bench.reopen();
    ASSERT_TRUE(bench.replay(blocked).ok());
    EXPECT_EQ(bench.state(blocked), JobState::blocked) << "its waits were kept";
    ASSERT_TRUE(park(blocked).ok());
    ASSERT_TRUE(bench.commit([](Transaction& t) { return t.release("L", "contact/1", 1); }).ok());
    EXPECT_EQ(bench.state(blocked), JobState::parked);
    ASSERT_TRUE(bench.replay(blocked).ok());
    EXPECT_EQ(bench.state(blocked), JobState::waiting);
}

TEST_F(StoreTest, AJobThatACommitIsCancellingCannotBeClaimedMeanwhile) {
    const JobId id = bench.enqueue(a_job("a")).id;
    bool claimed_inside = true;
    ASSERT_TRUE(bench
                    .commit([&](Transaction& transaction) -> Result<void> {
                        const auto cancelled = transaction.cancel(id);
                        claimed_inside = bench.claim_one().has_value();  // the loop's turn comes before the COMMIT
                        return cancelled;
                    })
                    .ok());
    EXPECT_FALSE(claimed_inside);
    EXPECT_FALSE(bench.claim_one());
    const JobId kept = bench.enqueue(a_job("b")).id;
    EXPECT_FALSE(bench
                     .commit([&](Transaction& transaction) -> Result<void> {
                         const auto cancelled = transaction.cancel(kept);
                         EXPECT_TRUE(cancelled.ok());
                         return invalid("changed_my_mind", "");
                     })
                     .ok());
    EXPECT_TRUE(bench.claim_one()) << "a rolled-back cancel leaves the job claimable";
}

TEST_F(StoreTest, BadJobsAreRefused) {
    NewJob large = a_job("a", std::string(4097, 'x'));
    NewJob nameless = a_job("");
    for (const NewJob& job : {large, nameless}) {
        const auto done = bench.commit([&](Transaction& transaction) -> Result<void> {
            const auto made = transaction.enqueue(job);
            if (made.ok()) return success();
            return made.error();
        });
        ASSERT_FALSE(done.ok());
        EXPECT_EQ(done.error().kind, ErrorKind::invalid);
    }
    const std::string bytes("\0\xff\xfe binary", 10);
    EXPECT_EQ(bench.job(bench.enqueue(a_job("b", bytes)).id).body, bytes);
}

}  // namespace spillway::queue::test
