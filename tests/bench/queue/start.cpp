// A start with a million waiting jobs: time to the first claim and memory, in a process of its own; bytes on disk.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tests/bench/queue/rig.hpp"
#include "tests/bench/queue/start_probe.hpp"

namespace spillway::bench {
namespace {

/// A new process opens the store: this one's memory would hide what a start needs.
StartProbe probe(const std::string& path) {
    const std::string command =
        std::filesystem::read_symlink("/proc/self/exe").string() + " --start-probe '" + path + "'";
    StartProbe probed;
    std::FILE* out = ::popen(command.c_str(), "r");
    const bool read = out != nullptr && std::fscanf(out, "%lf %lf", &probed.seconds, &probed.memory_mib) == 2;
    if (!read || ::pclose(out) != 0) must(Error{ErrorKind::bug, "probe_failed", command});
    return probed;
}

void start_million(benchmark::State& state) {
    const auto jobs = static_cast<std::int64_t>(setting("SPILLWAY_BENCH_WAITING", 1'000'000));
    for (auto _ : state) {
        const Folder folder;
        const std::string path = folder.file("store.db");
        {
            Rig rig(path);
            fill(rig, jobs, [](std::int64_t at) { return "con_" + std::to_string(at % 100); });
            rig.close();
        }
        probe(path);  // the first one warms the page cache: the figure is a warm start
        const StartProbe probed = probe(path);
        state.SetIterationTime(probed.seconds);
        state.counters["jobs"] = static_cast<double>(jobs);
        state.counters["start_s"] = probed.seconds;
        state.counters["memory_mib"] = probed.memory_mib;
        state.counters["bytes_per_job"] =
            static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(jobs);
    }
}

BENCHMARK(start_million)->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);

}  // namespace

int print_start_probe(const std::string& path) {
    const auto start = SteadyClock::now();
    Rig rig(path);
    const auto claims = rig.store().claim("con_7", kKind, 1);
    const double seconds = seconds_since(start);
    if (claims.size() != 1) return 1;
    std::printf("%f %f\n", seconds, peak_memory_mib());
    return 0;
}

}  // namespace spillway::bench
