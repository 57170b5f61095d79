#include "connectors/pacing/pacer.hpp"

#include <algorithm>

namespace spillway::pacing {
namespace {

std::vector<Window> windows_of(const LimitProfile& profile, bool app_wide) {
    std::vector<Window> windows;
    for (const LimitProfile::Window& rule : profile.windows)
        if (rule.app_wide == app_wide) windows.emplace_back(rule);
    return windows;
}

}  // namespace

AppBudget::AppBudget(const LimitProfile& profile) : windows_(windows_of(profile, /*app_wide=*/true)) {}

void AppBudget::start_full(SteadyTime now) {
    for (Window& window : windows_) window.fill(now + window.rule().span);
}

Pacer::Pacer(const LimitProfile& profile, AppBudget& app)
    : profile_(profile), app_(app), windows_(windows_of(profile, /*app_wide=*/false)) {
    SPILLWAY_ASSERT(profile.concurrent > 0);
    if (profile.day) day_.emplace(*profile.day);
}

void Pacer::start_full(SteadyTime now) {
    for (Window& window : windows_) {
        window.fill(now + window.rule().span);
        filled_until_ = std::max(filled_until_, now + window.rule().span);
    }
}

void Pacer::restore_day(SteadyTime now, WallTime wall, const std::vector<DayRow>& rows) {
    if (day_) day_->restore(now, wall, rows);
}

template <class Do>
void Pacer::each_window(CallClass call_class, Do what) {
    for (auto* list : {&windows_, &app_.windows_})
        for (Window& window : *list)
            if (!window.rule().batch_only || call_class == CallClass::batch) what(window);
}

// 3 of Xero's 60 a minute. Limits of a second are too short to hold anything back, the app's are too wide.
int Pacer::held_back(const Window& window, Urgency urgency, SteadyTime now) const {
    if (urgency != Urgency::bulk || window.rule().app_wide || window.rule().span < Millis{60'000}) return 0;
    const bool lent = !urgent_at_ || now - *urgent_at_ >= kReserveLent;
    return lent ? 0 : window.rule().calls / 20;
}

// The reason that lasts longest is the one to show and to wait for.
void Pacer::refuse(Ask& ask, SteadyTime retry_at, std::string_view why) const {
    if (!ask.waits_for.empty() && retry_at <= ask.retry_at) return;
    ask.retry_at = retry_at;
    ask.waits_for = why;
}

Ask Pacer::ask(SteadyTime now, CallClass call_class, Urgency urgency) {
    if (urgency != Urgency::bulk) urgent_at_ = now;
    Ask ask;
    bool own = not_before_ > now;  // something of this tenant's alone is in the way
    if (const SteadyTime until = std::max(not_before_, app_.not_before_); until > now)
        refuse(ask, until, "retry_after");
    if (in_flight() >= profile_.concurrent) {
        own = true;
        refuse(ask, SteadyTime::max(), "concurrent");
    }
    each_window(call_class, [&](Window& window) {
        window.advance(now);
        const int held = held_back(window, urgency, now);
        if (window.open() > held) return;
        own = own || !window.rule().app_wide;
        SteadyTime when = window.opens_at(1 + held).value_or(SteadyTime::max());
        if (held > 0) {  // it may be lent before as many slots have freed
            const SteadyTime lent =
                std::max(*urgent_at_ + kReserveLent, window.opens_at(1).value_or(SteadyTime::max()));
            when = std::min(when, lent);
        }
        const bool start = !window.rule().app_wide && filled_until_ > now;
        refuse(ask, when, window.open() > 0 ? "reserve" : start ? "start" : std::string_view(window.rule().name));
    });
    if (day_) {
        day_->advance(now);
        const int held = urgency == Urgency::interactive ? 0 : day_->limit() / 10;
        own = own || day_->left() <= held;
        if (day_->left() <= held) refuse(ask, day_->left_at(now, held + 1), "day");
    }
    ask.go = ask.waits_for.empty();
    ask.app_only = !ask.go && !own;
    if (ask.go) ask.retry_at = now;
    return ask;
}

std::vector<DayRow> Pacer::reserve_day(SteadyTime now, WallTime wall) {
    return day_ ? day_->reserve(now, wall) : std::vector<DayRow>{};
}

void Pacer::forget_reserved_day() {
    if (day_) day_->forget_block();
}

Pacer::Ticket Pacer::begin(SteadyTime now, SteadyTime deadline, CallClass call_class, Urgency urgency) {
    SPILLWAY_ASSERT(ask(now, call_class, urgency).go);
    each_window(call_class, [](Window& window) { window.begin(); });
    if (day_) day_->count(now);
    const int beside = in_flight();
    const Ticket ticket = ++begun_;
    calls_.emplace(ticket, Call{deadline, call_class, ticket, beside});
    return ticket;
}

void Pacer::end(Ticket ticket, SteadyTime now, const LimitSignals& signals, Ended ended) {
    const auto found = calls_.find(ticket);
    SPILLWAY_ASSERT(found != calls_.end());
    const Call call = found->second;
    calls_.erase(found);
    each_window(call.call_class, [&](Window& window) {
        window.advance(now);
        if (ended == Ended::not_sent) return window.give_back();
        window.end((ended == Ended::answered ? now : std::max(now, call.deadline)) + window.rule().span);
    });
    if (ended == Ended::answered) hear(call, now, signals);
}

void Pacer::hear(const Call& call, SteadyTime now, const LimitSignals& signals) {
    // Calls that were under way at any moment of this one's life: the server may have counted them after it.
    const int overlapping = call.beside + static_cast<int>(begun_ - call.ticket);
    for (Window& window : windows_)
        if (signals.minute_remaining && window.rule().name == "minute")
            window.server_says(*signals.minute_remaining, overlapping, now + window.rule().span);
    for (Window& window : app_.windows_)
        // Other tenants' calls overlap too, so the app's figure only ever closes.
        if (signals.app_minute_remaining)
            window.server_says(*signals.app_minute_remaining, window.rule().calls, now + window.rule().span);
    if (day_ && signals.day_remaining) day_->server_says(now, *signals.day_remaining, overlapping);
    hear_problem(now, signals);
}

void Pacer::hear_problem(SteadyTime now, const LimitSignals& signals) {
    using Problem = LimitSignals::Problem;
    SteadyTime& not_before = signals.problem == Problem::app_minute ? app_.not_before_ : not_before_;
    if (signals.retry_after) {
        const SteadyTime until = now + std::max(*signals.retry_after, std::chrono::seconds{0});
        not_before = std::max(not_before, until);
        if (day_ && signals.problem == Problem::day) day_->over_at(until, now);
        return;
    }
    Millis wait{0};
    switch (signals.problem) {
        case Problem::none: return;
        case Problem::concurrent: wait = kConcurrentWait; break;
        case Problem::day: wait = kDayWait; break;
        case Problem::minute:
        case Problem::app_minute:
        case Problem::unspecified: wait = profile_.throttled_default; break;
    }
    not_before = std::max(not_before, now + wait);
}

void Pacer::wait_until(SteadyTime when, SteadyTime now) {
    not_before_ = std::max(not_before_, when);
    // Only the day's limit asks for longer than any window is.
    if (day_ && when - now > DayBudget::kBucket) day_->over_at(when, now);
}

std::optional<int> Pacer::day_left(SteadyTime now) {
    if (!day_) return std::nullopt;
    day_->advance(now);
    return day_->left();
}

std::optional<Millis> Pacer::wait_left(SteadyTime now) const {
    if (not_before_ <= now) return std::nullopt;
    return not_before_ - now;
}

}  // namespace spillway::pacing
