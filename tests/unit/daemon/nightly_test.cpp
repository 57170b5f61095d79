// The nightly care on virtual time: once a night, made up for after a stop, kept to its bounds, visible when it fails.

#include "services/spillwayd/nightly.hpp"

#include <SQLiteCpp/Database.h>

#include <fstream>

#include "queue/sqlite/schedules.hpp"
#include "schema/runtime/task_group.hpp"
#include "services/spillwayd/config.hpp"
#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

struct NightlyTest : BooksTest {
    NightlyTest() { std::filesystem::create_directories(backups); }
    ~NightlyTest() override { stop(); }

    void begin() {
        nightly = std::make_unique<daemon::Nightly>(
            daemon::Nightly::Parts{*store, *clock, io.get_executor(), settings, keep, backups.string()});
        tasks = std::make_unique<TaskGroup>(io.get_executor(), "test");
        tasks->spawn(store->run(), "store");
        tasks->spawn(nightly->run(), "nightly");
        clock->run_for(Millis{0});
    }
    void stop() {
        if (!tasks) return;
        auto stopping = start(io, tasks->stop(*clock, Millis{0}));
        clock->run_for(Millis{0});
        tasks.reset();
    }
    void pass_until(WallTime when) { clock->run_for(when - clock->wall_now()); }
    WallTime next_night() {
        queue::Schedule schedule;
        schedule.daily_at = settings.at;
        return queue::slot_after(schedule, clock->wall_now());
    }
    std::vector<std::string> files() {
        std::vector<std::string> names;
        for (const auto& file : std::filesystem::directory_iterator(backups))
            names.push_back(file.path().filename().string());
        std::sort(names.begin(), names.end());
        return names;
    }
    std::int64_t ended(const std::string& kind) {
        return read<std::int64_t>([&](store::Connection& connection) {
            SQLite::Statement count(connection.database(),
                                    "SELECT count(*) FROM jobs JOIN kinds ON kinds.id = kind_id WHERE kinds.name = ?1 "
                                    "AND state = 6");
            count.bind(1, kind);
            count.executeStep();
            return count.getColumn(0).getInt64();
        });
    }

    std::filesystem::path backups = folder / "backups";
    daemon::NightlySettings settings{hours(2) + minutes(30), 2};
    daemon::RetentionDays keep{30, 400};
    std::unique_ptr<daemon::Nightly> nightly;
    std::unique_ptr<TaskGroup> tasks;
};

}  // namespace

TEST_F(NightlyTest, EachNightIsCheckedBackedUpAndTidiedOnce) {
    const auto old = accept(RecordKind::contact, "C1", a_contact("A"));
    apply(*old);
    keep.jobs = 5;
    std::ofstream(backups / "mine.db") << "not ours";
    begin();
    EXPECT_EQ(files().size(), 1u) << "not before the night";
    for (int night = 1; night <= 4; ++night) {
        pass_until(next_night() + minutes(2));
        EXPECT_EQ(ended("storage.check"), night);
        EXPECT_EQ(ended("storage.backup"), night);
        EXPECT_EQ(ended("storage.retention"), night);
        EXPECT_EQ(files().size(), 1u + static_cast<std::size_t>(std::min(night, 2)));
    }
    EXPECT_EQ(files().front(), "mine.db");
    SQLite::Database copy((backups / files().back()).string());
    EXPECT_EQ(copy.execAndGet("SELECT count(*) FROM records").getInt64(), 1);
    EXPECT_TRUE(store->status().last_check->complete);
    EXPECT_EQ(job(*old->job).state, queue::JobState::applied);
    pass_until(clock->wall_now() + hours(24 * 2));
    EXPECT_FALSE(read<bool>([&](store::Connection& connection) {
        return queue::sqlite::SqliteStore::get_job(connection, *old->job).has_value();
    }));
}

TEST_F(NightlyTest, OnceAWeekEveryIndexIsCheckedAgainstItsRows) {
    begin();
    queue::Schedule weekly;
    weekly.every = hours(7 * 24);
    for (int week = 1; week <= 2; ++week) {
        pass_until(queue::slot_after(weekly, clock->wall_now()) + minutes(2));
        EXPECT_EQ(ended("storage.check_full"), week);
        EXPECT_EQ(store->status().last_check->depth, queue::sqlite::CheckDepth::full);
    }
    pass_until(next_night() + minutes(2));
    EXPECT_EQ(store->status().last_check->depth, queue::sqlite::CheckDepth::quick);
}

TEST_F(NightlyTest, ANightThatPassedWhileItWasDownIsMadeUpForOnce) {
    begin();
    pass_until(next_night() + minutes(2));
    EXPECT_EQ(ended("storage.check"), 1);
    stop();
    clock->advance(hours(24 * 3));
    begin();
    clock->run_for(minutes(2));
    EXPECT_EQ(ended("storage.check"), 2) << "three nights, one check";
    EXPECT_EQ(files().size(), 2u);
}

