#pragma once
// Pacing: when may the next call go? A machine without I/O for one budget (provider app, tenant). Loop thread only.
//
//   Ask ask = pacer.ask(now, CallClass::batch, Urgency::bulk);
//   if (!ask.go) wait until ask.retry_at or the next end(), whichever is first;
//   store pacer.reserve_day(now, wall) in the commit that writes the intent;
//   Ticket ticket = pacer.begin(now, now + limits.total, CallClass::batch, Urgency::bulk);
//   ... send ...
//   pacer.end(ticket, now, provider.limit_signals(answer.response), Ended::answered);

#include <map>

#include "connectors/pacing/day_budget.hpp"
#include "connectors/pacing/window.hpp"

namespace spillway::pacing {

/// Who waits for the call. A part of each budget is held back for the first two (of the day's, for the first alone).
enum class Urgency { interactive, reconcile, bulk };

/// How a call ended, for its slots.
enum class Ended {
    answered,  ///< an answer came: slots free a span from now
    lost,  ///< sent and nothing came back: slots free a span after the deadline, when the server gave up at the latest
    not_sent,  ///< no byte left: slots free at once
};

/// The part of the limits that all tenants of one provider app share. Outlives its pacers.
class AppBudget {
 public:
    explicit AppBudget(const LimitProfile& profile);
    AppBudget(const AppBudget&) = delete;
    AppBudget& operator=(const AppBudget&) = delete;

    /// After a start of the process: everything counts as used for a span.
    void start_full(SteadyTime now);

 private:
    friend class Pacer;
    std::vector<Window> windows_;
    SteadyTime not_before_ = SteadyTime::min();
};

struct Ask {
    bool go = false;
    /// When to ask again at the latest; an end() in between may allow it sooner. SteadyTime::max(): only an end() will.
    SteadyTime retry_at{};
    /// Refused, and by nothing but what the tenants of the provider app share.
    bool app_only = false;
    /// "retry_after", "minute", "second", "batch_minute", "app_minute", "day", "concurrent", "reserve", "start"; empty
    /// when go.
    std::string waits_for;
};

class Pacer {
 public:
    using Ticket = std::uint64_t;

    /// How long the reserve must lie unused until bulk work may borrow it.
    static constexpr Millis kReserveLent{10'000};
    /// Wait after a 429 about concurrency that names no time (assumed: a slot frees in well under a second).
    static constexpr Millis kConcurrentWait{1'000};
    /// Wait after a 429 about the day that names no time (assumed; Xero documents Retry-After there).
    static constexpr Millis kDayWait{60 * 60 * 1000};

    Pacer(const LimitProfile& profile, AppBudget& app);
    Pacer(const Pacer&) = delete;
    Pacer& operator=(const Pacer&) = delete;

    /// After a start of the process, for a tenant that is not new: what the last process sent in its last minute is
    /// unknown, so every window counts as full for its span, relaxed only by the server's headers.
    void start_full(SteadyTime now);
    /// The day's calls as stored, before the first ask. See DayBudget.
    void restore_day(SteadyTime now, WallTime wall, const std::vector<DayRow>& rows);

    /// Whether a call may begin now. Asking for interactive or reconcile work keeps the reserve from being lent.
    Ask ask(SteadyTime now, CallClass call_class, Urgency urgency);
    /// Rows that must be durable before the next begin(); none while the reserved block lasts or without a day limit.
    std::vector<DayRow> reserve_day(SteadyTime now, WallTime wall);
    /// Rows that were given out may not have become durable: the next reserve_day() gives them again.
    void forget_reserved_day();
    /// Takes the slots. Asserts that ask() says go.
    /// @param deadline  when the transport gives up at the latest.
    Ticket begin(SteadyTime now, SteadyTime deadline, CallClass call_class, Urgency urgency);
    void end(Ticket ticket, SteadyTime now, const LimitSignals& signals, Ended ended);

    [[nodiscard]] int in_flight() const { return static_cast<int>(calls_.size()); }
    [[nodiscard]] std::optional<int> day_left(SteadyTime now);
    /// A wait that the provider asked for and that a restart must keep: what is left of it.
    [[nodiscard]] std::optional<Millis> wait_left(SteadyTime now) const;
    /// Takes up such a wait again.
    void wait_until(SteadyTime when, SteadyTime now);

 private:
    struct Call {
        SteadyTime deadline;
        CallClass call_class;
        Ticket ticket;  // tickets count up, so later ones were begun during its life
        int beside;     // calls under way when it began
    };
    template <class Do>
    void each_window(CallClass call_class, Do what);
    [[nodiscard]] int held_back(const Window& window, Urgency urgency, SteadyTime now) const;
    void refuse(Ask& ask, SteadyTime retry_at, std::string_view why) const;
    void hear(const Call& call, SteadyTime now, const LimitSignals& signals);
    void hear_problem(SteadyTime now, const LimitSignals& signals);

    LimitProfile profile_;
    AppBudget& app_;
    std::vector<Window> windows_;
    std::optional<DayBudget> day_;
    std::map<Ticket, Call> calls_;
    std::uint64_t begun_ = 0;
    SteadyTime not_before_ = SteadyTime::min();
    SteadyTime filled_until_ = SteadyTime::min();
    std::optional<SteadyTime> urgent_at_;  // when interactive or reconcile work last asked
};

}  // namespace spillway::pacing
