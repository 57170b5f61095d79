// Backups and checks beside the work: consistent, verified, one at a time, and giving way to the log's bound.

#include <sqlite3.h>

#include <fstream>

#include "queue/sqlite/growing_file.hpp"
#include "tests/support/fault_vfs.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {

using sqlite::BackupReport;
using sqlite::CheckDepth;
using sqlite::CheckReport;

template <class T>
Result<T> finish(Bench& bench, boost::asio::awaitable<Result<T>> work) {
    auto pending = spillway::test::start(bench.io(), std::move(work));
    bench.clock().run_for(Millis{0});
    return pending.take();
}

struct CareTest : StoreTest {
    void fill(int jobs) {
        for (int each = 0; each < jobs; ++each) bench.enqueue(a_job("k" + std::to_string(each), std::string(500, 'x')));
    }
};

/// Overwrites the middle of a page of the database file, behind the back of everybody.
void damage(const std::string& path, std::int64_t page) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(page * 4096 + 8);
    file << std::string(600, '\x7f');
}

}  // namespace

TEST_F(CareTest, ABackupIsAStoreOfItsOwnWithAllThatWasCommitted) {
    fill(200);
    const std::string copy = folder.file("copy.db");
    const auto report = finish(bench, bench.store().backup(copy));
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->failure, "");
    EXPECT_EQ(report->bytes, static_cast<std::int64_t>(std::filesystem::file_size(copy)));
    EXPECT_EQ(bench.store().status().last_backup->path, copy);
    bench.enqueue(a_job("later"));
    Bench restored(settings_for(copy));
    ASSERT_TRUE(restored.open().ok());
    EXPECT_EQ(restored.count(JobState::waiting), 200);
    EXPECT_TRUE(finish(restored, restored.store().check(CheckDepth::full))->complete);
}

TEST_F(CareTest, ABackupNeverOverwrites) {
    const std::string copy = folder.file("copy.db");
    std::ofstream(copy) << "mine";
    const auto report = finish(bench, bench.store().backup(copy));
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, "backup_exists");
    EXPECT_EQ(std::filesystem::file_size(copy), 4u);
}

TEST_F(CareTest, ABackupThatCannotBeWrittenSaysSoAndLeavesNothing) {
    const auto report = finish(bench, bench.store().backup(folder.file("nowhere/copy.db")));
    ASSERT_TRUE(report.ok());
    EXPECT_NE(report->failure, "");
}

TEST_F(CareTest, ABackupLeavesTheRoomThatIntakeNeeds) {
    auto settings = settings_for(folder.file("tight.db"));
    std::int64_t left = std::int64_t{1} << 40;
    settings.free_bytes = [&left] { return left; };
    Bench tight(settings);
    ASSERT_TRUE(tight.open().ok());
    tight.enqueue(a_job("k"));
    left = settings.free_bytes_min_intake + 1;
    const std::string copy = folder.file("copy.db");
    const auto refused = finish(tight, tight.store().backup(copy));
    ASSERT_TRUE(refused.ok());
    EXPECT_NE(refused->failure.find("MiB of free disk"), std::string::npos) << refused->failure;
    EXPECT_FALSE(std::filesystem::exists(copy));
    left = std::int64_t{1} << 40;
    EXPECT_EQ(finish(tight, tight.store().backup(copy))->failure, "");
}

TEST_F(CareTest, BackupAndCheckNeverRunTogether) {
    fill(5);
    auto check = spillway::test::start(bench.io(), bench.store().check(CheckDepth::quick));
    auto backup = spillway::test::start(bench.io(), bench.store().backup(folder.file("copy.db")));
    bench.io().restart();
    while (bench.io().poll_one() > 0 && !backup.ended()) {
    }
    const auto refused = backup.take();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, "in_care");
    EXPECT_NE(refused.error().detail.find("quick_check"), std::string::npos);
    bench.clock().run_for(Millis{0});
    EXPECT_TRUE(check.take()->complete);
    EXPECT_TRUE(finish(bench, bench.store().backup(folder.file("copy.db")))->failure.empty());
}

