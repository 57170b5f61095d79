// Indexes made anew while the service runs: found, mended, and nothing lost when it is stopped half-way.

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {

using sqlite::CheckDepth;
using sqlite::CheckReport;
using sqlite::RebuildReport;

struct RebuildTest : StoreTest {
    template <class T>
    Result<T> finish(boost::asio::awaitable<Result<T>> work) {
        auto pending = spillway::test::start(bench.io(), std::move(work));
        bench.clock().run_for(Millis{0});
        return pending.take();
    }
    /// Runs `sql` while SQLite does not know of the index, so that the index misses what changes.
    void behind_the_back_of(const std::string& index, const std::string& sql) {
        bench.crash();
        const std::string path = folder.file("store.db");
        std::string saved;
        {
            SQLite::Database database(path, SQLite::OPEN_READWRITE);
            SQLite::Statement row(database,
                                  "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = ?1");
            row.bind(1, index);
            ASSERT_TRUE(row.executeStep());
            saved = "INSERT INTO sqlite_schema VALUES ('" + row.getColumn(0).getString() + "', '" + index + "', '" +
                    row.getColumn(2).getString() + "', " + row.getColumn(3).getString() + ", '" +
                    row.getColumn(4).getString() + "')";
            row.reset();
            database.exec("PRAGMA writable_schema = ON");
            database.exec("DELETE FROM sqlite_schema WHERE name = '" + index + "'");
        }
        SQLite::Database(path, SQLite::OPEN_READWRITE).exec(sql);
        {
            SQLite::Database database(path, SQLite::OPEN_READWRITE);
            database.exec("PRAGMA writable_schema = ON");
            database.exec(saved);
        }
        ASSERT_TRUE(bench.open().ok());
    }
    CheckReport full_check() { return *finish(bench.store().check(CheckDepth::full)); }
    void fill(int jobs) {
        for (int each = 0; each < jobs; ++each) bench.enqueue(a_job("k" + std::to_string(each)));
    }
};

}  // namespace

TEST_F(RebuildTest, AnIndexThatMissesRowsIsFoundAndMended) {
    fill(20);
    behind_the_back_of("jobs_changed", "UPDATE jobs SET changed_ms = changed_ms + 1 WHERE id % 2 = 0");
    ASSERT_TRUE(full_check().damaged());
    ASSERT_TRUE(sqlite::only_indexes(bench.store().status().damage)) << bench.store().status().damage.front();
    const auto report = finish(bench.store().rebuild_indexes());
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->complete);
    EXPECT_EQ(report->done, report->total);
    EXPECT_GT(report->total, 5);
    EXPECT_TRUE(report->problems.empty());
    EXPECT_FALSE(full_check().damaged());
    EXPECT_TRUE(bench.store().status().damage.empty());
    EXPECT_EQ(bench.count(JobState::waiting), 20);
    EXPECT_FALSE(bench.store().held());
    bench.reopen();
    EXPECT_EQ(bench.count(JobState::waiting), 20);
}

TEST_F(RebuildTest, ATableThatHoldsWhatItsIndexForbidsIsReportedAndTheOthersAreMended) {
    fill(4);
    behind_the_back_of("jobs_open_key", "UPDATE jobs SET key = 'k0' WHERE key = 'k1'");
    const auto report = finish(bench.store().rebuild_indexes());
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->complete);
    ASSERT_EQ(report->problems.size(), 1u);
    EXPECT_NE(report->problems.front().find("jobs_open_key"), std::string::npos);
    EXPECT_EQ(report->done, report->total - 1);
    bench.enqueue(a_job("after"));
}

TEST_F(RebuildTest, AStopEndsItSoonAndTheStoreIsAsItWas) {
    const auto filled = bench.commit([](Transaction& transaction) -> Result<void> {
        for (int each = 0; each < 4'000; ++each) {
            const auto made = transaction.enqueue(a_job("k" + std::to_string(each)));
            if (!made.ok()) return made.error();
        }
        return success();
    });
    ASSERT_TRUE(filled.ok());
    auto rebuild = spillway::test::start(bench.io(), bench.store().rebuild_indexes());
    bench.io().restart();
    while (bench.store().status().rebuild.value_or(RebuildReport{}).done < 1 && bench.io().poll_one() > 0) {
    }
    ASSERT_EQ(bench.store().status().under_way, "reindex");
    EXPECT_TRUE(bench.store().held());
    bench.store().end_care();
    bench.clock().run_for(Millis{0});
    ASSERT_TRUE(rebuild.ended());
    const auto report = rebuild.take();
    ASSERT_TRUE(report.ok());
    EXPECT_FALSE(report->complete);
    EXPECT_LT(report->done, report->total);
    EXPECT_TRUE(report->problems.empty()) << report->problems.front();
    EXPECT_FALSE(bench.store().held());
    bench.enqueue(a_job("after"));
    bench.reopen();
    EXPECT_EQ(bench.count(JobState::waiting), 4'001);
    EXPECT_FALSE(full_check().damaged());
}

TEST_F(RebuildTest, WhatWasHandedInBeforeGoesFirstAndWhatComesAfterWaits) {
    auto rebuild = spillway::test::start(bench.io(), bench.store().rebuild_indexes());
    auto refused = spillway::test::start(bench.io(), bench.store().check(CheckDepth::quick));
    bench.io().restart();
    while (!bench.store().held() && bench.io().poll_one() > 0) {
    }
    auto settle = spillway::test::start(
        bench.io(), bench.store().commit(CommandClass::settle, [](Transaction&) { return success(); }));
    bench.clock().run_for(Millis{0});
    EXPECT_TRUE(settle.take().ok());
    EXPECT_TRUE(rebuild.take()->complete);
    EXPECT_EQ(refused.take().error().code, "in_care");
}

TEST(OnlyIndexes, TellsDamageThatARebuildMends) {
    using Problems = std::vector<std::string>;
    EXPECT_TRUE(sqlite::only_indexes(
        Problems{"row 3 missing from index jobs_changed", "wrong # of entries in index jobs_changed"}));
    EXPECT_FALSE(sqlite::only_indexes(Problems{}));
    EXPECT_FALSE(sqlite::only_indexes(
        Problems{"row 3 missing from index jobs_changed", "Tree 5 page 7: btreeInitPage() returns error code 11"}));
    EXPECT_FALSE(sqlite::only_indexes(Problems{"non-unique entry in index jobs_open_key"}));
}

}  // namespace spillway::queue::test
