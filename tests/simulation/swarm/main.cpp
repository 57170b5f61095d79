// The simulation's command line: one run, or a hunt.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <sstream>

#include "tests/simulation/swarm/hunt.hpp"
#include "tests/simulation/swarm/run.hpp"

namespace spillway::test {
namespace {

Faults faults_from(const std::string& list) {
    Faults faults;
    std::istringstream words(list);
    for (std::string word; std::getline(words, word, ',');)
        if (const auto fault = fault_from(word)) faults.set(static_cast<std::size_t>(*fault));
    return faults;
}

int run_one(const Options& options, const std::string& traced) {
    Trace trace;
    if (!traced.empty()) trace.keep(traced == "all" ? "" : traced);
    const auto before = std::chrono::steady_clock::now();
    const auto result = play(options, trace);
    const auto spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    for (const auto& line : trace.lines()) std::printf("%s\n", line.c_str());
    for (const auto& [mark, times] : result.findings.marks())
        std::printf("  %-34s %llu\n", mark.c_str(), static_cast<unsigned long long>(times));
    std::printf("%s\nhash %016llx, %llu settled, %llu calls, %lld virtual hours, %.2f s\n",
                options.to_arguments().c_str(), static_cast<unsigned long long>(result.hash),
                static_cast<unsigned long long>(result.settled), static_cast<unsigned long long>(result.calls),
                static_cast<long long>(result.virtual_seconds / 3600), spent);
    for (const auto& broken : result.findings.all())
        std::printf("BROKEN %s [%s] %s\n", broken.rule.c_str(), broken.record.c_str(), broken.detail.c_str());
    return result.findings.all().empty() ? 0 : 1;
}

}  // namespace
}  // namespace spillway::test

int main(int argc, char** argv) {
    using namespace spillway::test;
    CLI::App app("Plays the whole service on virtual time, from seeds, while everything fails");
    std::uint64_t seed = 1;
    int records = 0, hours = 0, jobs = 2, minutes = 0;
    std::string faults, trace, seeds, defect, time;
    bool one_sided = false, twice = false, smaller = false, marks = false, until = false, prove = false, once = false;
    app.add_option("--seed", seed, "play this one");
    app.add_option("--seeds", seeds, "hunt from A to B: A..B");
    app.add_option("--jobs", jobs, "how many at once");
    app.add_option("--for", time, "start no new seed after so many minutes: 10m");
    app.add_option("--records", records, "submissions in all");
    app.add_option("--hours", hours, "how long the month's end is");
    app.add_option("--faults", faults, "these kinds instead of the drawn ones: crash,cut or none");
    app.add_option("--defect", defect, "with this planted defect");
    app.add_option("--trace", trace, "print what concerns this record; all: everything");
    app.add_flag("--one-sided", one_sided, "with --faults: one provider alone is in trouble");
    app.add_flag("--once", once, "with --seed: not a second time for the hash");
    app.add_flag("--twice", twice, "each seed twice: the same hash");
    app.add_flag("--shrink", smaller, "make a failing run as small as it goes");
    app.add_flag("--prove-defects", prove, "every planted defect must be found within --seeds");
    app.add_flag("--until-failure", until, "end a hunt at the first failure");
    app.add_flag("--all-marks", marks, "fail when a rare situation is never met");
    CLI11_PARSE(app, argc, argv);
    const auto options_of = [&](std::uint64_t which) {
        auto options = Options::drawn(which);
        if (records > 0) options.records = records;
        if (hours > 0) options.hours = hours;
        if (!faults.empty()) options.faults = faults_from(faults), options.one_sided = one_sided;
        options.defect = defect;
        return options;
    };
    if (!seeds.empty()) {
        HuntPlan plan;
        const auto dots = seeds.find("..");
        plan.first = std::stoull(seeds);
        plan.last = dots == std::string::npos ? plan.first : std::stoull(seeds.substr(dots + 2));
        plan.jobs = jobs;
        plan.twice = twice;
        plan.needs_marks = marks;
        if (until) plan.failures_max = 1;
        if (!time.empty()) minutes = std::stoi(time);
        if (minutes > 0) plan.time = std::chrono::minutes(minutes);
        plan.options = options_of;
        return prove ? prove_defects(plan, defect) : hunt(plan);
    }
    auto options = options_of(seed);
    if (!trace.empty() || once) return run_one(options, trace);
    auto verdict = play_apart(options, /*twice=*/true);
    if (verdict.passed) return run_one(options, trace);
    if (smaller) {
        options = shrink(options, verdict.rule);
        verdict = play_apart(options, /*twice=*/true);
    }
    report(options, verdict);
    return 1;
}
