#pragma once
// Group commit: everything that has gathered becomes one transaction, a savepoint per command. Storage thread only.

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
    Engine(Connection connection, Claims& claims, Tokens& tokens, Settings settings);

    /// Counts crashes, begins an epoch and loads what the loop's index needs. Throws SQLite::Exception.
    void recover(LaneIndex& index, std::int64_t now_ms);
    GroupOutcome run_group(const std::vector<Command>& commands);
    /// Moves the log into the database file. Failure costs only the time of the next start.
    void checkpoint();

 private:
    void load(LaneIndex& index);
    void run_command(const Command& command, GroupOutcome& outcome, const std::optional<Error>& intake_refusal);
    Result<void> attempt(const Command& command, Effects& effects);
    void write_counts(const Effects& effects);
    void fail_all(GroupOutcome& outcome, std::size_t commands, const Error& error);
    std::optional<Error> no_space_for_intake() const;
    bool in_transaction();
    void roll_back();

    Workshop shop_;
    Settings settings_;
    bool failed_ = false;
};

}  // namespace spillway::queue::sqlite
