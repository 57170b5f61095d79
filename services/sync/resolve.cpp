// What became of a write whose outcome is unknown? Inside the provider's key memory the same bytes go again with the
// same key; after that, after a server error, and after every restart it is looked up. "Absent" needs two complete
// look-ups, 30 s apart, the first no earlier than the provider's quiet time after the last possible send: a killed
// process does not recall its bytes, and a server may run on for minutes.

#include <algorithm>

#include "schema/runtime/log.hpp"
#include "schema/simulated.hpp"
#include "services/store/watches.hpp"
#include "services/sync/lane_parts.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using Kind = ElementOutcome::Kind;

namespace {

constexpr Millis kBetweenLookUps{30'000};
constexpr Millis kNotAllowedPoll{1'000};
constexpr Millis kRetryFirst{1'000};
constexpr Millis kRetryMax{60'000};
/// Look-ups that are complete and yet decide nothing come ever rarer; after so many a person has to look.
constexpr Millis kUnclearMax{15 * 60 * 1000};
constexpr int kUnclearTimesMax = 12;
constexpr Millis kUnansweredMax{2 * 60 * 1000};

/// An outcome for each intent, in order; nothing where it stays unknown or is settled already.
using Findings = std::vector<std::optional<ElementOutcome>>;

struct Found {
    queue::Claim claim;
    store::Intent intent;
    ElementOutcome outcome;
    bool watched = false;  ///< proven absent, and yet it may take effect later
};

/// One call's way to certainty.
class Resolution {
 public:
    Resolution(LaneParts& lane, store::Call call)
        : lane_(lane), call_(std::move(call)), refused_(call_.intents.size()) {}

    asio::awaitable<void> run();

 private:
    [[nodiscard]] bool any_open() const;
    /// The provider read the call and said something of it; not a server error, nor a connection that broke.
    [[nodiscard]] bool answered_soundly() const { return call_.status != 0 && call_.status < 500; }
    [[nodiscard]] bool may_resend() const;
    /// The provider refused the call as a whole, and that was its only send: the provider is done with it.
    [[nodiscard]] bool refused_for_good() const;
    [[nodiscard]] Millis quiet_left() const;
    [[nodiscard]] bool to_be_watched(const store::Intent& intent, const ElementOutcome& outcome) const;
    [[nodiscard]] std::vector<PreparedObject> objects(bool open_only) const;

    asio::awaitable<void> resend();
    asio::awaitable<Result<void>> touch(std::vector<pacing::DayRow> day_calls);
    asio::awaitable<bool> look_up();
    std::optional<ElementOutcome> judge(std::size_t index, const std::vector<RemoteObject>& found);
    std::optional<ElementOutcome> proven_absent(std::size_t index);
    asio::awaitable<void> settle(Findings findings);
    SettleContext context() const;

    LaneParts& lane_;
    store::Call call_;
    /// What a repeat was refused with. The first send may be the cause of that refusal, so it decides only once absence
    /// is proven.
    Findings refused_;
    int unclear_times_ = 0;
};

bool Resolution::any_open() const {
    return std::any_of(call_.intents.begin(), call_.intents.end(), [](const auto& intent) { return intent.open; });
}

std::vector<PreparedObject> Resolution::objects(bool open_only) const {
    std::vector<PreparedObject> out;
    for (const auto& intent : call_.intents)
        if (intent.open || !open_only) out.push_back(intent.object);
    return out;
}

/// Only the process that sent it, only without an answer so far (a server error is replayed with its key), only within
/// the key's memory.
bool Resolution::may_resend() const {
    return lane_.may_send && call_.first_sent && call_.status == 0 &&
           lane_.clock.steady_now() - *call_.first_sent < lane_.provider.times().key_memory_used;
}

bool Resolution::refused_for_good() const {
    const bool refused_whole = call_.status == 400 || call_.status == 404 || call_.status == 413;
    return refused_whole && !call_.resent;
}

/// How long to wait until a look-up may say "absent".
Millis Resolution::quiet_left() const {
    if (refused_for_good()) return Millis{0};
    if (SPILLWAY_DEFECT("absent_at_once")) return Millis{0};
    const auto quiet = lane_.provider.times().quiet;
    // Within one process time is monotonic. Of an earlier process only the wall clock tells when it noted the intent:
    // bytes may have left until its deadline, and no longer than it lived, so the bound holds if the clock was set too.
    if (call_.last_sent) return std::max(Millis{0}, *call_.last_sent + quiet - lane_.clock.steady_now());
    return std::clamp(Millis(call_.sent + SendLimits{}.total + quiet - lane_.clock.wall_now()), Millis{0}, quiet);
}

SettleContext Resolution::context() const {
    auto context = lane_.settle_context();
    context.call_key = call_.key;
    // An unknown outcome is not the record's fault, unless no sound answer ever comes for it alone.
    context.whole_call = call_.doubt || answered_soundly() || call_.intents.size() > 1;
    return context;
}

Result<void> settle_found(queue::Transaction& transaction, const SettleContext& context, const Found& found,
                          Millis retry_delay) {
    auto loaded = store::load_subject(queue::sqlite::connection_of(transaction), found.intent.record_id,
                                      found.intent.record_version);
    if (!loaded.ok()) return loaded.error();
    loaded->job_id = found.claim.id;
    if (auto job = transaction.get(found.claim.id); job.ok()) loaded->attempts = job->attempts;
    // Names and codes are unique in the books: a contact or an item has no twin.
    const auto kind = loaded->subject.kind;
    if (found.watched && kind != RecordKind::contact && kind != RecordKind::item)
        store::add_watch(queue::sqlite::connection_of(transaction), context.connection, found.intent, context.now);
    return settle_object(transaction, context,
                         ObjectEnd{found.claim, std::move(*loaded), found.intent, found.outcome, retry_delay});
}

/// A create that may show hours later.
bool Resolution::to_be_watched(const store::Intent& intent, const ElementOutcome& outcome) const {
    if (call_.doubt || refused_for_good() || intent.object.verb != Verb::create) return false;
    return intent.absent_since && outcome.kind != Kind::applied;
}

/// Settles the findings in one transaction; what cannot be stored stays open and is found out again.
asio::awaitable<void> Resolution::settle(Findings findings) {
    std::vector<Found> found;
    std::vector<std::size_t> which;
    for (std::size_t i = 0; i < call_.intents.size(); ++i) {
        if (!call_.intents[i].open || !findings[i]) continue;
        // Without a claim (the job was overtaken) the evidence is kept all the same: token 0 is always stale.
        const auto claim = lane_.store.claim_unknown(lane_.lane, call_.intents[i].job_id);
        found.push_back({claim.value_or(queue::Claim{call_.intents[i].job_id, 0}), call_.intents[i],
                         std::move(*findings[i]), to_be_watched(call_.intents[i], *findings[i])});
        which.push_back(i);
        // Known before the job can be claimed again.
        if (call_.doubt && found.back().outcome.kind == Kind::unavailable)
            lane_.looked_up.emplace(call_.intents[i].job_id, call_.intents[i].object.role);
    }
    if (found.empty()) co_return;
    queue::Work work = [context = context(), found,
                        delay = lane_.retry_delay(3)](queue::Transaction& transaction) -> Result<void> {
        for (const auto& one : found) {
            auto settled = settle_found(transaction, context, one, delay);
            if (!settled.ok()) return settled;
        }
        return store::close_if_settled(queue::sqlite::connection_of(transaction), context.call_key, context.now);
    };
    const auto committed = co_await commit_settlement(lane_, std::move(work));
    if (!committed.ok()) {
        std::vector<queue::Claim> claims;
        for (const auto& one : found)
            if (one.claim.token != 0) claims.push_back(one.claim);
        lane_.store.unclaim(lane_.lane, claims);
        co_return;
    }
    for (const auto index : which) call_.intents[index].open = false;
}

/// The last thing before the bytes leave again.
asio::awaitable<Result<void>> Resolution::touch(std::vector<pacing::DayRow> day_calls) {
    // The wait for a slot may have outlasted the key's memory: the repeat would then be a second request.
    if (!may_resend()) co_return Error{ErrorKind::cancelled, "key_memory_over", "too late to send again"};
    if (!lane_.can_settle())
        co_return Error{ErrorKind::cancelled, "cannot_settle", "the store could not note that it goes again"};
    call_.resent = true;
    co_return co_await note_send(lane_, call_, std::move(day_calls));
}

/// Sends the same bytes again. Only "applied" decides at once; a refused or throttled repeat says nothing of the first
/// send.
asio::awaitable<void> Resolution::resend() {
    auto request = call_.request;
    if (SPILLWAY_DEFECT("repeat_with_new_key"))
        request = lane_.provider.assemble(lane_.caller.target().tenant, objects(false), lane_.random.hex128());
    Caller::BeforeSend before = [this](std::vector<pacing::DayRow> day_calls) { return touch(std::move(day_calls)); };
    auto answer = co_await lane_.caller.call(std::move(request), pacing::Urgency::reconcile, std::move(before));
    if (!answer.ok()) {
        if (answer.error().kind == ErrorKind::unauthorised) lane_.on_unauthorised(answer.error().detail);
        co_return;
    }
    if (answer->stage == Stage::sending) call_.last_sent = lane_.clock.steady_now();
    if (answer->stage != Stage::answered) co_return;
    const int status = answer->response.status;
    const auto all = objects(/*open_only=*/false);
    auto outcomes = lane_.provider.read_answer(all, *answer);
    Findings findings(outcomes.size());
    bool applied = false;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        applied = applied || outcomes[i].kind == Kind::applied;
        if (outcomes[i].kind == Kind::applied)
            findings[i] = std::move(outcomes[i]);
        else if (outcomes[i].kind == Kind::rejected && !outcomes[i].taken && !outcomes[i].stale)
            refused_[i] = std::move(outcomes[i]);
    }
    if (applied) lane_.recovered();
    co_await settle(std::move(findings));
    // It has answered for all that it will ever say of this key; what is still open is for the look-up.
    if (status != 429 && status != 401) call_.status = status;
}

ElementOutcome refusal(std::string code, std::string detail, std::string advice) {
    ElementOutcome outcome;
    outcome.kind = Kind::rejected;
    outcome.error = Error{ErrorKind::rejected, std::move(code), std::move(detail)};
    outcome.advice = std::move(advice);
    return outcome;
}

/// Not in the books: noted the first time, proven the second time half a minute later.
std::optional<ElementOutcome> Resolution::proven_absent(std::size_t index) {
    auto& intent = call_.intents[index];
    const auto now = lane_.clock.steady_now();
    if (!intent.absent_since) intent.absent_since = now;
    if (now - *intent.absent_since < kBetweenLookUps && !SPILLWAY_DEFECT("absent_at_once")) return std::nullopt;
    if (refused_[index]) return refused_[index];
    // No sound answer came for this batch and nothing of it took effect: its members go again in smaller ones.
    if (!call_.doubt && !answered_soundly())
        lane_.batch_cap[intent.job_id] = std::max<std::size_t>(1, call_.intents.size() / 2);
    ElementOutcome outcome;
    outcome.kind = Kind::unavailable;
    outcome.error = Error{ErrorKind::unavailable, "not_applied", "looked up twice: the write never took effect"};
    if (call_.doubt) outcome.error.detail = "looked up twice before it is sent: the books do not hold it";
    outcome.error.http_status = call_.status;
    return outcome;
}

std::optional<ElementOutcome> Resolution::judge(std::size_t index, const std::vector<RemoteObject>& found) {
    auto verdict = lane_.provider.judge(call_.intents[index].object, found);
    ElementOutcome outcome;
    switch (verdict.kind) {
        case Verdict::Kind::ours: adopt(outcome, std::move(verdict)); return outcome;
        case Verdict::Kind::foreign:
            return refusal("found_another", "the books hold another object in its place: " + verdict.detail,
                           "Compare both, then change the number or name, or resolve by hand.");
        case Verdict::Kind::ambiguous:
            return refusal("found_several", "the books hold more than one match: " + verdict.detail,
                           "Void the twin in the books, then resolve by hand or replay.");
        case Verdict::Kind::absent: return proven_absent(index);
        case Verdict::Kind::inconclusive:
            if (unclear_times_ < kUnclearTimesMax) return std::nullopt;
            return refusal("outcome_unclear", "the books do not tell whether the write took effect: " + verdict.detail,
                           "Look into the books: resolve by hand if it is there, replay if it is not.");
    }
    return std::nullopt;
}

/// One complete look-up of all open intents. @return false when it could not be completed.
asio::awaitable<bool> Resolution::look_up() {
    auto calls = lane_.provider.look_up(lane_.caller.target().tenant, objects(/*open_only=*/true));
    auto found = co_await read_all(lane_, std::move(calls), pacing::Urgency::reconcile);
    if (!found.ok()) {
        if (found.error().kind == ErrorKind::unauthorised) lane_.on_unauthorised(found.error().detail);
        co_return false;
    }
    if (SPILLWAY_DEFECT("look_up_ignored")) found->clear();
    Findings findings(call_.intents.size());
    for (std::size_t i = 0; i < call_.intents.size(); ++i)
        if (call_.intents[i].open) findings[i] = judge(i, *found);
    co_await settle(std::move(findings));
    co_return true;
}

asio::awaitable<void> Resolution::run() {
    log_info("resolving_call", {{"conn", lane_.connection.value},
                                {"operation", call_.request.operation},
                                {"objects", call_.intents.size()},
                                {"resend", may_resend()}});
    Millis delay = kRetryFirst;
    while (any_open()) {
        if (!lane_.may_send) {
            const bool slept = co_await lane_.clock.sleep_for(kNotAllowedPoll);
            if (!slept) co_return;
            continue;
        }
        if (may_resend()) {
            co_await resend();
            delay = std::min(delay * 2, kRetryMax);
        } else {
            const bool waited = co_await lane_.clock.sleep_for(quiet_left());
            if (!waited) co_return;
            const bool complete = co_await look_up();
            if (complete) ++unclear_times_;
            // The second look-up comes half a minute after the first; those that decide nothing come ever rarer, and so
            // do those that a provider in trouble does not answer.
            if (complete && unclear_times_ <= 2)
                delay = kBetweenLookUps;
            else
                delay = std::min(std::max(delay, kBetweenLookUps) * 2, complete ? kUnclearMax : kUnansweredMax);
        }
        if (!any_open()) break;
        const bool slept = co_await lane_.clock.sleep_for(delay);
        if (!slept) co_return;
    }
}

}  // namespace

asio::awaitable<void> resolve(LaneParts& lane, store::Call call) {
    Resolution resolution(lane, std::move(call));
    co_await resolution.run();
}

}  // namespace spillway::sync
