#pragma once
// Schedules in the store: a slot becomes a job in the very transaction that moves the schedule past it, so that a crash
// neither loses nor doubles it; and no slot ever becomes a second job, also when the clock is set back.

#include "queue/schedule.hpp"
#include "queue/sqlite/sqlite_store.hpp"

namespace spillway::queue::sqlite {

/// Makes the schedule, or edits the one of that name. Its first slot is the next one after `now`; an edit that leaves
/// the times alone keeps missed slots. Errors: invalid/`bad_schedule`.
Result<void> define_schedule(Transaction& transaction, const Schedule& schedule, WallTime now);
/// Its jobs that have not begun are cancelled: no run comes from a schedule that is gone. @return whether there was
/// one.
Result<bool> remove_schedule(Transaction& transaction, const std::string& name);

struct SlotRun {
    std::string name;
    WallTime slot{};
    JobId job = 0;
};
struct SlotsDone {
    std::vector<SlotRun> runs;  ///< at most kSlotsAtOnce
    bool more = false;
};
inline constexpr std::size_t kSlotsAtOnce = 100;
/// Enqueues what is due, by each schedule's policy for missed slots. A wall clock that was set back moves a schedule
/// back with it.
Result<SlotsDone> run_schedules(Transaction& transaction, WallTime now);

struct ScheduleRow {
    Schedule schedule;
    WallTime next{};
};
std::vector<ScheduleRow> list_schedules(Connection& connection);

}  // namespace spillway::queue::sqlite
