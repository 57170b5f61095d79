#include "queue/sqlite/sqlite_store.hpp"

#include <sqlite3.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>

#include "queue/sqlite/care.hpp"
#include "queue/sqlite/file_system.hpp"
#include "queue/sqlite/lock_file.hpp"
#include "queue/sqlite/reader.hpp"
#include "queue/sqlite/swap.hpp"
#include "queue/sqlite/writer.hpp"
#include "schema/runtime/with_deadline.hpp"

namespace spillway::queue::sqlite {

namespace asio = boost::asio;

namespace {

/// All that lives on the loop. Outcomes on their way may outlive the store, so they share it.
struct LoopSide {
    explicit LoopSide(const asio::any_io_executor& loop) : wake(loop) {
        wake.expires_at(asio::steady_timer::time_point::max());
    }

    Claims claims;
    Tokens tokens;
    LaneIndex index{claims, tokens};
    std::function<void(const std::string&)> listener;
    asio::steady_timer wake;  ///< never fires: cancelled when there may be something new to wait for
    bool failed = false;

    /// Order matters: the index first, then the holds end, and only then may anyone claim or be resumed.
    void deliver(GroupOutcome& outcome) {
        const auto due_before = index.next_due();
        for (const Interned& name : outcome.effects.names) index.learn(name);
        for (const Change& change : outcome.effects.changes) index.apply(change);
        for (HoldChange& hold : outcome.effects.holds) index.apply(std::move(hold));
        claims.release(outcome.effects.held);
        if (!outcome.failed) {
            for (const std::int64_t lane : outcome.effects.touched) index.touch(lane);
        }
        failed = failed || outcome.failed;
        if (failed || index.has_folds() || index.next_due() != due_before) wake.cancel();
        for (const std::string& lane : index.take_ready()) {
            if (listener) listener(lane);
        }
    }
};

class SqliteStoreImpl final : public SqliteStore {
 public:
    struct Parts {
        asio::any_io_executor loop;
        std::shared_ptr<LoopSide> side;
        LockFile lock;
        std::shared_ptr<LogWatch> watch;
        std::shared_ptr<Space> space;
        std::unique_ptr<Engine> engine;
    };

    SqliteStoreImpl(Parts parts, Clock& clock, const Settings& settings)
        : loop_(parts.loop),
          clock_(clock),
          side_(std::move(parts.side)),
          lock_(std::move(parts.lock)),
          watch_(std::move(parts.watch)),
          space_(std::move(parts.space)),
          log_bytes_max_(settings.log_bytes_max),
          storage_threads_(settings.on_loop ? 0 : 1),
          reader_threads_(settings.on_loop ? 0 : 1),
          care_threads_(settings.on_loop ? 0 : 1),
          writer_(std::make_shared<Writer>(std::move(parts.engine), executor_of(settings, storage_threads_), loop_,
                                           [side = side_](GroupOutcome& outcome) { side->deliver(outcome); })),
          reader_(std::make_shared<Reader>(settings, watch_, executor_of(settings, reader_threads_), loop_)),
          care_(std::make_shared<Care>(settings, watch_, executor_of(settings, care_threads_), loop_, clock_)) {}

    ~SqliteStoreImpl() override {
        care_->stop();
        for (asio::thread_pool* pool : {&storage_threads_, &reader_threads_, &care_threads_}) {
            pool->stop();
            pool->join();
        }
    }

    asio::awaitable<Result<void>> commit(CommandClass command_class, Work work) override {
        if (closing_) co_return Error{ErrorKind::unavailable, "storage_closed", "the store is closed"};
        Command command{command_class, std::move(work), to_ms(clock_.wall_now())};
        auto begin = [this, command = std::move(command)](Answer answer) mutable {
            writer_->push(std::move(command), std::move(answer));
        };
        if (waiting_++ == 0) moved_ = clock_.steady_now();
        auto result = co_await hand_over(loop_, std::move(begin));
        --waiting_;
        moved_ = clock_.steady_now();
        co_return result;
    }

