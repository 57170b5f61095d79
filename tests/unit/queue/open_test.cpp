// Opening a store: the lock, the schema version, files that are no store.

#include <SQLiteCpp/Database.h>

#include <fstream>

#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {
Error open_error(Settings settings) {
    Bench bench(std::move(settings));
    auto opened = bench.open();
    EXPECT_FALSE(opened.ok());
    return opened.ok() ? Error{} : opened.error();
}
}  // namespace

TEST_F(StoreTest, ASecondOpeningOfTheSameFileIsRefused) {
    const Error error = open_error(bench.settings());
    EXPECT_EQ(error.kind, ErrorKind::conflict);
    EXPECT_EQ(error.code, "store_locked");
    bench.crash();
    Bench second(bench.settings());
    EXPECT_TRUE(second.open().ok()) << "the lock ends with its holder";
}

TEST_F(StoreTest, CloseGivesTheFileUp) {
    bench.enqueue(a_job("a"));
    auto closed = spillway::test::start(bench.io(), bench.store().close());
    bench.clock().run_for(Millis{0});
    ASSERT_TRUE(closed.ended());
    Bench second(bench.settings());
    ASSERT_TRUE(second.open().ok());
    EXPECT_TRUE(second.claim_one());
    const auto late = bench.commit([](Transaction&) { return success(); });
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code, "storage_closed");
    EXPECT_EQ(bench.read<int>([](sqlite::Connection&) { return Result<int>(1); }).error().code, "storage_closed");
}

TEST_F(StoreTest, ANewerSchemaIsLeftAlone) {
    bench.crash();
    SQLite::Database(bench.settings().path, SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 999");
    const Error error = open_error(bench.settings());
    EXPECT_EQ(error.kind, ErrorKind::conflict);
    EXPECT_EQ(error.code, "schema_newer");
    EXPECT_EQ(error.detail.find('\n'), std::string::npos);
}

TEST_F(StoreTest, AnOlderSchemaIsBroughtUpWithItsJobsAndAFailedStepLeavesNothing) {
    const JobId id = bench.enqueue(a_job("a", "kept")).id;
    bench.crash();
    std::vector<std::pair<std::string_view, std::string_view>> steps(bench.settings().migrations.begin(),
                                                                     bench.settings().migrations.end());
    steps.emplace_back("0099_bad.sql", "CREATE TABLE extra (a INTEGER) STRICT; CREATE TABLE jobs (a INTEGER) STRICT;");
    Settings settings = bench.settings();
    settings.migrations = steps;
    EXPECT_EQ(open_error(settings).kind, ErrorKind::invalid);
    steps.back().second = "CREATE TABLE extra (a INTEGER) STRICT;";
    Bench migrated(settings);
    ASSERT_TRUE(migrated.open().ok());
    EXPECT_EQ(migrated.job(id).body, "kept");
    migrated.reopen();
    EXPECT_EQ(migrated.job(id).body, "kept");
}

TEST(StoreOpen, FilesThatAreNoStoreAreNamedAndLeftAlone) {
    const TempFolder folder;
    const std::string text = folder.file("text.db");
    std::ofstream(text) << std::string(5000, 'x');
    const std::string nowhere = folder.file("missing/store.db");
    const std::string directory = folder.file("directory.db");
    std::filesystem::create_directory(directory);
    for (const std::string& path : {text, nowhere, directory}) {
        const Error error = open_error(settings_for(path));
        EXPECT_EQ(error.kind, ErrorKind::invalid) << path;
        EXPECT_EQ(error.code, "store_unreadable") << path;
        EXPECT_NE(error.detail.find(path), std::string::npos) << error.detail;
    }
    EXPECT_EQ(std::filesystem::file_size(text), 5000u);
}

TEST_F(StoreTest, TheIndexAndTheCountsComeBackAsTheyWere) {
    for (int each = 0; each < 30; ++each) {
        NewJob job = a_job("k" + std::to_string(each), "b", each % 2 == 0 ? "even" : "odd");
        job.lane = "lane" + std::to_string(each % 3);
        job.priority = static_cast<Priority>(each % 3);
        bench.enqueue(job);
    }
    for (const Claim& claim : bench.store().claim("lane0", "even", 3)) {
        ASSERT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());
    }
    const auto lanes = bench.store().lanes();
    std::vector<std::vector<std::pair<JobState, std::int64_t>>> counts;
    for (const std::string& lane : lanes) counts.push_back(bench.store().counts(lane).by_state);
    bench.reopen();
    EXPECT_EQ(bench.store().lanes(), lanes);
    for (std::size_t at = 0; at < lanes.size(); ++at) EXPECT_EQ(bench.store().counts(lanes[at]).by_state, counts[at]);
    EXPECT_EQ(bench.store().claim("lane0", "even", 9).size(), 2u);
    EXPECT_EQ(bench.store().claim("lane1", "odd", 9).size(), 5u);
}

}  // namespace spillway::queue::test
