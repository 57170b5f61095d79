// What keeps a job back, and what says so: holds, age, blocked keys, and the answer to "why is it not running?".

#include "queue/why.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {
constexpr auto kHour = std::chrono::hours(1);

NewJob in_lane(std::string lane, std::string key, std::string kind = "push") {
    NewJob job = a_job(std::move(key), "body", std::move(kind));
    job.lane = std::move(lane);
    return job;
}
struct HoldTest : StoreTest {
    void hold(Hold hold) {
        ASSERT_TRUE(bench.commit([&](Transaction& transaction) { return transaction.hold(hold); }).ok());
    }
    void lift(std::optional<std::string> lane, std::optional<std::string> kind) {
        ASSERT_TRUE(bench.commit([&](Transaction& transaction) { return transaction.lift(lane, kind); }).ok());
    }
    std::string next(const std::string& lane) { return bench.store().next_kind(lane).value_or("-"); }
    std::string seen() { return next("L") + " " + next("M"); }
    Why why(JobId id, std::optional<Root> root = {}) {
        const Job job = bench.job(id);
        Standing standing;
        standing.claimed = bench.store().claimed(id);
        standing.ahead = bench.store().ahead(job.lane, job.priority, id);
        standing.holds = bench.store().holds();
        standing.root = std::move(root);
        return explain(job, standing, bench.clock().wall_now());
    }
    std::vector<BlockedKey> blocked(const std::string& after = "", std::size_t limit = 100) {
        return *bench.read<std::vector<BlockedKey>>([=](sqlite::Connection& connection) {
            return Result<std::vector<BlockedKey>>(SqliteStore::blocked_keys(connection, "L", after, limit));
        });
    }
};
}  // namespace

TEST_F(HoldTest, pause_queue_key_tenant) {
    for (const char* lane : {"L", "M"}) {
        bench.enqueue(in_lane(lane, "a", "one"));
        bench.enqueue(in_lane(lane, "b", "two"));
    }
    const std::vector<std::tuple<std::optional<std::string>, std::optional<std::string>, std::string>> cases = {
        {"L", {}, "- one"},
        {{}, "one", "two two"},
        {"L", "one", "two one"},
        {{}, {}, "- -"},
        {"unheard", {}, "one one"}};
    for (const auto& [lane, kind, expected] : cases) {
        hold({lane, kind, "tests", {}, {}});
        EXPECT_EQ(seen(), expected);
        bench.reopen();
        EXPECT_EQ(seen(), expected) << "it is kept over a restart";
        ASSERT_EQ(bench.store().holds().size(), 1u);
        EXPECT_EQ(bench.store().holds()[0].lane, lane);
        EXPECT_EQ(bench.store().holds()[0].kind, kind);
        EXPECT_EQ(bench.store().holds()[0].reason, "tests");
        if (kind) {
            EXPECT_TRUE(bench.store().claim("L", *kind, 1).empty());
        }
        lift(lane, kind);
        EXPECT_EQ(seen(), "one one");
    }
}

TEST_F(HoldTest, AHoldEndsByItselfAndWakesEveryLaneItKeptBack) {
    bench.enqueue(in_lane("L", "a"));
    bench.enqueue(in_lane("M", "a"));
    hold({{}, "push", "", {}, bench.clock().wall_now() + kHour});
    std::set<std::string> woken;
    bench.store().on_ready([&](const std::string& lane) { woken.insert(lane); });
    bench.pass(kHour - Millis{1});
    EXPECT_EQ(seen(), "- -");
    EXPECT_TRUE(woken.empty());
    bench.pass(Millis{2});
    EXPECT_EQ(seen(), "push push");
    EXPECT_EQ(woken, (std::set<std::string>{"L", "M"}));
    EXPECT_TRUE(bench.store().holds().empty());
    bench.reopen();
    EXPECT_EQ(seen(), "push push");
    bench.store().on_ready({});
}

TEST_F(HoldTest, WhatRunsIsFinishedUnderAHold) {
    const JobId id = bench.enqueue(a_job("a")).id;
    const Claim claim = *bench.claim_one();
    hold({{}, {}, "stop", {}, {}});
    ASSERT_TRUE(bench.start(claim).ok());
    ASSERT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());
    EXPECT_EQ(bench.state(id), JobState::applied);
}

