// The cases of queue/CHECKLIST.md on claims, their tokens, and what a restart takes back.

#include "tests/unit/queue/checklist.hpp"

namespace spillway::queue::test {

TEST_F(Checklist, stale_worker_complete_rejected) {
    const JobId id = bench.enqueue(a_job("a")).id;
    const Claim old = *bench.claim_one();
    bench.store().unclaim("L", {old});
    const Claim current = *bench.claim_one();
    const WallTime later = bench.clock().wall_now() + std::chrono::minutes(1);
    EXPECT_EQ(bench.start(old).error().code, "stale_claim");
    for (const Settlement& late :
         {Settlement::applied(9), Settlement::parked("old", "old"), Settlement::retry_at(later, "old", "old"),
          Settlement::again(later), Settlement::unknown("old")}) {
        EXPECT_EQ(bench.settle(old, late).error().code, "stale_claim");
    }
    ASSERT_TRUE(bench.settle(current, Settlement::parked("new", "new")).ok());
    EXPECT_EQ(bench.settle(old, Settlement::applied(9)).error().code, "stale_claim");
    EXPECT_EQ(bench.job(id).cause, "new");
    EXPECT_EQ(bench.job(id).attempts, 1);
}

TEST_F(Checklist, stale_worker_complete_same_worker_new_attempt) {
    bench.enqueue(a_job("a"));
    const auto claim = bench.claim_one();
    ASSERT_TRUE(bench.settle(*claim, Settlement::again()).ok());
    for (const auto& late : {bench.settle(*claim, Settlement::applied(1)), bench.start(*claim)}) {
        ASSERT_FALSE(late.ok());
        EXPECT_EQ(late.error().code, "stale_claim");
    }
    const auto next = bench.claim_one();
    ASSERT_TRUE(next);
    EXPECT_GT(next->token, claim->token);
    EXPECT_FALSE(bench.settle(*claim, Settlement::applied(1)).ok());
    EXPECT_TRUE(bench.settle(*next, Settlement::applied(1)).ok());
}

TEST_F(Checklist, lease_token_changes_on_takeover) {
    const JobId id = bench.enqueue(a_job("a")).id;
    const Claim old = *bench.claim_one();
    bench.reopen();
    const Claim current = *bench.claim_one();
    EXPECT_EQ(current.id, id);
    EXPECT_GT(current.token, old.token);
    EXPECT_EQ(bench.start(old).error().code, "stale_claim");
    EXPECT_EQ(bench.settle(old, Settlement::applied(1)).error().code, "stale_claim");
    bench.store().unclaim("L", {old});
    EXPECT_FALSE(bench.claim_one()) << "the old owner's release frees nothing";
    EXPECT_TRUE(bench.start(current).ok());
    EXPECT_TRUE(bench.settle(current, Settlement::applied(1)).ok());
}

TEST_F(Checklist, old_owner_release_does_not_free_new_lease) {
    bench.enqueue(a_job("a"));
    const Claim old = *bench.claim_one();
    bench.store().unclaim("L", {old});
    const Claim current = *bench.claim_one();
    bench.store().unclaim("L", {old, old});
    EXPECT_EQ(bench.count(JobState::running), 1);
    EXPECT_FALSE(bench.claim_one());
    EXPECT_TRUE(bench.settle(current, Settlement::applied(1)).ok());
}

TEST_F(Checklist, rescue_rechecks_state) {
    const WallTime due = bench.clock().wall_now() + std::chrono::minutes(1);
    const JobId ended = bench.enqueue(with(a_job("a"), due)).id;
    const JobId moved = bench.enqueue(with(a_job("b"), due)).id;
    bench.clock().advance(std::chrono::minutes(2));
    // The timer has seen both when these are committed before its own change.
    auto cancel = begin(cancel_work(ended));
    auto later = begin(enqueue_work(with(a_job("b", "newer"), due + std::chrono::hours(1))));
    auto timer = spillway::test::start(bench.io(), bench.store().run());
    settle_the_loop();
    EXPECT_TRUE(cancel.take().ok());
    EXPECT_TRUE(later.take().ok());
    EXPECT_EQ(bench.state(ended), JobState::cancelled);
    EXPECT_EQ(bench.state(moved), JobState::scheduled);
    EXPECT_FALSE(bench.claim_one());
    EXPECT_FALSE(timer.ended());
}

TEST_F(Checklist, rescue_vs_complete_race_both_orders) {
    for (const bool settled_first : {true, false}) {
        const JobId id = bench.enqueue(a_job("k" + std::to_string(settled_first ? 1 : 0))).id;
        const Claim claim = *bench.claim_one();
        ASSERT_TRUE(bench.start(claim).ok());
        if (settled_first) {
            ASSERT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());
        }
        bench.reopen();
        EXPECT_EQ(bench.settle(claim, Settlement::applied(1)).error().code, "stale_claim");
        EXPECT_EQ(bench.state(id), settled_first ? JobState::applied : JobState::unknown);
        EXPECT_EQ(bench.job(id).crashes, settled_first ? 0 : 1) << "no mark of a crash on a finished job";
    }
}

