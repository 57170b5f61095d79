// bench_http: the load on a running daemon, and what goes with it. Every command prints one JSON object.

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "schema/decimal.hpp"
#include "schema/json_text.hpp"
#include "tests/bench/http/books.hpp"
#include "tests/bench/http/client.hpp"
#include "tests/bench/http/invoice.hpp"
#include "tests/bench/http/pick_up.hpp"
#include "tests/bench/support/replay.hpp"

namespace spillway::bench {
namespace {

Decimal rounded(double value) { return Decimal(std::llround(value * 1000), 3); }

void print(JsonText json) { std::printf("%s\n", std::move(json.close()).take().c_str()); }

void add(JsonText& json, Samples& latency) {
    json.member("p50_ms", rounded(latency.quantile(0.5))).member("p99_ms", rounded(latency.quantile(0.99)));
}

struct Target {
    std::uint16_t port = 0;
    std::string key;
    std::int64_t first = 0;
};

const std::string& records() {
    static const std::string kPath = std::string("/v1/connections/") + kConnection + "/records";
    return kPath;
}

void accept(const Target& target, Load load) {
    load.port = target.port;
    load.request = [&](std::int64_t at) {
        const std::int64_t number = target.first + at;
        return http_request("PUT", records() + "/invoice/" + invoice_id(number), target.key, invoice_json(number));
    };
    Loaded loaded = run_load(load);
    JsonText json;
    const auto count = static_cast<double>(loaded.requests);
    json.object().member("jobs", loaded.requests).member("per_s", rounded(count / loaded.seconds));
    json.member("seconds", rounded(loaded.seconds));
    json.member("client_cpu_us", rounded(loaded.cpu / count * 1e6));
    add(json, loaded.latency);
    print(std::move(json));
}

std::string ndjson(std::int64_t first, std::int64_t lines) {
    std::string body;
    for (std::int64_t number = first; number < first + lines; ++number)
        body += R"({"kind":"invoice","external_id":")" + invoice_id(number) + R"(","record":)" + invoice_json(number) +
                "}\n";
    return body;
}

void bulk(const Target& target, std::int64_t lines, Load load) {
    load.port = target.port;
    load.status = 200;
    load.request = [&](std::int64_t at) {
        return http_request("POST", records() + ":bulk", target.key, ndjson(target.first + at * lines, lines));
    };
    Loaded loaded = run_load(load);
    JsonText json;
    const auto jobs = static_cast<double>(loaded.requests * lines);
    json.object().member("jobs", loaded.requests * lines).member("per_s", rounded(jobs / loaded.seconds));
    json.member("seconds", rounded(loaded.seconds));
    add(json, loaded.latency);
    print(std::move(json));
}

void pick_up(std::int64_t times) {
    Samples latency = pick_up_over_http(times);
    JsonText json;
    json.object().member("jobs", latency.size());
    add(json, latency);
    print(std::move(json));
}

void raw(const std::string& before, const std::string& after, std::int64_t jobs, std::int64_t group) {
    const Replayed replayed = replay(before, after, std::max<std::int64_t>(1, jobs / group));
    const auto count = static_cast<double>(jobs);
    JsonText json;
    json.object().member("per_s", rounded(count / replayed.seconds));
    json.member("cpu_us", rounded(replayed.cpu_seconds / count * 1e6));
    json.member("rows_per_job", rounded(static_cast<double>(replayed.rows) / count));
    json.member("jobs_per_sync", rounded(count / static_cast<double>(replayed.syncs)));
    print(std::move(json));
}

}  // namespace
}  // namespace spillway::bench

int main(int argc, char** argv) {
    using namespace spillway::bench;
    CLI::App app("Load for the figures over HTTP.", "bench_http");
    app.require_subcommand(1);
    std::string state, posting = "on_sync", before, after;
    Target target;
    Load load;
    std::int64_t lines = 5'000, times = 300, jobs = 0, group = 64;

    auto* make = app.add_subcommand("prepare", "make a state folder with a connection and its contacts");
    make->add_option("--state", state)->required();
    make->add_option("--posting", posting);
    make->callback([&] {
        make_books(state, posting);
        std::printf("{}\n");
    });
    auto* one = app.add_subcommand("accept", "one invoice a request, in a closed loop");
    auto* many = app.add_subcommand("bulk", "NDJSON with many invoices a request");
    for (CLI::App* each : {one, many}) {
        each->add_option("--port", target.port)->required();
        each->add_option("--key", target.key)->required();
        each->add_option("--first", target.first, "the number of the first invoice");
        each->add_option("--seconds", load.seconds);
        each->add_option("--connections", load.connections);
        each->add_option("--requests", load.requests_max);
    }
    many->add_option("--lines", lines);
    one->callback([&] { accept(target, load); });
    many->callback([&] { bulk(target, lines, load); });
    auto* idle = app.add_subcommand("pick-up", "from the PUT until a handler has the job, idle");
    idle->add_option("--times", times);
    idle->callback([&] { pick_up(times); });
    auto* plain = app.add_subcommand("raw", "the same rows again, by SQLite alone");
    plain->add_option("--before", before)->required();
    plain->add_option("--after", after)->required();
    plain->add_option("--jobs", jobs)->required();
    plain->add_option("--group", group);
    plain->callback([&] { raw(before, after, jobs, group); });
    CLI11_PARSE(app, argc, argv);
    return 0;
}
