// What happens between jobs of one lane: newer bodies, waits, priorities, time and pauses.

#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {
NewJob waiting_for(std::string key, std::vector<Wait> waits) {
    NewJob job = a_job(std::move(key));
    job.waits = std::move(waits);
    return job;
}
NewJob with_priority(std::string key, Priority priority, std::string kind = "push") {
    NewJob job = a_job(std::move(key), "", std::move(kind));
    job.priority = priority;
    return job;
}
}  // namespace

TEST_F(StoreTest, AFollowUpIsFoldedIntoAJobThatGoesBack) {
    const WallTime later = bench.clock().wall_now() + std::chrono::minutes(1);
    struct Case {
        Settlement settlement;
        JobState state;
    };
    const std::vector<Case> cases = {{Settlement::again(), JobState::waiting},
                                     {Settlement::retry_at(later, "down", ""), JobState::scheduled},
                                     {Settlement::blocked({{"x", 1}}), JobState::waiting},
                                     {Settlement::parked("bad", "words"), JobState::waiting}};
    int number = 0;
    for (const Case& each : cases) {
        const std::string key = "k" + std::to_string(++number);
        const JobId id = bench.enqueue(a_job(key, "old", key)).id;
        const Claim claim = *bench.claim_one("L", key);
        ASSERT_TRUE(bench.start(claim).ok());
        const JobId follow = bench.enqueue(a_job(key, "new", key)).id;
        ASSERT_TRUE(bench.settle(claim, each.settlement).ok());
        EXPECT_EQ(bench.job(id).body, "new") << number;
        EXPECT_EQ(bench.state(id), each.state) << number;
        EXPECT_EQ(bench.state(follow), JobState::superseded) << number;
        EXPECT_EQ(bench.job(follow).cause, "folded") << number;
    }
}

TEST_F(StoreTest, AFollowUpOfAnUnknownJobWaitsUntilItIsResolved) {
    bench.enqueue(a_job("a", "v1"));
    const Claim claim = *bench.claim_one();
    ASSERT_TRUE(bench.start(claim).ok());
    ASSERT_TRUE(bench.settle(claim, Settlement::unknown("cut")).ok());
    const Enqueued newer = bench.enqueue(a_job("a", "v2"));
    EXPECT_EQ(newer.placed, Placed::follow_up);
    EXPECT_FALSE(bench.claim_one());
    bench.reopen();
    EXPECT_FALSE(bench.claim_one());
    EXPECT_EQ(bench.job(newer.id).body, "v2");
    ASSERT_TRUE(bench.settle(*bench.store().claim_unknown("L", claim.id), Settlement::applied(1)).ok());
    EXPECT_EQ(bench.claim_one()->id, newer.id);
}

TEST_F(StoreTest, AFollowUpOfAJobThatIsHandedBackBecomesItsBody) {
    const JobId id = bench.enqueue(a_job("a", "v1")).id;
    const Claim claim = *bench.claim_one();
    const JobId follow = bench.enqueue(a_job("a", "v2")).id;
    bench.store().unclaim("L", {claim});
    bench.pass(Millis{1});
    EXPECT_EQ(bench.job(id).body, "v2");
    EXPECT_EQ(bench.state(follow), JobState::superseded);
    // The same when the process dies instead.
    ASSERT_TRUE(bench.claim_one());
    const JobId third = bench.enqueue(a_job("a", "v3")).id;
    bench.reopen();
    EXPECT_EQ(bench.job(id).body, "v3");
    EXPECT_EQ(bench.state(third), JobState::superseded);
    EXPECT_EQ(bench.count(JobState::waiting), 1);
}

TEST_F(StoreTest, AnOlderFollowUpNeverComesAfterANewerBody) {
    const JobId id = bench.enqueue(a_job("a", "v1")).id;
    const Claim claim = *bench.claim_one();
    const JobId follow = bench.enqueue(a_job("a", "v2")).id;
    bench.store().unclaim("L", {claim});
    EXPECT_EQ(bench.enqueue(a_job("a", "v3")).placed, Placed::coalesced);
    EXPECT_EQ(bench.job(id).body, "v3");
    EXPECT_EQ(bench.state(follow), JobState::superseded);
}