TEST_F(NightlyTest, WhatAProcessThatDiedInABackupLeftIsRemoved) {
    for (const char* name : {"nightly-2026-01-01T023000Z.db.partial", "nightly-2026-01-01T023000Z.db.partial-journal"})
        std::ofstream(backups / name) << "half of a database";
    std::ofstream(backups / "mine.partial") << "not ours";
    begin();
    pass_until(next_night() + minutes(2));
    const auto left = files();
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(left.front(), "mine.partial");
    EXPECT_TRUE(left.back().ends_with("Z.db"));
}

TEST_F(NightlyTest, TheNewestBackupStaysThoughOthersBearALaterTime) {
    for (const char* name : {"nightly-2099-01-01T023000Z.db", "nightly-2099-01-02T023000Z.db"})
        std::ofstream(backups / name) << "written while the clock was wrong";
    begin();
    pass_until(next_night() + minutes(2));
    const auto left = files();
    ASSERT_EQ(left.size(), 2u);
    EXPECT_NE(left.front().substr(0, 12), "nightly-2099") << "the one just written";
}

TEST_F(NightlyTest, ABackupThatFailsIsParkedWithItsReasonAndTheNextNightTriesAgain) {
    std::filesystem::remove(backups);
    std::ofstream(backups.string()) << "a file where the folder should be";
    begin();
    pass_until(next_night() + minutes(2));
    EXPECT_EQ(ended("storage.backup"), 0);
    EXPECT_EQ(ended("storage.check"), 1) << "the rest of the care goes on";
    const auto parked = read<std::vector<queue::Job>>([](store::Connection& connection) {
        queue::JobFilter filter;
        filter.states = {queue::JobState::parked};
        return queue::sqlite::SqliteStore::list_jobs(connection, filter, std::nullopt, 10);
    });
    ASSERT_EQ(parked.size(), 1u);
    EXPECT_EQ(parked[0].kind, "storage.backup");
    EXPECT_EQ(parked[0].cause, "backup_failed");
    EXPECT_FALSE(parked[0].detail.empty());
    std::filesystem::remove(backups);
    std::filesystem::create_directories(backups);
    pass_until(next_night() + minutes(2));
    EXPECT_EQ(ended("storage.backup"), 1);
    EXPECT_EQ(job(parked[0].id).state, queue::JobState::applied) << "the same job, not a second one";
}

TEST_F(NightlyTest, WhatIsNotWantedHasNoSchedule) {
    begin();
    stop();
    settings.backups = 0;
    keep = {0, 0};
    begin();
    const auto names = read<std::vector<std::string>>([](store::Connection& connection) {
        std::vector<std::string> all;
        for (const auto& row : queue::sqlite::list_schedules(connection)) all.push_back(row.schedule.name);
        return all;
    });
    EXPECT_EQ(names, (std::vector<std::string>{"storage.check", "storage.check_full"}));
    pass_until(next_night() + minutes(2));
    EXPECT_TRUE(files().empty());
}

TEST_F(NightlyTest, AFullDiskPutsItOff) {
    begin();
    free_bytes = 0;
    pass_until(next_night() + minutes(2));
    EXPECT_EQ(ended("storage.check"), 0);
    free_bytes = std::int64_t{1} << 40;
    clock->run_for(minutes(2));
    EXPECT_EQ(ended("storage.check"), 1);
}

TEST(DaemonConfig, RetentionAndNightAreRead) {
    const auto parse = [](const std::string& more) {
        return daemon::parse_config(R"({"state_dir":"/s")" + more + "}", "c.json",
                                    [](const std::string&) { return std::optional<std::string>(); });
    };
    const auto plain = parse("");
    ASSERT_TRUE(plain.ok());
    EXPECT_EQ(plain->retention.jobs, 30);
    EXPECT_EQ(plain->retention.audit, 400);
    EXPECT_EQ(plain->nightly.at, hours(2) + minutes(30));
    EXPECT_EQ(plain->nightly.backups, 0);
    const auto given = parse(R"(,"retention":{"jobs_days":0,"audit_days":30},"nightly":{"at":"23:59","backups":7})");
    ASSERT_TRUE(given.ok()) << given.error().detail;
    EXPECT_EQ(given->retention.jobs, 0);
    EXPECT_EQ(given->retention.audit, 30);
    EXPECT_EQ(given->nightly.at, hours(23) + minutes(59));
    EXPECT_EQ(given->nightly.backups, 7);
    const std::pair<const char*, const char*> bad[] = {
        {R"(,"retention":{"jobs_days":-1})", "/retention/jobs_days"},
        {R"(,"retention":{"audit_days":29})", "/retention/audit_days"},
        {R"(,"retention":{"days":1})", "/retention/days"},
        {R"(,"nightly":{"at":"24:00"})", "/nightly/at"},
        {R"(,"nightly":{"at":"2:30"})", "/nightly/at"},
        {R"(,"nightly":{"at":"-1:30"})", "/nightly/at"},
        {R"(,"nightly":{"backups":1001})", "/nightly/backups"},
    };
    for (const auto& [text, pointer] : bad) {
        const auto refused = parse(text);
        ASSERT_FALSE(refused.ok()) << text;
        EXPECT_EQ(refused.error().pointer, pointer);
    }
}

}  // namespace spillway::test
