#include "services/sync/settle.hpp"

#include "schema/json_text.hpp"
#include "schema/simulated.hpp"
#include "services/store/events.hpp"

namespace spillway::sync {
namespace {

using queue::Settlement;
using queue::sqlite::connection_of;
using Kind = ElementOutcome::Kind;

std::string_view word(Kind kind) {
    switch (kind) {
        case Kind::applied: return "applied";
        case Kind::rejected: return "rejected";
        case Kind::throttled: return "throttled";
        case Kind::unavailable: return "unavailable";
        case Kind::unauthorised: return "unauthorised";
        case Kind::unknown: return "unknown";
    }
    return "unknown";
}

/// A claim that was overtaken forbids the job's transition, but what the provider answered is still kept and resolves
/// the intent.
Result<void> transition(queue::Transaction& transaction, const queue::Claim& claim, const Settlement& settlement) {
    auto settled = transaction.settle(claim, settlement);
    if (!settled.ok() && settled.error().code == "stale_claim") return success();
    return settled;
}

Result<void> note_attempt(queue::Transaction& transaction, const SettleContext& context, const ObjectEnd& end) {
    store::Attempt attempt;
    attempt.record_id = end.loaded.record_id;
    attempt.job_id = end.claim.id;
    attempt.record_version = end.intent.record_version;
    attempt.at = context.now;
    attempt.role = end.intent.object.role;
    attempt.verb = to_string(end.intent.object.verb);
    attempt.outcome = word(end.outcome.kind);
    attempt.code = end.outcome.error.code;
    attempt.detail = end.outcome.error.detail;
    attempt.request_id = end.outcome.error.request_id;
    attempt.http_status = end.outcome.error.http_status != 0 ? end.outcome.error.http_status : context.http_status;
    attempt.call_key = context.call_key;
    if (end.outcome.kind == Kind::applied) {
        attempt.code.clear();
        attempt.detail.clear();
        for (const auto& warning : end.outcome.warnings)
            attempt.detail += (attempt.detail.empty() ? "" : " ") + warning;
    }
    return store::add_attempt(connection_of(transaction), attempt);
}

Result<void> say(queue::Transaction& transaction, const SettleContext& context, const store::LoadedSubject& loaded,
                 std::string_view type, const std::string& code, const std::string& detail) {
    JsonText body;
    body.object();
    body.member("kind", to_string(loaded.subject.kind));
    body.member("external_id", loaded.subject.external_id);
    body.member("version", loaded.subject.version);
    if (!code.empty()) body.member("code", code);
    if (!detail.empty()) body.member("detail", detail);
    body.close();
    store::NewEvent event{context.now, context.partner, context.connection, std::string(type), std::move(body).take()};
    store::append_event(connection_of(transaction), event);
    return success();
}

/// The subject's links after a write took effect.
void apply_to_links(std::vector<Link>& links, const PreparedObject& object, const std::optional<Link>& link) {
    std::erase_if(links, [&](const Link& old) { return old.role == object.role; });
    if (link) links.push_back(*link);
}

/// How the provider's total stands to the stated one; empty when within the bound or not comparable.
std::string difference(const SettleContext& context, const ObjectEnd& end) {
    const auto* document = document_of(end.loaded.subject.record);
    if (document == nullptr || end.intent.object.role != "document" || !end.outcome.total) return {};
    if (end.intent.object.verb != Verb::create && end.intent.object.verb != Verb::update) return {};
    const auto stated = document->total.abs();
    const auto off = (end.outcome.total->abs() - stated).abs();
    if (off <= context.rounding_bound) return {};
    return "stated total " + stated.to_string() + ", in the books " + end.outcome.total->abs().to_string();
}

Result<void> end_applied_job(queue::Transaction& transaction, const SettleContext& context, const ObjectEnd& end,
                             const store::LoadedSubject& after) {
    const auto version = end.intent.record_version;
    auto marked = store::mark_applied(connection_of(transaction), after.record_id, version);
    if (!marked.ok()) return marked;
    const auto off = difference(context, end);
    auto settled =
        transition(transaction, end.claim,
                   off.empty() ? Settlement::applied(version) : Settlement::applied_with_difference(version, off));
    if (!settled.ok()) return settled;
    return say(transaction, context, after, off.empty() ? "record.applied" : "record.applied_with_difference", {}, off);
}

Result<void> park(queue::Transaction& transaction, const SettleContext& context, const queue::Claim& claim,
                  const store::LoadedSubject& loaded, const Error& error, const std::string& advice);

Result<void> end_intent_of(queue::Transaction& transaction, const ObjectEnd& end, store::IntentEnd how) {
    if (end.intent.id == 0) return success();
    return store::end_intent(connection_of(transaction), end.intent.id, how);
}

/// Another record of the connection is this object already: two records never become one (two customers of one name in
/// QuickBooks).
Result<void> park_taken(queue::Transaction& transaction, const SettleContext& context, const ObjectEnd& end,
                        const std::string& owner) {
    auto ended = end_intent_of(transaction, end, store::IntentEnd::rejected);
    if (!ended.ok()) return ended;
    const Error taken{ErrorKind::rejected, "name_taken",
                      "the books hold it already, as " + owner + " of this connection"};
    return park(transaction, context, end.claim, end.loaded, taken, "Give one of the two another name or number.");
}

Result<void> settle_applied(queue::Transaction& transaction, const SettleContext& context, const ObjectEnd& end) {
    auto& connection = connection_of(transaction);
    std::optional<Link> link = end.outcome.link;
    if (end.intent.object.verb == Verb::remove) link.reset();
    if (link && end.intent.object.verb == Verb::create)
        if (const auto owner = store::other_owner(connection, end.loaded.record_id, *link))
            return park_taken(transaction, context, end, *owner);
    if (link) {
        link->role = end.intent.object.role;
        // What was found with other content counts as an older version, so that it is updated.
        link->record_version = end.intent.record_version - (end.outcome.holds ? 0 : 1);
        link->voided = end.intent.object.verb == Verb::void_;
    }
    if (SPILLWAY_DEFECT("link_forgotten") && end.loaded.record_id % 20 == 0) link.reset();
    auto saved = link ? store::save_link(connection, end.loaded.record_id, *link, context.now)
                      : store::drop_link(connection, end.loaded.record_id, end.intent.object.role);
    if (!saved.ok()) return saved;
    auto ended = end_intent_of(transaction, end, store::IntentEnd::applied);
    if (!ended.ok()) return ended;

    // A newer version accepted meanwhile goes with the follow-up; this job has more to do only for the version that it
    // sent.
    auto after = end.loaded;
    apply_to_links(after.subject.links, end.intent.object, link);
    if (!context.provider->plan(after.subject).empty()) return transition(transaction, end.claim, Settlement::again());
    return end_applied_job(transaction, context, end, after);
}

Result<void> park(queue::Transaction& transaction, const SettleContext& context, const queue::Claim& claim,
                  const store::LoadedSubject& loaded, const Error& error, const std::string& advice) {
    auto settled = transition(transaction, claim, Settlement::parked(error.code, error.detail, advice));
    if (!settled.ok()) return settled;
    return say(transaction, context, loaded, "record.parked", error.code, error.detail);
}

Result<void> settle_retry(queue::Transaction& transaction, const SettleContext& context, const ObjectEnd& end) {
    if (context.whole_call)
        return transition(transaction, end.claim, Settlement::again(context.now + context.lane_delay));
    if (end.loaded.attempts + 1 >= context.attempts_max) {
        auto error = end.outcome.error;
        error.detail = "gave up after " + std::to_string(context.attempts_max) + " attempts: " + error.detail;
        return park(transaction, context, end.claim, end.loaded, error, "Replay when the cause is gone.");
    }
    return transition(
        transaction, end.claim,
        Settlement::retry_at(context.now + end.retry_delay, end.outcome.error.code, end.outcome.error.detail));
}

Result<void> settle_throttled(queue::Transaction& transaction, const SettleContext& context, const ObjectEnd& end) {
    // A time in the row would be wall time, which may be set; the pacer's wait is not.
    if (context.paced) return transition(transaction, end.claim, Settlement::again());
    const Millis wait =
        end.outcome.error.retry_after ? Millis(*end.outcome.error.retry_after) : context.throttled_delay;
    return transition(transaction, end.claim, Settlement::again(context.now + wait));
}

Result<void> settle_failed(queue::Transaction& transaction, const SettleContext& context, const ObjectEnd& end) {
    const bool refused = end.outcome.kind == Kind::rejected;
    auto ended = end_intent_of(transaction, end, refused ? store::IntentEnd::rejected : store::IntentEnd::not_applied);
    if (!ended.ok()) return ended;
    if (refused && !end.outcome.stale)
        return park(transaction, context, end.claim, end.loaded, end.outcome.error, end.outcome.advice);
    if (end.outcome.kind == Kind::throttled) return settle_throttled(transaction, context, end);
    if (end.outcome.kind == Kind::unauthorised && context.whole_call)
        return transition(transaction, end.claim, Settlement::again());
    return settle_retry(transaction, context, end);
}

}  // namespace

void adopt(ElementOutcome& outcome, Verdict verdict) {
    outcome.kind = Kind::applied;
    outcome.link = std::move(verdict.link);
    outcome.total = verdict.total;
    outcome.holds = verdict.holds;
    if (!verdict.holds) outcome.warnings.emplace_back("found in the books with other content: an update follows");
}

Result<void> settle_object(queue::Transaction& transaction, const SettleContext& context, const ObjectEnd& end) {
    auto noted = note_attempt(transaction, context, end);
    if (!noted.ok()) return noted;
    switch (end.outcome.kind) {
        case Kind::applied: return settle_applied(transaction, context, end);
        case Kind::unknown: return transition(transaction, end.claim, Settlement::unknown(end.outcome.error.detail));
        case Kind::rejected:
        case Kind::throttled:
        case Kind::unavailable:
        case Kind::unauthorised: return settle_failed(transaction, context, end);
    }
    return Error{ErrorKind::bug, "unknown_outcome", "an outcome without a meaning"};
}

Result<void> settle_nothing_to_do(queue::Transaction& transaction, const SettleContext& context,
                                  const queue::Claim& claim, const store::LoadedSubject& loaded) {
    auto marked = store::mark_applied(connection_of(transaction), loaded.record_id, loaded.subject.version);
    if (!marked.ok()) return marked;
    auto settled = transition(transaction, claim, Settlement::applied(loaded.subject.version));
    if (!settled.ok()) return settled;
    return say(transaction, context, loaded, "record.applied", {}, "nothing to send");
}

Result<void> settle_already_gone(queue::Transaction& transaction, const SettleContext& context,
                                 const queue::Claim& claim, const store::LoadedSubject& loaded, const Step& step) {
    ObjectEnd end;
    end.claim = claim;
    end.loaded = loaded;
    end.intent.record_version = loaded.subject.version;
    end.intent.object.role = step.role;
    end.intent.object.verb = step.verb;
    end.outcome.kind = Kind::applied;
    for (const auto& link : loaded.subject.links)
        if (link.role == step.role) end.outcome.link = link;
    end.outcome.warnings.emplace_back("it had been ended in the books already");
    return settle_object(transaction, context, end);
}

Result<void> settle_void_unclear(queue::Transaction& transaction, const SettleContext& context,
                                 const queue::Claim& claim, const store::LoadedSubject& loaded) {
    const Step step{Verb::void_, loaded.unclear.front(), {}};
    const Error error{ErrorKind::rejected, "look_in_the_books",
                      "the books may hold it, but which object it is was never found out"};
    return settle_refused(transaction, context, claim, loaded, step, error);
}

Result<void> settle_unreadable(queue::Transaction& transaction, const queue::Claim& claim, const Error& error) {
    return transition(transaction, claim, Settlement::parked(error.code, error.detail, "Submit the record again."));
}

Result<void> settle_refused(queue::Transaction& transaction, const SettleContext& context, const queue::Claim& claim,
                            const store::LoadedSubject& loaded, const Step& step, const Error& error) {
    ObjectEnd end;
    end.claim = claim;
    end.loaded = loaded;
    end.intent.record_version = loaded.subject.version;
    end.intent.object.role = step.role;
    end.intent.object.verb = step.verb;
    end.outcome.kind = Kind::rejected;
    end.outcome.error = error;
    auto noted = note_attempt(transaction, context, end);
    if (!noted.ok()) return noted;
    return park(transaction, context, claim, loaded, error, {});
}

}  // namespace spillway::sync
