// The cases of queue/CHECKLIST.md on the database file itself, counts, and sameness of runs.

#include <SQLiteCpp/Database.h>

#include <fstream>
#include <regex>

#include "tests/unit/queue/checklist.hpp"

namespace spillway::queue::test {

TEST_F(Checklist, sqlite_busy_never_escapes) {
    vfs.set_sleepless(true);
    const JobId id = bench.enqueue(a_job("a")).id;
    const Claim claim = *bench.claim_one();
    SQLite::Database other(bench.settings().path, SQLite::OPEN_READWRITE, 0, vfs.name());
    other.exec("BEGIN IMMEDIATE");
    const auto refused = bench.commit(enqueue_work(a_job("b")), CommandClass::intake);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(refused.error().code, "storage_busy");
    EXPECT_EQ(bench.settle(claim, Settlement::applied(1)).error().code, "storage_busy");
    other.exec("ROLLBACK");
    EXPECT_TRUE(bench.commit(enqueue_work(a_job("b")), CommandClass::intake).ok()) << "the store has not failed";
    EXPECT_TRUE(bench.settle(claim, Settlement::applied(1)).ok()) << "nor has the claim";
    EXPECT_EQ(bench.state(id), JobState::applied);
    // A transaction that begins to read and then writes gets BUSY at once, whatever the time-out: none is begun so.
    const std::regex deferred(
        R"re("BEGIN(?! IMMEDIATE)|TransactionBehavior::DEFERRED|SQLite::Transaction \w+\([^,]*\);)re");
    for (const auto& file : std::filesystem::directory_iterator(SPILLWAY_SOURCE_DIR "/queue/sqlite")) {
        if (file.path().filename() == "reader.cpp") continue;  // only reads
        std::ifstream in(file.path());
        const std::string text(std::istreambuf_iterator<char>(in), {});
        EXPECT_FALSE(std::regex_search(text, deferred)) << file.path();
    }
}

/// Backups while jobs come in, each begun after some of them were acknowledged.
TEST_F(Checklist, sqlite_backup_online) {
    namespace asio = boost::asio;
    struct Load {
        SqliteStore& store;
        bool done = false;
        JobId acknowledged = 0;

        asio::awaitable<bool> enqueue() {
            for (int number = 0; !done; ++number) {
                const NewJob job = a_job("k" + std::to_string(number), std::string(900, 'x'));
                std::function<Result<Enqueued>(Transaction&)> work = [job](Transaction& t) { return t.enqueue(job); };
                const auto made = co_await store.commit_value<Enqueued>(CommandClass::intake, work);
                if (!made.ok()) co_return false;
                acknowledged = made->id;
            }
            co_return true;
        }
    };
    bench.crash();
    asio::io_context io(1);
    spillway::test::SimClock clock(io);
    Settings threaded = settings_for(folder.file("disk.db"));
    threaded.on_loop = false;
    auto opened = SqliteStore::open(io.get_executor(), clock, threaded);
    ASSERT_TRUE(opened.ok());
    Load load{**opened};
    auto writing = spillway::test::start(io, load.enqueue());
    for (int copy = 1; copy <= 3; ++copy) {
        ASSERT_TRUE(clock.turn_until([&] { return load.acknowledged >= 40 * copy; }));
        const JobId before = load.acknowledged;
        const std::string path = folder.file("copy" + std::to_string(copy) + ".db");
        auto backup = spillway::test::start(io, (*opened)->backup(path));
        ASSERT_TRUE(clock.turn_until([&] { return backup.ended(); }));
        const auto report = backup.take();
        ASSERT_TRUE(report.ok() && report->failure.empty());
        SQLite::Database copied(path);
        EXPECT_EQ(copied.execAndGet("PRAGMA integrity_check").getString(), "ok");
        const std::int64_t jobs = copied.execAndGet("SELECT count(*) FROM jobs").getInt64();
        EXPECT_EQ(copied.execAndGet("SELECT max(id) FROM jobs").getInt64(), jobs) << "a prefix, without a gap";
        EXPECT_EQ(copied.execAndGet("SELECT sum(jobs) FROM lane_counts").getInt64(), jobs) << "of whole commits";
        EXPECT_GE(jobs, before);
    }
    load.done = true;
    ASSERT_TRUE(clock.turn_until([&] { return writing.ended(); }));
    EXPECT_TRUE(writing.take()) << "intake never stopped";
}

TEST_F(Checklist, dashboard_counts_cheap) {
    fill(10'000, [](int at) { return in_lane(a_job("k" + std::to_string(at)), "lane" + std::to_string(at % 3)); });
    for (const Claim& claim : bench.store().claim("lane1", "push", 40))
        ASSERT_TRUE(
            bench.settle(claim, claim.id % 2 == 0 ? Settlement::applied(1) : Settlement::parked("bad", "")).ok());
    for (int lane = 0; lane < 3; ++lane) {
        const std::string name = "lane" + std::to_string(lane);
        // From memory: the call does not wait for anything, and no row is counted for it.
        for (const auto& [state, jobs] : bench.store().counts(name).by_state) {
            EXPECT_EQ(jobs, number("SELECT count(*) FROM jobs JOIN lanes ON lanes.id = lane_id WHERE name = '" + name +
                                   "' AND state = " + std::to_string(static_cast<int>(state))));
        }
    }
    EXPECT_EQ(number("SELECT count(*) FROM (SELECT lane_id, state, count(*) AS jobs FROM jobs GROUP BY lane_id, state "
                     "EXCEPT SELECT lane_id, state, jobs FROM lane_counts)"),
              0)
        << "what is kept is what a full count gives";
}

TEST_F(Checklist, metrics_truthful) {
    const WallTime later = bench.clock().wall_now() + std::chrono::hours(1);
    std::vector<JobId> ids;
    for (int each = 0; each < 12; ++each) ids.push_back(bench.enqueue(a_job("k" + std::to_string(each))).id);
    const auto claims = bench.store().claim("L", "push", 8);
    ASSERT_TRUE(bench.settle(claims[0], Settlement::applied(1)).ok());
    ASSERT_TRUE(bench.settle(claims[1], Settlement::parked("bad", "")).ok());
    ASSERT_TRUE(bench.settle(claims[2], Settlement::retry_at(later, "down", "")).ok());
    ASSERT_TRUE(bench.settle(claims[3], Settlement::blocked({{"x", 1}})).ok());
    ASSERT_TRUE(bench.settle(claims[4], Settlement::unknown("cut")).ok());
    ASSERT_TRUE(bench.start(claims[5]).ok());
    const std::map<JobState, std::int64_t> expected = {
        {JobState::waiting, 4}, {JobState::scheduled, 1}, {JobState::blocked, 1}, {JobState::running, 3},
        {JobState::unknown, 1}, {JobState::parked, 1},    {JobState::applied, 1}};
    const auto counted = bench.store().counts("L").by_state;
    EXPECT_EQ((std::map<JobState, std::int64_t>(counted.begin(), counted.end())), expected);
    std::int64_t all = 0;
    for (const auto& [state, jobs] : counted) all += jobs;
    EXPECT_EQ(all, static_cast<std::int64_t>(ids.size())) << "each job is counted once";
    bench.reopen();
    EXPECT_EQ(bench.count(JobState::running), 0);
    EXPECT_EQ(bench.count(JobState::waiting), 6);
    EXPECT_EQ(bench.count(JobState::unknown), 2);
}

TEST_F(Checklist, determinism_same_seed) {
    const auto play = [](std::uint64_t seed) {
        const TempFolder folder;
        spillway::test::FaultVfs disk;
        Settings settings = settings_for(folder.file("store.db"));
        settings.vfs = disk.name();
        Bench bench(settings);
        EXPECT_TRUE(bench.open().ok());
        SeededRandom random(seed);
        for (int step = 0; step < 200; ++step) {
            const std::string key = "k" + std::to_string(random.below(8));
            if (random.below(3) != 0) {
                bench.enqueue(a_job(key, std::to_string(random.next())));
            } else if (const auto claim = bench.claim_one()) {
                EXPECT_TRUE(bench.start(*claim).ok());
                EXPECT_TRUE(bench.settle(*claim, Settlement::applied(1)).ok());
            }
            if (random.below(20) == 0) bench.reopen();
            bench.clock().advance(Millis{static_cast<std::int64_t>(random.below(100))});
        }
        auto closed = spillway::test::start(bench.io(), bench.store().close());
        bench.clock().run_for(Millis{0});
        EXPECT_TRUE(closed.ended());
        return disk.save().at(settings.path);
    };
    const std::string first = play(1);
    EXPECT_GT(first.size(), 20'000u);
    EXPECT_TRUE(first == play(1)) << "byte for byte";
    EXPECT_FALSE(first == play(2));
}

}  // namespace spillway::queue::test
