#pragma once
// The queue as the daemon runs it: a loop, a real clock, storage on its own thread, the production schema, on a real
// disk.

#include <benchmark/benchmark.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "queue/sqlite/sqlite_store.hpp"
#include "schema/runtime/real_clock.hpp"
#include "tests/bench/support/counting_vfs.hpp"
#include "tests/bench/support/samples.hpp"

namespace spillway::bench {

using boost::asio::awaitable;

constexpr std::size_t kProducers = 64;  ///< as many calls are in flight in every figure that is compared
constexpr std::size_t kGroup = 64;
constexpr const char* kKind = "push.invoice";

class Rig {
 public:
    explicit Rig(std::string path);
    ~Rig();
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    queue::sqlite::SqliteStore& store() { return *store_; }
    RealClock& clock() { return clock_; }
    boost::asio::io_context& loop() { return loop_; }
    /// Spawned on the loop; an exception ends the program.
    void spawn(awaitable<void> task);
    /// Runs the loop until every spawned task has ended.
    void run();
    /// Everything into the database file; the rig is of no use afterwards.
    void close();

 private:
    boost::asio::io_context loop_{1};
    RealClock clock_;
    std::unique_ptr<queue::sqlite::SqliteStore> store_;
};

/// Aborts the program with the error's code: a figure with failures in it is none.
void must(const Result<void>& result);

/// The n-th invoice job of a lane: keys in the order in which a platform numbers its documents.
queue::NewJob invoice_job(std::int64_t number, const std::string& lane, const std::string& body);

/// One transaction of the intake class.
awaitable<void> enqueue(Rig& rig, std::vector<queue::NewJob> jobs);

/// Fills the store with waiting jobs, in big transactions.
void fill(Rig& rig, std::int64_t jobs, const std::function<std::string(std::int64_t)>& lane_of);

/// What one run did; tells Google Benchmark.
struct Run {
    std::int64_t jobs = 0;
    double seconds = 0;
    double cpu = 0;
    std::int64_t syncs = 0;
    Samples latency;

    void report(benchmark::State& state);
};

/// The same rows written by SQLite alone; adds `raw_per_s` and `of_raw` to the report.
void report_raw(benchmark::State& state, const Run& run, const std::string& before, const std::string& after,
                std::int64_t group);

/// Copies a closed database.
void copy_database(const std::string& from, const std::string& to);

}  // namespace spillway::bench
