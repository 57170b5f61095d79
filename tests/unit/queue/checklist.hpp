#pragma once
// The named cases of queue/CHECKLIST.md. Each test has its case's own name, so that the table and the tests can be held
// against each other (tests/checks/checklist).

#include <set>

#include "tests/support/fault_vfs.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

#if __has_feature(address_sanitizer)
constexpr bool kUnderAsan = true;
#else
constexpr bool kUnderAsan = false;
#endif
#if __has_feature(thread_sanitizer)
constexpr bool kUnderTsan = true;
#else
constexpr bool kUnderTsan = false;
#endif

/// ThreadSanitizer learns nothing from more of what one thread does.
constexpr int many(int jobs) { return kUnderTsan ? jobs / 20 : jobs; }

/// A store in memory, on a disk that can fail.
struct Checklist : ::testing::Test {
    TempFolder folder;
    spillway::test::FaultVfs vfs;
    Bench bench{settings()};

    Settings settings() {
        Settings settings = settings_for(folder.file("store.db"));
        settings.vfs = vfs.name();
        return settings;
    }
    void SetUp() override {
        const auto opened = bench.open();
        ASSERT_TRUE(opened.ok()) << opened.error().detail;
    }

    /// A commit under way.
    spillway::test::Pending<Result<void>> begin(Work work, CommandClass command = CommandClass::settle) {
        return spillway::test::start(bench.io(), bench.store().commit(command, std::move(work)));
    }
    void settle_the_loop() { bench.clock().run_for(Millis{0}); }
    static Work enqueue_work(const NewJob& job) {
        return [job](Transaction& transaction) -> Result<void> {
            const auto made = transaction.enqueue(job);
            if (!made.ok()) return made.error();
            return success();
        };
    }
    static Work settle_work(const Claim& claim, const Settlement& settlement) {
        return [=](Transaction& transaction) { return transaction.settle(claim, settlement); };
    }
    static Work cancel_work(JobId id) {
        return [id](Transaction& transaction) { return transaction.cancel(id); };
    }
    /// Many jobs, a thousand a commit.
    void fill(int jobs, const std::function<NewJob(int)>& job) {
        for (int from = 0; from < jobs; from += 1'000) {
            const auto done = bench.commit([&](Transaction& transaction) -> Result<void> {
                for (int at = from; at < std::min(jobs, from + 1'000); ++at) {
                    const auto made = transaction.enqueue(job(at));
                    if (!made.ok()) return made.error();
                }
                return success();
            });
            ASSERT_TRUE(done.ok()) << done.error().detail;
        }
    }
    static NewJob in_lane(NewJob job, std::string lane) {
        job.lane = std::move(lane);
        return job;
    }
    static NewJob with(NewJob job, Priority priority) {
        job.priority = priority;
        return job;
    }
    static NewJob with(NewJob job, std::vector<Wait> waits) {
        job.waits = std::move(waits);
        return job;
    }
    static NewJob with(NewJob job, WallTime not_before) {
        job.not_before = not_before;
        return job;
    }
    std::int64_t number(const std::string& sql) {
        return bench
            .read<std::int64_t>([=](sqlite::Connection& connection) {
                return Result<std::int64_t>(connection.database().execAndGet(sql).getInt64());
            })
            .value();
    }
};

}  // namespace spillway::queue::test
