// The call of a batch: its intent, its sending, and what its answer settles.

#include <algorithm>

#include "services/store/day_calls.hpp"
#include "services/sync/flight.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using Kind = ElementOutcome::Kind;

namespace {

store::Call form_call(LaneParts& lane, const Flight& flight) {
    std::vector<PreparedObject> objects;
    store::Call call;
    for (const auto& member : flight.members) {
        objects.push_back(member.intent.object);
        call.intents.push_back(member.intent);
    }
    call.key = lane.random.hex128();
    call.connection = lane.connection;
    call.request = lane.provider.assemble(lane.caller.target().tenant, objects, call.key);
    call.epoch = lane.store.epoch();
    return call;
}

/// The intent: call, objects and started jobs in one transaction, durable before the first byte leaves.
asio::awaitable<Result<void>> write_intent(LaneParts& lane, Flight& flight, store::Call& call,
                                           std::vector<pacing::DayRow> day_calls) {
    // Paused or disconnected while it waited for its slot: nothing leaves any more.
    if (!lane.may_send) co_return Error{ErrorKind::cancelled, "not_sending", "the connection does not send now"};
    if (!lane.can_settle())
        co_return Error{ErrorKind::cancelled, "cannot_settle", "the store could not take in what becomes of it"};
    if (call.intents.front().id != 0) {  // the first send was answered with 401
        auto noted = co_await note_send(lane, call, std::move(day_calls));
        co_return noted;
    }
    call.sent = lane.clock.wall_now();
    call.first_sent = call.last_sent = lane.clock.steady_now();
    std::vector<queue::Claim> claims;
    for (const auto& member : flight.members) claims.push_back(member.claim);
    std::function<Result<store::Call>(queue::Transaction&)> work =
        [call, claims = std::move(claims), day_calls = std::move(day_calls),
         budget = lane.budget](queue::Transaction& transaction) -> Result<store::Call> {
        auto written = call;
        for (const auto& claim : claims) {
            auto started = transaction.start(claim);
            if (!started.ok()) return started.error();
        }
        auto& connection = queue::sqlite::connection_of(transaction);
        auto opened = store::open_call(connection, written);
        if (!opened.ok()) return opened.error();
        store::save_day_calls(connection, budget, day_calls);
        return written;
    };
    auto written = co_await lane.store.commit_value(queue::CommandClass::settle, std::move(work));
    if (!written.ok()) co_return std::move(written).error();
    call = std::move(*written);
    for (std::size_t i = 0; i < call.intents.size(); ++i) flight.members[i].intent = call.intents[i];
    co_return success();
}

/// Numbers or names that are taken may be taken by us: an earlier write whose answer was lost long ago, or a restore.
asio::awaitable<void> look_up_taken(LaneParts& lane, Flight& flight, std::vector<ElementOutcome>& outcomes) {
    std::vector<PreparedObject> taken;
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        if (outcomes[i].taken) taken.push_back(flight.members[i].intent.object);
    if (taken.empty()) co_return;
    auto calls = lane.provider.look_up(lane.caller.target().tenant, taken);
    auto found = co_await read_all(lane, std::move(calls), pacing::Urgency::reconcile);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (!outcomes[i].taken) continue;
        auto verdict = found.ok() ? lane.provider.judge(flight.members[i].intent.object, *found) : Verdict{};
        if (verdict.kind == Verdict::Kind::ours) {
            adopt(outcomes[i], std::move(verdict));
        } else if (verdict.kind == Verdict::Kind::inconclusive) {
            outcomes[i].kind = Kind::unknown;
        } else if (!verdict.detail.empty()) {
            outcomes[i].error.detail += " " + verdict.detail;
        }
    }
}

bool all_of_kind(const std::vector<ElementOutcome>& outcomes, Kind kind) {
    return std::all_of(outcomes.begin(), outcomes.end(), [&](const auto& outcome) { return outcome.kind == kind; });
}

/// Remembers to halve a call that was refused as a whole, so that the culprit ends up alone.
void cap_batches(LaneParts& lane, const Flight& flight, const std::vector<ElementOutcome>& outcomes) {
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const auto job = flight.members[i].claim.id;
        if (outcomes[i].error.code == "whole_call_refused")
            lane.batch_cap[job] = std::max<std::size_t>(1, flight.members.size() / 2);
        else
            lane.batch_cap.erase(job);
    }
}