    asio::awaitable<Result<void>> read_erased(std::function<void(Connection&)> fn) override {
        if (closing_) co_return Error{ErrorKind::unavailable, "storage_closed", "the store is closed"};
        auto begin = [this, fn = std::move(fn)](Answer answer) mutable {
            reader_->push(std::move(fn), std::move(answer));
        };
        auto result = co_await hand_over(loop_, std::move(begin));
        co_return result;
    }

    asio::awaitable<void> run() override;

    asio::awaitable<void> close() override {
        if (std::exchange(closing_, true)) co_return;
        care_->stop();
        auto close_reader = [this](Answer answer) { reader_->close(std::move(answer)); };
        const auto reader_closed = co_await hand_over(loop_, close_reader);
        auto close_writer = [this](Answer answer) { writer_->close(std::move(answer)); };
        const auto writer_closed = co_await hand_over(loop_, close_writer);
        SPILLWAY_ASSERT(reader_closed.ok() && writer_closed.ok());
        lock_.reset();
        side_->wake.cancel();
    }

    std::optional<std::string> next_kind(const std::string& lane) override {
        return side_->index.next_kind(lane, clock_.wall_now());
    }
    std::optional<Priority> most_urgent(const std::string& lane) override {
        return side_->index.most_urgent(lane, clock_.wall_now());
    }
    std::vector<JobId> running() override { return side_->index.running(); }
    std::vector<Claim> claim(const std::string& lane, const std::string& kind, std::size_t limit) override {
        return side_->index.claim(lane, kind, limit, clock_.wall_now());
    }
    std::optional<Claim> claim_unknown(const std::string& lane, JobId id) override {
        return side_->index.claim_unknown(lane, id);
    }
    void unclaim(const std::string&, const std::vector<Claim>& claims) override {
        side_->index.unclaim(claims);
        if (side_->index.has_folds()) side_->wake.cancel();
    }
    LaneCounts counts(const std::string& lane) override { return side_->index.counts(lane); }
    std::optional<LanePause> lane_pause(const std::string& lane) override {
        return side_->index.pause(lane, clock_.wall_now());
    }
    std::vector<Hold> holds() override { return side_->index.holds(clock_.wall_now()); }
    bool claimed(JobId id) override { return side_->index.claimed(id); }
    std::int64_t ahead(const std::string& lane, Priority priority, JobId id) override {
        return side_->index.ahead(lane, priority, id);
    }
    void on_ready(std::function<void(const std::string&)> listener) override { side_->listener = std::move(listener); }
    Room room() const override { return space_->room(); }
    StorageStatus status() const override;
    asio::awaitable<Result<CheckReport>> check(CheckDepth depth) override {
        auto report = co_await care_->check(depth);
        co_return report;
    }
    asio::awaitable<Result<BackupReport>> backup(std::string path) override {
        auto report = co_await care_->backup(std::move(path));
        co_return report;
    }
    asio::awaitable<Result<RebuildReport>> rebuild_indexes() override;
    bool held() const override { return held_; }
    Millis stands_still() const override { return waiting_ > 0 ? clock_.steady_now() - moved_ : Millis{0}; }
    void end_care() override { care_->stop(); }
    std::uint32_t epoch() const override { return side_->tokens.epoch(); }
    std::vector<std::string> lanes() const override { return side_->index.lanes(); }

 private:
    asio::awaitable<void> sleep_until_due();
    asio::awaitable<Result<std::vector<std::string>>> index_names();
    asio::awaitable<Result<void>> rebuild_all(RebuildReport& report);
    asio::any_io_executor executor_of(const Settings& settings, asio::thread_pool& threads) const {
        if (!settings.on_loop) return threads.get_executor();
        return settings.storage ? settings.storage : loop_;
    }