TEST_F(HoldTest, snooze_preserves_attempts_and_age) {
    const JobId id = bench.enqueue(a_job("a")).id;
    const Millis age = bench.settings().age_max;
    for (int third = 0; third < 3; ++third) {
        const WallTime later = bench.clock().wall_now() + age / 3;
        ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::again(later)).ok());
        EXPECT_EQ(bench.job(id).attempts, 0);
        EXPECT_EQ(bench.state(id), JobState::scheduled) << third;
        bench.pass(age / 3 + Millis{1});
    }
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::again()).ok());
    EXPECT_EQ(bench.state(id), JobState::parked);
    EXPECT_EQ(bench.job(id).cause, "too_old");
    ASSERT_TRUE(bench.replay(id).ok());
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::again()).ok());
    EXPECT_EQ(bench.state(id), JobState::waiting) << "a replay begins anew";
}

TEST_F(HoldTest, WhatWaitedLongButWasNeverTriedIsNotTooOld) {
    const JobId id = bench.enqueue(a_job("a")).id;
    bench.clock().advance(bench.settings().age_max * 2);
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::again()).ok());
    EXPECT_EQ(bench.state(id), JobState::waiting);
}

TEST_F(HoldTest, BlockedKeysAreListedWithTheirHeadAndCount) {
    for (const char* key : {"p1", "p2", "p3"}) {
        NewJob job = a_job(key);
        job.waits = {{"invoice/1", 1}};
        if (std::string(key) == "p3") job.waits.push_back({"never/came", 1});
        bench.enqueue(job);
    }
    const JobId head = bench.enqueue(a_job("invoice/1", "body", "parks")).id;
    ASSERT_TRUE(bench.settle(*bench.claim_one("L", "parks"), Settlement::parked("bad", "words")).ok());
    const auto keys = blocked();
    ASSERT_EQ(keys.size(), 2u);
    EXPECT_EQ(keys[0].key, "invoice/1");
    EXPECT_EQ(keys[0].waiting, 3);
    EXPECT_EQ(keys[0].head, head);
    EXPECT_EQ(keys[0].state, JobState::parked);
    EXPECT_EQ(keys[0].cause, "bad");
    EXPECT_EQ(keys[0].since, bench.job(keys[0].first).changed);
    EXPECT_EQ(keys[1].key, "never/came");
    EXPECT_FALSE(keys[1].head);
    EXPECT_EQ(blocked("", 1).size(), 1u);
    EXPECT_EQ(blocked("invoice/1").at(0).key, "never/came");
}

TEST_F(HoldTest, EveryStateHasItsReason) {
    const JobId first = bench.enqueue(a_job("1")).id;
    const JobId second = bench.enqueue(a_job("2")).id;
    NewJob urgent = a_job("3");
    urgent.priority = Priority::interactive;
    const JobId third = bench.enqueue(urgent).id;
    EXPECT_EQ(why(third).code, "next");
    EXPECT_EQ(why(first).code, "behind");
    EXPECT_EQ(why(second).count, 2);
    hold({{}, "push", "release day", {}, bench.clock().wall_now() + kHour});
    EXPECT_EQ(why(second).code, "held");
    EXPECT_EQ(why(second).words, "Its kind is on hold: release day");
    EXPECT_EQ(why(second).until, bench.clock().wall_now() + kHour);
    hold({{}, {}, "move", {}, {}});
    EXPECT_EQ(why(second).words, "Everything is on hold: move");
    lift({}, {});
    lift({}, "push");
    const Claim claim = *bench.claim_one();
    EXPECT_EQ(why(third).code, "in_flight");
    const JobId follow = bench.enqueue(a_job("3", "newer")).id;
    Standing standing;
    standing.follows = third;
    EXPECT_EQ(explain(bench.job(follow), standing, bench.clock().wall_now()).code, "follows");
    ASSERT_TRUE(bench.settle(claim, Settlement::unknown("cut")).ok());
    EXPECT_EQ(why(third).code, "unknown");
    const WallTime later = bench.clock().wall_now() + kHour;
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::retry_at(later, "down", "503")).ok());
    EXPECT_EQ(why(first).code, "retry");
    EXPECT_EQ(why(first).until, later);
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::parked("bad", "words")).ok());
    EXPECT_EQ(why(second).code, "parked");
    EXPECT_EQ(why(second).words, "It waits for a person: bad");
    NewJob payment = a_job("4");
    payment.waits = {{"2", 1}};
    const JobId fourth = bench.enqueue(payment).id;
    const Why blocked_by = why(fourth, Root{"2", second, JobState::parked, "bad", 7});
    EXPECT_EQ(blocked_by.words, "It waits for 2, which is parked: bad; 7 jobs wait for it");
    EXPECT_EQ(blocked_by.job, second);
    EXPECT_EQ(why(fourth, Root{"2", {}, {}, "", 1}).words, "It waits for 2, of which there is no open job");
    NewJob timed = a_job("5");
    timed.not_before = later;
    EXPECT_EQ(why(bench.enqueue(timed).id).code, "scheduled");
    ASSERT_TRUE(bench.cancel(fourth).ok());
    EXPECT_EQ(why(fourth).words, "It has ended: cancelled");
}