/// What the whole call says about the lane: recovered, or in trouble.
SettleContext judge_call(LaneParts& lane, const SendResult& answer, const std::vector<ElementOutcome>& outcomes) {
    auto context = lane.settle_context();
    const bool answered = answer.stage == Stage::answered;
    context.http_status = answered ? answer.response.status : 0;
    const bool no_sound_answer = !answered || answer.response.status >= 500;
    const bool unavailable = all_of_kind(outcomes, Kind::unavailable);
    const bool unknown = all_of_kind(outcomes, Kind::unknown) && no_sound_answer;
    if (all_of_kind(outcomes, Kind::throttled)) {
        context.paced = answered && answer.response.status == 429;
    } else if (unavailable || unknown) {
        // A company in maintenance refuses every element soundly; one element alone may also be the record's own
        // trouble.
        context.whole_call = no_sound_answer || outcomes.size() > 1;
        const auto named = outcomes.front().error.retry_after;
        const Millis at_least = named ? Millis(*named) : Millis{0};
        context.lane_delay = no_sound_answer ? lane.no_answer(at_least) : lane.trip(at_least);
    } else if (all_of_kind(outcomes, Kind::unauthorised)) {
        context.whole_call = true;
        lane.on_unauthorised(outcomes.front().error.detail);
    } else {
        lane.recovered();
    }
    return context;
}

asio::awaitable<void> settle(LaneParts& lane, Flight& flight, store::Call call, SendResult answer) {
    std::vector<PreparedObject> objects;
    for (const auto& member : flight.members) objects.push_back(member.intent.object);
    auto outcomes = lane.provider.read_answer(objects, answer);
    SPILLWAY_ASSERT(outcomes.size() == objects.size());
    co_await look_up_taken(lane, flight, outcomes);
    cap_batches(lane, flight, outcomes);
    auto context = judge_call(lane, answer, outcomes);
    context.call_key = call.key;

    std::vector<ObjectEnd> ends;
    std::vector<bool> stays_open;
    bool unknown = false;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        stays_open.push_back(outcomes[i].kind == Kind::unknown);
        unknown = unknown || stays_open.back();
        const auto& member = flight.members[i];
        if (outcomes[i].kind == Kind::applied) lane.looked_up.erase({member.claim.id, member.step.role});
        ends.push_back(ObjectEnd{member.claim, member.loaded, member.intent, std::move(outcomes[i]),
                                 lane.retry_delay(member.loaded.attempts + 1)});
    }
    call.status = context.http_status;
    // Without an answer bytes may have left until the connection was given up.
    if (answer.stage == Stage::sending) call.last_sent = lane.clock.steady_now();
    queue::Work work = [context, ends = std::move(ends), key = call.key, unknown,
                        body = answer.response.body](queue::Transaction& transaction) -> Result<void> {
        for (const auto& end : ends) {
            auto settled = settle_object(transaction, context, end);
            if (!settled.ok()) return settled;
        }
        auto& connection = queue::sqlite::connection_of(transaction);
        if (unknown) return store::mark_unknown(connection, key, context.http_status, body.substr(0, 64 << 10));
        return store::close_if_settled(connection, key, context.now);
    };
    const auto committed = co_await commit_settlement(lane, std::move(work));
    if (committed.ok()) flight.unsettled.clear();

    call.unknown = true;
    // What is settled is not found out again: it could not be stored a second time, nor anything together with it.
    for (std::size_t i = 0; committed.ok() && i < stays_open.size(); ++i) call.intents[i].open = stays_open[i];
    // Not stored: the intents are open and their jobs unknown, so each is looked up, now or at the next start.
    if (unknown || !committed.ok()) lane.on_unknown(std::move(call));
}

}  // namespace

asio::awaitable<Result<void>> note_send(LaneParts& lane, store::Call& call, std::vector<pacing::DayRow> day_calls) {
    call.sent = lane.clock.wall_now();
    call.last_sent = lane.clock.steady_now();
    queue::Work work = [key = call.key, now = call.sent, budget = lane.budget,
                        day_calls = std::move(day_calls)](queue::Transaction& transaction) -> Result<void> {
        auto& connection = queue::sqlite::connection_of(transaction);
        store::save_day_calls(connection, budget, day_calls);
        return store::touch_call(connection, key, now);
    };
    co_return co_await lane.store.commit(queue::CommandClass::settle, std::move(work));
}

asio::awaitable<void> send(LaneParts& lane, Flight& flight) {
    auto call = form_call(lane, flight);
    Caller::BeforeSend before = [&lane, &flight, &call](std::vector<pacing::DayRow> day_calls) {
        return write_intent(lane, flight, call, std::move(day_calls));
    };
    auto request = call.request;
    auto answer = co_await lane.caller.call(std::move(request), flight.urgency(), std::move(before));
    if (answer.ok()) {
        co_await settle(lane, flight, std::move(call), std::move(*answer));
        co_return;
    }
    const auto kind = answer.error().kind;
    if (kind == ErrorKind::unauthorised) lane.on_unauthorised(answer.error().detail);
    if (kind != ErrorKind::unauthorised && kind != ErrorKind::cancelled) lane.trip();
    if (flight.members.front().intent.id == 0) co_return;
    // The intent is written and certainly nothing was done.
    SendResult not_sent;
    not_sent.failure = answer.error().detail;
    co_await settle(lane, flight, std::move(call), std::move(not_sent));
}

}  // namespace spillway::sync
