// A disk that fails or fills at any step: what was acknowledged is there, what was refused is not, and a full disk that
// has room again needs no restart.

#include <set>

#include "tests/support/fault_vfs.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {

Work enqueue_work(std::string key) {
    return [=](Transaction& transaction) -> Result<void> {
        const auto made = transaction.enqueue(a_job(key, std::string(900, 'x')));
        if (!made.ok()) return made.error();
        return success();
    };
}

std::multiset<std::string> keys_of(Bench& bench) {
    std::multiset<std::string> keys;
    const auto jobs = bench.read<std::vector<Job>>([](sqlite::Connection& connection) {
        return Result<std::vector<Job>>(SqliteStore::list_jobs(connection, {}, {}, 200));
    });
    for (const Job& job : jobs.value()) keys.insert(job.key);
    return keys;
}

}  // namespace

TEST(SickDisk, AnErrorAtAnyStepLosesNothingAcknowledgedAndNothingIsAcknowledgedAfterIt) {
    int failures = 0;
    for (std::uint64_t step = 1; step < 5'000; ++step) {
        const TempFolder folder;
        spillway::test::FaultVfs vfs;
        Settings settings = settings_for(folder.file("store.db"));
        settings.vfs = vfs.name();
        settings.log_pages = {.busy = 10, .idle = 5, .gate = 1'000};
        Bench bench(settings);
        ASSERT_TRUE(bench.open().ok());
        vfs.fail_step_in(step);
        std::multiset<std::string> acknowledged;
        bool failed = false;
        for (int each = 0; each < 12; ++each) {
            const std::string key = "k" + std::to_string(each);
            const auto done = bench.commit(enqueue_work(key), CommandClass::intake);
            EXPECT_FALSE(failed && done.ok()) << "acknowledged after a failure, step " << step;
            failed = failed || !done.ok();
            if (done.ok()) acknowledged.insert(key);
        }
        if (!failed) break;  // past the last step of the scenario
        ++failures;
        bench.reopen();
        const auto found = keys_of(bench);
        for (const std::string& key : acknowledged) EXPECT_EQ(found.count(key), 1u) << key << ", step " << step;
        EXPECT_LE(found.size(), acknowledged.size() + 1) << "more than the one in doubt, step " << step;
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_GT(failures, 40);
}

TEST(SickDisk, AFullDiskAtAnyStepLeavesNothingHalfWrittenAndGoesOnWithoutARestart) {
    int refusals = 0;
    for (std::uint64_t step = 1; step < 400; ++step) {
        const TempFolder folder;
        spillway::test::FaultVfs vfs;
        Settings settings = settings_for(folder.file("store.db"));
        settings.vfs = vfs.name();
        settings.log_pages = {.busy = 10, .idle = 5, .gate = 1'000};
        Bench bench(settings);
        ASSERT_TRUE(bench.open().ok());
        vfs.fill_in(step);
        std::multiset<std::string> acknowledged;
        int refused = 0;
        for (int each = 0; each < 6; ++each) {
            const std::string key = "k" + std::to_string(each);
            const auto done = bench.commit(enqueue_work(key), CommandClass::intake);
            if (!done.ok()) {
                EXPECT_EQ(done.error().code, "storage_full") << done.error().detail;
                ++refused;
            } else {
                acknowledged.insert(key);
            }
        }
        refusals += refused;
        EXPECT_EQ(keys_of(bench), acknowledged) << "step " << step;
        vfs.set_full(false);
        ASSERT_TRUE(bench.commit(enqueue_work("after"), CommandClass::intake).ok()) << "step " << step;
        acknowledged.insert("after");
        bench.reopen();
        EXPECT_EQ(keys_of(bench), acknowledged) << "step " << step;
        if (::testing::Test::HasFailure() || refused == 0) break;
    }
    EXPECT_GT(refusals, 40);
}

TEST_F(StoreTest, TheRoomOnTheDiskIsToldInTwoSteps) {
    std::int64_t free = 1ll << 40;
    bench.crash();
    bench.settings().free_bytes = [&] { return free; };
    bench.reopen();
    EXPECT_EQ(bench.store().room(), sqlite::Room::ample);
    free = (512ll << 20) - 1;
    EXPECT_EQ(bench.store().room(), sqlite::Room::no_intake);
    free = (256ll << 20) - 1;
    EXPECT_EQ(bench.store().room(), sqlite::Room::settles_only);
    const auto refused = bench.commit(enqueue_work("a"), CommandClass::intake);
    EXPECT_EQ(refused.error().code, "storage_full");
    EXPECT_GT(refused.error().retry_after->count(), 0);
    EXPECT_TRUE(bench.commit(enqueue_work("a"), CommandClass::settle).ok()) << "the rest of the disk is for these";
    free = 1ll << 40;
    EXPECT_EQ(bench.store().room(), sqlite::Room::ample);
    EXPECT_TRUE(bench.commit(enqueue_work("b"), CommandClass::intake).ok());
}

TEST_F(StoreTest, TheBallastIsGivenUpWhenTheDiskIsFullAndLaidDownAgainWithRoom) {
    std::int64_t free = 1ll << 40;
    bench.crash();
    bench.settings().ballast_bytes = 1 << 20;
    bench.settings().free_bytes = [&] { return free; };
    bench.reopen();
    const std::string ballast = bench.settings().path + ".ballast";
    EXPECT_EQ(std::filesystem::file_size(ballast), 1u << 20);
    free = 16 << 20;
    EXPECT_TRUE(bench.commit(enqueue_work("settles"), CommandClass::settle).ok());
    EXPECT_FALSE(std::filesystem::exists(ballast));
    free = 300ll << 20;
    EXPECT_TRUE(bench.commit(enqueue_work("settles"), CommandClass::settle).ok());
    EXPECT_FALSE(std::filesystem::exists(ballast)) << "not while intake is still closed";
    free = 1ll << 40;
    EXPECT_TRUE(bench.commit(enqueue_work("settles"), CommandClass::settle).ok());
    EXPECT_TRUE(std::filesystem::exists(ballast));
    bench.reopen();
    EXPECT_TRUE(std::filesystem::exists(ballast));
}

TEST(SickDisk, ADiskThatIsReallyFullGivesTheBallastUp) {
    const TempFolder folder;
    spillway::test::FaultVfs vfs;
    Settings settings = settings_for(folder.file("store.db"));
    settings.vfs = vfs.name();
    settings.ballast_bytes = 1 << 20;
    Bench bench(settings);
    ASSERT_TRUE(bench.open().ok());
    ASSERT_TRUE(std::filesystem::exists(settings.path + ".ballast"));
    vfs.set_full(true);
    EXPECT_EQ(bench.commit(enqueue_work("a"), CommandClass::settle).error().code, "storage_full");
    EXPECT_FALSE(std::filesystem::exists(settings.path + ".ballast"));
    vfs.set_full(false);  // the ballast was the room
    EXPECT_TRUE(bench.commit(enqueue_work("a"), CommandClass::settle).ok());
}

}  // namespace spillway::queue::test
