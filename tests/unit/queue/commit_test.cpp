// Group commit: durable or not at all, each command apart, and what a sick disk does.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "tests/support/fault_vfs.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {

Work enqueue_work(std::string key, bool fails = false) {
    return [=](Transaction& transaction) -> Result<void> {
        const auto made = transaction.enqueue(a_job(key));
        if (!made.ok()) return made.error();
        if (fails) return invalid("changed_my_mind", "");
        return success();
    };
}

struct FaultyStoreTest : ::testing::Test {
    TempFolder folder;
    spillway::test::FaultVfs vfs;
    Bench bench{settings()};

    Settings settings() {
        Settings settings = settings_for(folder.file("store.db"));
        settings.vfs = vfs.name();
        return settings;
    }
    void SetUp() override { ASSERT_TRUE(bench.open().ok()); }
};

}  // namespace

TEST_F(FaultyStoreTest, WhatGathersBecomesOneTransactionSettlesFirst) {
    std::vector<std::string> order;
    std::vector<spillway::test::Pending<Result<void>>> pending;
    const auto push = [&](CommandClass command, std::string name) {
        Work work = [&order, name](Transaction&) { return order.push_back(name), success(); };
        pending.push_back(spillway::test::start(bench.io(), bench.store().commit(command, std::move(work))));
    };
    push(CommandClass::intake, "intake 1");
    push(CommandClass::settle, "settle 1");
    push(CommandClass::intake, "intake 2");
    push(CommandClass::settle, "settle 2");
    for (int each = 0; each < 100; ++each) {
        pending.push_back(spillway::test::start(
            bench.io(), bench.store().commit(CommandClass::intake, enqueue_work("k" + std::to_string(each)))));
    }
    bench.clock().run_for(Millis{0});
    for (auto& each : pending) EXPECT_TRUE(each.take().ok());
    EXPECT_EQ(order, (std::vector<std::string>{"settle 1", "settle 2", "intake 1", "intake 2"}));
    EXPECT_EQ(bench.count(JobState::waiting), 100);
    const std::uint64_t before = vfs.steps();
    ASSERT_TRUE(bench.commit(enqueue_work("one more")).ok());
    EXPECT_LT(vfs.steps() - before, 40u) << "one commit";
}

TEST_F(FaultyStoreTest, AFailingCommandIsRolledBackAlone) {
    auto good = spillway::test::start(bench.io(), bench.store().commit(CommandClass::intake, enqueue_work("good")));
    auto bad = spillway::test::start(bench.io(), bench.store().commit(CommandClass::intake, enqueue_work("bad", true)));
    auto thrown = spillway::test::start(bench.io(),
                                        bench.store().commit(CommandClass::intake, [](Transaction& t) -> Result<void> {
                                            NewJob job = a_job("thrown");
                                            job.lane = "a lane that was never there";
                                            EXPECT_TRUE(t.enqueue(job).ok());
                                            throw std::runtime_error("a bug");
                                        }));
    auto sql = spillway::test::start(
        bench.io(), bench.store().commit(CommandClass::intake, [](Transaction& t) -> Result<void> {
            EXPECT_TRUE(t.enqueue(a_job("sql")).ok());
            sqlite::connection_of(t).database().exec("INSERT INTO kinds (id) VALUES (NULL)");
            return success();
        }));
    auto last = spillway::test::start(bench.io(), bench.store().commit(CommandClass::intake, enqueue_work("last")));
    bench.clock().run_for(Millis{0});
    EXPECT_TRUE(good.take().ok());
    EXPECT_EQ(bad.take().error().code, "changed_my_mind");
    EXPECT_EQ(thrown.take().error().kind, ErrorKind::bug);
    EXPECT_EQ(sql.take().error().kind, ErrorKind::bug);
    EXPECT_TRUE(last.take().ok());
    EXPECT_EQ(bench.count(JobState::waiting), 2);
    EXPECT_EQ(bench.store().lanes(), std::vector<std::string>{"L"});
    NewJob job = a_job("again");
    job.lane = "a lane that was never there";
    bench.enqueue(job);
    bench.reopen();
    EXPECT_EQ(bench.count(JobState::waiting), 2);
    EXPECT_EQ(bench.count(JobState::waiting, job.lane), 1);
}

TEST_F(FaultyStoreTest, ARefusalBeforeAnythingIsWrittenCostsItsNeighboursNothing) {
    int runs = 0;
    Work counted = [&runs](Transaction& transaction) -> Result<void> {
        ++runs;
        return enqueue_work("good")(transaction);
    };
    Work refused = [](Transaction& transaction) -> Result<void> {
        // Lifts what was never held: an effect without a row.
        EXPECT_TRUE(transaction.lift(std::nullopt, std::nullopt).ok());
        return transaction.cancel(4711);
    };
    auto good = spillway::test::start(bench.io(), bench.store().commit(CommandClass::intake, std::move(counted)));
    auto bad = spillway::test::start(bench.io(), bench.store().commit(CommandClass::intake, std::move(refused)));
    bench.clock().run_for(Millis{0});
    EXPECT_TRUE(good.take().ok());
    EXPECT_EQ(bad.take().error().code, "no_such_job");
    EXPECT_EQ(runs, 1);
}

