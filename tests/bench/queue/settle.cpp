// Claim and settle of jobs that do nothing, each settlement durable: in groups of 64, and by 64 workers one job at a
// time.

#include "tests/bench/queue/rig.hpp"

namespace spillway::bench {
namespace {

constexpr const char* kLane = "con_bench";

struct Drain {
    Rig& rig;
    Run& run;
    std::size_t group;
    bool starts;  ///< notes durably, before the work, that it begins: what every job with an effect outside does
};

awaitable<void> start_all(Rig& rig, std::vector<queue::Claim> claims) {
    queue::Work work = [claims = std::move(claims)](queue::Transaction& transaction) -> Result<void> {
        for (const queue::Claim& claim : claims) {
            auto started = transaction.start(claim);
            if (!started.ok()) return started;
        }
        return success();
    };
    const auto done = co_await rig.store().commit(queue::CommandClass::settle, std::move(work));
    must(done);
}

awaitable<void> settle_all(Rig& rig, std::vector<queue::Claim> claims) {
    queue::Work work = [claims = std::move(claims)](queue::Transaction& transaction) -> Result<void> {
        for (const queue::Claim& claim : claims) {
            auto settled = transaction.settle(claim, queue::Settlement::applied(1));
            if (!settled.ok()) return settled;
        }
        return success();
    };
    const auto done = co_await rig.store().commit(queue::CommandClass::settle, std::move(work));
    must(done);
}

awaitable<void> drain(Drain& drain) {
    for (;;) {
        const auto start = SteadyClock::now();
        std::vector<queue::Claim> claims = drain.rig.store().claim(kLane, kKind, drain.group);
        if (claims.empty()) co_return;
        const auto count = static_cast<std::int64_t>(claims.size());
        if (drain.starts) co_await start_all(drain.rig, claims);
        co_await settle_all(drain.rig, std::move(claims));
        drain.run.latency.add(start);
        drain.run.jobs += count;
    }
}

void settle_for(benchmark::State& state, std::size_t workers, std::size_t group, bool starts) {
    const auto jobs = static_cast<std::int64_t>(setting("SPILLWAY_BENCH_JOBS", 30'000));
    for (auto _ : state) {
        const Folder folder;
        Run run;
        {
            Rig rig(folder.file("before.db"));
            fill(rig, jobs, [](std::int64_t) { return kLane; });
            rig.close();
        }
        copy_database(folder.file("before.db"), folder.file("store.db"));
        {
            Rig rig(folder.file("store.db"));
            const auto start = SteadyClock::now();
            const std::int64_t syncs_before = syncs();
            const double cpu_before = cpu_seconds();
            Drain load{rig, run, group, starts};
            for (std::size_t at = 0; at < workers; ++at) rig.spawn(drain(load));
            rig.run();
            run.seconds = seconds_since(start);
            run.cpu = cpu_seconds() - cpu_before;
            run.syncs = syncs() - syncs_before;
            rig.close();
        }
        run.report(state);
        report_raw(state, run, folder.file("before.db"), folder.file("store.db"), kGroup);
    }
}

void settle_group(benchmark::State& state) { settle_for(state, 1, kGroup, /*starts=*/false); }
void settle_one(benchmark::State& state) { settle_for(state, kProducers, 1, /*starts=*/false); }
void start_and_settle_group(benchmark::State& state) { settle_for(state, 1, kGroup, /*starts=*/true); }

BENCHMARK(settle_group)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);
BENCHMARK(settle_one)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);
BENCHMARK(start_and_settle_group)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);

}  // namespace
}  // namespace spillway::bench
