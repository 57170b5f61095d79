#include "services/spillwayd/nightly.hpp"

#include <algorithm>
#include <filesystem>

#include "queue/sqlite/schedules.hpp"
#include "schema/date.hpp"
#include "schema/runtime/log.hpp"
#include "schema/runtime/run_on.hpp"
#include "schema/runtime/task_group.hpp"
#include "services/spillwayd/storage_care.hpp"

namespace spillway::daemon {

namespace asio = boost::asio;
using queue::Settlement;

namespace {

constexpr const char* kLane = "storage";
constexpr const char* kCheck = "storage.check";
constexpr const char* kFullCheck = "storage.check_full";
constexpr const char* kBackup = "storage.backup";
constexpr const char* kRetention = "storage.retention";
constexpr const char* kKinds[] = {kCheck, kBackup, kRetention, kFullCheck};
constexpr Millis kLook{60'000};  ///< between two looks at the schedules: also how soon a set clock is noticed
constexpr Millis kAgain = std::chrono::minutes(10);  ///< when something else was under way, or the log grew too long
/// A full check that gave way would keep the log long again and again.
constexpr Millis kFullAgain = std::chrono::hours(1);
constexpr Millis kFullEvery = std::chrono::days(7);
constexpr std::string_view kName = "nightly-";

bool is_wanted(std::string_view kind, const NightlySettings& settings, const RetentionDays& keep) {
    if (kind == kBackup) return settings.backups > 0;
    if (kind == kRetention) return keep.jobs > 0 || keep.audit > 0;
    return true;
}

queue::Schedule schedule_of(const char* kind, const NightlySettings& settings) {
    queue::Schedule schedule;
    schedule.name = schedule.kind = kind;
    if (kind == std::string_view(kFullCheck))
        schedule.every = kFullEvery;
    else
        schedule.daily_at = settings.at;
    schedule.catch_up = queue::CatchUp::one;
    schedule.lane = kLane;
    schedule.priority = queue::Priority::bulk;
    return schedule;
}

/// "nightly-2026-11-25T023000Z.db": in the order of time when sorted by name.
std::string backup_name(WallTime now) {
    std::string time = format_utc(now).substr(0, 19) + "Z";
    std::erase(time, ':');
    return std::string(kName) + time + ".db";
}

/// The files of earlier nights, sorted; other files of the folder are not ours.
std::vector<std::string> files_ending(const std::string& folder, std::string_view ending) {
    namespace fs = std::filesystem;
    std::vector<std::string> names;
    std::error_code failed;
    for (fs::directory_iterator file(folder, failed), end; !failed && file != end; file.increment(failed)) {
        const std::string name = file->path().filename().string();
        if (name.starts_with(kName) && name.ends_with(ending)) names.push_back(name);
    }
    if (failed) log_warn("backups_not_listed", {{"detail", failed.message()}});
    std::sort(names.begin(), names.end());
    return names;
}

void remove_file(const std::string& folder, const std::string& name) {
    std::error_code failed;
    std::filesystem::remove(std::filesystem::path(folder) / name, failed);
    if (failed) log_warn("old_backup_kept", {{"file", name}, {"detail", failed.message()}});
}

/// What a process that died in a backup left: as big as a backup, and of no use.
void remove_unfinished(const std::string& folder) {
    for (const char* ending : {".db.partial", ".db.partial-journal"})
        for (const std::string& name : files_ending(folder, ending)) remove_file(folder, name);
}

/// All but the newest `keep`. Where the clock was set back, `written` is not the newest by its name, and stays.
void remove_old_backups(const std::string& folder, std::size_t keep, const std::string& written) {
    auto names = files_ending(folder, ".db");
    std::erase(names, written);
    for (std::size_t at = 0; at + keep < names.size() + 1; ++at) remove_file(folder, names[at]);
}

}  // namespace

Settlement Nightly::again_after(Millis pause) const { return Settlement::again(parts_.clock.wall_now() + pause); }

asio::awaitable<void> Nightly::run() {
    auto ready = co_await define();
    while (true) {
        const bool stop = co_await stop_requested();
        if (stop) co_return;
        if (ready.ok()) ready = co_await run_due();
        // The disk may be full: the next look tries again.
        if (ready.ok())
            co_await work_off();
        else
            ready = co_await define();
        const bool slept = co_await parts_.clock.sleep_for(kLook);
        if (!slept) co_return;
    }
}

asio::awaitable<Result<void>> Nightly::define() {
    queue::Work work = [settings = parts_.settings, keep = parts_.keep,
                        now = parts_.clock.wall_now()](queue::Transaction& transaction) -> Result<void> {
        for (const char* kind : kKinds) {
            if (is_wanted(kind, settings, keep)) {
                auto defined = queue::sqlite::define_schedule(transaction, schedule_of(kind, settings), now);
                if (!defined.ok()) return defined;
                continue;
            }
            auto removed = queue::sqlite::remove_schedule(transaction, kind);
            if (!removed.ok()) return std::move(removed).error();
        }
        return success();
    };
    auto defined = co_await parts_.store.commit(queue::CommandClass::intake, std::move(work));
    co_return defined;
}

asio::awaitable<Result<void>> Nightly::run_due() {
    using Rows = std::vector<queue::sqlite::ScheduleRow>;
    std::function<Result<Rows>(queue::sqlite::Connection&)> look = [](queue::sqlite::Connection& connection) {
        return Result<Rows>(queue::sqlite::list_schedules(connection));
    };
    const auto rows = co_await parts_.store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return rows.error();
    const WallTime now = parts_.clock.wall_now();
    const bool due = std::ranges::any_of(*rows, [now](const queue::sqlite::ScheduleRow& row) {
        return row.next <= now || row.next - now > queue::period_of(row.schedule);  // or the clock was set back
    });
    if (!due) co_return success();
    queue::Work work = [now](queue::Transaction& transaction) -> Result<void> {
        auto done = queue::sqlite::run_schedules(transaction, now);
        if (!done.ok()) return std::move(done).error();
        return success();
    };
    auto ran = co_await parts_.store.commit(queue::CommandClass::intake, std::move(work));
    co_return ran;
}

asio::awaitable<void> Nightly::work_off() {
    for (const char* kind : kKinds) {
        const auto claims = parts_.store.claim(kLane, kind, 1);
        if (claims.empty()) continue;
        auto settlement = co_await carry_out(kind);
        const bool stop = co_await stop_requested();
        if (stop) co_return;  // claims are memory: the next start takes the job up again
        queue::Work work = [claim = claims.front(), settlement](queue::Transaction& transaction) {
            return transaction.settle(claim, settlement);
        };
        const auto settled = co_await parts_.store.commit(queue::CommandClass::settle, std::move(work));
        if (settled.ok()) continue;
        log_warn("care_not_settled", {{"kind", kind}, {"code", settled.error().code}});
        parts_.store.unclaim(kLane, claims);
    }
}

asio::awaitable<Settlement> Nightly::carry_out(std::string kind) {
    using queue::sqlite::CheckDepth;
    // What was found is in the store's status.
    if (kind == kCheck || kind == kFullCheck) {
        const bool full = kind == kFullCheck;
        const bool checked = co_await check_store(parts_.store, full ? CheckDepth::full : CheckDepth::quick);
        co_return checked ? Settlement::applied(0) : again_after(full ? kFullAgain : kAgain);
    }
    if (kind == kBackup) co_return co_await back_up();
    co_await sweep(parts_.store, parts_.clock, parts_.keep);
    co_return Settlement::applied(0);
}

asio::awaitable<Settlement> Nightly::back_up() {
    const std::string folder = parts_.backup_dir;
    auto clear = [folder] { remove_unfinished(folder); };
    co_await run_on(parts_.blocking, std::move(clear));
    const std::string name = backup_name(parts_.clock.wall_now());
    const auto report = co_await parts_.store.backup(folder + "/" + name);
    if (!report.ok()) co_return again_after(kAgain);  // a check or another backup is under way
    if (report->gave_way) co_return again_after(kAgain);
    if (!report->failure.empty()) {
        log_error("backup_failed", {{"detail", report->failure}});
        co_return Settlement::parked("backup_failed", report->failure,
                                     "Look at the disk of the backups; the next night tries again");
    }
    log_info("backup_done", {{"dur_ms", report->took}, {"bytes", report->bytes}});
    auto tidy = [folder, name, keep = static_cast<std::size_t>(parts_.settings.backups)] {
        remove_old_backups(folder, keep, name);
    };
    co_await run_on(parts_.blocking, std::move(tidy));
    co_return Settlement::applied(0);
}

}  // namespace spillway::daemon
