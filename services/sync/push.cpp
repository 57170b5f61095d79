// The way of one invoice, from a claim to its settlement.

#include <algorithm>

#include "schema/runtime/log.hpp"
#include "services/store/day_calls.hpp"
#include "services/sync/lane_parts.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using Kind = ElementOutcome::Kind;

namespace {

/// A flight: the members that go together, and the claims that are not settled yet. Those go back to the queue however
/// it ends.
struct Flight {
    LaneParts& lane;
    std::vector<queue::Claim> unsettled;
    std::vector<Member> members{};

    Flight(LaneParts& parts, std::vector<queue::Claim> claims) : lane(parts), unsettled(std::move(claims)) {}
    Flight(const Flight&) = delete;
    Flight& operator=(const Flight&) = delete;
    ~Flight() { lane.store.unclaim(lane.lane, unsettled); }

    void done(const queue::Claim& claim) {
        std::erase_if(unsettled, [&](const queue::Claim& other) { return other.id == claim.id; });
    }
    void give_back(const std::vector<queue::Claim>& claims) {
        lane.store.unclaim(lane.lane, claims);
        for (const auto& claim : claims) done(claim);
    }
};

asio::awaitable<Result<std::vector<store::LoadedSubject>>> load(LaneParts& lane,
                                                                const std::vector<queue::Claim>& claims) {
    std::vector<queue::JobId> ids;
    ids.reserve(claims.size());
    for (const auto& claim : claims) ids.push_back(claim.id);
    std::function<Result<std::vector<store::LoadedSubject>>(queue::sqlite::Connection&)> work =
        [ids = std::move(ids)](queue::sqlite::Connection& connection) { return store::load_subjects(connection, ids); };
    co_return co_await lane.store.read(std::move(work));
}

/// Settles a batch of decisions that need no call, in one transaction.
using Decision = std::function<Result<void>(queue::Transaction&)>;
asio::awaitable<void> decide(LaneParts& lane, Flight& flight,
                             std::vector<std::pair<queue::Claim, Decision>> decisions) {
    if (decisions.empty()) co_return;
    std::vector<queue::Claim> claims;
    for (const auto& [claim, decision] : decisions) claims.push_back(claim);
    queue::Work work = [decisions = std::move(decisions)](queue::Transaction& transaction) -> Result<void> {
        for (const auto& [claim, decision] : decisions) {
            auto decided = decision(transaction);
            if (!decided.ok()) return decided;
        }
        return success();
    };
    const auto committed = co_await commit_settlement(lane, std::move(work));
    if (!committed.ok()) {
        lane.trip();
        co_return;
    }
    for (const auto& claim : claims) flight.done(claim);
}

/// Plans each subject; what needs no call is settled at once, the others become members.
asio::awaitable<void> plan(LaneParts& lane, Flight& flight, std::vector<store::LoadedSubject> subjects) {
    std::vector<std::pair<queue::Claim, Decision>> nothing_to_do;
    const auto context = lane.settle_context();
    const auto claims = flight.unsettled;
    SPILLWAY_ASSERT(claims.size() == subjects.size());
    for (std::size_t i = 0; i < subjects.size(); ++i) {
        auto steps = lane.provider.plan(subjects[i].subject);
        if (steps.empty()) {
            nothing_to_do.emplace_back(claims[i], [context, claim = claims[i],
                                                   loaded = std::move(subjects[i])](queue::Transaction& transaction) {
                return settle_nothing_to_do(transaction, context, claim, loaded);
            });
        } else {
            flight.members.push_back(Member{claims[i], std::move(subjects[i]), std::move(steps.front()), {}});
        }
    }
    co_await decide(lane, flight, std::move(nothing_to_do));
}

/// Keeps the members that may share the first one's call; the others go back to the queue.
void keep_one_batch(LaneParts& lane, Flight& flight) {
    if (flight.members.empty()) return;
    const auto rule = lane.provider.batch_rule(flight.members.front().step);
    std::vector<Member> kept;
    std::vector<queue::Claim> back;
    std::size_t cap = rule.size;
    for (auto& member : flight.members) {
        const auto found = lane.batch_cap.find(member.claim.id);
        const auto own_cap = found == lane.batch_cap.end() ? rule.size : std::max<std::size_t>(1, found->second);
        const auto with_me = std::min(cap, own_cap);
        if (lane.provider.batch_rule(member.step).word == rule.word && kept.size() < with_me) {
            cap = with_me;
            kept.push_back(std::move(member));
        } else {
            back.push_back(member.claim);
        }
    }
    flight.members = std::move(kept);
    flight.give_back(back);
}

/// Reads the objects that the steps want to see first. Errors: nothing was decided; put the claims back.
asio::awaitable<Result<std::vector<RemoteObject>>> read_current(LaneParts& lane, const Flight& flight) {
    std::vector<Link> links;
    for (const auto& member : flight.members) {
        if (!lane.provider.reads_before(member.step)) continue;
        for (const auto& link : member.loaded.subject.links)
            if (link.role == member.step.role) links.push_back(link);
    }
    if (links.empty()) co_return std::vector<RemoteObject>{};
    auto calls = lane.provider.read_by_id(lane.caller.target().tenant, links);
    co_return co_await read_all(lane, std::move(calls), pacing::Urgency::bulk);
}

const RemoteObject* current_of(const Member& member, const std::vector<RemoteObject>& objects) {
    for (const auto& link : member.loaded.subject.links)
        if (link.role == member.step.role)
            for (const auto& object : objects)
                if (object.id == link.id && object.entity == link.entity) return &object;
    return nullptr;
}

/// Turns members into prepared objects; refused ones are parked, and what does not fit into the call goes back.
asio::awaitable<void> prepare(LaneParts& lane, Flight& flight, std::vector<RemoteObject> current) {
    std::vector<std::pair<queue::Claim, Decision>> refused;
    std::vector<Member> ready;
    std::vector<queue::Claim> back;
    std::size_t bytes = 0;
    const auto context = lane.settle_context();
    for (auto& member : flight.members) {
        auto object = lane.provider.prepare(member.loaded.subject, member.step, lane.mapping, lane.books,
                                            current_of(member, current));
        if (!object.ok() && object.error().code == "already_gone") {
            refused.emplace_back(member.claim, [context, member](queue::Transaction& transaction) {
                return settle_already_gone(transaction, context, member.claim, member.loaded, member.step);
            });
            continue;
        }
        if (!object.ok()) {
            refused.emplace_back(
                member.claim, [context, member, error = object.error()](queue::Transaction& transaction) {
                    return settle_refused(transaction, context, member.claim, member.loaded, member.step, error);
                });
            continue;
        }
        bytes += object->body.size();
        if (!ready.empty() && bytes > lane.provider.batch_rule(member.step).bytes_max) {
            back.push_back(member.claim);
            continue;
        }
        member.intent.record_id = member.loaded.record_id;
        member.intent.record_version = member.loaded.subject.version;
        member.intent.job_id = member.claim.id;
        member.intent.object = std::move(*object);
        ready.push_back(std::move(member));
    }
    flight.members = std::move(ready);
    flight.give_back(back);
    co_await decide(lane, flight, std::move(refused));
}

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
            outcomes[i].kind = Kind::applied;
            outcomes[i].link = std::move(verdict.link);
            outcomes[i].total = verdict.total;
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
        context.lane_delay = context.throttled_delay;  // the pacer holds the next calls back
    } else if (unavailable || unknown) {
        // A company in maintenance refuses every element soundly; one element alone may also be the record's own
        // trouble.
        context.whole_call = no_sound_answer || outcomes.size() > 1;
        const auto named = outcomes.front().error.retry_after;
        context.lane_delay = lane.trip(named ? Millis(*named) : Millis{0});
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
    bool unknown = false;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        unknown = unknown || outcomes[i].kind == Kind::unknown;
        const auto& member = flight.members[i];
        ends.push_back(ObjectEnd{member.claim, member.loaded, member.intent, std::move(outcomes[i]),
                                 lane.retry_delay(member.loaded.attempts + 1)});
    }
    call.status = context.http_status;
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
    // Not stored: the intents are open and their jobs unknown, so each is looked up, now or at the next start.
    if (unknown || !committed.ok()) lane.on_unknown(std::move(call));
}

