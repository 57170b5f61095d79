// The cases of queue/CHECKLIST.md on schedules.

#include "queue/sqlite/schedules.hpp"
#include "tests/unit/queue/checklist.hpp"

namespace spillway::queue::test {

namespace {

using sqlite::SlotRun;

Schedule hourly(CatchUp catch_up) {
    Schedule schedule;
    schedule.name = "care";
    schedule.every = std::chrono::hours(1);
    schedule.catch_up = catch_up;
    schedule.lane = "storage";
    schedule.kind = "care";
    schedule.body = "b";
    return schedule;
}

struct Schedules : Checklist {
    void define(const Schedule& schedule) {
        const auto defined = bench.commit([&](Transaction& transaction) {
            return sqlite::define_schedule(transaction, schedule, bench.clock().wall_now());
        });
        ASSERT_TRUE(defined.ok()) << defined.error().detail;
    }
    bool remove(const std::string& name) {
        bool there = false;
        EXPECT_TRUE(bench
                        .commit([&](Transaction& transaction) -> Result<void> {
                            const auto removed = sqlite::remove_schedule(transaction, name);
                            if (!removed.ok()) return removed.error();
                            there = *removed;
                            return success();
                        })
                        .ok());
        return there;
    }
    /// All that is due; `fails`: the commit does not come about.
    std::vector<SlotRun> run_due(bool fails = false) {
        std::vector<SlotRun> runs;
        for (bool more = true; more;) {
            more = false;
            const auto ran = bench.commit([&](Transaction& transaction) -> Result<void> {
                auto done = sqlite::run_schedules(transaction, bench.clock().wall_now());
                if (!done.ok()) return std::move(done).error();
                if (fails) return Error{ErrorKind::unavailable, "test", ""};
                runs.insert(runs.end(), done->runs.begin(), done->runs.end());
                more = done->more;
                return success();
            });
            EXPECT_EQ(ran.ok(), !fails);
        }
        return runs;
    }
    WallTime now() { return bench.clock().wall_now(); }
    void back_to(WallTime when) {
        bench.crash();
        bench.begin_at(when);
        ASSERT_TRUE(bench.open().ok());
    }
    void finish_all() {
        for (const Claim& claim : bench.store().claim("storage", "care", 1'000))
            ASSERT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());
    }
};

}  // namespace

TEST_F(Schedules, periodic_exactly_once_per_slot) {
    define(hourly(CatchUp::one));
    EXPECT_TRUE(run_due().empty()) << "its first slot is the next one";
    bench.clock().advance(std::chrono::hours(1));
    EXPECT_TRUE(run_due(/*fails=*/true).empty());
    bench.crash();  // in the middle of the slot, before its commit
    ASSERT_TRUE(bench.open().ok());
    auto runs = run_due();
    ASSERT_EQ(runs.size(), 1u);
    EXPECT_EQ(to_ms(runs[0].slot) % (60 * 60 * 1000), 0);
    EXPECT_EQ(bench.job(runs[0].job).body, "b");
    bench.reopen();  // and right after it
    EXPECT_TRUE(run_due().empty());
    EXPECT_TRUE(run_due().empty()) << "who asks twice gets it once";
    EXPECT_EQ(bench.count(JobState::waiting, "storage"), 1);
    finish_all();

    // The clock is set back over the slot, and passes it again.
    const WallTime after = now();
    back_to(after - std::chrono::hours(5));
    for (int hour = 0; hour < 5; ++hour) {
        for (const SlotRun& run : run_due()) EXPECT_NE(run.slot, runs[0].slot);
        bench.clock().advance(std::chrono::hours(1));
        finish_all();
    }
    EXPECT_EQ(number("SELECT count(*) FROM schedule_slots WHERE slot_ms = " + std::to_string(to_ms(runs[0].slot))), 1);
    EXPECT_EQ(number("SELECT count(*) - count(DISTINCT job_id) FROM schedule_slots"), 0);
    bench.clock().advance(std::chrono::hours(1));
    EXPECT_EQ(run_due().size(), 1u) << "the clock is past it, and all goes on";
    finish_all();
    // Set ahead by a year by mistake, and back: it does not wait for that year.
    const WallTime right = now();
    back_to(right + std::chrono::hours(24 * 365));
    EXPECT_EQ(run_due().size(), 1u);
    finish_all();
    back_to(right);
    run_due();
    bench.clock().advance(std::chrono::hours(1));
    EXPECT_EQ(run_due().size(), 1u);
}

TEST_F(Schedules, periodic_catch_up_policy) {
    for (const auto& [policy, expected] : {std::pair{CatchUp::none, 0u}, {CatchUp::one, 1u}, {CatchUp::all, 3u}}) {
        Schedule schedule = hourly(policy);
        schedule.name = "care" + std::to_string(static_cast<int>(policy));
        define(schedule);
        const WallTime began = now();
        // Down for three slots, and ten minutes into the fourth hour.
        bench.clock().advance(std::chrono::hours(3) + std::chrono::minutes(10));
        bench.reopen();
        const auto runs = run_due();
        ASSERT_EQ(runs.size(), expected) << static_cast<int>(policy);
        for (std::size_t at = 0; at < runs.size(); ++at)
            EXPECT_EQ(runs[at].slot, slot_after(schedule, began) +
                                         std::chrono::hours(policy == CatchUp::all ? static_cast<int>(at) : 2));
        EXPECT_EQ(bench.count(JobState::waiting, "storage"), static_cast<std::int64_t>(expected));
        finish_all();
        bench.clock().advance(slot_after(schedule, now()) - now());
        EXPECT_EQ(run_due().size(), 1u) << "the next slot comes by itself";
        finish_all();
        EXPECT_TRUE(remove(schedule.name));
    }
    // Down for a month: what is made up for is bounded, in jobs and in one transaction's work.
    Schedule schedule = hourly(CatchUp::all);
    schedule.every = std::chrono::minutes(1);
    define(schedule);
    bench.clock().advance(std::chrono::hours(24 * 30));
    const auto runs = run_due();
    EXPECT_EQ(runs.size(), static_cast<std::size_t>(kCaughtUpMax));
    EXPECT_EQ(runs.back().slot + std::chrono::minutes(1), slot_after(schedule, now()));
}

TEST_F(Schedules, schedule_edit_takes_effect) {
    define(hourly(CatchUp::one));
    Schedule daily = hourly(CatchUp::one);
    daily.every.reset();
    daily.daily_at = std::chrono::hours(3);
    daily.body = "edited";
    define(daily);
    bench.clock().advance(std::chrono::hours(1));
    const WallTime next = slot_after(daily, now());
    EXPECT_TRUE(run_due().empty()) << "no run at the old time";
    bench.clock().advance(next - now());
    auto runs = run_due();
    ASSERT_EQ(runs.size(), 1u);
    EXPECT_EQ(to_ms(runs[0].slot) % (24ll * 60 * 60 * 1000), 3ll * 60 * 60 * 1000);
    EXPECT_EQ(bench.job(runs[0].job).body, "edited");
    // Defined again as it is, as every start does: missed slots are kept.
    finish_all();
    bench.clock().advance(std::chrono::hours(25));
    define(daily);
    runs = run_due();
    EXPECT_EQ(runs.size(), 1u);
    // Removed: what has not begun will not.
    EXPECT_TRUE(remove("care"));
    EXPECT_FALSE(remove("care"));
    EXPECT_EQ(bench.state(runs[0].job), JobState::cancelled);
    bench.clock().advance(std::chrono::hours(48));
    EXPECT_TRUE(run_due().empty());
    EXPECT_EQ(bench.count(JobState::waiting, "storage"), 0);
    // A job that is being carried out is finished.
    define(hourly(CatchUp::one));
    bench.clock().advance(std::chrono::hours(1));
    runs = run_due();
    const Claim claim = *bench.claim_one("storage", "care");
    EXPECT_TRUE(remove("care"));
    EXPECT_TRUE(bench.settle(claim, Settlement::applied(1)).ok());

    for (Schedule bad : {Schedule{}, hourly(CatchUp::one), hourly(CatchUp::one), daily}) {
        if (!bad.name.empty() && bad.every) bad.every = Millis{999};
        if (bad.daily_at) bad.daily_at = std::chrono::hours(24);
        const auto refused = bench.commit([&](Transaction& transaction) {
            return sqlite::define_schedule(transaction, bad, bench.clock().wall_now());
        });
        EXPECT_EQ(refused.error().code, "bad_schedule");
    }
}

}  // namespace spillway::queue::test
