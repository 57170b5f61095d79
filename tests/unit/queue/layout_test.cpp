// What the tables hold: an older file keeps its jobs, a job's history is bounded, the ordered set behaves like a plain
// one.

#include <SQLiteCpp/Database.h>

#include <random>
#include <set>

#include "queue/sorted_chunks.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

TEST(SortedChunks, BehavesLikeAPlainSet) {
    std::mt19937 random(11);
    for (const int range : {300, 5'000, 200'000}) {
        SortedChunks<std::int64_t> chunks;
        std::set<std::int64_t> plain;
        for (int step = 0; step < 30'000; ++step) {
            const auto value = static_cast<std::int64_t>(random()) % range;
            // Phases that grow, shrink, take the front, or only append.
            const int phase = step / 3'000 % 4;
            if (phase == 2 && !plain.empty()) {
                ASSERT_EQ(chunks.front(), *plain.begin());
                ASSERT_TRUE(chunks.erase(*plain.begin()));
                plain.erase(plain.begin());
            } else if (phase == 3) {
                const std::int64_t last = plain.empty() ? 0 : *plain.rbegin() + 1;
                ASSERT_EQ(chunks.insert(last), plain.insert(last).second);
            } else if (random() % 10 < (phase == 0 ? 7u : 3u)) {
                ASSERT_EQ(chunks.insert(value), plain.insert(value).second);
            } else {
                ASSERT_EQ(chunks.erase(value), plain.erase(value) == 1);
            }
            ASSERT_EQ(chunks.size(), plain.size());
            ASSERT_EQ(chunks.empty(), plain.empty());
        }
        std::vector<std::int64_t> seen;
        chunks.visit([&](std::int64_t value) {
            seen.push_back(value);
            return true;
        });
        EXPECT_TRUE(std::equal(seen.begin(), seen.end(), plain.begin(), plain.end()));
    }
}

TEST(StoreLayout, AFileOfTheFirstSchemaKeepsItsJobsPausesAndWaits) {
    const TempFolder folder;
    Settings settings = settings_for(folder.file("old.db"));
    {
        SQLite::Database old(settings.path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        old.exec(std::string(settings.migrations[0].second));
        old.exec("PRAGMA user_version = 1");
        old.exec("INSERT INTO lanes VALUES (1, 'L'), (2, 'M'); INSERT INTO kinds VALUES (1, 'push')");
        old.exec(
            "INSERT INTO jobs (id, lane_id, kind_id, key, priority, state, follow_up, token, created_ms, changed_ms, "
            "body)"
            " VALUES (1, 1, 1, 'a', 1, 0, 0, 1, 5, 6, x'6f6e65'), (2, 1, 1, 'b', 1, 2, 0, 1, 5, 6, x'74776f'),"
            " (3, 1, 1, 'c', 1, 6, 0, 1, 5, 6, x'7468'), (4, 2, 1, 'd', 1, 0, 0, 1, 5, 6, x'64')");
        old.exec("INSERT INTO waits VALUES (2, 'c', 9, 1)");
        old.exec("INSERT INTO lane_counts VALUES (1, 0, 1), (1, 2, 1), (1, 6, 1), (2, 0, 1)");
        old.exec("INSERT INTO lane_pauses VALUES (2, 'holiday', NULL)");
    }
    Bench bench(settings);
    ASSERT_TRUE(bench.open().ok());
    EXPECT_EQ(bench.job(1).body, "one");
    EXPECT_EQ(bench.job(2).state, JobState::blocked);
    EXPECT_EQ(bench.job(2).waits, (std::vector<Wait>{{"c", 9}}));
    EXPECT_EQ(bench.job(3).body, "th");
    EXPECT_EQ(bench.store().lane_pause("M")->reason, "holiday");
    EXPECT_FALSE(bench.store().next_kind("M"));
    ASSERT_EQ(bench.store().claim("L", "push", 9).size(), 1u);
    EXPECT_EQ(bench.enqueue(a_job("c")).placed, Placed::created) << "an ended job does not hold its key";
    EXPECT_EQ(bench.enqueue(a_job("b", "new")).placed, Placed::coalesced);
}

TEST_F(StoreTest, TheColumnThatSaysOpenFollowsTheState) {
    bench.enqueue(a_job("applied"));
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::applied(1)).ok());
    bench.enqueue(a_job("parked"));
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::parked("bad", "words")).ok());
    const JobId cancelled = bench.enqueue(a_job("cancelled")).id;
    ASSERT_TRUE(bench.cancel(cancelled).ok());
    bench.enqueue(a_job("followed"));
    const Claim claim = *bench.claim_one();
    bench.enqueue(a_job("followed", "newer"));
    ASSERT_TRUE(bench.settle(claim, Settlement::again()).ok());
    const auto wrong = bench.read<int>([](sqlite::Connection& connection) {
        return Result<int>(
            connection.database().execAndGet("SELECT count(*) FROM jobs WHERE open <> (state < 6)").getInt());
    });
    EXPECT_EQ(*wrong, 0);
}

TEST_F(StoreTest, AJobsHistoryNamesItsLastTransitionsAndNoMore) {
    const JobId id = bench.enqueue(a_job("a")).id;
    Claim claim = *bench.claim_one();
    ASSERT_TRUE(bench.start(claim).ok());
    bench.reopen();  // the process dies in the middle
    claim = *bench.store().claim_unknown("L", id);
    ASSERT_TRUE(bench.settle(claim, Settlement::retry_at(bench.clock().wall_now(), "down", "503")).ok());
    ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::parked("bad", "words")).ok());
    ASSERT_TRUE(bench.replay(id).ok());
    std::vector<Step> steps = bench.history(id);
    ASSERT_EQ(steps.size(), 5u);
    const std::vector<std::tuple<JobState, JobState, std::string, int>> expected = {
        {JobState::waiting, JobState::unknown, "", 0},
        {JobState::unknown, JobState::unknown, "process_ended", 0},
        {JobState::unknown, JobState::waiting, "down", 1},
        {JobState::waiting, JobState::parked, "bad", 2},
        {JobState::parked, JobState::waiting, "", 0}};
    for (std::size_t at = 0; at < steps.size(); ++at) {
        const Step& step = steps[at];
        EXPECT_EQ(std::tuple(step.from, step.to, step.cause, step.attempt), expected[at]) << at;
    }
    for (int round = 0; round < 40; ++round) {
        bench.clock().advance(Millis{1});
        ASSERT_TRUE(bench.settle(*bench.claim_one(), Settlement::retry_at(bench.clock().wall_now(), "down", "")).ok());
    }
    steps = bench.history(id);
    ASSERT_EQ(steps.size(), 32u);
    EXPECT_EQ(steps.back().attempt, 40);
    EXPECT_EQ(steps.front().attempt, 9);
}

}  // namespace spillway::queue::test
