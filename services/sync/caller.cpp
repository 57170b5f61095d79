#include "services/sync/caller.hpp"

#include <boost/asio/this_coro.hpp>

#include "schema/runtime/log.hpp"
#include "schema/runtime/shield.hpp"
#include "schema/runtime/task_group.hpp"
#include "schema/simulated.hpp"

namespace spillway::sync {

namespace asio = boost::asio;

namespace {

pacing::Ended ended_from(Stage stage) {
    switch (stage) {
        case Stage::answered: return pacing::Ended::answered;
        case Stage::sending: return pacing::Ended::lost;
        case Stage::not_sent: return pacing::Ended::not_sent;
    }
    return pacing::Ended::lost;
}

Error stopping() { return Error{ErrorKind::cancelled, "stopping", "cancelled before the call was sent"}; }

bool refuses_the_grant(const Result<SendResult>& result) {
    if (!result.ok()) return result.error().kind == ErrorKind::unauthorised;
    return result->stage == Stage::answered && (result->response.status == 401 || result->response.status == 403);
}

}  // namespace

pacing::Ask Caller::ask(CallClass call_class, pacing::Urgency urgency) {
    return pacer_.ask(clock_.steady_now(), call_class, urgency);
}

void Caller::wake() {
    for (auto* waiter : waiting_) waiter->notify();
}

/// Until the time that the limits name, or somebody calls.
asio::awaitable<void> Caller::wait_again(pacing::Ask ask, bool timer) {
    const auto executor = co_await asio::this_coro::executor;
    status_.waits_for = ask.waits_for;
    status_.until = ask.retry_at;
    Signal freed(executor);
    const WaiterPlace place(waiting_, freed);
    if (!timer || ask.retry_at == SteadyTime::max())
        co_await freed.wait();
    else
        co_await freed.wait_until(clock_, ask.retry_at);
}

asio::awaitable<bool> Caller::wait_for_slot(CallClass call_class, Urge urge) {
    bool granted = false;
    for (;;) {
        const auto ask = this->ask(call_class, urge());
        granted = ask.go;
        if (granted) break;
        co_await wait_again(ask, /*timer=*/true);
        const bool stop = co_await stop_requested();
        if (stop) break;
    }
    status_.waits_for.clear();
    status_.until.reset();
    co_return granted;
}

asio::awaitable<bool> Caller::wait_for_turn(CallClass call_class, pacing::Urgency urgency) {
    AppTurns::Turn turn(turns_, *this);
    bool granted = false;
    for (;;) {
        auto ask = this->ask(call_class, urgency);
        const bool shared = ask.go || ask.app_only;
        if (!shared) turn.leave();
        const bool first = shared && turn.take();
        granted = first && ask.go;
        if (granted) break;
        if (ask.go) ask.waits_for = "app_minute";  // others of the app go first
        co_await wait_again(ask, /*timer=*/first || !shared);
        const bool stop = co_await stop_requested();
        if (stop) break;
    }
    if (granted) turn.spend();
    status_.waits_for.clear();
    status_.until.reset();
    co_return granted;
}

asio::awaitable<Result<void>> Caller::save_day_calls(std::vector<pacing::DayRow> rows) {
    if (rows.empty()) co_return success();
    co_return co_await save_days_(std::move(rows));
}

/// Takes the slot before anything else happens: what `before_send` writes down as sent leaves right after.
asio::awaitable<Result<SendResult>> Caller::send_in_slot(PreparedCall call, pacing::Urgency urgency, Secret token,
                                                         BeforeSend before_send) {
    const bool granted = co_await wait_for_turn(call.call_class, urgency);
    if (!granted) co_return stopping();
    bool stop = co_await stop_requested();
    if (stop) co_return stopping();
    const SendLimits limits;
    const auto begun = clock_.steady_now();
    auto day_calls = pacer_.reserve_day(begun, clock_.wall_now());
    const auto ticket = pacer_.begin(begun, begun + limits.total, call.call_class, urgency);
    auto allowed = co_await before_send(std::move(day_calls));
    if (!allowed.ok()) pacer_.forget_reserved_day();
    // A stop that came meanwhile would not reach what is shielded below: nothing would ever end it.
    stop = co_await stop_requested();
    if (allowed.ok() && stop) allowed = stopping();
    if (!allowed.ok()) {
        pacer_.end(ticket, clock_.steady_now(), {}, pacing::Ended::not_sent);
        wake();
        co_return std::move(allowed).error();
    }
    ++status_.calls;
    if (SPILLWAY_DEFECT("secret_in_log")) log_info("sending", {{"token", token.reveal()}});
    auto request = provider_.request(call, target_.tenant, token);
    // A stop lets the call in flight end: its answer saves a look-up at the next start.
    auto sending = transport_.send(target_.origin, std::move(request), limits);
    auto result = co_await shielded(std::move(sending));
    const auto signals = result.stage == Stage::answered ? provider_.limit_signals(result.response) : LimitSignals{};
    if (signals.problem != LimitSignals::Problem::none) {
        ++status_.throttled;
        log_warn("provider_throttled", {{"provider", provider_.name()},
                                        {"tenant", target_.tenant},
                                        {"operation", call.operation},
                                        {"retry_after_s", signals.retry_after ? signals.retry_after->count() : -1}});
    }
    pacer_.end(ticket, clock_.steady_now(), signals, ended_from(result.stage));
    wake();
    if (signals.problem != LimitSignals::Problem::none || signals.retry_after) co_await keep_wait();
    co_return result;
}

/// Best effort: after a crash the windows count as full for a minute anyway.
asio::awaitable<void> Caller::keep_wait() {
    const auto left = pacer_.wait_left(clock_.steady_now());
    if (!left) co_return;
    const auto kept = co_await save_wait_(*left);
    if (!kept.ok()) log_warn("wait_not_stored", {{"tenant", target_.tenant}, {"code", kept.error().code}});
}

asio::awaitable<Result<SendResult>> Caller::call(PreparedCall call, pacing::Urgency urgency) {
    BeforeSend before = [this](std::vector<pacing::DayRow> rows) { return save_day_calls(std::move(rows)); };
    co_return co_await this->call(std::move(call), urgency, std::move(before));
}

asio::awaitable<Result<SendResult>> Caller::call_once_renewed(PreparedCall call, pacing::Urgency urgency,
                                                              BeforeSend before_send) {
    auto token = co_await tokens_.token(target_.grant);
    if (!token.ok()) co_return std::move(token).error();
    auto first = before_send;
    auto result = co_await send_in_slot(call, urgency, *token, std::move(first));
    if (!result.ok() || result->stage != Stage::answered || result->response.status != 401) co_return result;
    // A 401 proves that nothing was done: the same bytes may go again with a new token. That is a send of its own,
    // which may be minutes later: whoever keeps the time of the last send, or may no longer send, is asked again.
    auto renewed = co_await tokens_.renew(target_.grant, *token);
    if (!renewed.ok()) co_return std::move(renewed).error();
    co_return co_await send_in_slot(std::move(call), urgency, *renewed, std::move(before_send));
}

asio::awaitable<Result<SendResult>> Caller::call(PreparedCall call, pacing::Urgency urgency, BeforeSend before_send) {
    const auto consent = consent_;
    auto result = co_await call_once_renewed(std::move(call), urgency, std::move(before_send));
    if (consent_ != consent && refuses_the_grant(result))
        co_return Error{ErrorKind::unavailable, "consent_renewed",
                        "consent was given again while the call was under way"};
    co_return result;
}

}  // namespace spillway::sync
