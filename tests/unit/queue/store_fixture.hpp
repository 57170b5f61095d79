#pragma once
// A SqliteStore on virtual time, with storage on the loop, and verbs that run to their end.

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>

#include "queue/sqlite/sqlite_store.hpp"
#include "tests/support/run.hpp"

namespace spillway::queue::test {

using sqlite::Settings;
using sqlite::SqliteStore;

/// A folder that is gone after the test.
class TempFolder {
 public:
    TempFolder();
    ~TempFolder();
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
    std::filesystem::path path_;
};

/// A store with its own loop and clock. Opening again without `close` is what a crash leaves behind.
class Bench {
 public:
    explicit Bench(Settings settings);
    ~Bench();

    /// The wall clock of the next opening.
    void begin_at(WallTime now) { now_ = now; }
    Result<void> open();
    /// The process dies: nothing is handed back or settled.
    void crash();
    void reopen();

    Result<void> commit(Work work, CommandClass command = CommandClass::settle);
    template <class T>
    Result<T> read(std::function<Result<T>(sqlite::Connection&)> fn) {
        auto pending = spillway::test::start(*io_, store_->read<T>(std::move(fn)));
        clock_->run_for(Millis{0});
        return pending.take();
    }

    Enqueued enqueue(NewJob job);
    Result<void> start(Claim claim);
    Result<void> settle(Claim claim, Settlement settlement);
    Result<void> cancel(JobId id);
    Result<void> replay(JobId id);
    Job job(JobId id);
    std::vector<Step> history(JobId id);
    JobState state(JobId id) { return job(id).state; }
    std::optional<Claim> claim_one(const std::string& lane = "L", const std::string& kind = "push");
    std::int64_t count(JobState state, const std::string& lane = "L");
    /// Lets virtual time pass with run() at work.
    void pass(Millis span);

    SqliteStore& store() { return *store_; }
    spillway::test::SimClock& clock() { return *clock_; }
    boost::asio::io_context& io() { return *io_; }
    Settings& settings() { return settings_; }

 private:
    Settings settings_;
    WallTime now_ = from_ms(1'767'603'600'000);
    std::unique_ptr<boost::asio::io_context> io_;
    std::unique_ptr<spillway::test::SimClock> clock_;
    std::unique_ptr<SqliteStore> store_;
};

Settings settings_for(const std::string& path);

NewJob a_job(std::string key, std::string body = "body", std::string kind = "push");

struct StoreTest : ::testing::Test {
    TempFolder folder;
    Bench bench{settings_for(folder.file("store.db"))};

    void SetUp() override {
        const auto opened = bench.open();
        ASSERT_TRUE(opened.ok()) << opened.error().detail;
    }
};

}  // namespace spillway::queue::test
