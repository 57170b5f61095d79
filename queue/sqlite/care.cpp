#include "queue/sqlite/care.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include <boost/asio/post.hpp>
#include <filesystem>

#include "queue/sqlite/statements.hpp"
#include "queue/sqlite/swap.hpp"

namespace spillway::queue::sqlite {

namespace asio = boost::asio;

std::string_view to_string(Room room) {
    switch (room) {
        case Room::ample: return "ample";
        case Room::no_intake: return "no_intake";
        case Room::settles_only: return "settles_only";
    }
    return "";
}

std::string_view to_string(CheckDepth depth) { return depth == CheckDepth::quick ? "quick_check" : "integrity_check"; }

bool only_indexes(const std::vector<std::string>& damage) {
    return !damage.empty() && std::ranges::all_of(damage, [](const std::string& problem) {
        return problem.find(" missing from index ") != std::string::npos ||
               problem.find("wrong # of entries in index ") != std::string::npos;
    });
}

namespace {

Error in_care(const std::string& what) { return {ErrorKind::conflict, "in_care", "a " + what + " is under way"}; }

Millis since(LogWatch::Clock::time_point started) {
    return std::chrono::duration_cast<Millis>(LogWatch::Clock::now() - started);
}

bool is_damage(const SQLite::Exception& exception) {
    const int code = exception.getErrorCode() & 0xff;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

std::vector<std::string> table_names(Connection& connection) {
    std::vector<std::string> names;
    SQLite::Statement tables(connection.database(), "SELECT name FROM sqlite_schema WHERE type = 'table'");
    while (tables.executeStep()) names.push_back(tables.getColumn(0).getString());
    return names;
}

}  // namespace

std::vector<std::string> integrity_problems(Connection& connection, const char* pragma) {
    std::vector<std::string> problems;
    SQLite::Statement check(connection.database(), pragma);
    while (check.executeStep()) {
        std::string line = check.getColumn(0).getString();
        if (line != "ok") problems.push_back(std::move(line));
    }
    return problems;
}

Care::Care(const Settings& settings, std::shared_ptr<LogWatch> watch, asio::any_io_executor thread,
           asio::any_io_executor loop, Clock& clock)
    : settings_(settings),
      watch_(std::move(watch)),
      thread_(std::move(thread)),
      loop_(std::move(loop)),
      clock_(clock) {}

void Care::fill(StorageStatus& status) const {
    status.under_way = status_.under_way;
    status.last_check = status_.last_check;
    status.last_backup = status_.last_backup;
    status.damage = status_.damage;
    status.rebuild = status_.rebuild;
}

Result<void> Care::enter(std::string what) {
    if (stopping_) return Error{ErrorKind::unavailable, "storage_closed", "the store is closed"};
    if (!status_.under_way.empty()) return in_care(status_.under_way);
    status_.under_way = std::move(what);
    return success();
}

bool Care::must_stop() const { return stopping_ || watch_->log_bytes >= log_bytes_max_; }
int Care::look_up(void* care) {
    auto* self = static_cast<Care*>(care);
    if (self->copy_) self->copy_->tend();
    return self->must_stop() ? 1 : 0;
}

/// A connection whose statements end once the log has reached its share of the bound.
Connection Care::open(std::int64_t log_share) {
    constexpr int kBusyMs = 5'000;
    constexpr int kStepsBetweenLooks = 2'000;
    log_bytes_max_ = settings_.log_bytes_max / log_share;
    SQLite::Database database(settings_.path, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX, kBusyMs, settings_.vfs);
    database.exec("PRAGMA temp_store = MEMORY");
    sqlite3_progress_handler(database.getHandle(), kStepsBetweenLooks, &Care::look_up, this);
    return Connection(std::move(database));
}

asio::awaitable<Result<void>> Care::on_thread(std::function<void()> work) {
    auto begin = [this, work = std::move(work)](Answer answer) mutable {
        auto run = [work = std::move(work), answer = std::move(answer), loop = loop_]() mutable {
            work();
            asio::post(loop, [answer = std::move(answer)] { answer(success()); });
        };
        asio::post(thread_, std::move(run));
    };
    auto done = co_await hand_over(loop_, std::move(begin));
    co_return done;
}

asio::awaitable<Result<CheckReport>> Care::check(CheckDepth depth) {
    auto self = shared_from_this();
    auto entered = enter(std::string(to_string(depth)));
    if (!entered.ok()) co_return entered.error();
    auto report = std::make_shared<CheckReport>();
    auto done = co_await on_thread([self, report, depth] { *report = self->run_check(depth); });
    SPILLWAY_ASSERT(done.ok());
    leave();
    report->at = clock_.wall_now();
    status_.last_check = *report;
    if (report->damaged()) status_.damage = report->problems;
    if (report->complete && !report->damaged() && depth == CheckDepth::full) status_.damage.clear();
    co_return *report;
}

CheckReport Care::run_check(CheckDepth depth) {
    CheckReport report;
    report.depth = depth;
    const auto started = LogWatch::Clock::now();
    try {
        Connection connection = open(2);
        if (depth == CheckDepth::quick) {
            check_tables(connection, report);
        } else {
            const LogWatch::Snapshot snapshot = watch_->begin(LogWatch::Length::lengthy);
            report.problems = integrity_problems(connection, "PRAGMA integrity_check");
        }
        report.complete = true;
    } catch (const SQLite::Exception& exception) {
        // A page that cannot even be read is as damaged as one that reads wrong.
        const bool gave_way = exception.getErrorCode() == SQLITE_INTERRUPT;
        if (is_damage(exception) || (!gave_way && (exception.getErrorCode() & 0xff) == SQLITE_IOERR))
            report.problems.emplace_back(exception.what());
    }
    report.took = since(started);
    return report;
}

/// Table by table, each in a snapshot of its own: the log can be used again in between.
void Care::check_tables(Connection& connection, CheckReport& report) {
    for (const std::string& table : table_names(connection)) {
        if (must_stop()) throw SQLite::Exception("stopped", SQLITE_INTERRUPT);
        const LogWatch::Snapshot snapshot = watch_->begin(LogWatch::Length::lengthy);
        const auto found = integrity_problems(connection, ("PRAGMA quick_check(" + quoted_name(table) + ")").c_str());
        report.problems.insert(report.problems.end(), found.begin(), found.end());
    }
}

asio::awaitable<Result<BackupReport>> Care::backup(std::string path) {
    auto self = shared_from_this();
    std::error_code unknown;  // a disk that cannot be asked fails the copy itself
    if (std::filesystem::exists(path, unknown))
        co_return Error{ErrorKind::conflict, "backup_exists", path + " is there already"};
    auto entered = enter("backup");
    if (!entered.ok()) co_return entered.error();
    auto report = std::make_shared<BackupReport>();
    auto done = co_await on_thread([self, report, path] { *report = self->run_backup(path); });
    SPILLWAY_ASSERT(done.ok());
    leave();
    report->at = clock_.wall_now();
    status_.last_backup = *report;
    co_return *report;
}

/// Empty: there is room. A copy on the store's own disk leaves what intake needs: better no backup than no intake.
std::string Care::room_lacking(const std::string& path) const {
    const std::string folder = std::filesystem::absolute(path).parent_path();
    struct stat store{};
    struct stat target{};
    std::error_code failed;
    const auto space = std::filesystem::space(folder, failed);
    if (failed || ::stat(settings_.path.c_str(), &store) != 0 || ::stat(folder.c_str(), &target) != 0) return {};
    const bool shared = store.st_dev == target.st_dev;
    const auto free =
        shared && settings_.free_bytes ? settings_.free_bytes() : static_cast<std::int64_t>(space.available);
    const std::int64_t needed = store.st_size + (shared ? settings_.free_bytes_min_intake : 0);
    if (free >= needed) return {};
    return "the copy needs " + std::to_string(needed >> 20) + " MiB of free disk, " + std::to_string(free >> 20) +
           " MiB are left";
}

BackupReport Care::run_backup(const std::string& path) {
    BackupReport report;
    report.path = path;
    const auto started = LogWatch::Clock::now();
    const std::string partial = path + ".partial";
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);
    report.failure = room_lacking(path);
    if (!report.failure.empty()) return report;
    try {
        {
            Connection connection = open(1);
            copy_.emplace(partial);
            const LogWatch::Snapshot snapshot = watch_->begin(LogWatch::Length::lengthy);
            run(connection, "VACUUM INTO ?1", partial);
        }
        SQLite::Database copy(partial, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX);
        Connection copied(std::move(copy));
        const auto problems = integrity_problems(copied, "PRAGMA quick_check");
        if (!problems.empty()) report.failure = "the copy is damaged: " + problems.front();
    } catch (const SQLite::Exception& exception) {
        report.gave_way = exception.getErrorCode() == SQLITE_INTERRUPT;
        report.failure = report.gave_way ? "it gave way: the write-ahead log reached its bound, or the service stops"
                                         : std::string(exception.what());
    }
    copy_.reset();
    if (report.failure.empty()) {
        std::error_code failed;
        if (sync_file(partial)) std::filesystem::rename(partial, path, failed);
        if (failed || !std::filesystem::exists(path, failed) || !sync_folder_of(path))
            report.failure = "the copy cannot be made durable";
        else
            report.bytes = static_cast<std::int64_t>(std::filesystem::file_size(path, failed));
    }
    if (!report.failure.empty()) std::filesystem::remove(partial, ignored);
    report.took = since(started);
    return report;
}

}  // namespace spillway::queue::sqlite