    asio::any_io_executor loop_;
    Clock& clock_;
    std::shared_ptr<LoopSide> side_;
    std::optional<LockFile> lock_;
    std::shared_ptr<LogWatch> watch_;
    std::shared_ptr<Space> space_;
    std::int64_t log_bytes_max_;
    asio::thread_pool storage_threads_;
    asio::thread_pool reader_threads_;
    asio::thread_pool care_threads_;
    std::shared_ptr<Writer> writer_;
    std::shared_ptr<Reader> reader_;
    std::shared_ptr<Care> care_;
    bool closing_ = false;
    bool held_ = false;
    std::size_t waiting_ = 0;  ///< commits that are not answered
    SteadyTime moved_{};       ///< when the first of them came, or the last one was answered
};

StorageStatus SqliteStoreImpl::status() const {
    StorageStatus status;
    status.log_bytes = watch_->log_bytes;
    status.log_bytes_peak = watch_->log_bytes_peak;
    status.log_bytes_max = log_bytes_max_;
    status.checkpoints = watch_->checkpoints;
    status.checkpoint_us_max = watch_->checkpoint_us_max;
    status.oldest_snapshot = watch_->oldest();
    status.left_open = watch_->left_open;
    status.free_bytes = space_->free_bytes();
    status.room = space_->room();
    care_->fill(status);
    return status;
}

asio::awaitable<Result<std::vector<std::string>>> SqliteStoreImpl::index_names() {
    std::function<Result<std::vector<std::string>>(Connection&)> look = [](Connection& connection) {
        std::vector<std::string> names;
        SQLite::Statement& indexes =
            connection.statement("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name");
        while (indexes.executeStep()) names.push_back(indexes.getColumn(0).getString());
        return Result<std::vector<std::string>>(std::move(names));
    };
    auto names = co_await read(std::move(look));
    co_return names;
}

asio::awaitable<Result<void>> SqliteStoreImpl::rebuild_all(RebuildReport& report) {
    // Intake goes behind settles, so that behind this one nobody is left who came before `held` was seen.
    Work nothing = [](Transaction&) { return success(); };
    auto behind_all = co_await commit(CommandClass::intake, std::move(nothing));
    if (!behind_all.ok()) co_return behind_all;
    const auto names = co_await index_names();
    if (!names.ok()) co_return names.error();
    report.total = static_cast<std::int64_t>(names->size());
    for (const std::string& name : *names) {
        report.index = name;
        auto begin = [this, name](Answer answer) {
            writer_->run_alone([name, care = care_](Engine& engine) { return engine.rebuild(name, care->stopping()); },
                               std::move(answer));
        };
        auto rebuilt = co_await hand_over(loop_, std::move(begin));
        if (!rebuilt.ok() && rebuilt.error().kind == ErrorKind::cancelled) co_return success();
        if (!rebuilt.ok() && rebuilt.error().kind == ErrorKind::unavailable) co_return rebuilt;
        if (rebuilt.ok())
            ++report.done;
        else
            report.problems.push_back(rebuilt.error().detail);
    }
    report.complete = true;
    co_return success();
}

asio::awaitable<Result<RebuildReport>> SqliteStoreImpl::rebuild_indexes() {
    auto entered = care_->enter("reindex");
    if (!entered.ok()) co_return entered.error();
    held_ = true;
    RebuildReport& report = care_->rebuild();
    report = {};
    report.at = clock_.wall_now();
    const SteadyTime started = clock_.steady_now();
    const auto ended = co_await rebuild_all(report);
    report.index.clear();
    report.took = clock_.steady_now() - started;
    if (!ended.ok()) report.problems.push_back(ended.error().detail);
    held_ = false;
    care_->leave();
    co_return report;
}

SqliteTransaction& internal(Transaction& transaction) { return static_cast<SqliteTransaction&>(transaction); }

asio::awaitable<void> SqliteStoreImpl::run() {
    constexpr std::size_t kPromotedAtOnce = 500;
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!closing_ && !side_->failed) {
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) co_return;
        const WallTime now = clock_.wall_now();
        std::vector<JobId> due = side_->index.due(now, kPromotedAtOnce);
        std::vector<HoldScope> holds = side_->index.ended_holds(now);
        std::vector<JobId> folds = side_->index.take_folds();
        if (due.empty() && holds.empty() && folds.empty()) {
            co_await sleep_until_due();
            continue;
        }
        Work work = [due = std::move(due), holds = std::move(holds),
                     folds = std::move(folds)](Transaction& transaction) {
            for (const JobId id : due) internal(transaction).promote(id);
            for (const JobId id : folds) internal(transaction).fold_idle(id);
            for (const HoldScope scope : holds) internal(transaction).end_hold(scope);
            return success();
        };
        const auto promoted = co_await commit(CommandClass::settle, std::move(work));
        if (!promoted.ok()) co_await clock_.sleep_for(std::chrono::seconds(1));  // the disk may be full: no busy loop
    }
}

