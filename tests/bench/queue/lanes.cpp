// 10,000 lanes with and without one that has 100,000 jobs: what a quiet lane's job waits until it is claimed. As in the
// daemon each lane has a driver of its own, with one call to its provider in flight.

#include <unordered_map>
#include <unordered_set>

#include "tests/bench/queue/rig.hpp"

namespace spillway::bench {
namespace {

constexpr std::size_t kBatch = 50;  ///< jobs in one call
constexpr Millis kCall{20};         ///< what a call takes; a fast provider's
constexpr const char* kNoisy = "con_noisy";

struct Lanes {
    explicit Lanes(Rig& used) : rig(used) {}

    Rig& rig;
    Samples waits;
    std::int64_t served = 0;
    std::int64_t noisy_served = 0;
    std::int64_t lanes = 0;
    std::unordered_map<std::string, SteadyClock::time_point> enqueued{};
    std::unordered_set<std::string> driven{};
};

awaitable<void> drive(Lanes& all, std::string lane) {
    for (;;) {
        std::vector<queue::Claim> claims = all.rig.store().claim(lane, kKind, kBatch);
        if (claims.empty() || all.served == all.lanes) break;
        if (lane != kNoisy) all.waits.add(all.enqueued.at(lane));
        const auto count = static_cast<std::int64_t>(claims.size());
        co_await all.rig.clock().sleep_for(kCall);
        queue::Work settle = [claims = std::move(claims)](queue::Transaction& transaction) -> Result<void> {
            for (const queue::Claim& claim : claims) {
                auto settled = transaction.settle(claim, queue::Settlement::applied(1));
                if (!settled.ok()) return settled;
            }
            return success();
        };
        const auto done = co_await all.rig.store().commit(queue::CommandClass::settle, std::move(settle));
        must(done);
        (lane == kNoisy ? all.noisy_served : all.served) += count;
    }
    all.driven.erase(lane);
}

/// One job for each of the quiet lanes, at a pace that leaves the queue air.
awaitable<void> produce(Lanes& all, std::int64_t per_second) {
    const std::string body = payload();
    const auto start = SteadyClock::now();
    for (std::int64_t at = 0; at < all.lanes; ++at) {
        const auto due = start + std::chrono::microseconds(at * 1'000'000 / per_second);
        while (SteadyClock::now() < due) co_await all.rig.clock().sleep_for(Millis{1});
        const std::string lane = "con_" + std::to_string(at);
        all.enqueued[lane] = SteadyClock::now();
        std::vector<queue::NewJob> jobs{invoice_job(1'000'000 + at, lane, body)};
        all.rig.spawn(enqueue(all.rig, std::move(jobs)));
    }
}

struct Waits {
    Samples quiet;
    std::int64_t noisy_served = 0;
};

Waits waits_of(std::int64_t noisy_jobs) {
    const auto lanes = static_cast<std::int64_t>(setting("SPILLWAY_BENCH_LANES", 10'000));
    const auto per_second = static_cast<std::int64_t>(setting("SPILLWAY_BENCH_PACE", 1'000));
    const Folder folder;
    Rig rig(folder.file("store.db"));
    if (noisy_jobs > 0) fill(rig, noisy_jobs, [](std::int64_t) { return kNoisy; });
    Lanes all(rig);
    all.lanes = lanes;
    rig.store().on_ready([&](const std::string& lane) {
        if (all.driven.insert(lane).second) rig.spawn(drive(all, lane));
    });
    if (noisy_jobs > 0 && all.driven.insert(kNoisy).second) rig.spawn(drive(all, kNoisy));
    rig.spawn(produce(all, per_second));
    rig.run();
    rig.store().on_ready({});
    rig.close();
    return {std::move(all.waits), all.noisy_served};
}

void noisy_lane(benchmark::State& state) {
    const auto noisy_jobs = static_cast<std::int64_t>(setting("SPILLWAY_BENCH_NOISY", 100'000));
    for (auto _ : state) {
        const auto start = SteadyClock::now();
        Waits alone = waits_of(0);
        Waits beside = waits_of(noisy_jobs);
        state.SetIterationTime(seconds_since(start));
        state.counters["alone_p50_ms"] = alone.quiet.quantile(0.5);
        state.counters["alone_p99_ms"] = alone.quiet.quantile(0.99);
        state.counters["beside_p50_ms"] = beside.quiet.quantile(0.5);
        state.counters["beside_p99_ms"] = beside.quiet.quantile(0.99);
        state.counters["noisy_served"] = static_cast<double>(beside.noisy_served);
    }
}

BENCHMARK(noisy_lane)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);

}  // namespace
}  // namespace spillway::bench
