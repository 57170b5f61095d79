// bench_queue: the figures of the queue library (Google Benchmark's options). SPILLWAY_BENCH_DIR says on which disk.

#include <benchmark/benchmark.h>

#include <string_view>

#include "tests/bench/queue/start_probe.hpp"

int main(int argc, char** argv) {
    if (argc == 3 && std::string_view(argv[1]) == "--start-probe") return spillway::bench::print_start_probe(argv[2]);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
