#pragma once
// The Store on one SQLite file (WAL, synchronous=FULL). Exactly one connection, on the storage thread, writes and
// checkpoints; read-only connections on a reader thread serve lists. A lock file beside the database keeps a second
// daemon out.

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "queue/sqlite/log_watch.hpp"
#include "queue/sqlite/storage_status.hpp"
#include "queue/store.hpp"
#include "schema/clock.hpp"

namespace spillway::queue::sqlite {

/// A connection with its prepared statements. `sql` must be a string literal or outlive the connection.
class Connection {
 public:
    explicit Connection(SQLite::Database database) : database_(std::move(database)) {}
    SQLite::Database& database() { return database_; }
    /// Prepared once, reset and unbound at each call: finish with one use before asking for the same text again.
    SQLite::Statement& statement(const char* sql);
    /// Ends every statement that was left half read: it would keep a snapshot open and the log from being reset.
    void reset_all();

 private:
    SQLite::Database database_;
    std::unordered_map<const char*, std::unique_ptr<SQLite::Statement>> statements_;
    std::vector<SQLite::Statement*> used_;  // since the last reset of all
};

/// The connection under an open transaction: for rows of other layers that belong to the same commit.
Connection& connection_of(Transaction& transaction);

struct Settings {
    std::string path;     ///< the database file; created when missing
    std::string vfs{};    ///< a SQLite VFS by name, for fault tests; empty: the default
    int crashes_max = 3;  ///< a job that was running at that many crashes is parked as `poison`
    /// Beside the limit of attempts: a job that goes back to the queue so long after its first try is parked as
    /// `too_old`, also when no try counted as an attempt. A newer body of a parked job and a replay begin anew.
    Millis age_max{14ll * 24 * 60 * 60 * 1000};
    std::int64_t free_bytes_min_intake = 512ll << 20;
    std::int64_t free_bytes_min_sends = 256ll << 20;
    std::int64_t ballast_bytes = 0;  ///< kept back for settles when the disk is full; 0: none
    // The write-ahead log: checks give way at half of it, backups at it.
    std::int64_t log_bytes_max = 2ll << 30;
    LogPages log_pages{};
    std::span<const std::pair<std::string_view, std::string_view>>
        migrations;          ///< (file name "0001_x.sql", SQL) in order
    Millis read_limit{250};  ///< how long one read() may take, in real time; 0: no limit
    bool on_loop = false;    ///< storage runs on the loop itself: simulations, where order must follow the seed
    boost::asio::any_io_executor storage{};  ///< with on_loop: how it gets there, in virtual time; empty: at its turn
    std::function<long(const std::string&)> file_system{};  ///< statfs(2)'s number for a folder; empty: ask the system
    std::function<std::int64_t()> free_bytes{};             ///< free space for the database; empty: ask the file system
};

class SqliteStore : public Store {
 public:
    /// Opens, locks, migrates, counts crashes, rebuilds the in-memory index.
    /// Errors (each one clear line for people): conflict/`store_locked`, conflict/`schema_newer`,
    /// invalid/`store_unreadable`, invalid/`store_damaged`, invalid/`network_file_system`, unavailable/`storage_full`.
    static Result<std::unique_ptr<SqliteStore>> open(boost::asio::any_io_executor loop, Clock& clock,
                                                     Settings settings);

    /// Promotes scheduled jobs as they fall due and ends pauses, until cancelled or the store has failed.
    /// Spawn once; join it before the store dies.
    virtual boost::asio::awaitable<void> run() = 0;
    /// What the free space allows; a full disk is noticed, and one that has room again, at each call.
    [[nodiscard]] virtual Room room() const = 0;
    [[nodiscard]] virtual StorageStatus status() const = 0;
    /// Reads the whole file. Errors: conflict/`in_care` while a check, a backup or a rebuild is under way.
    virtual boost::asio::awaitable<Result<CheckReport>> check(CheckDepth depth) = 0;
    /// A consistent copy at `path`, verified and durable, or a report that says why not. Errors: conflict/`in_care`,
    /// conflict/`backup_exists`.
    virtual boost::asio::awaitable<Result<BackupReport>> backup(std::string path) = 0;
    /// Makes every index anew, one at a time. Each takes the writer for itself: whatever else writes waits until it is
    /// through, so `held` is true from the beginning to the end. What was handed in before goes first. Full check
    /// afterwards. Errors: conflict/`in_care`; unavailable as commit's. What one index fails for is in the report.
    virtual boost::asio::awaitable<Result<RebuildReport>> rebuild_indexes() = 0;
    /// Long work has the writer, or will have it in a moment: nothing is to be begun that would have to be settled.
    [[nodiscard]] virtual bool held() const = 0;
    /// How long something has waited for the writer without anything being committed; 0: nothing waits.
    [[nodiscard]] virtual Millis stands_still() const = 0;
    /// Ends checks, backups and rebuilds soon, and refuses what comes after: for a stop, which must not wait for them.
    virtual void end_care() = 0;
    /// Answers what is queued, checkpoints, closes. A later commit gets unavailable/`storage_closed`.
    virtual boost::asio::awaitable<void> close() = 0;

    /// Runs `fn` on the reader thread against a read-only connection with a consistent snapshot.
    /// A statement that takes longer than 250 ms is aborted: unavailable/`read_too_slow`.
    template <class T>
    boost::asio::awaitable<Result<T>> read(std::function<Result<T>(Connection&)> fn) {
        auto out = std::make_shared<Result<T>>();
        auto status =
            co_await read_erased([out, fn = std::move(fn)](Connection& connection) { *out = fn(connection); });
        if (!status.ok()) co_return std::move(status).error();
        co_return std::move(*out);
    }
    /// commit() with a value.
    template <class T>
    boost::asio::awaitable<Result<T>> commit_value(CommandClass command, std::function<Result<T>(Transaction&)> fn) {
        auto out = std::make_shared<Result<T>>();
        Work work = [out, fn = std::move(fn)](Transaction& transaction) -> Result<void> {
            *out = fn(transaction);
            if (!out->ok()) return out->error();
            return success();
        };
        auto status = co_await this->commit(command, std::move(work));
        if (!status.ok()) co_return std::move(status).error();
        co_return std::move(*out);
    }

    /// Jobs by filter, newest change first by keyset: pass the last row's (changed, id) as `after`. At most 200.
    static std::vector<Job> list_jobs(Connection& connection, const JobFilter& filter,
                                      std::optional<std::pair<std::int64_t, JobId>> after, std::size_t limit);
    static std::optional<Job> get_job(Connection& connection, JobId id);
    /// The keys of a lane that jobs wait for, in the order of the keys behind `after`, at most 200.
    static std::vector<BlockedKey> blocked_keys(Connection& connection, const std::string& lane,
                                                const std::string& after, std::size_t limit);
    /// The last transitions of a job, oldest first; its creation is `Job::created`.
    static std::vector<Step> history(Connection& connection, JobId id);
    /// The epoch of this opening; higher at every start.
    [[nodiscard]] virtual std::uint32_t epoch() const = 0;
    /// Lanes that hold open jobs, for the start of the lane drivers.
    [[nodiscard]] virtual std::vector<std::string> lanes() const = 0;

 protected:
    virtual boost::asio::awaitable<Result<void>> read_erased(std::function<void(Connection&)> fn) = 0;
};

}  // namespace spillway::queue::sqlite