TEST_F(HoldTest, OneCommitCompletesAJobAndMakesTheNextOneClaimable) {
    bench.enqueue(a_job("a"));
    NewJob next = a_job("b");
    next.waits = {{"a", 1}};
    bench.enqueue(next);
    const Claim claim = *bench.claim_one();
    ASSERT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());
    const auto claimed = bench.claim_one();  // no commit in between: a claim writes nothing
    ASSERT_TRUE(claimed);
    EXPECT_NE(claimed->id, claim.id);
}

TEST_F(HoldTest, TheOrderOfAKeyHoldsAcrossRetriesAndRestarts) {
    bench.enqueue(a_job("invoice/1", "v1"));
    const Claim first = *bench.claim_one();
    ASSERT_TRUE(bench.start(first).ok());
    bench.enqueue(a_job("invoice/1", "v2"));
    ASSERT_TRUE(bench.settle(first, Settlement::unknown("cut")).ok());
    bench.reopen();
    EXPECT_FALSE(bench.claim_one()) << "v2 waits while what became of v1 is not known";
    bench.enqueue(a_job("invoice/1", "v3"));
    const auto resolving = bench.store().claim_unknown("L", first.id);
    ASSERT_TRUE(resolving);
    EXPECT_EQ(bench.job(first.id).body, "v1");
    const WallTime later = bench.clock().wall_now() + kHour;
    ASSERT_TRUE(bench.settle(*resolving, Settlement::retry_at(later, "down", "")).ok());
    EXPECT_FALSE(bench.claim_one()) << "the key waits with its head";
    bench.pass(kHour);
    const auto last = bench.claim_one();
    ASSERT_TRUE(last);
    EXPECT_EQ(bench.job(last->id).body, "v3");
    EXPECT_FALSE(bench.claim_one());
}

/// With interactive jobs without end, at least one claim in kFloorEvery begins with bulk: the bound that is promised.
TEST_F(HoldTest, BulkGetsAtLeastOneClaimInEight) {
    NewJob bulk = a_job("bulk", "body", "bulk");
    bulk.priority = Priority::bulk;
    for (int each = 0; each < 3; ++each) {
        bulk.key = "bulk" + std::to_string(each);
        bench.enqueue(bulk);
    }
    std::vector<int> at;
    for (int round = 0; round < 24; ++round) {
        NewJob urgent = a_job("urgent" + std::to_string(round));
        urgent.priority = Priority::interactive;
        bench.enqueue(urgent);
        const std::string kind = *bench.store().next_kind("L");
        ASSERT_EQ(bench.store().claim("L", kind, 1).size(), 1u);
        if (kind == "bulk") at.push_back(round);
    }
    EXPECT_EQ(at, (std::vector<int>{7, 15, 23}));
}

}  // namespace spillway::queue::test