asio::awaitable<bool> woken(asio::steady_timer& timer) {
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return true;
}

asio::awaitable<void> SqliteStoreImpl::sleep_until_due() {
    // Waits are in wall time, sleeps in steady time: a bound on one sleep lets a clock that was set be noticed.
    constexpr Millis kSleepMax = std::chrono::minutes(1);
    Millis left = kSleepMax;
    if (const auto next = side_->index.next_due())
        left = std::min(left, std::max(*next - clock_.wall_now(), Millis{1}));
    auto wake = woken(side_->wake);
    const auto in_time = co_await with_deadline(clock_, clock_.steady_now() + left, std::move(wake));
    static_cast<void>(in_time);
}

Error open_error(const SQLite::Exception& exception, const std::string& path) {
    Error error = storage_error(exception);
    if (error.code == "storage_full" || error.code == "storage_busy") return error;
    const int code = exception.getErrorCode() & 0xff;
    if (code == SQLITE_CORRUPT)
        return invalid("store_damaged", path + " is damaged (" + exception.what() + "): run `spillway repair --state " +
                                            std::filesystem::path(path).parent_path().string() + "`");
    return invalid("store_unreadable", "cannot open " + path + ": " + exception.what());
}

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(asio::any_io_executor loop, Clock& clock, Settings settings) {
    const std::string folder = std::filesystem::path(settings.path).parent_path().string();
    const long type = settings.file_system ? settings.file_system(folder) : file_system_of(folder);
    if (const auto network = network_file_system(type))
        return invalid("network_file_system", settings.path + " lies on " + std::string(*network) +
                                                  ": the database needs a disk of this machine");
    auto lock = LockFile::acquire(settings.path + ".lock");
    if (!lock.ok()) return std::move(lock).error();
    auto swapped = finish_swap(settings.path);  // a repair that a crash has cut short
    if (!swapped.ok()) return swapped.error();
    try {
        Connection connection = open_connection(settings, /*writes=*/true);
        const auto migrated = migrate(connection, settings);
        if (!migrated.ok()) return migrated.error();
        auto side = std::make_shared<LoopSide>(loop);
        auto watch = std::make_shared<LogWatch>();
        auto space = std::make_shared<Space>(settings.path,
                                             SpaceLimits{settings.free_bytes_min_intake, settings.free_bytes_min_sends,
                                                         settings.ballast_bytes, settings.free_bytes});
        auto engine =
            std::make_unique<Engine>(std::move(connection), side->claims, side->tokens, settings, watch, space);
        engine->recover(side->index, to_ms(clock.wall_now()));
        SqliteStoreImpl::Parts parts{
            loop, std::move(side), std::move(lock).value(), std::move(watch), std::move(space), std::move(engine)};
        return std::unique_ptr<SqliteStore>(std::make_unique<SqliteStoreImpl>(std::move(parts), clock, settings));
    } catch (const SQLite::Exception& exception) {
        return open_error(exception, settings.path);
    }
}

}  // namespace spillway::queue::sqlite
