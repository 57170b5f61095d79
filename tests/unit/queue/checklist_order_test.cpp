// The cases of queue/CHECKLIST.md on order within a key, uniqueness and newer bodies.

#include "tests/unit/queue/checklist.hpp"

namespace spillway::queue::test {

namespace asio = boost::asio;

TEST_F(Checklist, strict_fifo_per_key) {
    SeededRandom random(7);
    int submitted = 0;
    int applied = 0;
    std::optional<Claim> claim;
    const auto carry_on = [&](const Claim& held) {
        const int version = std::stoi(bench.job(held.id).body);
        ASSERT_GT(version, applied) << "overtaken";
        if (random.below(3) == 0) return;  // the process may die with it
        ASSERT_TRUE(bench.start(held).ok());
        claim.reset();
        if (random.below(3) == 0) {
            ASSERT_TRUE(bench.settle(held, Settlement::again()).ok());
            return;
        }
        ASSERT_TRUE(bench.settle(held, Settlement::applied(version)).ok());
        applied = version;
    };
    for (int step = 0; step < 600; ++step) {
        const std::uint64_t what = random.below(10);
        if (what < 4) {
            bench.enqueue(a_job("one", std::to_string(++submitted)));
        } else if (what < 8) {
            if (!claim) claim = bench.claim_one();
            if (claim) carry_on(*claim);
            if (HasFatalFailure()) return;
        } else if (what == 8) {
            claim.reset();
            bench.reopen();
        } else if (claim) {
            bench.store().unclaim("L", {*claim});
            claim.reset();
            bench.pass(Millis{1});
        }
    }
    if (claim) bench.store().unclaim("L", {*claim});
    bench.pass(Millis{1});
    while (const auto last = bench.claim_one()) {
        applied = std::stoi(bench.job(last->id).body);
        ASSERT_TRUE(bench.settle(*last, Settlement::applied(applied)).ok());
    }
    EXPECT_EQ(applied, submitted) << "the newest is never lost";
}

TEST_F(Checklist, fifo_head_retry_blocks_successors) {
    const JobId head = bench.enqueue(a_job("contact/1")).id;
    const JobId other = bench.enqueue(a_job("contact/2", "", "other")).id;
    const JobId waits = bench.enqueue(with(a_job("invoice/1"), {{"contact/1", 1}})).id;
    const WallTime later = bench.clock().wall_now() + std::chrono::minutes(5);
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::retry_at(later, "down", "503")).ok());
    EXPECT_EQ(bench.enqueue(a_job("contact/1", "newer")).id, head) << "the key's next body goes with its head";
    bench.pass(std::chrono::minutes(4));
    EXPECT_FALSE(bench.claim_one());
    EXPECT_EQ(bench.state(waits), JobState::blocked);
    EXPECT_EQ(bench.claim_one("L", "other")->id, other) << "other keys run";
    bench.pass(std::chrono::minutes(2));
    const auto again = bench.claim_one();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->id, head);
    ASSERT_TRUE(bench.settle(*again, Settlement::applied(1)).ok());
    EXPECT_EQ(bench.claim_one()->id, waits);
}

TEST_F(Checklist, fifo_head_dead_policy_block) {
    const JobId head = bench.enqueue(a_job("contact/1")).id;
    const JobId waits = bench.enqueue(with(a_job("invoice/1"), {{"contact/1", 1}})).id;
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::parked("bad", "words")).ok());
    bench.pass(std::chrono::hours(24));
    EXPECT_EQ(bench.state(waits), JobState::blocked) << "for as long as it takes";
    EXPECT_EQ(bench.job(waits).waits, (std::vector<Wait>{{"contact/1", 1}})) << "and says for whom";
    std::optional<Job> root;
    ASSERT_TRUE(bench.commit([&](Transaction& t) { return root = t.find_open("L", "contact/1"), success(); }).ok());
    ASSERT_TRUE(root);
    EXPECT_EQ(root->id, head);
    EXPECT_EQ(root->cause + ": " + root->detail, "bad: words");
    ASSERT_TRUE(bench.replay(head).ok());
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::applied(1)).ok());
    EXPECT_EQ(bench.claim_one()->id, waits) << "goes on by itself";
}

TEST_F(Checklist, fifo_head_dead_policy_park) {
    const JobId waits = bench.enqueue(with(a_job("invoice/1"), {{"contact/1", 1}})).id;
    ASSERT_TRUE(bench
                    .commit([=](Transaction& transaction) {
                        return transaction.park_blocked(waits, "reference_missing", "no contact/1", "send it");
                    })
                    .ok());
    EXPECT_EQ(bench.state(waits), JobState::parked);
    EXPECT_EQ(bench.job(waits).cause, "reference_missing");
    ASSERT_TRUE(bench.replay(waits).ok());
    EXPECT_EQ(bench.state(waits), JobState::blocked) << "what it waits for has still not come";
}