TEST_F(StoreTest, JobsWaitUntilAllTheirKeysAreReleasedFarEnough) {
    const JobId contact = bench.enqueue(a_job("contact/1", "", "contact")).id;
    const JobId invoice = bench.enqueue(waiting_for("invoice/1", {{"contact/1", 2}, {"item/1", 1}})).id;
    EXPECT_EQ(bench.state(invoice), JobState::blocked);
    EXPECT_EQ(bench.job(invoice).waits.size(), 2u);
    ASSERT_TRUE(bench.settle(*bench.claim_one("L", "contact"), Settlement::applied(1)).ok());
    EXPECT_EQ(bench.state(contact), JobState::applied);
    EXPECT_EQ(bench.job(invoice).waits.size(), 2u) << "released to 1, waited for 2";
    const auto release = [&](std::string key, std::int64_t level) {
        return bench.commit([=](Transaction& t) { return t.release("L", key, level); });
    };
    ASSERT_TRUE(release("contact/1", 5).ok());
    EXPECT_EQ(bench.job(invoice).waits, (std::vector<Wait>{{"item/1", 1}}));
    EXPECT_FALSE(bench.claim_one());
    bench.reopen();
    ASSERT_TRUE(release("item/1", 1).ok());
    EXPECT_EQ(bench.state(invoice), JobState::waiting);
    EXPECT_TRUE(bench.claim_one());
    EXPECT_FALSE(bench.claim_one()) << "two releases start it once";
    EXPECT_TRUE(release("nobody", 1).ok());
}

TEST_F(StoreTest, AnUnblockedJobStillWaitsForItsTime) {
    NewJob job = waiting_for("a", {{"b", 1}});
    job.not_before = bench.clock().wall_now() + std::chrono::minutes(10);
    const JobId id = bench.enqueue(job).id;
    ASSERT_TRUE(bench.commit([](Transaction& t) { return t.release("L", "b", 1); }).ok());
    EXPECT_EQ(bench.state(id), JobState::scheduled);
    bench.pass(std::chrono::minutes(9));
    EXPECT_FALSE(bench.claim_one());
    bench.pass(std::chrono::minutes(2));
    EXPECT_TRUE(bench.claim_one());
}

TEST_F(StoreTest, ReferentsInheritThePriorityOfWhatWaitsForThem) {
    const JobId contact = bench.enqueue(with_priority("contact/1", Priority::bulk)).id;
    NewJob invoice = waiting_for("invoice/1", {{"contact/1", 1}});
    invoice.priority = Priority::bulk;
    const JobId invoice_id = bench.enqueue(invoice).id;
    bench.enqueue(with_priority("other", Priority::normal));
    NewJob payment = waiting_for("payment/1", {{"invoice/1", 1}});
    payment.priority = Priority::interactive;
    bench.enqueue(payment);
    EXPECT_EQ(bench.job(contact).priority, Priority::interactive);
    EXPECT_EQ(bench.job(invoice_id).priority, Priority::interactive);
    EXPECT_EQ(bench.claim_one()->id, contact);
}

TEST_F(StoreTest, WithinAPriorityTheOldestJobDecidesTheKindAndGoesFirst) {
    const JobId first = bench.enqueue(a_job("1", "", "b")).id;
    bench.enqueue(a_job("2", "", "a"));
    const JobId third = bench.enqueue(a_job("3", "", "b")).id;
    EXPECT_EQ(bench.store().next_kind("L"), "b");
    const auto claims = bench.store().claim("L", "b", 10);
    ASSERT_EQ(claims.size(), 2u);
    EXPECT_EQ(claims[0].id, first);
    EXPECT_EQ(claims[1].id, third);
    EXPECT_EQ(bench.store().next_kind("L"), "a");
    EXPECT_FALSE(bench.store().next_kind("nowhere"));
    EXPECT_TRUE(bench.store().claim("nowhere", "b", 1).empty());
}

TEST_F(StoreTest, ScheduledJobsFallDueInOrderAlsoAfterARestart) {
    const WallTime now = bench.clock().wall_now();
    for (const int minutes : {30, 10, 20}) {
        NewJob job = a_job("k" + std::to_string(minutes));
        job.not_before = now + std::chrono::minutes(minutes);
        bench.enqueue(job);
    }
    std::vector<std::string> ready;
    bench.store().on_ready([&](const std::string& lane) { ready.push_back(lane); });
    bench.pass(std::chrono::minutes(15));
    EXPECT_EQ(ready, std::vector<std::string>{"L"});
    EXPECT_EQ(bench.count(JobState::waiting), 1);
    EXPECT_EQ(bench.count(JobState::scheduled), 2);
    bench.reopen();
    bench.clock().shift_wall(std::chrono::minutes(30));
    bench.pass(Millis{1});
    EXPECT_EQ(bench.store().claim("L", "push", 9).size(), 3u);
}

TEST_F(StoreTest, ATimerThatComesEarlierThanTheOneSleptForWakesInTime) {
    NewJob late = a_job("late");
    late.not_before = bench.clock().wall_now() + std::chrono::seconds(50);
    bench.enqueue(late);
    NewJob soon = a_job("soon");
    soon.not_before = bench.clock().wall_now() + std::chrono::seconds(5);
    auto sleeping = spillway::test::start(bench.io(), bench.store().run());
    bench.clock().run_for(Millis{0});
    bench.enqueue(soon);
    bench.clock().run_for(std::chrono::seconds(6));
    EXPECT_EQ(bench.count(JobState::waiting), 1);
    EXPECT_FALSE(sleeping.ended());
}

