// Repair of damaged stores: nothing readable is lost, nothing is lost silently, and no crash leaves half a swap.

#include <fstream>
#include <set>

#include "migrations.hpp"
#include "queue/sqlite/repair.hpp"
#include "queue/sqlite/swap.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {

using sqlite::RepairedTable;
using sqlite::RepairOptions;
using sqlite::RepairReport;

constexpr int kJobs = 400;

/// The first page of a table's or an index's tree, counted from 1.
std::int64_t root_page(const std::string& path, const std::string& name) {
    SQLite::Database database(path);
    SQLite::Statement root(database, "SELECT rootpage FROM sqlite_schema WHERE name = ?1");
    root.bind(1, name);
    root.executeStep();
    return root.getColumn(0).getInt64();
}

/// Overwrites leaves of a tree: pages that begin with `kind` (13: table rows, 10: index entries) and hold `text`.
int damage_pages(const std::string& path, char kind, const std::string& text, int at_most) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto pages = static_cast<std::int64_t>(std::filesystem::file_size(path)) / 4096;
    int damaged = 0;
    for (std::int64_t page = 1; page < pages && damaged < at_most; ++page) {
        std::string bytes(4096, '\0');
        file.seekg(page * 4096);
        file.read(bytes.data(), 4096);
        if (bytes[0] != kind || bytes.find(text) == std::string::npos) continue;
        file.seekp(page * 4096);
        file << std::string(4096, '\xee');
        ++damaged;
    }
    return damaged;
}

struct RepairTest : StoreTest {
    RepairOptions options{.path = folder.file("store.db"),
                          .migrations = std::span(embedded::migrations),
                          .accept_loss = false,
                          .stamp = "then"};
    std::set<JobId> ids;

    void fill() {
        for (int each = 0; each < kJobs; ++each)
            ids.insert(bench.enqueue(a_job("key-" + std::to_string(each), std::string(300, 'b'))).id);
        auto closed = spillway::test::start(bench.io(), bench.store().close());
        bench.clock().run_for(Millis{0});
        bench.crash();
    }
    const RepairedTable& table(const RepairReport& report, const std::string& name) {
        for (const RepairedTable& each : report.tables) {
            if (each.name == name) return each;
        }
        throw std::runtime_error("no table " + name);
    }
    /// Opens, and reads every job that is left.
    std::size_t jobs_left() {
        bench.reopen();
        const auto found = bench.read<std::vector<JobId>>([](sqlite::Connection& connection) {
            std::vector<JobId> left;
            SQLite::Statement& rows = connection.statement("SELECT id FROM jobs");
            while (rows.executeStep()) left.push_back(rows.getColumn(0).getInt64());
            return Result<std::vector<JobId>>(std::move(left));
        });
        for (const JobId id : found.value()) EXPECT_TRUE(ids.contains(id));
        EXPECT_EQ(static_cast<std::size_t>(bench.count(JobState::waiting)), found->size())
            << "the counts are the rows'";
        EXPECT_EQ(bench.store().claim("L", "push", 10'000).size(), found->size());
        auto check = spillway::test::start(bench.io(), bench.store().check(sqlite::CheckDepth::full));
        bench.clock().run_for(Millis{0});
        EXPECT_TRUE(check.take()->problems.empty());
        return found->size();
    }
};

}  // namespace

TEST_F(RepairTest, ASoundStoreComesOutAsItWas) {
    fill();
    const auto report = sqlite::repair(options);
    ASSERT_TRUE(report.ok()) << report.error().detail;
    EXPECT_TRUE(report->lossless());
    EXPECT_TRUE(report->before.empty());
    EXPECT_EQ(table(*report, "jobs").rows, kJobs);
    EXPECT_EQ(jobs_left(), static_cast<std::size_t>(kJobs));
    EXPECT_TRUE(std::filesystem::exists(report->kept)) << "the old file is kept";
}

TEST_F(RepairTest, WhatOnlyTheLogHoldsIsCarriedOverToo) {
    for (int each = 0; each < 5; ++each) ids.insert(bench.enqueue(a_job("key-" + std::to_string(each))).id);
    // A crash: the log is not in the file yet. Connections that close would move it there, so the files are copied.
    const std::string path = folder.file("crashed.db");
    std::filesystem::copy_file(options.path, path);
    std::filesystem::copy_file(options.path + "-wal", path + "-wal");
    options.path = path;
    const auto report = sqlite::repair(options);
    ASSERT_TRUE(report.ok()) << report.error().detail;
    EXPECT_EQ(table(*report, "jobs").rows, 5);
    EXPECT_TRUE(std::filesystem::exists(report->kept + "-wal"));
    EXPECT_FALSE(std::filesystem::exists(path + "-wal")) << "the old log beside the new file would be its ruin";
}

TEST_F(RepairTest, DamagedIndexesAreBuiltAnewAndLoseNothing) {
    fill();
    ASSERT_GT(damage_pages(options.path, 10, "key-", 3), 0);
    const auto report = sqlite::repair(options);
    ASSERT_TRUE(report.ok()) << report.error().detail;
    EXPECT_FALSE(report->before.empty());
    EXPECT_TRUE(report->lossless());
    EXPECT_EQ(jobs_left(), static_cast<std::size_t>(kJobs));
}

TEST_F(RepairTest, LostRowsAreCountedAndNothingIsSwappedUntilTheLossIsAccepted) {
    fill();
    const std::string marker = "key-2";
    ASSERT_GT(damage_pages(options.path, 13, marker, 2), 0);
    std::ifstream before(options.path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(before)), std::istreambuf_iterator<char>());
    auto report = sqlite::repair(options);
    ASSERT_TRUE(report.ok()) << report.error().detail;
    EXPECT_FALSE(report->lossless());
    EXPECT_EQ(report->kept, "");
    const RepairedTable jobs = table(*report, "jobs");
    EXPECT_TRUE(jobs.unreadable_in_part);
    EXPECT_GT(jobs.lost, 0);
    EXPECT_EQ(jobs.rows + jobs.lost, kJobs);
    std::ifstream after(options.path, std::ios::binary);
    EXPECT_EQ(bytes, std::string((std::istreambuf_iterator<char>(after)), std::istreambuf_iterator<char>()));
    EXPECT_FALSE(std::filesystem::exists(options.path + ".repaired"));