TEST_F(Checklist, fifo_head_dead_policy_skip) {
    const JobId parked = bench.enqueue(a_job("contact/1")).id;
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::parked("bad", "words")).ok());
    const JobId cancelled = bench.enqueue(a_job("contact/2")).id;
    const JobId first = bench.enqueue(with(a_job("invoice/1"), {{"contact/1", 1}})).id;
    const JobId second = bench.enqueue(with(a_job("invoice/2"), {{"contact/2", 9}})).id;
    ASSERT_TRUE(bench.commit([=](Transaction& t) { return t.resolve_by_hand(parked, "typed in"); }).ok());
    EXPECT_EQ(bench.state(first), JobState::waiting);
    EXPECT_EQ(bench.state(second), JobState::blocked);
    ASSERT_TRUE(bench.cancel(cancelled).ok());
    EXPECT_EQ(bench.state(second), JobState::waiting);
}

TEST_F(Checklist, fifo_enqueue_order_under_concurrent_commits) {
    bench.crash();
    Settings threaded = settings();
    threaded.on_loop = false;
    asio::io_context io(1);
    spillway::test::SimClock clock(io);
    auto opened = SqliteStore::open(io.get_executor(), clock, threaded);
    ASSERT_TRUE(opened.ok());
    SqliteStore& store = **opened;
    std::vector<JobId> answered;
    int under_way = 0;
    const auto produce = [](SqliteStore& to, std::vector<JobId>& ids, int& busy, int number) -> asio::awaitable<void> {
        ++busy;
        for (int each = 0; each < 40; ++each) {
            const NewJob job = a_job(std::to_string(number) + "/" + std::to_string(each));
            std::function<Result<Enqueued>(Transaction&)> work = [job](Transaction& t) { return t.enqueue(job); };
            const auto made = co_await to.commit_value<Enqueued>(CommandClass::intake, work);
            EXPECT_TRUE(made.ok());
            if (made.ok()) ids.push_back(made->id);
        }
        --busy;
    };
    for (int number = 0; number < 32; ++number)
        asio::co_spawn(io, produce(store, answered, under_way, number), [](std::exception_ptr) {});
    ASSERT_TRUE(clock.turn_until([&] { return under_way == 0 && answered.size() == 32u * 40u; }));
    EXPECT_TRUE(std::is_sorted(answered.begin(), answered.end())) << "ids rise in the order of the commits";
    std::vector<JobId> claimed;
    for (const Claim& claim : store.claim("L", "push", 10'000)) claimed.push_back(claim.id);
    EXPECT_EQ(claimed, answered) << "none skipped, none reordered";
}

TEST_F(Checklist, fifo_replay_of_old_job) {
    const JobId old = bench.enqueue(a_job("old")).id;
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::parked("bad", "words")).ok());
    const JobId newer = bench.enqueue(a_job("newer")).id;
    const JobId newest = bench.enqueue(a_job("newest")).id;
    ASSERT_TRUE(bench.replay(old).ok());
    std::vector<JobId> order;
    for (const Claim& claim : bench.store().claim("L", "push", 9)) order.push_back(claim.id);
    EXPECT_EQ(order, (std::vector<JobId>{old, newer, newest})) << "at its own old place, whenever it is replayed";
}

TEST_F(Checklist, coalesce_waiting) {
    const WallTime later = bench.clock().wall_now() + std::chrono::hours(1);
    const JobId waiting_id = bench.enqueue(a_job("waiting", "old")).id;
    const JobId scheduled_id = bench.enqueue(with(a_job("scheduled", "old"), later)).id;
    const JobId blocked_id = bench.enqueue(with(a_job("blocked"), {{"contact/1", 1}})).id;
    const JobId parked_id = bench.enqueue(a_job("parked", "old", "parks")).id;
    ASSERT_TRUE(bench.settle(*bench.claim_one("L", "parks"), Settlement::parked("bad", "words")).ok());
    for (const auto& [key, id] : {std::pair{"waiting", waiting_id},
                                  {"scheduled", scheduled_id},
                                  {"blocked", blocked_id},
                                  {"parked", parked_id}}) {
        const Enqueued newer = bench.enqueue(a_job(key, "new"));
        EXPECT_EQ(newer.placed, Placed::coalesced) << key;
        EXPECT_EQ(newer.id, id) << key;
        const Job job = bench.job(id);
        EXPECT_EQ(job.body, "new") << key;
        EXPECT_EQ(job.state, JobState::waiting) << key;
        EXPECT_EQ(job.kind, "push") << key;
        EXPECT_EQ(job.attempts, 0) << key;
        EXPECT_EQ(job.cause, "") << key;
    }
    EXPECT_EQ(bench.store().claim("L", "push", 9).size(), 4u);
}

