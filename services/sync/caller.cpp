#include "services/sync/caller.hpp"

#include <boost/asio/this_coro.hpp>

#include "schema/runtime/log.hpp"
#include "schema/runtime/shield.hpp"
#include "schema/runtime/task_group.hpp"

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

}  // namespace

pacing::Ask Caller::ask(CallClass call_class, pacing::Urgency urgency) {
    return pacer_.ask(clock_.steady_now(), call_class, urgency);
}

asio::awaitable<bool> Caller::wait_for_slot(CallClass call_class, pacing::Urgency urgency) {
    const auto executor = co_await asio::this_coro::executor;
    bool granted = false;
    for (;;) {
        const auto ask = this->ask(call_class, urgency);
        granted = ask.go;
        if (granted) break;
        status_.waits_for = ask.waits_for;
        status_.until = ask.retry_at;
        Signal freed(executor);
        waiting_.push_back(&freed);
        if (ask.retry_at == SteadyTime::max())
            co_await freed.wait();
        else
            co_await freed.wait_until(clock_, ask.retry_at);
        std::erase(waiting_, &freed);
        const bool stopping = co_await stop_requested();
        if (stopping) break;
    }
    status_.waits_for.clear();
    status_.until.reset();
    co_return granted;
}

asio::awaitable<SendResult> Caller::send_once(PreparedCall call, pacing::Urgency urgency, Secret token) {
    const SendLimits limits;
    const auto begun = clock_.steady_now();
    const auto ticket = pacer_.begin(begun, begun + limits.total, call.call_class, urgency);
    ++status_.calls;
    auto request = provider_.request(call, target_.tenant, token);
    // A stop lets the call in flight end: its answer saves a look-up at the next start.
    auto sending = transport_.send(target_.origin, std::move(request), limits);
    auto result = co_await shielded(std::move(sending));
    const bool answered = result.stage == Stage::answered;
    const auto signals = answered ? provider_.limit_signals(result.response) : LimitSignals{};
    if (signals.problem != LimitSignals::Problem::none) {
        ++status_.throttled;
        log_warn("provider_throttled", {{"provider", provider_.name()},
                                        {"tenant", target_.tenant},
                                        {"operation", call.operation},
                                        {"retry_after_s", signals.retry_after ? signals.retry_after->count() : -1}});
    }
    pacer_.end(ticket, clock_.steady_now(), signals, ended_from(result.stage));
    for (auto* waiter : waiting_) waiter->notify();
    co_return result;
}

asio::awaitable<Result<void>> Caller::reserve_days() {
    auto rows = pacer_.reserve_day(clock_.steady_now(), clock_.wall_now());
    if (rows.empty()) co_return success();
    auto saved = co_await save_days_(std::move(rows));
    co_return saved;
}

asio::awaitable<Result<SendResult>> Caller::call(PreparedCall call, pacing::Urgency urgency) {
    BeforeSend before = [this] { return reserve_days(); };
    auto result = co_await this->call(std::move(call), urgency, std::move(before));
    co_return result;
}

asio::awaitable<Result<SendResult>> Caller::call(PreparedCall call, pacing::Urgency urgency, BeforeSend before_send) {
    // The token first: a refresh may take a while, and a slot must not be held meanwhile.
    auto token = co_await tokens_.token(target_.grant);
    if (!token.ok()) co_return std::move(token).error();
    const bool granted = co_await wait_for_slot(call.call_class, urgency);
    if (!granted) co_return Error{ErrorKind::cancelled, "stopping", "cancelled before the call was sent"};
    auto allowed = co_await before_send();
    if (!allowed.ok()) co_return std::move(allowed).error();
    // The commit took a moment in which another call may have taken the slot.
    const bool still = co_await wait_for_slot(call.call_class, urgency);
    if (!still) co_return Error{ErrorKind::cancelled, "stopping", "cancelled before the call was sent"};
    auto result = co_await send_once(call, urgency, *token);
    if (result.stage != Stage::answered || result.response.status != 401) co_return result;
    auto renewed = co_await tokens_.renew(target_.grant, *token);
    if (!renewed.ok()) co_return std::move(renewed).error();
    const bool again = co_await wait_for_slot(call.call_class, urgency);
    if (!again) co_return Error{ErrorKind::cancelled, "stopping", "cancelled before the call was sent again"};
    auto second = co_await send_once(std::move(call), urgency, *renewed);
    co_return second;
}

}  // namespace spillway::sync
