#pragma once
// Work that comes round by itself: when its slots are. Pure: no clock, no I/O.

#include "queue/job.hpp"
#include "schema/result.hpp"

namespace spillway::queue {

/// What becomes of slots that passed while nobody looked: the process was down, or the clock was set.
enum class CatchUp {
    none,  ///< nothing; a slot counts as missed once it is kLateMax old
    one,   ///< the latest of them
    all,   ///< each, at most the kCaughtUpMax latest
};

struct Schedule {
    std::string name;
    std::optional<Millis> every{};     ///< an interval; slots are its multiples since 1970
    std::optional<Millis> daily_at{};  ///< or a time of day, UTC
    CatchUp catch_up = CatchUp::one;
    std::string lane, kind;  ///< of its jobs. Their key is the name; with CatchUp::all each slot has a key of its own
    Priority priority = Priority::normal;
    std::string body{};
};

inline constexpr Millis kLateMax = std::chrono::minutes(5);
inline constexpr std::int64_t kCaughtUpMax = 100;

/// Errors: invalid/`bad_schedule`.
Result<void> check(const Schedule& schedule);
Millis period_of(const Schedule& schedule);
/// The first slot after `when`.
WallTime slot_after(const Schedule& schedule, WallTime when);
/// The slots from `next` up to `now` that are still to become jobs, oldest first, at most `limit`; the rest of what was
/// missed is passed over.
std::vector<WallTime> slots_due(const Schedule& schedule, WallTime next, WallTime now, std::size_t limit);

}  // namespace spillway::queue
