// Enqueue beside care: the p99 while a backup and then a full check run, against the same load without them, in pairs.

#include <algorithm>

#include "tests/bench/queue/rig.hpp"

namespace spillway::bench {
namespace {

/// One stretch of load. Its jobs come at a pace, as from a platform: a p99 at the most that the disk takes would show
/// the cores that care needs, and no stall.
struct Window {
    Rig& rig;
    std::int64_t per_second;
    bool over = false;
    Samples latency{};
};

awaitable<void> enqueue_timed(Window& window, std::vector<queue::NewJob> jobs) {
    const auto start = SteadyClock::now();
    co_await enqueue(window.rig, std::move(jobs));
    window.latency.add(start);
}

awaitable<void> produce(Window& window, std::int64_t& next) {
    const std::string body = payload();
    const auto start = SteadyClock::now();
    for (std::int64_t at = 0; !window.over; ++at) {
        const auto due = start + std::chrono::microseconds(at * 1'000'000 / window.per_second);
        while (SteadyClock::now() < due) co_await window.rig.clock().sleep_for(Millis{1});
        std::vector<queue::NewJob> jobs{invoice_job(next++, "con_bench", body)};
        window.rig.spawn(enqueue_timed(window, std::move(jobs)));
    }
}

awaitable<void> care_for(Window& window, std::string copy) {
    const auto backup = co_await window.rig.store().backup(copy);
    if (!backup.ok()) must(backup.error());
    if (!backup->failure.empty()) must(Error{ErrorKind::bug, "no_backup", backup->failure});
    const auto check = co_await window.rig.store().check(queue::sqlite::CheckDepth::full);
    if (!check.ok()) must(check.error());
    if (!check->complete || check->damaged()) must(Error{ErrorKind::bug, "no_check", "it gave way, or found damage"});
    window.over = true;
}

awaitable<void> wait(Window& window, Millis span) {
    co_await window.rig.clock().sleep_for(span);
    window.over = true;
}

double middle(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

/// @return the p99 of a window, with care where a copy is to be made.
double p99_of(Rig& rig, std::int64_t per_second, std::int64_t& next, const std::string& copy) {
    constexpr Millis kAlone{2'000};  // about what the care takes
    Window window{rig, per_second};
    rig.spawn(produce(window, next));
    rig.spawn(copy.empty() ? wait(window, kAlone) : care_for(window, copy));
    rig.run();
    return window.latency.quantile(0.99);
}

void beside_care(benchmark::State& state) {
    const auto jobs = static_cast<std::int64_t>(setting("SPILLWAY_BENCH_KEPT", 200'000));
    const auto pairs = static_cast<std::size_t>(setting("SPILLWAY_BENCH_PAIRS", 5));
    const auto per_second = static_cast<std::int64_t>(setting("SPILLWAY_BENCH_PACE", 5'000));
    for (auto _ : state) {
        const Folder folder;
        Rig rig(folder.file("store.db"));
        fill(rig, jobs, [](std::int64_t at) { return "con_" + std::to_string(at % 100); });
        std::int64_t next = jobs;
        std::vector<double> without, beside, times, seconds;
        const auto with_care = [&] {
            const std::string copy = folder.file("copy.db");
            const auto start = SteadyClock::now();
            beside.push_back(p99_of(rig, per_second, next, copy));
            seconds.push_back(seconds_since(start));
            std::filesystem::remove(copy);
        };
        for (std::size_t at = 0; at < pairs; ++at) {
            if (at % 2 == 1) with_care();
            without.push_back(p99_of(rig, per_second, next, ""));
            if (at % 2 == 0) with_care();
            times.push_back(beside.back() / without.back());
        }
        rig.close();
        state.SetIterationTime(middle(seconds));
        state.counters["without_p99_ms"] = middle(without);
        state.counters["beside_p99_ms"] = middle(beside);
        for (std::size_t at = 0; at < pairs; ++at) state.counters["times_" + std::to_string(at)] = times[at];
        state.counters["pairs"] = static_cast<double>(pairs);
        state.counters["pace"] = static_cast<double>(per_second);
        state.counters["care_s"] = middle(seconds);
    }
}

BENCHMARK(beside_care)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);

}  // namespace
}  // namespace spillway::bench
