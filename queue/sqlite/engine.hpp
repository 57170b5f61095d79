#pragma once
// Group commit: everything that has gathered becomes one transaction, and a command that fails is rolled back alone.
// Storage thread only.

#include <atomic>

#include "queue/sqlite/checkpoint.hpp"
#include "queue/sqlite/space.hpp"
#include "queue/sqlite/transaction.hpp"

namespace spillway::queue::sqlite {

struct Command {
    CommandClass command_class = CommandClass::intake;
    Work work;
    std::int64_t now_ms = 0;  ///< the wall clock when it was handed over: clocks are read on the loop only
};

/// What a group's commit has to tell the loop.
struct GroupOutcome {
    std::vector<Result<void>> results;  ///< one per command
    Effects effects;                    ///< without changes when nothing was committed
    bool failed = false;                ///< the store may not be used any more
};

class Engine {
 public:
    Engine(Connection connection, Claims& claims, Tokens& tokens, const Settings& settings,
           std::shared_ptr<LogWatch> watch, std::shared_ptr<Space> space);

    /// Counts crashes, begins an epoch and loads what the loop's index needs. Throws SQLite::Exception.
    void recover(LaneIndex& index, std::int64_t now_ms);
    GroupOutcome run_group(const std::vector<Command>& commands);
    /// Makes one index anew, in a transaction of its own; gives up soon after `stop` is set. Errors:
    /// cancelled/`stopped`; conflict/`index_contradicted` (its table holds what it forbids); invalid/`table_damaged`;
    /// unavailable as run_group's.
    Result<void> rebuild(const std::string& index, const std::atomic<bool>& stop);
    /// After a group's answers: moves part of the log into the database file. @return false when the store has failed.
    bool tend(bool idle);
    /// Moves the whole log into the database file. Failure costs only the time of the next start.
    void checkpoint();

 private:
    /// Where a command begins; all zero: where its group does.
    struct Mark {
        std::size_t changes = 0, holds = 0, names = 0;
        std::int64_t rows_written = 0;
    };
    Mark mark(const Effects& effects);
    void forget_from(const Mark& mark, Effects& effects);

    /// @return the follow-ups among the open jobs.
    std::vector<JobId> load(LaneIndex& index);
    bool run_commands(const std::vector<Command>& commands, GroupOutcome& outcome,
                      const std::optional<Error>& intake_refusal, bool savepoints);
    Result<void> attempt(const Command& command, Effects& effects);
    void write_counts(const Effects& effects);
    void fail_all(GroupOutcome& outcome, std::size_t commands, const Error& error);
    std::optional<Error> no_space_for_intake();
    bool in_transaction();
    void roll_back();

    Workshop shop_;
    std::shared_ptr<LogWatch> watch_;
    std::shared_ptr<Space> space_;
    std::unique_ptr<Checkpointer> log_;
    bool failed_ = false;
};

}  // namespace spillway::queue::sqlite