TEST_F(Checklist, rescue_uses_claim_time_not_due_time) {
    const JobId id = bench.enqueue(a_job("a")).id;
    bench.pass(std::chrono::hours(40));
    const Claim claim = *bench.claim_one();
    ASSERT_TRUE(bench.start(claim).ok());
    bench.pass(std::chrono::hours(30));
    EXPECT_FALSE(bench.claim_one()) << "nothing takes a claim back while its process lives";
    EXPECT_FALSE(bench.store().claim_unknown("L", id));
    EXPECT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());
}

TEST_F(Checklist, rescue_larger_than_batch) {
    const WallTime now = bench.clock().wall_now();
    // The timer promotes 500 at once; a restart frees whatever there is.
    fill(1'500, [&](int at) {
        return with(a_job("k" + std::to_string(at)), now + std::chrono::minutes(at % 5 == 0 ? 60 : 1));
    });
    bench.pass(std::chrono::minutes(2));
    EXPECT_EQ(bench.count(JobState::waiting), 1'200);
    EXPECT_EQ(bench.count(JobState::scheduled), 300);
    const auto claims = bench.store().claim("L", "push", 2'000);
    ASSERT_EQ(claims.size(), 1'200u);
    ASSERT_TRUE(bench
                    .commit([&](Transaction& transaction) -> Result<void> {
                        for (std::size_t at = 0; at < 1'100; ++at) {
                            const auto started = transaction.start(claims[at]);
                            if (!started.ok()) return started.error();
                        }
                        return success();
                    })
                    .ok());
    bench.reopen();
    EXPECT_EQ(bench.count(JobState::unknown), 1'100);
    EXPECT_EQ(bench.count(JobState::waiting), 100);
    EXPECT_EQ(bench.count(JobState::scheduled), 300);
    EXPECT_EQ(bench.store().claim("L", "push", 2'000).size(), 100u);
}

TEST_F(Checklist, n_claimers_no_duplicates) {
    const int kJobs = many(100'000);
    constexpr int kClaimers = 32;
    fill(kJobs, [](int at) { return in_lane(a_job("k" + std::to_string(at)), "lane" + std::to_string(at % 8)); });
    SeededRandom random(1);
    std::vector<bool> given(static_cast<std::size_t>(kJobs) + 1);
    int claimed = 0;
    for (int claimer = 0; claimed < kJobs; claimer = (claimer + 1) % kClaimers) {
        const std::string lane = "lane" + std::to_string(random.below(8));
        const auto claims = bench.store().claim(lane, "push", 1 + random.below(100));
        std::vector<Claim> back;
        for (const Claim& claim : claims) {
            ASSERT_FALSE(given[static_cast<std::size_t>(claim.id)]) << "claimer " << claimer;
            if (random.below(50) == 0) {
                back.push_back(claim);
                continue;
            }
            given[static_cast<std::size_t>(claim.id)] = true;
            ++claimed;
        }
        bench.store().unclaim(lane, back);
    }
    for (int lane = 0; lane < 8; ++lane)
        EXPECT_TRUE(bench.store().claim("lane" + std::to_string(lane), "push", 1).empty());
}

TEST_F(Checklist, claim_limit_respected) {
    fill(50, [](int at) { return a_job("k" + std::to_string(at)); });
    EXPECT_TRUE(bench.store().claim("L", "push", 0).empty());
    std::vector<Claim> held;
    for (int round = 0; round < 60; ++round) {
        // A worker that may have five, whose jobs fail at once.
        const auto more = bench.store().claim("L", "push", 5 - held.size());
        held.insert(held.end(), more.begin(), more.end());
        ASSERT_LE(held.size(), 5u);
        ASSERT_EQ(bench.count(JobState::running), static_cast<std::int64_t>(held.size()));
        const Claim first = held.front();
        held.erase(held.begin());
        ASSERT_TRUE(bench.settle(first, round % 2 == 0 ? Settlement::again() : Settlement::parked("bad", "")).ok());
    }
}

TEST_F(Checklist, key_limit_no_overshoot_on_burst) {
    std::vector<spillway::test::Pending<Result<void>>> burst;
    for (int each = 0; each < 1'000; ++each) {
        burst.push_back(begin(enqueue_work(a_job("one", std::to_string(each))), CommandClass::intake));
        if (each == 500) {
            settle_the_loop();
            ASSERT_EQ(bench.store().claim("L", "push", 1'000).size(), 1u);
        }
    }
    settle_the_loop();
    for (auto& each : burst) EXPECT_TRUE(each.take().ok());
    EXPECT_TRUE(bench.store().claim("L", "push", 1'000).empty()) << "one is running";
    EXPECT_EQ(number("SELECT count(*) FROM jobs WHERE state < 6"), 2) << "the one and its follow-up";
}

TEST_F(Checklist, limit_slot_freed_on_every_exit) {
    const WallTime later = bench.clock().wall_now() + std::chrono::minutes(1);
    using Exit = std::function<void(const Claim&)>;
    const auto settles = [&](Settlement settlement) -> Exit {
        return [this, settlement = std::move(settlement)](const Claim& claim) {
            EXPECT_TRUE(bench.start(claim).ok());
            EXPECT_TRUE(bench.settle(claim, settlement).ok());
        };
    };
    const std::vector<std::pair<const char*, Exit>> exits = {
        {"success", settles(Settlement::applied(1))},
        {"difference", settles(Settlement::applied_with_difference(1, ""))},
        {"superseded", settles(Settlement::superseded(""))},
        {"failure", settles(Settlement::parked("bad", ""))},
        {"retry", settles(Settlement::retry_at(later, "down", ""))},
        {"throttled", settles(Settlement::again())},
        {"blocked", settles(Settlement::blocked({{"x", 1}}))},
        {"handed back", [this](const Claim& claim) { bench.store().unclaim("L", {claim}); }},
        {"killed", [this](const Claim&) { bench.reopen(); }},
        {"parked, then cancelled",
         [&](const Claim& claim) {
             settles(Settlement::parked("bad", ""))(claim);
             EXPECT_TRUE(bench.cancel(claim.id).ok());
         }},
        {"unknown, then resolved",
         [&](const Claim& claim) {
             settles(Settlement::unknown("cut"))(claim);
             EXPECT_TRUE(
                 bench.settle(*bench.store().claim_unknown("L", claim.id), Settlement::superseded("absent")).ok());
         }},
    };
    for (const auto& [name, exit] : exits) {
        bench.enqueue(a_job("one", name));
        const auto claim = bench.claim_one();
        ASSERT_TRUE(claim) << "before " << name;
        exit(*claim);
        EXPECT_EQ(bench.count(JobState::running), 0) << name;
        bench.enqueue(a_job("one", "next"));
        bench.pass(std::chrono::minutes(2));
        const auto next = bench.claim_one();
        ASSERT_TRUE(next) << "after " << name;
        EXPECT_EQ(bench.job(next->id).body, "next") << name;
        ASSERT_TRUE(bench.settle(*next, Settlement::applied(9)).ok());
    }
}

TEST_F(Checklist, slot_not_freed_twice) {
    const JobId id = bench.enqueue(a_job("a")).id;
    const Claim claim = *bench.claim_one();
    auto first = begin(settle_work(claim, Settlement::again()));
    auto second = begin(settle_work(claim, Settlement::applied(1)));
    settle_the_loop();
    EXPECT_TRUE(first.take().ok());
    EXPECT_FALSE(second.take().ok());
    EXPECT_EQ(bench.state(id), JobState::waiting);
    bench.store().unclaim("L", {claim, claim});
    EXPECT_EQ(bench.count(JobState::running), 0);
    const Claim next = *bench.claim_one();
    bench.store().unclaim("L", {claim});
    EXPECT_FALSE(bench.claim_one());
    bench.store().unclaim("L", {next, next});
    EXPECT_EQ(bench.count(JobState::running), 0);
    EXPECT_EQ(bench.count(JobState::waiting), 1);
    EXPECT_EQ(bench.store().claim("L", "push", 9).size(), 1u);
}

}  // namespace spillway::queue::test
