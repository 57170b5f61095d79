#include "queue/sqlite/engine.hpp"

#include <SQLiteCpp/Transaction.h>
#include <sqlite3.h>

#include <map>

#include "schema/simulated.hpp"

namespace spillway::queue::sqlite {

namespace {

const Error kFailed{ErrorKind::unavailable, "storage_failed", "the store has failed and must be opened again"};

/// What keeps one index from being made anew is no reason to give the whole store up, unless nothing written holds.
Error rebuild_error(const SQLite::Exception& exception, const std::string& index) {
    switch (exception.getErrorCode() & 0xff) {
        case SQLITE_INTERRUPT: return {ErrorKind::cancelled, "stopped", "the rebuild was stopped"};
        case SQLITE_CONSTRAINT:
            return {ErrorKind::conflict, "index_contradicted", index + ": its table holds what it forbids"};
        case SQLITE_CORRUPT: return invalid("table_damaged", index + ": its table is damaged too");
        default: return storage_error(exception);
    }
}

}  // namespace

Engine::Engine(Connection connection, Claims& claims, Tokens& tokens, const Settings& settings,
               std::shared_ptr<LogWatch> watch, std::shared_ptr<Space> space)
    : shop_{std::move(connection), claims, tokens, settings.crashes_max, settings.age_max},
      watch_(std::move(watch)),
      space_(std::move(space)),
      log_(std::make_unique<Checkpointer>(shop_.connection.database(), *watch_, settings.log_pages)) {}

void Engine::recover(LaneIndex& index, std::int64_t now_ms) {
    Connection& connection = shop_.connection;
    SQLite::Transaction transaction(connection.database(), SQLite::TransactionBehavior::IMMEDIATE);
    run(connection, "UPDATE epochs SET epoch = epoch + 1 WHERE id = 1");
    SQLite::Statement& stored = connection.statement("SELECT epoch FROM epochs WHERE id = 1");
    if (!stored.executeStep()) throw SQLite::Exception("the store's epoch is gone", SQLITE_CORRUPT);
    const std::int64_t epoch = stored.getColumn(0).getInt64();
    shop_.tokens.begin_epoch(static_cast<std::uint32_t>(epoch));
    // Whatever had started when the process ended may have had its effect: it stays unknown until someone resolves it.
    run(connection,
        "INSERT INTO job_history (job_id, step, at_ms, from_state, to_state, cause, attempt) SELECT id, steps, ?1, 4, "
        "4, 'process_ended', attempts FROM jobs INDEXED BY jobs_changed WHERE state = 4 AND started_epoch IS NOT NULL",
        now_ms);
    run(connection,
        "UPDATE jobs SET crashes = crashes + 1, steps = steps + 1, started_epoch = NULL, changed_ms = ?1 WHERE id IN "
        "(SELECT id FROM jobs INDEXED BY jobs_changed WHERE state = 4 AND started_epoch IS NOT NULL)",
        now_ms);
    const std::vector<JobId> follow_ups = load(index);
    Effects effects;
    SqliteTransaction folding(shop_, effects, now_ms);
    for (const JobId id : follow_ups) folding.fold_into_main(id);  // the claims that made them follow-ups are gone
    write_counts(effects);
    for (const Change& change : effects.changes) index.apply(change);
    shop_.claims.release(effects.held);
    connection.reset_all();
    transaction.commit();
}

std::vector<JobId> Engine::load(LaneIndex& index) {
    Connection& connection = shop_.connection;
    for (const auto what : {Interned::What::lane, Interned::What::kind}) {
        SQLite::Statement& names = connection.statement(what == Interned::What::lane ? "SELECT id, name FROM lanes"
                                                                                     : "SELECT id, name FROM kinds");
        while (names.executeStep()) {
            const Interned name{what, names.getColumn(0).getInt64(), names.getColumn(1).getString()};
            shop_.names.load(name);
            index.learn(name);
        }
        names.reset();
    }
    SQLite::Statement& counts = connection.statement("SELECT lane_id, state, jobs FROM lane_counts");
    while (counts.executeStep()) {
        index.load_count(counts.getColumn(0).getInt64(), static_cast<JobState>(counts.getColumn(1).getInt()),
                         counts.getColumn(2).getInt64());
    }
    SQLite::Statement& holds = connection.statement("SELECT lane_id, kind_id, reason, since_ms, until_ms FROM holds");
    while (holds.executeStep()) {
        LanePause pause{holds.getColumn(2).getString(), std::nullopt};
        if (!holds.getColumn(4).isNull()) pause.until = from_ms(holds.getColumn(4).getInt64());
        const HoldScope scope{holds.getColumn(0).getInt64(), holds.getColumn(1).getInt64()};
        index.apply(HoldChange{scope, std::move(pause), holds.getColumn(3).getInt64()});
    }
    SQLite::Statement& jobs = connection.statement(
        "SELECT lane_id, id, kind_id, priority, state, run_at_ms, follow_up FROM jobs INDEXED BY jobs_open WHERE open "
        "= 1");
    std::vector<JobId> follow_ups;
    while (jobs.executeStep()) {
        if (jobs.getColumn(6).getInt() != 0) {
            follow_ups.push_back(jobs.getColumn(1).getInt64());
            continue;
        }
        const Place place{static_cast<JobState>(jobs.getColumn(4).getInt()),
                          static_cast<Priority>(jobs.getColumn(3).getInt()), false, jobs.getColumn(2).getInt64(),
                          jobs.getColumn(5).getInt64()};
        index.load(jobs.getColumn(0).getInt64(), jobs.getColumn(1).getInt64(), place);
    }
    jobs.reset();
    return follow_ups;
}

GroupOutcome Engine::run_group(const std::vector<Command>& commands) {
    GroupOutcome outcome;
    if (failed_) {
        fail_all(outcome, commands.size(), kFailed);
        return outcome;
    }
    const std::optional<Error> intake_refusal = no_space_for_intake();
    try {
        run(shop_.connection, "BEGIN IMMEDIATE");
        // A savepoint has SQLite copy every page that its command touches. Mostly none is needed: commands succeed, or
        // fail before they write.
        if (!run_commands(commands, outcome, intake_refusal, /*savepoints=*/false)) {
            run(shop_.connection, "ROLLBACK");
            forget_from(Mark{}, outcome.effects);
            outcome.results.clear();
            run(shop_.connection, "BEGIN IMMEDIATE");
            run_commands(commands, outcome, intake_refusal, /*savepoints=*/true);
        }
        write_counts(outcome.effects);
        shop_.connection.reset_all();
        run(shop_.connection, "COMMIT");
        outcome.effects.names = shop_.names.take_fresh();
    } catch (const SQLite::Exception& exception) {
        fail_all(outcome, commands.size(), storage_error(exception));
        if (SPILLWAY_DEFECT("failed_commit_acknowledged")) outcome.results.assign(commands.size(), success());
    }
    return outcome;
}

/// @return false when, without savepoints, a command wrote before it failed: it cannot be rolled back alone.
bool Engine::run_commands(const std::vector<Command>& commands, GroupOutcome& outcome,
                          const std::optional<Error>& intake_refusal, bool savepoints) {
    for (const Command& command : commands) {
        if (intake_refusal && command.command_class == CommandClass::intake) {
            outcome.results.emplace_back(*intake_refusal);
            continue;
        }
        const Mark begin = mark(outcome.effects);
        if (savepoints) run(shop_.connection, "SAVEPOINT command");
        Result<void> result = attempt(command, outcome.effects);
        shop_.connection.reset_all();
        if (!result.ok()) {
            // SQLite gives up the whole transaction for some errors; then nobody of the group can be answered with
            // success.
            if (!in_transaction()) {
                const bool full = result.error().code == "storage_full";
                throw SQLite::Exception("the transaction was rolled back", full ? SQLITE_FULL : SQLITE_IOERR);
            }
            if (!savepoints && mark(outcome.effects).rows_written != begin.rows_written) return false;
            if (savepoints) run(shop_.connection, "ROLLBACK TO command");
            forget_from(begin, outcome.effects);
        }
        if (savepoints) run(shop_.connection, "RELEASE command");
        outcome.results.push_back(std::move(result));
    }
    return true;
}

Engine::Mark Engine::mark(const Effects& effects) {
    return {effects.changes.size(), effects.holds.size(), shop_.names.mark(),
            sqlite3_total_changes64(shop_.connection.database().getHandle())};
}

/// What commands did after the mark is rolled back. Jobs that they held stay held until the group's outcome is told.
void Engine::forget_from(const Mark& mark, Effects& effects) {
    effects.changes.resize(mark.changes);
    effects.holds.resize(mark.holds);
    shop_.names.forget_from(mark.names);
}

Result<void> Engine::attempt(const Command& command, Effects& effects) {
    SqliteTransaction transaction(shop_, effects, command.now_ms);
    try {
        return command.work(transaction);
    } catch (const SQLite::Exception& exception) {
        Error error = storage_error(exception);
        if (error.code == "storage_failed") throw;  // a sick disk or file: the group goes down with it
        return error;
    } catch (const std::exception& exception) {
        return Error{ErrorKind::bug, "work_threw", exception.what()};
    }
}

void Engine::write_counts(const Effects& effects) {
    std::map<std::pair<std::int64_t, JobState>, std::int64_t> deltas;
    for (const Change& change : effects.changes) {
        if (change.before) --deltas[{change.lane, change.before->state}];
        ++deltas[{change.lane, change.after.state}];
    }
    for (const auto& [where, delta] : deltas) {
        if (delta == 0) continue;
        const auto state = static_cast<std::int64_t>(where.second);
        if (bound(shop_.connection, "UPDATE lane_counts SET jobs = jobs + ?3 WHERE lane_id = ?1 AND state = ?2",
                  where.first, state, delta)
                .exec() == 0)
            run(shop_.connection, "INSERT INTO lane_counts (lane_id, state, jobs) VALUES (?1, ?2, ?3)", where.first,
                state, delta);
    }
}

void Engine::fail_all(GroupOutcome& outcome, std::size_t commands, const Error& error) {
    // Full and busy leave the store as it was. After any other error, a failed sync above all, what the file holds is
    // not known.
    if (error.code != "storage_full" && error.code != "storage_busy") failed_ = true;
    if (error.code == "storage_full") space_->release();
    const Error& told = failed_ ? kFailed : error;
    outcome.failed = failed_;
    outcome.results.clear();
    for (std::size_t at = 0; at < commands; ++at) outcome.results.emplace_back(told);
    outcome.effects.names.clear();
    forget_from(Mark{}, outcome.effects);
    roll_back();
}

std::optional<Error> Engine::no_space_for_intake() {
    space_->tend();
    if (space_->room() == Room::ample) return std::nullopt;
    Error error{ErrorKind::unavailable, "storage_full", "too little disk space is left to take in more"};
    error.retry_after = std::chrono::seconds(30);
    return error;
}

Result<void> Engine::rebuild(const std::string& index, const std::atomic<bool>& stop) {
    constexpr int kStepsBetweenLooks = 10'000;
    if (failed_) return kFailed;
    if (auto refused = no_space_for_intake()) return *std::move(refused);
    sqlite3* database = shop_.connection.database().getHandle();
    const auto stopped = [](void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0; };
    Result<void> result = success();
    sqlite3_progress_handler(database, kStepsBetweenLooks, stopped, const_cast<std::atomic<bool>*>(&stop));
    try {
        run(shop_.connection, "BEGIN IMMEDIATE");
        shop_.connection.database().exec("REINDEX " + quoted_name(index));
        run(shop_.connection, "COMMIT");
    } catch (const SQLite::Exception& exception) {
        result = rebuild_error(exception, index);
        if (result.error().code == "storage_failed") failed_ = true;
        if (result.error().code == "storage_full") space_->release();
        roll_back();
    }
    sqlite3_progress_handler(database, 0, nullptr, nullptr);
    return result;
}

bool Engine::in_transaction() { return sqlite3_get_autocommit(shop_.connection.database().getHandle()) == 0; }

void Engine::roll_back() {
    shop_.connection.reset_all();
    if (in_transaction()) shop_.connection.database().tryExec("ROLLBACK");
}

bool Engine::tend(bool idle) {
    if (failed_) return false;
    try {
        shop_.connection.reset_all();
        log_->tend(idle);
    } catch (const SQLite::Exception&) {
        failed_ = true;
    }
    return !failed_;
}

void Engine::checkpoint() {
    shop_.connection.reset_all();
    if (!failed_) shop_.connection.database().tryExec("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace spillway::queue::sqlite
