// The cases of queue/CHECKLIST.md on replays by filter.

#include "queue/sqlite/parked.hpp"
#include "tests/unit/queue/checklist.hpp"

namespace spillway::queue::test {

using sqlite::ParkedFilter;
using sqlite::ReplayCursor;
using sqlite::ReplayStep;

namespace {

/// A replay as its caller carries it on: the cursor is stored in the transaction of each step.
struct Walk {
    Bench& bench;
    ParkedFilter filter{};
    std::uint64_t fence = 0;
    int steps = 0;
    std::int64_t replayed = 0;

    void begin() {
        const auto begun = bench.commit([this](Transaction& transaction) {
            auto& rows = sqlite::connection_of(transaction).database();
            rows.exec("CREATE TABLE IF NOT EXISTS walk (lane INTEGER NOT NULL, job INTEGER NOT NULL)");
            rows.exec("DELETE FROM walk");
            rows.exec("INSERT INTO walk VALUES (0, 0)");
            fence = sqlite::replay_fence(transaction);
            return success();
        });
        ASSERT_TRUE(begun.ok());
    }
    /// @return false when nothing is left; the last step may have had nothing to do.
    bool step() {
        bool done = false;
        std::int64_t now = 0;
        const auto stepped = bench.commit([&](Transaction& transaction) -> Result<void> {
            auto& rows = sqlite::connection_of(transaction).database();
            const ReplayCursor from{rows.execAndGet("SELECT lane FROM walk").getInt64(),
                                    rows.execAndGet("SELECT job FROM walk").getInt64()};
            const auto step = sqlite::replay_parked(transaction, filter, fence, from);
            if (!step.ok()) return step.error();
            rows.exec("UPDATE walk SET lane = " + std::to_string(step->reached.lane) +
                      ", job = " + std::to_string(step->reached.job));
            done = step->done, now = step->replayed;
            return success();
        });
        EXPECT_TRUE(stepped.ok());
        EXPECT_LE(now, static_cast<std::int64_t>(sqlite::kReplayedAtOnce));
        ++steps;
        replayed += now;
        return !done;
    }
    std::int64_t run() {
        begin();
        while (step()) {
        }
        return replayed;
    }
};

std::int64_t preview(Bench& bench, const ParkedFilter& filter) {
    return bench
        .read<std::int64_t>([&](sqlite::Connection& connection) {
            std::int64_t jobs = 0;
            for (const auto& count : sqlite::count_parked(connection, filter)) jobs += count.jobs;
            return Result<std::int64_t>(jobs);
        })
        .value();
}

/// Parked jobs as they come about, one settlement after the other, would take most of the test's time.
void park_many(Bench& bench, int jobs) {
    const auto parked = bench.commit([=](Transaction& transaction) {
        const std::string count = std::to_string(jobs);
        auto& rows = sqlite::connection_of(transaction).database();
        rows.exec(
            "INSERT INTO lanes (id, name) VALUES (1, 'L'), (2, 'M'); INSERT INTO kinds (id, name) VALUES (1, 'push')");
        rows.exec("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + count +
                  ") INSERT INTO jobs (id, lane_id, kind_id, key, priority, state, token, steps, created_ms, "
                  "changed_ms, cause) "
                  "SELECT i, 1 + i % 2, 1, 'k' || i, 1, 5, 1, 1, 5, 5, 'bad' FROM n");
        rows.exec("INSERT INTO job_bodies SELECT id, x'62' FROM jobs");
        rows.exec(
            "INSERT INTO lane_counts (lane_id, state, jobs) SELECT lane_id, 5, count(*) FROM jobs GROUP BY lane_id");
        rows.exec("INSERT INTO parked_counts SELECT lane_id, 1, 'bad', count(*) FROM jobs GROUP BY lane_id");
        return success();
    });
    ASSERT_TRUE(parked.ok()) << parked.error().detail;
    bench.reopen();
}

}  // namespace

TEST_F(Checklist, replay_filter_dry_run) {
    const char* const causes[] = {"total_mismatch", "no_account", ""};
    for (int at = 0; at < 90; ++at)
        bench.enqueue(in_lane(a_job("k" + std::to_string(at), "b", at % 5 == 0 ? "pull" : "push"),
                              "lane" + std::to_string(at % 4)));
    int parked = 0;
    for (int lane = 0; lane < 4; ++lane) {
        for (const char* kind : {"push", "pull"}) {
            for (const Claim& claim : bench.store().claim("lane" + std::to_string(lane), kind, 12))
                ASSERT_TRUE(bench.settle(claim, Settlement::parked(causes[++parked % 3], "words")).ok());
        }
    }
    const ParkedFilter filters[] = {
        {.lanes = std::vector<std::string>{"lane1"}, .cause = "no_account"},
        {.kind = "pull"},
        {.cause = ""},
        {.lanes = std::vector<std::string>{"lane2"}, .key = "k2"},
        {.key = "k7"},
        {.ids = {1, 2, 3, 4, 5, 6, 89, 1'000}},
        {.lanes = std::vector<std::string>{}},
        {.lanes = std::vector<std::string>{"nowhere"}},
        {.kind = "never"},
        {.lanes = std::vector<std::string>{"lane3", "lane0"}, .kind = "push"},
        {},
    };
    std::int64_t all = 0;
    for (const ParkedFilter& filter : filters) {
        const std::int64_t matched = preview(bench, filter);
        const std::int64_t before = number("SELECT count(*) FROM jobs WHERE state = 5");
        EXPECT_EQ(preview(bench, filter), matched) << "a preview changes nothing";
        Walk walk{bench, filter};
        EXPECT_EQ(walk.run(), matched);
        EXPECT_EQ(number("SELECT count(*) FROM jobs WHERE state = 5"), before - matched);
        EXPECT_EQ(preview(bench, filter), 0);
        all += matched;
    }
    EXPECT_EQ(all, parked) << "the filters meant something";
    EXPECT_EQ(number("SELECT count(*) FROM parked_counts"), 0);
}

/// Steps of bounded size, each committed; killed in the middle; jobs parked anew meanwhile; stopped, and done with
/// later.
TEST_F(Checklist, bulk_replay_100k) {
    const int jobs = many(100'000);
    park_many(bench, jobs);
    ASSERT_EQ(preview(bench, {}), jobs);
    Walk walk{bench};
    walk.begin();
    // Replayed by hand behind the walk's back and parked anew, before the walk comes to it.
    const JobId touched = jobs - 1;
    ASSERT_TRUE(bench.replay(touched).ok());
    const Claim by_hand = *bench.claim_one("M");
    ASSERT_EQ(by_hand.id, touched);
    ASSERT_TRUE(bench.settle(by_hand, Settlement::parked("bad", "again")).ok());
    const JobId cancelled = jobs;
    ASSERT_TRUE(bench.cancel(cancelled).ok());

    std::set<JobId> anew;
    while (walk.step()) {
        if (walk.steps % 50 == 0) {
            // What it has let go is parked again, for a new reason and for the old one.
            for (const Claim& claim : bench.store().claim(walk.steps % 100 == 0 ? "M" : "L", "push", 20)) {
                anew.insert(claim.id);
                const std::string cause = claim.id % 3 == 0 ? "bad" : "worse";
                ASSERT_TRUE(bench.settle(claim, Settlement::parked(cause, "again")).ok());
            }
        }
        if (walk.steps % 170 == 0) bench.reopen();
        ASSERT_LE(walk.steps, 2 + jobs / 100) << "it ends, although jobs are parked all the while";
    }
    EXPECT_EQ(walk.replayed, jobs - 2) << "all but the two that a person had dealt with";
    EXPECT_EQ(number("SELECT count(*) FROM jobs WHERE state = 5"), static_cast<std::int64_t>(anew.size()) + 1);
    EXPECT_EQ(preview(bench, {}), static_cast<std::int64_t>(anew.size()) + 1) << "the counts are the rows'";
    EXPECT_EQ(number("SELECT count(*) FROM (SELECT 1 FROM job_history WHERE from_state = 5 AND to_state = 0 GROUP BY "
                     "job_id HAVING count(*) > 1)"),
              0)
        << "none ran again twice";
    EXPECT_EQ(bench.state(cancelled), JobState::cancelled);
    EXPECT_EQ(bench.state(touched), JobState::parked);

    // One that is stopped leaves the rest parked; a new one finds them.
    Walk stopped{bench, {.cause = "worse"}};
    stopped.begin();
    Walk rest{bench};
    EXPECT_EQ(rest.run(), static_cast<std::int64_t>(anew.size()) + 1);
    EXPECT_FALSE(stopped.step());
    EXPECT_EQ(stopped.replayed, 0) << "two replays at once: each job belongs to the one that comes first";
}

}  // namespace spillway::queue::test