TEST_F(StoreTest, APausedLaneClaimsNothingUntilItsTimeAlsoAfterARestart) {
    bench.enqueue(a_job("a"));
    NewJob other = a_job("b");
    other.lane = "M";
    bench.enqueue(other);
    const auto pause = [&](std::optional<WallTime> until) {
        return bench.commit([=](Transaction& t) { return t.pause_lane("L", {"limits", until}); });
    };
    ASSERT_TRUE(pause(std::nullopt).ok());
    EXPECT_FALSE(bench.store().next_kind("L"));
    EXPECT_TRUE(bench.store().claim("L", "push", 1).empty());
    EXPECT_TRUE(bench.store().next_kind("M")) << "one lane's pause is not another's";
    bench.reopen();
    ASSERT_TRUE(bench.store().lane_pause("L"));
    EXPECT_EQ(bench.store().lane_pause("L")->reason, "limits");
    ASSERT_TRUE(bench.commit([](Transaction& t) { return t.resume_lane("L"); }).ok());
    EXPECT_FALSE(bench.store().lane_pause("L"));
    EXPECT_TRUE(bench.store().next_kind("L"));
    ASSERT_TRUE(pause(bench.clock().wall_now() + std::chrono::minutes(5)).ok());
    std::vector<std::string> ready;
    bench.store().on_ready([&](const std::string& lane) { ready.push_back(lane); });
    bench.pass(std::chrono::minutes(4));
    EXPECT_FALSE(bench.store().next_kind("L"));
    EXPECT_TRUE(ready.empty());
    bench.pass(std::chrono::minutes(2));
    EXPECT_TRUE(bench.store().next_kind("L"));
    EXPECT_EQ(ready, std::vector<std::string>{"L"});
    bench.reopen();
    EXPECT_FALSE(bench.store().lane_pause("L"));
}

TEST_F(StoreTest, WhatWaitsForAJobThatAPersonEndedGoesOn) {
    const JobId cancelled = bench.enqueue(a_job("contact/1")).id;
    const JobId parked = bench.enqueue(a_job("contact/2", "", "parks")).id;
    ASSERT_TRUE(bench.settle(*bench.claim_one("L", "parks"), Settlement::parked("bad", "words")).ok());
    const JobId first = bench.enqueue(waiting_for("invoice/1", {{"contact/1", 1}})).id;
    const JobId second = bench.enqueue(waiting_for("invoice/2", {{"contact/1", 9}, {"contact/2", 7}})).id;
    ASSERT_TRUE(bench.cancel(cancelled).ok());
    EXPECT_EQ(bench.state(first), JobState::waiting);
    EXPECT_EQ(bench.job(second).waits, (std::vector<Wait>{{"contact/2", 7}}));
    ASSERT_TRUE(bench.commit([=](Transaction& t) { return t.resolve_by_hand(parked, "typed in"); }).ok());
    EXPECT_EQ(bench.state(second), JobState::waiting);
}

TEST_F(StoreTest, WhatWaitsForAKeyWaitsOnWhileAnotherOpenJobHasIt) {
    bench.enqueue(a_job("contact/1", "v1"));
    const Claim claim = *bench.claim_one();
    const JobId follow = bench.enqueue(a_job("contact/1", "v2")).id;
    const JobId invoice = bench.enqueue(waiting_for("invoice/1", {{"contact/1", 2}})).id;
    ASSERT_TRUE(bench.cancel(follow).ok());
    EXPECT_EQ(bench.state(invoice), JobState::blocked) << "the one being sent may still bring it";
    const JobId next = bench.enqueue(a_job("contact/1", "v3")).id;
    ASSERT_TRUE(bench.settle(claim, Settlement::superseded("")).ok());
    EXPECT_EQ(bench.state(invoice), JobState::blocked);
    ASSERT_TRUE(bench.cancel(next).ok());
    EXPECT_EQ(bench.state(invoice), JobState::waiting);
}

TEST_F(StoreTest, CancellingAJobLetsItsFollowUpGoOn) {
    bench.enqueue(a_job("a", "v1"));
    const Claim claim = *bench.claim_one();
    const JobId follow = bench.enqueue(a_job("a", "v2")).id;
    EXPECT_TRUE(bench.cancel(follow).ok());
    const JobId next = bench.enqueue(a_job("a", "v3")).id;
    EXPECT_NE(next, follow);
    ASSERT_TRUE(bench.settle(claim, Settlement::superseded("")).ok());
    EXPECT_EQ(bench.claim_one()->id, next);
}

}  // namespace spillway::queue::test
