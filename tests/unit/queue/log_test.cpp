// The write-ahead log: who copies it into the database file, and that it stays short whatever readers do.

#include <SQLiteCpp/Statement.h>
#include <fcntl.h>

#include <atomic>
#include <boost/asio/detached.hpp>
#include <thread>

#include "queue/sqlite/file_system.hpp"
#include "tests/support/fault_vfs.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {

namespace asio = boost::asio;

constexpr std::int64_t kPageBytes = 4096 + 24;

Work enqueue_many(const std::string& prefix, int jobs) {
    return [=](Transaction& transaction) -> Result<void> {
        for (int each = 0; each < jobs; ++each) {
            const auto made = transaction.enqueue(a_job(prefix + std::to_string(each), std::string(1024, 'b')));
            if (!made.ok()) return made.error();
        }
        return success();
    };
}

struct LogTest : ::testing::Test {
    TempFolder folder;
    spillway::test::FaultVfs vfs;
    Bench bench{settings()};

    Settings settings() {
        Settings settings = settings_for(folder.file("store.db"));
        settings.vfs = vfs.name();
        settings.log_pages = {.busy = 100, .idle = 20, .gate = 400};
        return settings;
    }
    void SetUp() override { ASSERT_TRUE(bench.open().ok()); }
};

/// A store with threads, and writers and readers that never pause.
struct Mill {
    SqliteStore& store;
    int groups = 0;
    std::atomic<int> written = 0;
    int reads = 0;
    bool reader_ended = false;

    asio::awaitable<void> write() {
        for (; written < groups; ++written) {
            Work work = enqueue_many("g" + std::to_string(written) + "/", 8);
            const auto done = co_await store.commit(CommandClass::intake, std::move(work));
            if (!done.ok()) ADD_FAILURE() << done.error().code;
        }
    }
    asio::awaitable<void> read() {
        while (written < groups) {
            const auto count = co_await store.read<int>([this](sqlite::Connection& connection) {
                const int jobs = connection.database().execAndGet("SELECT count(*) FROM jobs").getInt();
                // A snapshot that lasts for 20 groups, so that hardly a moment passes without one.
                const int until = std::min(groups, written + 20);
                while (written < until) std::this_thread::yield();
                return Result<int>(jobs);
            });
            if (!count.ok()) ADD_FAILURE() << count.error().code;
            ++reads;
        }
        reader_ended = true;
    }
};

}  // namespace

TEST_F(LogTest, CheckpointsKeepTheLogShortUnderLoadAndWhenIdle) {
    for (int group = 0; group < 100; ++group)
        ASSERT_TRUE(bench.commit(enqueue_many("g" + std::to_string(group) + "/", 8)).ok());
    const auto status = bench.store().status();
    EXPECT_GT(status.checkpoints, 5);
    EXPECT_LT(status.log_bytes_peak, 250 * kPageBytes);
    EXPECT_LT(status.log_bytes, 120 * kPageBytes);
    EXPECT_FALSE(status.oldest_snapshot) << "no reader is at work";
}

TEST_F(LogTest, exactly_one_connection_writes_and_checkpoints) {
    for (int group = 0; group < 40; ++group) {
        ASSERT_TRUE(bench.commit(enqueue_many("g" + std::to_string(group) + "/", 8)).ok());
        ASSERT_TRUE(bench.read<int>([](sqlite::Connection&) { return Result<int>(1); }).ok());
    }
    auto check = spillway::test::start(bench.io(), bench.store().check(sqlite::CheckDepth::full));
    bench.clock().run_for(Millis{0});
    ASSERT_TRUE(check.take()->complete);
    EXPECT_GT(bench.store().status().checkpoints, 0);
    const std::string path = bench.settings().path;
    EXPECT_EQ(vfs.writers(path), 1u);
    EXPECT_EQ(vfs.writers(path + "-wal"), 1u);
}