/// Sends what was prepared, and settles whatever came of it.
asio::awaitable<void> send(LaneParts& lane, Flight& flight) {
    auto call = form_call(lane, flight);
    Caller::BeforeSend before = [&lane, &flight, &call](std::vector<pacing::DayRow> day_calls) {
        return write_intent(lane, flight, call, std::move(day_calls));
    };
    auto request = call.request;
    auto answer = co_await lane.caller.call(std::move(request), pacing::Urgency::bulk, std::move(before));
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

/// A batch that cannot be loaded: one by one, so that the one that is broken stands alone, and is parked.
asio::awaitable<void> load_failed(LaneParts& lane, Flight& flight, Error error) {
    log_error("load_failed", {{"conn", lane.connection.value}, {"code", error.code}, {"detail", error.detail}});
    lane.claim_max = 1;
    lane.trip();
    if (flight.unsettled.size() > 1 || error.kind != ErrorKind::bug) co_return;
    std::vector<std::pair<queue::Claim, Decision>> parked;
    parked.emplace_back(flight.unsettled.front(),
                        [claim = flight.unsettled.front(), error](queue::Transaction& transaction) {
                            return settle_unreadable(transaction, claim, error);
                        });
    co_await decide(lane, flight, std::move(parked));
}

/// The objects to be updated could not be read. When the provider refuses that soundly for one alone, it counts as an
/// attempt of that one.
asio::awaitable<void> read_failed(LaneParts& lane, Flight& flight, Error error) {
    if (error.kind == ErrorKind::unauthorised) lane.on_unauthorised(error.detail);
    if (error.kind == ErrorKind::cancelled || error.kind == ErrorKind::unauthorised) co_return;
    log_warn("read_failed", {{"conn", lane.connection.value}, {"code", error.code}});
    lane.trip();
    const int status = error.http_status;
    if (status < 400 || status >= 500 || status == 429) co_return;
    lane.claim_max = 1;
    if (flight.members.size() > 1) co_return;
    const auto& member = flight.members.front();
    ObjectEnd end{member.claim, member.loaded, {}, {}, lane.retry_delay(member.loaded.attempts + 1)};
    end.intent.record_version = member.loaded.subject.version;
    end.intent.object.role = member.step.role;
    end.intent.object.verb = member.step.verb;
    end.outcome.kind = Kind::unavailable;
    end.outcome.error = std::move(error);
    std::vector<std::pair<queue::Claim, Decision>> retried;
    retried.emplace_back(member.claim, [context = lane.settle_context(), end](queue::Transaction& transaction) {
        return settle_object(transaction, context, end);
    });
    co_await decide(lane, flight, std::move(retried));
}

}  // namespace