TEST_F(CareTest, BothGiveWayToTheLogsBoundTheCheckAtHalf) {
    fill(100);
    const std::int64_t log = bench.store().status().log_bytes;
    ASSERT_GT(log, 0);
    bench.crash();
    bench.settings().log_pages = {.busy = 1'000'000, .idle = 1'000'000, .gate = 1'000'000};
    bench.settings().log_bytes_max = 400'000;
    bench.reopen();
    while (bench.store().status().log_bytes < 200'000)
        bench.enqueue(a_job("m" + std::to_string(bench.store().status().log_bytes), std::string(500, 'x')));
    EXPECT_FALSE(finish(bench, bench.store().check(CheckDepth::quick))->complete);
    EXPECT_FALSE(finish(bench, bench.store().check(CheckDepth::full))->complete);
    EXPECT_TRUE(bench.store().status().damage.empty()) << "giving way is no damage";
    EXPECT_EQ(finish(bench, bench.store().backup(folder.file("first.db")))->failure, "");
    while (bench.store().status().log_bytes < 400'000)
        bench.enqueue(a_job("m" + std::to_string(bench.store().status().log_bytes), std::string(500, 'x')));
    EXPECT_NE(finish(bench, bench.store().backup(folder.file("second.db")))->failure, "");
    EXPECT_FALSE(std::filesystem::exists(folder.file("second.db")));
    EXPECT_FALSE(std::filesystem::exists(folder.file("second.db.partial")));
}

TEST_F(CareTest, ADamagedPageIsFoundAndRememberedUntilAFullCheckFindsNone) {
    fill(300);
    bench.reopen();
    const auto sound = finish(bench, bench.store().check(CheckDepth::full));
    EXPECT_TRUE(sound->complete);
    EXPECT_TRUE(sound->problems.empty());
    auto closed = spillway::test::start(bench.io(), bench.store().close());
    bench.clock().run_for(Millis{0});
    bench.reopen();
    const std::string path = bench.settings().path;
    const auto pages = static_cast<std::int64_t>(std::filesystem::file_size(path)) / 4096;
    damage(path, pages - 3);
    const auto found = finish(bench, bench.store().check(CheckDepth::quick));
    ASSERT_TRUE(found.ok());
    EXPECT_TRUE(found->damaged());
    EXPECT_EQ(bench.store().status().damage, found->problems);
}

TEST_F(CareTest, AFileThatIsDamagedAtTheStartIsRefusedInOneLineThatNamesTheRepair) {
    fill(300);
    auto closed = spillway::test::start(bench.io(), bench.store().close());
    bench.clock().run_for(Millis{0});
    bench.crash();
    const std::string path = bench.settings().path;
    const auto pages = static_cast<std::int64_t>(std::filesystem::file_size(path)) / 4096;
    for (std::int64_t page = 1; page < pages; ++page) damage(path, page);
    const auto opened = bench.open();
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, "store_damaged");
    EXPECT_NE(opened.error().detail.find("spillway repair --state"), std::string::npos) << opened.error().detail;
    EXPECT_EQ(opened.error().detail.find('\n'), std::string::npos);
}

TEST(GrowingFile, IsSyncedWheneverItHasGrownByAPiece) {
    const TempFolder folder;
    const std::string path = folder.file("copy.db");
    sqlite::GrowingFile growing(path);
    EXPECT_FALSE(growing.tend()) << "not there yet";
    std::ofstream file(path);
    const auto grow = [&](std::int64_t bytes) {
        file << std::string(static_cast<std::size_t>(bytes), 'x') << std::flush;
    };
    grow(sqlite::GrowingFile::kPiece - 1);
    EXPECT_FALSE(growing.tend());
    grow(1);
    EXPECT_TRUE(growing.tend());
    EXPECT_FALSE(growing.tend());
    grow(3 * sqlite::GrowingFile::kPiece);
    EXPECT_TRUE(growing.tend());
    EXPECT_FALSE(growing.tend());
}

}  // namespace spillway::queue::test
