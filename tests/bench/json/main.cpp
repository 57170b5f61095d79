// bench_json: the steps that every submitted record goes through before it reaches the store, one by one.

#include <benchmark/benchmark.h>

#include "schema/json_value.hpp"
#include "schema/record_json.hpp"
#include "schema/sha256.hpp"
#include "tests/bench/http/invoice.hpp"

namespace spillway::bench {
namespace {

const std::string& text() {
    static const std::string kText = invoice_json(1'041);
    return kText;
}

void parse(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(parse_json(text()));
}
void read(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(read_record(RecordKind::invoice, text()));
}
void write(benchmark::State& state) {
    const auto record = read_record(RecordKind::invoice, text());
    for (auto _ : state) benchmark::DoNotOptimize(write_record(record.value()));
}
void hash(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(sha256_hex(text()));
}

BENCHMARK(parse)->Name("parse into a tree");
BENCHMARK(read)->Name("parse, read and check the record");
BENCHMARK(write)->Name("write the canonical text");
BENCHMARK(hash)->Name("SHA-256");

}  // namespace
}  // namespace spillway::bench

BENCHMARK_MAIN();
