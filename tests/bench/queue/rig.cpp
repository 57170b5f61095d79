#include "tests/bench/queue/rig.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "migrations.hpp"
#include "tests/bench/support/replay.hpp"

namespace spillway::bench {

namespace {

std::unique_ptr<queue::sqlite::SqliteStore> open_store(boost::asio::io_context& loop, Clock& clock, std::string path) {
    queue::sqlite::Settings settings;
    settings.path = std::move(path);
    settings.vfs = counting_vfs();
    settings.migrations = embedded::migrations;
    auto opened = queue::sqlite::SqliteStore::open(loop.get_executor(), clock, std::move(settings));
    if (!opened.ok()) must(opened.error());
    return std::move(opened).value();
}

}  // namespace

void must(const Result<void>& result) {
    if (result.ok()) return;
    fmt::print(stderr, "{}: {}\n", result.error().code, result.error().detail);
    std::exit(1);
}

Rig::Rig(std::string path) : store_(open_store(loop_, clock_, std::move(path))) {}

Rig::~Rig() = default;

void Rig::spawn(awaitable<void> task) {
    boost::asio::co_spawn(loop_, std::move(task), [](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
    });
}

void Rig::run() {
    loop_.restart();
    loop_.run();
}

void Rig::close() {
    spawn(store_->close());
    run();
}

queue::NewJob invoice_job(std::int64_t number, const std::string& lane, const std::string& body) {
    queue::NewJob job;
    job.lane = lane;
    job.kind = kKind;
    job.key = fmt::format("invoice/INV-{:08}", number);
    job.body = body;
    return job;
}

awaitable<void> enqueue(Rig& rig, std::vector<queue::NewJob> jobs) {
    queue::Work work = [jobs = std::move(jobs)](queue::Transaction& transaction) -> Result<void> {
        for (const queue::NewJob& job : jobs) {
            const auto placed = transaction.enqueue(job);
            if (!placed.ok()) return placed.error();
        }
        return success();
    };
    const auto done = co_await rig.store().commit(queue::CommandClass::intake, std::move(work));
    must(done);
}

namespace {

awaitable<void> fill_all(Rig& rig, std::int64_t jobs, std::function<std::string(std::int64_t)> lane_of) {
    constexpr std::int64_t kAtOnce = 2'000;
    const std::string body = payload();
    for (std::int64_t from = 0; from < jobs; from += kAtOnce) {
        std::vector<queue::NewJob> chunk;
        for (std::int64_t at = from; at < std::min(from + kAtOnce, jobs); ++at)
            chunk.push_back(invoice_job(at, lane_of(at), body));
        co_await enqueue(rig, std::move(chunk));
    }
}

}  // namespace

void fill(Rig& rig, std::int64_t jobs, const std::function<std::string(std::int64_t)>& lane_of) {
    rig.spawn(fill_all(rig, jobs, lane_of));
    rig.run();
}

void Run::report(benchmark::State& state) {
    const auto count = static_cast<double>(jobs);
    state.SetIterationTime(seconds);
    state.counters["jobs"] = count;
    state.counters["per_s"] = count / seconds;
    state.counters["cpu_us"] = cpu / count * 1e6;
    state.counters["jobs_per_sync"] = syncs == 0 ? 0 : count / static_cast<double>(syncs);
    if (latency.size() == 0) return;
    state.counters["p50_ms"] = latency.quantile(0.5);
    state.counters["p99_ms"] = latency.quantile(0.99);
}

void report_raw(benchmark::State& state, const Run& run, const std::string& before, const std::string& after,
                std::int64_t group) {
    const Replayed raw = replay(before, after, std::max<std::int64_t>(1, run.jobs / group));
    const auto count = static_cast<double>(run.jobs);
    state.counters["raw_per_s"] = count / raw.seconds;
    state.counters["raw_cpu_us"] = raw.cpu_seconds / count * 1e6;
    state.counters["raw_rows_per_job"] = static_cast<double>(raw.rows) / count;
    state.counters["raw_jobs_per_sync"] = raw.syncs == 0 ? 0 : count / static_cast<double>(raw.syncs);
    state.counters["of_raw"] = raw.seconds / run.seconds;
}

void copy_database(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
}

}  // namespace spillway::bench