asio::awaitable<Result<std::vector<RemoteObject>>> read_all(LaneParts& lane, std::vector<PreparedCall> calls,
                                                            pacing::Urgency urgency) {
    std::vector<RemoteObject> all;
    for (auto& call : calls) {
        auto request = call;
        auto answer = co_await lane.caller.call(std::move(request), urgency);
        if (!answer.ok()) co_return std::move(answer).error();
        auto objects = lane.provider.read_objects(call, *answer);
        if (!objects.ok()) co_return std::move(objects).error();
        std::move(objects->begin(), objects->end(), std::back_inserter(all));
    }
    co_return all;
}

asio::awaitable<Result<void>> commit_settlement(LaneParts& lane, queue::Work work) {
    for (;;) {
        auto again = work;
        auto committed = co_await lane.store.commit(queue::CommandClass::settle, std::move(again));
        if (committed.ok()) co_return committed;
        log_error(
            "settle_failed",
            {{"conn", lane.connection.value}, {"code", committed.error().code}, {"detail", committed.error().detail}});
        const auto& code = committed.error().code;
        if (code != "storage_full" && code != "storage_busy") co_return committed;
        const bool slept = co_await lane.clock.sleep_for(Millis{1'000});
        if (!slept) co_return committed;
    }
}

asio::awaitable<void> push(LaneParts& lane, std::vector<queue::Claim> claims) {
    Flight flight(lane, std::move(claims));
    auto subjects = co_await load(lane, flight.unsettled);
    if (!subjects.ok()) {
        co_await load_failed(lane, flight, std::move(subjects).error());
        co_return;
    }
    co_await plan(lane, flight, std::move(*subjects));
    keep_one_batch(lane, flight);
    auto current = co_await read_current(lane, flight);
    if (!current.ok()) {
        co_await read_failed(lane, flight, std::move(current).error());
        co_return;
    }
    lane.claim_max = LaneParts::kClaimMax;
    co_await prepare(lane, flight, std::move(*current));
    if (!flight.members.empty()) co_await send(lane, flight);
}

}  // namespace spillway::sync
