#include "queue/schedule.hpp"

#include <algorithm>

namespace spillway::queue {

namespace {

constexpr Millis kDay = std::chrono::hours(24);

Error bad(std::string detail) { return invalid("bad_schedule", std::move(detail)); }

/// The last slot at or before `when`; also before 1970.
WallTime slot_until(const Schedule& schedule, WallTime when) {
    const std::int64_t period = period_of(schedule).count();
    const std::int64_t since = to_ms(when) - schedule.daily_at.value_or(Millis{0}).count();
    const std::int64_t past = ((since % period) + period) % period;
    return from_ms(to_ms(when) - past);
}

}  // namespace

Result<void> check(const Schedule& schedule) {
    if (schedule.name.empty() || schedule.lane.empty() || schedule.kind.empty())
        return bad("a schedule needs a name, a lane and a kind");
    if (schedule.every.has_value() == schedule.daily_at.has_value())
        return bad("a schedule has either an interval or a time of day");
    if (schedule.every && *schedule.every < std::chrono::seconds(1)) return bad("an interval is a second or longer");
    if (schedule.daily_at && (*schedule.daily_at < Millis{0} || *schedule.daily_at >= kDay))
        return bad("a time of day is below 24 hours");
    return success();
}

Millis period_of(const Schedule& schedule) { return schedule.every.value_or(kDay); }

WallTime slot_after(const Schedule& schedule, WallTime when) {
    return slot_until(schedule, when) + period_of(schedule);
}

std::vector<WallTime> slots_due(const Schedule& schedule, WallTime next, WallTime now, std::size_t limit) {
    std::vector<WallTime> slots;
    if (next > now) return slots;
    const Millis period = period_of(schedule);
    const WallTime last = slot_until(schedule, now);
    WallTime first = next;
    switch (schedule.catch_up) {
        case CatchUp::none:
            if (now - last >= kLateMax) return slots;
            first = last;
            break;
        case CatchUp::one: first = last; break;
        case CatchUp::all: first = std::max(next, last - period * (kCaughtUpMax - 1)); break;
    }
    for (WallTime slot = first; slot <= last && slots.size() < limit; slot += period) slots.push_back(slot);
    return slots;
}

}  // namespace spillway::queue