TEST_F(FaultyStoreTest, AGroupThatRunsAgainLeavesNothingOfTheFirstTime) {
    const JobId parked = bench.enqueue(a_job("parked")).id;
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::parked("no_account", "", "")).ok());
    int runs = 0;
    Work good = [&](Transaction& transaction) -> Result<void> {
        ++runs;
        const auto held = transaction.hold({"L2", std::nullopt, "asked", {}, std::nullopt});
        if (!held.ok()) return held;
        return enqueue_work("good")(transaction);
    };
    Work bad = [&](Transaction& transaction) -> Result<void> {
        EXPECT_TRUE(transaction.hold({"L3", std::nullopt, "regretted", {}, std::nullopt}).ok());
        EXPECT_TRUE(transaction.replay(parked).ok());
        return invalid("changed_my_mind", "");
    };
    auto first = spillway::test::start(bench.io(), bench.store().commit(CommandClass::intake, std::move(good)));
    auto second = spillway::test::start(bench.io(), bench.store().commit(CommandClass::intake, std::move(bad)));
    bench.clock().run_for(Millis{0});
    EXPECT_TRUE(first.take().ok());
    EXPECT_EQ(second.take().error().code, "changed_my_mind");
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(bench.store().holds().size(), 1u);
    EXPECT_EQ(bench.count(JobState::waiting), 1);
    EXPECT_EQ(bench.count(JobState::parked), 1);
    // What the first run held is free again, and so is what both did.
    ASSERT_TRUE(bench.commit([&](Transaction& transaction) { return transaction.replay(parked); }).ok());
    EXPECT_EQ(bench.store().claim("L", "push", 10).size(), 2u);
    bench.reopen();
    EXPECT_EQ(bench.store().holds().size(), 1u);
    EXPECT_EQ(bench.count(JobState::waiting), 2);
}

TEST_F(FaultyStoreTest, TheIndexNeverRunsAheadOfTheCommit) {
    bool claimable_inside = true;
    ASSERT_TRUE(bench
                    .commit([&](Transaction& transaction) -> Result<void> {
                        const auto made = transaction.enqueue(a_job("a"));
                        claimable_inside = bench.store().next_kind("L").has_value();
                        if (!made.ok()) return made.error();
                        return success();
                    })
                    .ok());
    EXPECT_FALSE(claimable_inside);
    EXPECT_TRUE(bench.store().next_kind("L"));
}

TEST_F(FaultyStoreTest, ACommitThatIsCancelledWhileItWaitsStillCompletes) {
    boost::asio::cancellation_signal cancel;
    bool resumed = false;
    bool ok = false;
    boost::asio::co_spawn(
        bench.io(), bench.store().commit(CommandClass::intake, enqueue_work("a")),
        boost::asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr, Result<void> result) {
            resumed = true;
            ok = result.ok();
        }));
    bench.io().restart();
    bench.io().poll_one();  // queued, not yet carried out
    EXPECT_FALSE(resumed);
    cancel.emit(boost::asio::cancellation_type::all);
    bench.clock().run_for(Millis{0});
    EXPECT_TRUE(resumed);
    EXPECT_TRUE(ok);
    EXPECT_EQ(bench.count(JobState::waiting), 1);
}

TEST_F(FaultyStoreTest, AStoreThatDiesWithCommandsQueuedTellsNobodySuccess) {
    auto pending = spillway::test::start(bench.io(), bench.store().commit(CommandClass::intake, enqueue_work("a")));
    bench.io().restart();
    bench.io().poll_one();
    bench.reopen();
    EXPECT_FALSE(pending.ended());
    EXPECT_EQ(bench.count(JobState::waiting), 0);
}

TEST_F(FaultyStoreTest, AStatementThatCannotBePreparedFailsAloneOnBothSides) {
    const char* sql = "SELECT nothing FROM nowhere";
    const auto read = bench.read<int>(
        [=](sqlite::Connection& connection) { return Result<int>(connection.statement(sql).getColumnCount()); });
    EXPECT_EQ(read.error().kind, ErrorKind::bug);
    EXPECT_EQ(bench.read<int>([](sqlite::Connection&) { return Result<int>(7); }).value(), 7);
    const auto written = bench.commit([=](Transaction& transaction) -> Result<void> {
        sqlite::connection_of(transaction).statement(sql).exec();
        return success();
    });
    EXPECT_EQ(written.error().kind, ErrorKind::bug);
    EXPECT_TRUE(bench.commit(enqueue_work("a")).ok());
}

TEST_F(FaultyStoreTest, MoreReadsThanMayWaitAreRefusedAtOnceAndTheOthersAnswered) {
    std::vector<spillway::test::Pending<Result<int>>> reads;
    for (int each = 0; each < 300; ++each) {
        reads.push_back(spillway::test::start(
            bench.io(), bench.store().read<int>([](sqlite::Connection&) { return Result<int>(1); })));
    }
    bench.clock().run_for(Millis{0});
    int refused = 0;
    for (auto& read : reads) {
        const auto result = read.take();
        if (result.ok()) continue;
        ++refused;
        EXPECT_EQ(result.error().code, "storage_busy");
    }
    EXPECT_EQ(refused, 300 - 256);
}

TEST_F(FaultyStoreTest, ASlowReadIsCutOffAndTheNextOneWorks) {
    bench.crash();
    bench.settings().read_limit = Millis{1};
    bench.reopen();
    const auto slow = bench.read<int>([](sqlite::Connection& connection) {
        return Result<int>(
            connection.database()
                .execAndGet("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) "
                            "SELECT count(*) FROM n")
                .getInt());
    });
    ASSERT_FALSE(slow.ok());
    EXPECT_EQ(slow.error().code, "read_too_slow");
    EXPECT_EQ(bench.read<int>([](sqlite::Connection&) { return Result<int>(7); }).value(), 7);
    const auto write = bench.read<int>([](sqlite::Connection& connection) {
        return Result<int>(connection.database().exec("INSERT INTO kinds (name) VALUES ('x')"));
    });
    EXPECT_FALSE(write.ok()) << "readers only read";
}

}  // namespace spillway::queue::test