TEST_F(Checklist, coalesce_while_running) {
    const JobId first = bench.enqueue(a_job("a", "v1")).id;
    const Claim claim = *bench.claim_one();
    const Enqueued second = bench.enqueue(a_job("a", "v2"));
    EXPECT_EQ(second.placed, Placed::follow_up);
    EXPECT_NE(second.id, first);
    EXPECT_EQ(bench.job(first).body, "v1") << "the claimed body must not change under its carrier";
    ASSERT_TRUE(bench.start(claim).ok());
    const Enqueued third = bench.enqueue(a_job("a", "v3"));
    EXPECT_EQ(third.id, second.id);
    EXPECT_TRUE(bench.job(third.id).follow_up);
    EXPECT_FALSE(bench.claim_one()) << "one open write per key";
    ASSERT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());
    const auto next = bench.claim_one();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->id, second.id);
    EXPECT_EQ(bench.job(next->id).body, "v3");
    EXPECT_FALSE(bench.job(next->id).follow_up);
    EXPECT_FALSE(bench.claim_one());
}

TEST_F(Checklist, coalesce_race_at_finish) {
    for (const Settlement& settlement : {Settlement::applied(1), Settlement::again(), Settlement::parked("bad", "")}) {
        const std::string key = "k" + std::to_string(static_cast<int>(settlement.state));
        bench.enqueue(a_job(key, "old", key));
        const Claim claim = *bench.claim_one("L", key);
        auto settle = begin(settle_work(claim, settlement));
        auto enqueue = spillway::test::start(
            bench.io(), bench.store().commit_value<Enqueued>(
                            CommandClass::intake, [=](Transaction& t) { return t.enqueue(a_job(key, "new", key)); }));
        settle_the_loop();
        ASSERT_TRUE(settle.take().ok());
        const auto placed = enqueue.take();
        ASSERT_TRUE(placed.ok());
        const auto next = bench.claim_one("L", key);
        ASSERT_TRUE(next) << key;
        EXPECT_EQ(next->id, placed->id);
        EXPECT_EQ(bench.job(next->id).body, "new");
        EXPECT_FALSE(bench.claim_one("L", key));
    }
}

TEST_F(Checklist, unique_across_retry_state) {
    const JobId id = bench.enqueue(a_job("a", "old")).id;
    const JobId other = bench.enqueue(a_job("b")).id;
    const WallTime later = bench.clock().wall_now() + std::chrono::minutes(1);
    for (const Claim& claim : bench.store().claim("L", "push", 2))
        ASSERT_TRUE(bench.settle(claim, Settlement::retry_at(later, "down", "503")).ok());
    const Enqueued twin = bench.enqueue(a_job("a", "new"));
    EXPECT_EQ(twin.placed, Placed::coalesced);
    EXPECT_EQ(twin.id, id);
    EXPECT_EQ(bench.state(id), JobState::scheduled);
    EXPECT_EQ(bench.job(id).run_at, later) << "a newer body is no way around the back-off";
    EXPECT_EQ(bench.job(id).attempts, 1);
    bench.pass(std::chrono::minutes(2));
    std::set<JobId> claimed;
    for (const Claim& claim : bench.store().claim("L", "push", 9)) claimed.insert(claim.id);
    EXPECT_EQ(claimed, (std::set<JobId>{id, other})) << "the timer never meets the unique index";
    EXPECT_EQ(bench.job(id).body, "new");
}

TEST_F(Checklist, unique_window_edge) {
    // A key is unique while its job is open, and not by the clock: no bucket has an edge.
    const JobId first = bench.enqueue(a_job("a", "v1")).id;
    for (int each = 0; each < 3'000; ++each) {
        bench.clock().advance(Millis{1});
        if (each % 100 == 0) {
            ASSERT_EQ(bench.enqueue(a_job("a", "v2")).id, first) << each;
        }
    }
    const Claim claim = *bench.claim_one();
    ASSERT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());
    bench.clock().advance(Millis{1});
    const Enqueued next = bench.enqueue(a_job("a", "v3"));
    EXPECT_EQ(next.placed, Placed::created) << "1 ms after its end it is another job";
    EXPECT_NE(next.id, first);
}

TEST_F(Checklist, unique_insert_concurrent) {
    std::vector<spillway::test::Pending<Result<Enqueued>>> all;
    for (int each = 0; each < 64; ++each) {
        const NewJob job = a_job("one", std::to_string(each));
        std::function<Result<Enqueued>(Transaction&)> work = [job](Transaction& t) { return t.enqueue(job); };
        all.push_back(
            spillway::test::start(bench.io(), bench.store().commit_value<Enqueued>(CommandClass::intake, work)));
    }
    settle_the_loop();
    std::set<JobId> ids;
    int created = 0;
    for (auto& each : all) {
        const auto made = each.take();
        ASSERT_TRUE(made.ok());
        ids.insert(made->id);
        created += made->placed == Placed::created ? 1 : 0;
    }
    EXPECT_EQ(ids.size(), 1u);
    EXPECT_EQ(created, 1);
    EXPECT_EQ(number("SELECT count(*) FROM jobs"), 1);
    EXPECT_EQ(bench.job(*ids.begin()).body, "63");
}

}  // namespace spillway::queue::test
