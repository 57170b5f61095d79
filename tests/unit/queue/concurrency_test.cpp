// The store with its real threads: many coroutines at once, and a reader beside them. Meant for ThreadSanitizer too.

#include <boost/asio/detached.hpp>
#include <set>

#include "tests/support/fault_vfs.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {

namespace asio = boost::asio;

struct Load {
    SqliteStore& store;
    int producers = 0;
    int each = 0;
    int acknowledged = 0;
    int settled = 0;
    int reads = 0;
    int problems = 0;
    std::set<JobId> claimed{};
};

asio::awaitable<void> produce(Load& load, int number) {
    for (int made = 0; made < load.each; ++made) {
        NewJob job = a_job("p" + std::to_string(number) + "/" + std::to_string(made));
        job.lane = "lane" + std::to_string(number % 4);
        Work work = [job](Transaction& transaction) -> Result<void> {
            const auto result = transaction.enqueue(job);
            if (!result.ok()) return result.error();
            return success();
        };
        const auto done = co_await load.store.commit(CommandClass::intake, std::move(work));
        done.ok() ? ++load.acknowledged : ++load.problems;
    }
}

asio::awaitable<void> carry_out(Load& load, Claim claim) {
    Work starts = [claim](Transaction& transaction) { return transaction.start(claim); };
    const auto started = co_await load.store.commit(CommandClass::settle, std::move(starts));
    Work settles = [claim](Transaction& transaction) { return transaction.settle(claim, Settlement::applied(1)); };
    const auto settled = co_await load.store.commit(CommandClass::settle, std::move(settles));
    started.ok() && settled.ok() ? ++load.settled : ++load.problems;
}

asio::awaitable<void> read_now_and_then(Load& load) {
    while (load.settled + load.problems < load.producers * load.each) {
        const auto jobs = co_await load.store.read<std::size_t>([](sqlite::Connection& connection) {
            return Result<std::size_t>(
                SqliteStore::list_jobs(connection, {.states = {JobState::waiting}}, {}, 20).size());
        });
        if (!jobs.ok()) ADD_FAILURE() << jobs.error().code << ": " << jobs.error().detail;
        ++load.reads;
    }
}

}  // namespace

TEST(Concurrency, TenThousandCommitsFromManyCoroutinesEachCountOnce) {
    const TempFolder folder;
    spillway::test::FaultVfs vfs;  // in memory: this is about threads, not about the disk
    asio::io_context io(1);
    spillway::test::SimClock clock(io);
    Settings settings = settings_for(folder.file("store.db"));
    settings.vfs = vfs.name();
    settings.on_loop = false;
    auto opened = SqliteStore::open(io.get_executor(), clock, settings);
    ASSERT_TRUE(opened.ok());
    SqliteStore& store = **opened;
    Load load{store, 100, 35};
    store.on_ready([&](const std::string& lane) {
        while (const auto kind = store.next_kind(lane)) {
            const auto claims = store.claim(lane, *kind, 50);
            if (claims.empty()) break;
            for (const Claim& claim : claims) {
                if (!load.claimed.insert(claim.id).second) ++load.problems;
                asio::co_spawn(io, carry_out(load, claim), asio::detached);
            }
        }
    });
    for (int number = 0; number < load.producers; ++number) asio::co_spawn(io, produce(load, number), asio::detached);
    asio::co_spawn(io, read_now_and_then(load), asio::detached);
    io.run();
    const int jobs = load.producers * load.each;
    EXPECT_EQ(load.acknowledged, jobs);
    EXPECT_EQ(load.settled, jobs);
    EXPECT_EQ(load.problems, 0);
    EXPECT_GT(load.reads, 0);
    EXPECT_EQ(load.claimed.size(), static_cast<std::size_t>(jobs));
    std::int64_t applied = 0;
    for (int lane = 0; lane < 4; ++lane) {
        for (const auto& [state, count] : store.counts("lane" + std::to_string(lane)).by_state) {
            EXPECT_EQ(state, JobState::applied);
            applied += count;
        }
    }
    EXPECT_EQ(applied, jobs);
    io.restart();
    asio::co_spawn(io, store.close(), asio::detached);
    io.run();
}

TEST(Concurrency, AStoreMayDieWhileItsThreadsWork) {
    const TempFolder folder;
    spillway::test::FaultVfs vfs;
    Settings settings = settings_for(folder.file("store.db"));
    settings.vfs = vfs.name();
    settings.on_loop = false;
    int acknowledged = 0;
    for (int round = 0; round < 20; ++round) {
        asio::io_context io(1);
        spillway::test::SimClock clock(io);
        auto opened = SqliteStore::open(io.get_executor(), clock, settings);
        ASSERT_TRUE(opened.ok());
        Load load{**opened, 1, 5};
        for (int number = 0; number < 20; ++number)
            asio::co_spawn(io, produce(load, round * 20 + number), asio::detached);
        for (int turn = 0; turn < round * 3; ++turn) io.poll_one();
        acknowledged += load.acknowledged;
        opened.value().reset();
    }
    asio::io_context io(1);
    spillway::test::SimClock clock(io);
    auto opened = SqliteStore::open(io.get_executor(), clock, settings);
    ASSERT_TRUE(opened.ok());
    std::int64_t waiting = 0;
    for (const std::string& lane : (*opened)->lanes()) {
        for (const auto& [state, count] : (*opened)->counts(lane).by_state) waiting += count;
    }
    EXPECT_GE(waiting, acknowledged);
}

}  // namespace spillway::queue::test
