#include "tests/unit/queue/store_fixture.hpp"

#include <stdlib.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <set>

#include "migrations.hpp"

namespace spillway::queue::test {

TempFolder::TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "spillway-queue-XXXXXX").string();
    const char* made = ::mkdtemp(pattern.data());
    SPILLWAY_ASSERT(made != nullptr);
    path_ = made;
}

TempFolder::~TempFolder() {
    std::error_code ignored;  // a folder left behind harms nobody
    std::filesystem::remove_all(path_, ignored);
}

Settings settings_for(const std::string& path) {
    Settings settings;
    settings.path = path;
    // The queue's own tables are enough here, whatever other layers add.
    static const std::vector<std::pair<std::string_view, std::string_view>> queues = [] {
        std::vector<std::pair<std::string_view, std::string_view>> steps;
        const std::set<std::string_view> wanted = {"0001_jobs.sql", "0003_queue_layout.sql", "0006_parked_jobs.sql"};
        for (const auto& step : embedded::migrations) {
            if (wanted.contains(step.first)) steps.push_back(step);
        }
        SPILLWAY_ASSERT(steps.size() == wanted.size());
        return steps;
    }();
    settings.migrations = queues;
    settings.on_loop = true;
    settings.read_limit = Millis{0};
    settings.free_bytes = [] { return std::int64_t{1} << 40; };
    return settings;
}

NewJob a_job(std::string key, std::string body, std::string kind) {
    NewJob job;
    job.lane = "L";
    job.kind = std::move(kind);
    job.key = std::move(key);
    job.body = std::move(body);
    return job;
}

Bench::Bench(Settings settings) : settings_(std::move(settings)) {}
Bench::~Bench() { crash(); }

Result<void> Bench::open() {
    io_ = std::make_unique<boost::asio::io_context>(1);
    clock_ = std::make_unique<spillway::test::SimClock>(*io_, now_);
    auto opened = SqliteStore::open(io_->get_executor(), *clock_, settings_);
    if (!opened.ok()) return opened.error();
    store_ = std::move(opened).value();
    return success();
}

void Bench::crash() {
    if (clock_) now_ = clock_->wall_now();
    store_.reset();
    clock_.reset();
    io_.reset();
}

void Bench::reopen() {
    crash();
    const auto opened = open();
    ASSERT_TRUE(opened.ok()) << opened.error().code << ": " << opened.error().detail;
}

Result<void> Bench::commit(Work work, CommandClass command) {
    auto pending = spillway::test::start(*io_, store_->commit(command, std::move(work)));
    clock_->run_for(Millis{0});
    return pending.take();
}

Enqueued Bench::enqueue(NewJob job) {
    Enqueued enqueued;
    const auto done = commit(
        [&](Transaction& transaction) -> Result<void> {
            const auto result = transaction.enqueue(job);
            if (!result.ok()) return result.error();
            enqueued = result.value();
            return success();
        },
        CommandClass::intake);
    EXPECT_TRUE(done.ok());
    return enqueued;
}

Result<void> Bench::start(Claim claim) {
    return commit([=](Transaction& transaction) { return transaction.start(claim); });
}
Result<void> Bench::settle(Claim claim, Settlement settlement) {
    return commit([=](Transaction& transaction) { return transaction.settle(claim, settlement); });
}
Result<void> Bench::cancel(JobId id) {
    return commit([=](Transaction& transaction) { return transaction.cancel(id); });
}
Result<void> Bench::replay(JobId id) {
    return commit([=](Transaction& transaction) { return transaction.replay(id); });
}

Job Bench::job(JobId id) {
    Job found;
    const auto done = commit([&](Transaction& transaction) -> Result<void> {
        auto result = transaction.get(id);
        if (!result.ok()) return result.error();
        found = std::move(result).value();
        return success();
    });
    EXPECT_TRUE(done.ok());
    return found;
}

std::vector<Step> Bench::history(JobId id) {
    return *read<std::vector<Step>>([id](sqlite::Connection& connection) {
        return Result<std::vector<Step>>(SqliteStore::history(connection, id));
    });
}

std::optional<Claim> Bench::claim_one(const std::string& lane, const std::string& kind) {
    const auto claims = store_->claim(lane, kind, 1);
    if (claims.empty()) return std::nullopt;
    return claims.front();
}

std::int64_t Bench::count(JobState state, const std::string& lane) {
    for (const auto& [each, jobs] : store_->counts(lane).by_state) {
        if (each == state) return jobs;
    }
    return 0;
}

void Bench::pass(Millis span) {
    boost::asio::cancellation_signal stop;
    bool ended = false;
    boost::asio::co_spawn(*io_, store_->run(),
                          boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr) { ended = true; }));
    clock_->run_for(span);
    stop.emit(boost::asio::cancellation_type::terminal);
    clock_->run_for(Millis{0});
    EXPECT_TRUE(ended);
}

}  // namespace spillway::queue::test