    options.accept_loss = true;
    options.before_lossy_swap = [] { return Error{ErrorKind::unavailable, "cannot_note", "no"}; };
    const auto unnoted = sqlite::repair(options);
    ASSERT_FALSE(unnoted.ok());
    EXPECT_EQ(unnoted.error().code, "cannot_note");
    std::ifstream untouched(options.path, std::ios::binary);
    EXPECT_EQ(bytes, std::string((std::istreambuf_iterator<char>(untouched)), std::istreambuf_iterator<char>()));
    bool noted_before_the_swap = false;
    options.before_lossy_swap = [&] {
        noted_before_the_swap = !std::filesystem::exists(options.path + ".damaged-then");
        return success();
    };
    report = sqlite::repair(options);
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(noted_before_the_swap);
    EXPECT_TRUE(std::filesystem::exists(report->kept));
    EXPECT_EQ(jobs_left(), static_cast<std::size_t>(jobs.rows));
    const JobId fresh = bench.enqueue(a_job("after")).id;
    EXPECT_FALSE(ids.contains(fresh)) << "an id is never used twice, whatever was lost";
}

TEST_F(RepairTest, TokensRiseAlsoWhenTheEpochIsLost) {
    fill();
    std::uint32_t epoch = 0;
    {
        bench.reopen();
        epoch = bench.store().epoch();
        bench.enqueue(a_job("newest"));
        auto closed = spillway::test::start(bench.io(), bench.store().close());
        bench.clock().run_for(Millis{0});
        bench.crash();
    }
    const std::int64_t page = root_page(options.path, "epochs");
    {
        std::fstream file(options.path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp((page - 1) * 4096);
        file << std::string(4096, '\xee');
    }
    options.accept_loss = true;
    ASSERT_TRUE(sqlite::repair(options).ok());
    bench.reopen();
    EXPECT_GT(bench.store().epoch(), epoch);
}

TEST_F(RepairTest, IdsGoOnThoughEveryJobIsGone) {
    fill();
    {
        SQLite::Database file(options.path, SQLite::OPEN_READWRITE);
        file.exec("DELETE FROM job_bodies");
        file.exec("DELETE FROM jobs");
    }
    options.accept_loss = true;
    ASSERT_TRUE(sqlite::repair(options).ok());
    bench.reopen();
    EXPECT_GT(bench.enqueue(a_job("later")).id, *ids.rbegin()) << "an id is never given out twice";
}

TEST_F(RepairTest, AStoreThatIsOpenAndAFileThatIsNoneAreRefused) {
    const auto open = sqlite::repair(options);
    ASSERT_FALSE(open.ok());
    EXPECT_EQ(open.error().code, "store_locked");
    options.path = folder.file("text.db");
    std::ofstream(options.path) << std::string(9'000, 'x');
    const auto text = sqlite::repair(options);
    ASSERT_FALSE(text.ok());
    EXPECT_EQ(text.error().code, "store_unreadable");
    EXPECT_NE(text.error().detail.find("restore a backup"), std::string::npos);
    options.path = folder.file("none.db");
    EXPECT_EQ(sqlite::repair(options).error().code, "store_unreadable");
}

/// The states that a crash can leave between the steps of a swap.
TEST_F(RepairTest, ASwapThatWasCutShortIsCarriedOutAtTheNextOpening) {
    fill();
    const std::string path = options.path;
    for (int done = 0; done <= 4; ++done) {
        const TempFolder other;
        const std::string store = other.file("store.db");
        std::filesystem::copy_file(path, sqlite::repaired_path(store));
        std::ofstream(store) << "the old file";
        std::ofstream(store + "-wal") << "the old log";
        ASSERT_TRUE(sqlite::begin_swap(store, store + ".kept").ok());
        if (done >= 1) std::filesystem::rename(store, store + ".kept");
        if (done >= 2) std::filesystem::rename(store + "-wal", store + ".kept-wal");
        if (done >= 3) std::filesystem::rename(sqlite::repaired_path(store), store);
        if (done >= 4) std::filesystem::remove(store + ".swap");
        Bench opened(settings_for(store));
        ASSERT_TRUE(opened.open().ok()) << done;
        EXPECT_EQ(opened.count(JobState::waiting), kJobs) << done;
        EXPECT_EQ(std::filesystem::file_size(store + ".kept"), 12u) << done;
        EXPECT_EQ(std::filesystem::file_size(store + ".kept-wal"), 11u) << done;
        EXPECT_FALSE(std::filesystem::exists(store + ".swap")) << done;
    }
}

}  // namespace spillway::queue::test
