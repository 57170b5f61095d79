// What became of a write whose outcome is unknown? Inside the provider's key memory the same bytes go again with the
// same key; after that, after a server error, and after every restart it is looked up. "Absent" needs two complete
// look-ups, 30 s apart, the first no earlier than the provider's quiet time after the last possible send: a killed
// process does not recall its bytes, and a server may run on for minutes.

#include <algorithm>

#include "schema/runtime/log.hpp"
#include "services/sync/lane_parts.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using Kind = ElementOutcome::Kind;

namespace {

constexpr Millis kBetweenLookUps{30'000};
constexpr Millis kNotAllowedPoll{1'000};
constexpr Millis kRetryFirst{1'000};
constexpr Millis kRetryMax{60'000};

std::vector<PreparedObject> objects_of(const store::Call& call, bool open_only) {
    std::vector<PreparedObject> objects;
    for (const auto& intent : call.intents)
        if (intent.open || !open_only) objects.push_back(intent.object);
    return objects;
}

bool any_open(const store::Call& call) {
    return std::any_of(call.intents.begin(), call.intents.end(), [](const auto& intent) { return intent.open; });
}

/// Only the process that sent it, only without an answer so far (a server error is replayed with its key), only within
/// the key's memory.
bool may_resend(const LaneParts& lane, const store::Call& call) {
    return call.sent_here && call.status == 0 &&
           lane.clock.steady_now() - *call.sent_here < lane.provider.times().key_memory_used;
}

/// How long to wait until a look-up may say "absent".
Millis quiet_left(const LaneParts& lane, const store::Call& call) {
    // A refusal of the whole call is an answer: the provider is done with it.
    if (call.status >= 400 && call.status < 500) return Millis{0};
    const auto quiet = lane.provider.times().quiet;
    // A wall clock that went backwards must not make the wait endless, nor a jump forwards end it wrongly within one
    // process.
    return std::clamp(Millis(call.sent + quiet - lane.clock.wall_now()), Millis{0}, quiet);
}

/// An outcome for each open intent, in order; nothing where it stays unknown.
using Findings = std::vector<std::optional<ElementOutcome>>;

struct Found {
    queue::Claim claim;
    store::Intent intent;
    ElementOutcome outcome;
};

Result<void> settle_found(queue::Transaction& transaction, const SettleContext& context, const Found& found) {
    auto loaded = store::load_subject(queue::sqlite::connection_of(transaction), found.intent.record_id);
    if (!loaded.ok()) return loaded.error();
    loaded->job_id = found.claim.id;
    auto settled =
        settle_object(transaction, context, ObjectEnd{found.claim, std::move(*loaded), found.intent, found.outcome});
    return settled;
}

/// Settles the findings in one transaction. @return whether they are durable.
asio::awaitable<bool> settle_findings(LaneParts& lane, store::Call& call, Findings findings) {
    std::vector<Found> found;
    std::vector<std::size_t> which;
    for (std::size_t i = 0; i < call.intents.size(); ++i) {
        if (!call.intents[i].open || !findings[i]) continue;
        // Without a claim (the job was overtaken) the evidence is kept all the same: token 0 is always stale.
        const auto claim = lane.store.claim_unknown(lane.lane, call.intents[i].job_id);
        found.push_back(
            {claim.value_or(queue::Claim{call.intents[i].job_id, 0}), call.intents[i], std::move(*findings[i])});
        which.push_back(i);
    }
    if (found.empty()) co_return true;
    auto context = lane.settle_context();
    context.call_key = call.key;
    context.whole_call = true;  // an unknown outcome is never the record's fault
    queue::Work work = [context, found](queue::Transaction& transaction) -> Result<void> {
        for (const auto& one : found) {
            auto settled = settle_found(transaction, context, one);
            if (!settled.ok()) return settled;
        }
        return store::close_if_settled(queue::sqlite::connection_of(transaction), context.call_key, context.now);
    };
    const auto committed = co_await lane.store.commit(queue::CommandClass::settle, std::move(work));
    if (!committed.ok()) {
        log_error("settle_failed", {{"conn", lane.connection.value}, {"code", committed.error().code}});
        std::vector<queue::Claim> claims;
        for (const auto& one : found)
            if (one.claim.token != 0) claims.push_back(one.claim);
        lane.store.unclaim(lane.lane, claims);
        co_return false;
    }
    for (const auto index : which) call.intents[index].open = false;
    co_return true;
}

asio::awaitable<Result<void>> touch(LaneParts& lane, store::Call& call) {
    call.sent = lane.clock.wall_now();
    queue::Work work = [key = call.key, now = call.sent](queue::Transaction& transaction) {
        return store::touch_call(queue::sqlite::connection_of(transaction), key, now);
    };
    co_return co_await lane.store.commit(queue::CommandClass::settle, std::move(work));
}

/// Sends the same bytes again. Only an answer that speaks of the objects counts; a throttled or refused repeat says
/// nothing of the first send.
asio::awaitable<void> resend(LaneParts& lane, store::Call& call) {
    auto request = call.request;
    Caller::BeforeSend before = [&lane, &call] { return touch(lane, call); };
    auto answer = co_await lane.caller.call(std::move(request), pacing::Urgency::reconcile, std::move(before));
    if (!answer.ok()) {
        if (answer.error().kind == ErrorKind::unauthorised) lane.on_unauthorised(answer.error().detail);
        co_return;
    }
    if (answer->stage != Stage::answered) co_return;
    const auto objects = objects_of(call, /*open_only=*/false);
    auto outcomes = lane.provider.read_answer(objects, *answer);
    Findings findings(outcomes.size());
    bool speaks = false;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const bool decided =
            outcomes[i].kind == Kind::applied || (outcomes[i].kind == Kind::rejected && !outcomes[i].taken);
        speaks = speaks || decided;
        if (decided) findings[i] = std::move(outcomes[i]);
    }
    if (!speaks && answer->response.status != 429 && answer->response.status != 401)
        call.status = answer->response.status;
    const bool settled = co_await settle_findings(lane, call, std::move(findings));
    if (settled && speaks) {
        lane.recovered();
        // What is still open (taken, or unclear) is for the look-up.
        call.status = answer->response.status;
    }
}

asio::awaitable<void> note_absent(LaneParts& lane, store::Call& call, std::vector<std::size_t> absent) {
    std::vector<std::int64_t> ids;
    const auto now = lane.clock.wall_now();
    for (const auto index : absent) {
        call.intents[index].absent_since = now;
        ids.push_back(call.intents[index].id);
    }
    queue::Work work = [ids = std::move(ids), now](queue::Transaction& transaction) -> Result<void> {
        for (const auto id : ids) {
            auto marked = store::mark_absent(queue::sqlite::connection_of(transaction), id, now);
            if (!marked.ok()) return marked;
        }
        return success();
    };
    // Not durable is no harm: after a restart both look-ups are made anew.
    const auto marked = co_await lane.store.commit(queue::CommandClass::settle, std::move(work));
    if (!marked.ok()) log_warn("absent_not_noted", {{"conn", lane.connection.value}, {"code", marked.error().code}});
}

ElementOutcome refused(std::string code, std::string detail, std::string advice) {
    ElementOutcome outcome;
    outcome.kind = Kind::rejected;
    outcome.error = Error{ErrorKind::rejected, std::move(code), std::move(detail)};
    outcome.advice = std::move(advice);
    return outcome;
}

/// What a verdict means for the intent; nothing while it stays unknown.
std::optional<ElementOutcome> finding_from(Verdict verdict, bool absent_is_proven) {
    ElementOutcome outcome;
    switch (verdict.kind) {
        case Verdict::Kind::ours:
            outcome.kind = Kind::applied;
            outcome.link = std::move(verdict.link);
            outcome.total = verdict.total;
            return outcome;
        case Verdict::Kind::foreign:
            return refused("found_another", "the books hold another object in its place: " + verdict.detail,
                           "Compare both, then change the number or name, or resolve by hand.");
        case Verdict::Kind::ambiguous:
            return refused("found_several", "the books hold more than one match: " + verdict.detail,
                           "Void the twin in the books, then resolve by hand or replay.");
        case Verdict::Kind::absent:
            if (!absent_is_proven) return std::nullopt;
            outcome.kind = Kind::unavailable;
            outcome.error =
                Error{ErrorKind::unavailable, "not_applied", "looked up twice: the write never took effect"};
            return outcome;
        case Verdict::Kind::inconclusive: return std::nullopt;
    }
    return std::nullopt;
}

/// One complete look-up of all open intents. @return false when it could not be completed.
asio::awaitable<bool> look_up(LaneParts& lane, store::Call& call) {
    const auto objects = objects_of(call, /*open_only=*/true);
    auto calls = lane.provider.look_up(lane.caller.target().tenant, objects);
    auto found = co_await read_all(lane, std::move(calls), pacing::Urgency::reconcile);
    if (!found.ok()) {
        if (found.error().kind == ErrorKind::unauthorised) lane.on_unauthorised(found.error().detail);
        co_return false;
    }
    Findings findings(call.intents.size());
    std::vector<std::size_t> first_absent;
    const auto now = lane.clock.wall_now();
    for (std::size_t i = 0; i < call.intents.size(); ++i) {
        auto& intent = call.intents[i];
        if (!intent.open) continue;
        auto verdict = lane.provider.judge(intent.object, *found);
        const bool absent = verdict.kind == Verdict::Kind::absent;
        if (absent && (!intent.absent_since || *intent.absent_since > now)) first_absent.push_back(i);
        const bool proven = intent.absent_since && now - *intent.absent_since >= kBetweenLookUps;
        findings[i] = finding_from(std::move(verdict), proven);
    }
    if (!first_absent.empty()) co_await note_absent(lane, call, std::move(first_absent));
    co_return co_await settle_findings(lane, call, std::move(findings));
}

}  // namespace

asio::awaitable<void> resolve(LaneParts& lane, store::Call call) {
    log_info("resolving_call", {{"conn", lane.connection.value},
                                {"operation", call.request.operation},
                                {"objects", call.intents.size()},
                                {"resend", may_resend(lane, call)}});
    Millis delay = kRetryFirst;
    while (any_open(call)) {
        if (!lane.may_send) {
            const bool slept = co_await lane.clock.sleep_for(kNotAllowedPoll);
            if (!slept) co_return;
            continue;
        }
        if (may_resend(lane, call)) {
            co_await resend(lane, call);
        } else {
            const bool waited = co_await lane.clock.sleep_for(quiet_left(lane, call));
            if (!waited) co_return;
            const bool complete = co_await look_up(lane, call);
            if (complete) delay = kBetweenLookUps;
        }
        if (!any_open(call)) break;
        const bool slept = co_await lane.clock.sleep_for(delay);
        if (!slept) co_return;
        delay = std::min(delay * 2, kRetryMax);
    }
}

}  // namespace spillway::sync
