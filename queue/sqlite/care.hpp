#pragma once
// The long readers: backups and checks, one at a time, on a thread and connections of their own. They give way when
// the write-ahead log, which their snapshots keep, reaches its bound.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "queue/sqlite/growing_file.hpp"
#include "queue/sqlite/handover.hpp"
#include "queue/sqlite/log_watch.hpp"
#include "queue/sqlite/sqlite_store.hpp"

namespace spillway::queue::sqlite {

/// Owned through a shared_ptr: what it posts outlives it harmlessly. Its verbs are for the loop thread.
class Care : public std::enable_shared_from_this<Care> {
 public:
    /// `thread` is stopped and joined before this object dies; call `stop` first.
    Care(const Settings& settings, std::shared_ptr<LogWatch> watch, boost::asio::any_io_executor thread,
         boost::asio::any_io_executor loop, Clock& clock);

    boost::asio::awaitable<Result<CheckReport>> check(CheckDepth depth);
    boost::asio::awaitable<Result<BackupReport>> backup(std::string path);
    /// For work of others that may not run beside a check or a backup; `leave` ends it. Errors: conflict/`in_care`.
    Result<void> enter(std::string what);
    void leave() { status_.under_way.clear(); }

    /// Ends what is under way soon, and refuses what comes after.
    void stop() { stopping_ = true; }
    [[nodiscard]] const std::atomic<bool>& stopping() const { return stopping_; }
    RebuildReport& rebuild() { return status_.rebuild ? *status_.rebuild : status_.rebuild.emplace(); }
    void fill(StorageStatus& status) const;

 private:
    CheckReport run_check(CheckDepth depth);
    BackupReport run_backup(const std::string& path);
    std::string room_lacking(const std::string& path) const;
    void check_tables(Connection& connection, CheckReport& report);
    boost::asio::awaitable<Result<void>> on_thread(std::function<void()> work);
    Connection open(std::int64_t log_share);
    bool must_stop() const;
    static int look_up(void* care);

    Settings settings_;
    std::shared_ptr<LogWatch> watch_;
    boost::asio::any_io_executor thread_;
    boost::asio::any_io_executor loop_;
    Clock& clock_;
    std::atomic<bool> stopping_{false};
    std::int64_t log_bytes_max_ = 0;   // care thread: of the work under way
    std::optional<GrowingFile> copy_;  // care thread: of the backup under way
    StorageStatus status_;             // loop thread
};

/// What SQLite says of a database file: nothing, when it is sound. Throws SQLite::Exception when it cannot be read.
std::vector<std::string> integrity_problems(Connection& connection, const char* pragma);

}  // namespace spillway::queue::sqlite
