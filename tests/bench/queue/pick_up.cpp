// An idle queue gets one job: how long until a handler has it, from the call that enqueues it.

#include "tests/bench/queue/rig.hpp"

namespace spillway::bench {
namespace {

awaitable<void> pick_up_each(Rig& rig, Run& run, std::int64_t times) {
    const std::string body = payload();
    SteadyClock::time_point start;
    std::vector<queue::Claim> claims;
    rig.store().on_ready([&](const std::string& lane) {
        auto claimed = rig.store().claim(lane, kKind, kGroup);
        if (claimed.empty()) return;
        run.latency.add(start);
        claims = std::move(claimed);
    });
    for (std::int64_t at = 0; at < times; ++at) {
        co_await rig.clock().sleep_for(Millis{3});  // idle: nothing may be left in work
        start = SteadyClock::now();
        std::vector<queue::NewJob> jobs{invoice_job(at, "con_bench", body)};
        co_await enqueue(rig, std::move(jobs));
        queue::Work settle = [claims](queue::Transaction& transaction) -> Result<void> {
            for (const queue::Claim& claim : claims) {
                auto settled = transaction.settle(claim, queue::Settlement::applied(1));
                if (!settled.ok()) return settled;
            }
            return success();
        };
        const auto settled = co_await rig.store().commit(queue::CommandClass::settle, std::move(settle));
        must(settled);
    }
    rig.store().on_ready({});
}

void pick_up(benchmark::State& state) {
    const auto times = static_cast<std::int64_t>(setting("SPILLWAY_BENCH_PICK_UPS", 500));
    for (auto _ : state) {
        const Folder folder;
        Rig rig(folder.file("store.db"));
        Run run;
        const auto start = SteadyClock::now();
        const std::int64_t syncs_before = syncs();
        rig.spawn(pick_up_each(rig, run, times));
        rig.run();
        run.jobs = static_cast<std::int64_t>(run.latency.size());
        run.seconds = seconds_since(start);
        run.syncs = syncs() - syncs_before;
        rig.close();
        run.report(state);
    }
}

BENCHMARK(pick_up)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);

}  // namespace
}  // namespace spillway::bench
