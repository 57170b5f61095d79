// Enqueue: one job for each durable acknowledgement with 64 in flight, groups of 64, and bulk.

#include "tests/bench/queue/rig.hpp"

namespace spillway::bench {
namespace {

struct Load {
    Rig& rig;
    Run& run;
    std::string body;
    std::size_t group;
    SteadyClock::time_point until;
    std::int64_t next = 0;
};

awaitable<void> produce(Load& load) {
    while (SteadyClock::now() < load.until) {
        std::vector<queue::NewJob> jobs;
        for (std::size_t at = 0; at < load.group; ++at)
            jobs.push_back(invoice_job(load.next++, "con_bench", load.body));
        const auto start = SteadyClock::now();
        co_await enqueue(load.rig, std::move(jobs));
        load.run.latency.add(start);
        load.run.jobs += static_cast<std::int64_t>(load.group);
    }
}

/// `producers` callers, each with `group` jobs in a transaction of its own.
void enqueue_for(benchmark::State& state, std::size_t producers, std::size_t group, std::int64_t raw_group) {
    const double seconds = setting("SPILLWAY_BENCH_SECONDS", 3);
    for (auto _ : state) {
        const Folder folder;
        Run run;
        {
            Rig empty(folder.file("before.db"));
            empty.close();
        }
        copy_database(folder.file("before.db"), folder.file("store.db"));
        {
            Rig rig(folder.file("store.db"));
            const auto start = SteadyClock::now();
            const std::int64_t syncs_before = syncs();
            const double cpu_before = cpu_seconds();
            Load load{rig, run, payload(), group, start + std::chrono::milliseconds(static_cast<int>(seconds * 1000))};
            for (std::size_t at = 0; at < producers; ++at) rig.spawn(produce(load));
            rig.run();
            run.seconds = seconds_since(start);
            run.cpu = cpu_seconds() - cpu_before;
            run.syncs = syncs() - syncs_before;
            rig.close();
        }
        run.report(state);
        report_raw(state, run, folder.file("before.db"), folder.file("store.db"), raw_group);
    }
}

void enqueue_one(benchmark::State& state) { enqueue_for(state, kProducers, 1, kGroup); }
void enqueue_one_again(benchmark::State& state) { enqueue_for(state, kProducers, 1, kGroup); }
void enqueue_group(benchmark::State& state) { enqueue_for(state, 1, kGroup, kGroup); }
void enqueue_bulk(benchmark::State& state) { enqueue_for(state, 2, 1'000, 1'000); }

// The second of the first two is the same again: their difference is the noise of this machine.
BENCHMARK(enqueue_one)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);
BENCHMARK(enqueue_one_again)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);
BENCHMARK(enqueue_group)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);
BENCHMARK(enqueue_bulk)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);

}  // namespace
}  // namespace spillway::bench