TEST_F(LogTest, ASickDiskInACheckpointFailsTheStore) {
    // The commit of a large group, then the checkpoint behind it: its first step is a sync of the log.
    bool failed_after_success = false;
    for (std::uint64_t step = 1; step < 400 && !failed_after_success; ++step) {
        vfs.fail_step_in(step);
        const auto done = bench.commit(enqueue_many("s" + std::to_string(step) + "/", 120));
        failed_after_success = done.ok() && !bench.commit([](Transaction&) { return success(); }).ok();
        bench.crash();
        ASSERT_TRUE(bench.open().ok());
    }
    EXPECT_TRUE(failed_after_success);
}

TEST_F(LogTest, sqlite_reader_left_open) {
    ASSERT_TRUE(bench.commit(enqueue_many("a", 8)).ok());
    std::shared_ptr<SQLite::Statement> kept;
    ASSERT_TRUE(bench
                    .read<int>([&](sqlite::Connection& connection) {
                        kept = std::make_shared<SQLite::Statement>(connection.database(), "SELECT id FROM jobs");
                        kept->executeStep();
                        return Result<int>(1);
                    })
                    .ok());
    EXPECT_EQ(bench.store().status().left_open, 1);
    EXPECT_FALSE(bench.store().status().oldest_snapshot);
    const auto begun = bench.store().status().checkpoints;
    for (int group = 0; group < 100; ++group)
        ASSERT_TRUE(bench.commit(enqueue_many("g" + std::to_string(group) + "/", 8)).ok());
    EXPECT_GT(bench.store().status().checkpoints, begun);
    EXPECT_LT(bench.store().status().log_bytes_peak, 250 * kPageBytes);
    kept.reset();
}

TEST(Log, sqlite_wal_bounded) {
    const TempFolder folder;
    spillway::test::FaultVfs vfs;
    asio::io_context io(1);
    spillway::test::SimClock clock(io);
    Settings settings = settings_for(folder.file("store.db"));
    settings.vfs = vfs.name();
    settings.on_loop = false;
    settings.log_pages = {.busy = 50, .idle = 50, .gate = 200};
    auto opened = SqliteStore::open(io.get_executor(), clock, settings);
    ASSERT_TRUE(opened.ok());
    Mill mill{**opened, 400, 0};
    asio::co_spawn(io, mill.write(), asio::detached);
    for (int reader = 0; reader < 3; ++reader) asio::co_spawn(io, mill.read(), asio::detached);
    io.run();
    EXPECT_EQ(mill.written, 400);
    EXPECT_TRUE(mill.reader_ended);
    EXPECT_GE(mill.reads, 10);
    // Without the gate this log never begins anew: 400 groups of some 15 pages each.
    EXPECT_LT((*opened)->status().log_bytes_peak, 1'500 * kPageBytes);
}

TEST(StoreFiles, sqlite_fork_guard) {
    const TempFolder folder;
    Bench bench(settings_for(folder.file("store.db")));
    ASSERT_TRUE(bench.open().ok());
    bench.enqueue(a_job("a"));
    ASSERT_TRUE(bench.read<int>([](sqlite::Connection&) { return Result<int>(1); }).ok());
    int seen = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
        if (gone || target.find(folder.file("")) != 0) continue;
        ++seen;
        const int descriptor = std::stoi(entry.path().filename().string());
        EXPECT_NE(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0) << target;
    }
    EXPECT_GE(seen, 4) << "database, log, shared memory, lock";
}

TEST(StoreFiles, sqlite_network_fs_refused) {
    EXPECT_EQ(sqlite::network_file_system(0x6969), "NFS");
    EXPECT_EQ(sqlite::network_file_system(0xff534d42), "CIFS");
    EXPECT_EQ(sqlite::network_file_system(0xfe534d42), "SMB2");
    EXPECT_FALSE(sqlite::network_file_system(0xef53)) << "ext4";
    EXPECT_FALSE(sqlite::network_file_system(0x58465342)) << "XFS";
    const TempFolder folder;
    Settings settings = settings_for(folder.file("store.db"));
    settings.file_system = [](const std::string&) { return 0x6969l; };
    Bench bench(settings);
    const auto opened = bench.open();
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, "network_file_system");
    EXPECT_NE(opened.error().detail.find("NFS"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(settings.path)) << "nothing was made there";
}

}  // namespace spillway::queue::test
