#include "tests/crash/worker.hpp"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iostream>
#include <sstream>

#include "queue/sqlite/repair.hpp"
#include "tests/crash/driver.hpp"

namespace spillway::queue::test {

namespace asio = boost::asio;

namespace {

/// One write() a line: a line is heard whole or not at all, whenever the process dies.
void say(const std::string& text) {
    const std::string line = text + "\n";
    const auto written = ::write(STDOUT_FILENO, line.data(), line.size());
    if (written != static_cast<ssize_t>(line.size())) ::_exit(3);
}

class LineReport final : public Report {
 public:
    void begun(std::uint64_t slot, const Op& op) override { say("begun " + std::to_string(slot) + " " + to_line(op)); }
    void answered(std::uint64_t slot, const Outcome& outcome) override {
        say("answered " + std::to_string(slot) + " " + std::to_string(outcome.ok ? 1 : 0) + " " +
            std::to_string(outcome.id) + " " + std::to_string(static_cast<int>(outcome.placed)) + " " +
            (outcome.code.empty() ? "-" : outcome.code));
    }
    void claimed(const std::string& lane, const Claim& claim, JobState from, std::int64_t now_ms) override {
        say("claimed " + lane + " " + text(claim) + " " + std::to_string(now_ms) + " " +
            std::to_string(static_cast<int>(from)));
    }
    void unclaimed(const std::string& lane, const Claim& claim, std::int64_t now_ms) override {
        say("unclaimed " + lane + " " + text(claim) + " " + std::to_string(now_ms));
    }
    void passes(std::int64_t now_ms) override { say("passes " + std::to_string(now_ms)); }

 private:
    static std::string text(const Claim& claim) { return std::to_string(claim.id) + " " + std::to_string(claim.token); }
};

struct Life {
    asio::io_context io{1};
    spillway::test::SimClock clock;
    LineReport report{};
    std::unique_ptr<SqliteStore> store{};
    std::uint64_t slots = 0;
    std::vector<std::unique_ptr<Driver>> drivers{};
    int busy = 0;

    explicit Life(std::int64_t now_ms) : clock(io, from_ms(now_ms)) {}
};

asio::awaitable<void> drive(Life& life, Driver& driver) {
    ++life.busy;
    co_await driver.run(std::numeric_limits<std::uint64_t>::max());
    if (driver.broken()) say("broken");
    --life.busy;
}

/// Copies of the store beside the work, so that kills come while one is written, too.
asio::awaitable<void> back_up(Life& life, std::string path) {
    for (int copy = 1; copy <= 5; ++copy) {
        const auto report = co_await life.store->backup(path + ".copy" + std::to_string(copy));
        if (!report.ok() || !report->failure.empty()) co_return;  // it is being closed
        say("copied");
    }
}

asio::awaitable<void> stop_at_the_end_of_input(Life& life) {
    asio::posix::stream_descriptor input(life.io, ::dup(STDIN_FILENO));
    char byte = 0;
    while (true) {
        const auto [failed, size] =
            co_await input.async_read_some(asio::buffer(&byte, 1), asio::as_tuple(asio::use_awaitable));
        if (failed) break;
    }
    for (const auto& driver : life.drivers) driver->stop();
    while (life.busy > 0) co_await asio::post(life.io, asio::use_awaitable);
    co_await life.store->close();
    say("closed");
    ::_exit(0);
}

}  // namespace

std::vector<std::string> to_arguments(const WorkerOptions& options) {
    return {"worker",
            options.path,
            std::to_string(options.seed),
            std::to_string(options.now_ms),
            std::to_string(options.lanes),
            options.defect};
}

int work(const std::vector<std::string>& arguments) {
    const WorkerOptions options{arguments.at(0), std::stoull(arguments.at(1)), std::stoll(arguments.at(2)),
                                std::stoi(arguments.at(3)), arguments.at(4)};
    Defect defect = Defect::none;
    for (const auto& [name, each] : kDefects) {
        if (name == options.defect) defect = each;
    }
    sqlite::Settings settings = settings_with_ledger(options.path);
    settings.on_loop = false;
    settings.log_pages = {.busy = 60, .idle = 30, .gate = 400};  // a log that is moved often
    Life life(options.now_ms);
    auto opened = SqliteStore::open(life.io.get_executor(), life.clock, settings);
    if (!opened.ok()) {
        std::cerr << opened.error().code << ": " << opened.error().detail << "\n";
        return 2;
    }
    life.store = std::move(opened).value();
    life.slots = static_cast<std::uint64_t>(life.store->epoch()) << 32;
    say("ready");
    asio::co_spawn(life.io, life.store->run(), asio::detached);
    SeededRandom seeds(options.seed);
    for (int lane = 0; lane < options.lanes; ++lane) {
        const Driver::Place place{life.io, *life.store, life.clock, life.report, life.slots, defect};
        life.drivers.push_back(std::make_unique<Driver>(place, "lane" + std::to_string(lane), seeds.next()));
        asio::co_spawn(life.io, drive(life, *life.drivers.back()), asio::detached);
    }
    if (seeds.below(3) == 0) asio::co_spawn(life.io, back_up(life, options.path), asio::detached);
    asio::co_spawn(life.io, stop_at_the_end_of_input(life), asio::detached);
    life.io.run();
    return 0;
}

int mend(const std::string& path) {
    const sqlite::Settings settings = settings_with_ledger(path);
    const auto mended = sqlite::repair({path, settings.migrations, false, "old"});
    if (!mended.ok()) {
        std::cerr << mended.error().code << ": " << mended.error().detail << "\n";
        return 2;
    }
    return mended->kept.empty() ? 3 : 0;
}

bool hear(Judge& judge, const std::string& line) {
    std::istringstream in(line);
    std::string word;
    in >> word;
    if (word == "begun") {
        std::uint64_t slot = 0;
        std::string rest;
        in >> slot;
        std::getline(in >> std::ws, rest);
        judge.begun(slot, op_from(rest));
    } else if (word == "answered") {
        std::uint64_t slot = 0;
        int ok = 0, placed = 0;
        Outcome outcome;
        in >> slot >> ok >> outcome.id >> placed >> outcome.code;
        outcome.ok = ok != 0;
        outcome.placed = static_cast<Placed>(placed);
        judge.answered(slot, outcome);
    } else if (word == "claimed" || word == "unclaimed") {
        std::string lane;
        Claim claim;
        std::int64_t now_ms = 0;
        int from = 0;
        in >> lane >> claim.id >> claim.token >> now_ms;
        if (word == "unclaimed") {
            judge.unclaimed(lane, claim, now_ms);
        } else {
            in >> from;
            judge.claimed(lane, claim, static_cast<JobState>(from), now_ms);
        }
    } else if (word == "passes") {
        std::int64_t now_ms = 0;
        in >> now_ms;
        judge.passes(now_ms);
    } else if (word == "broken") {
        judge.complain("the store failed on a sound disk");
    }
    return word != "closed";
}

}  // namespace spillway::queue::test
