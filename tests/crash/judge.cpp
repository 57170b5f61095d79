#include "tests/crash/judge.hpp"

#include <cstdlib>

namespace spillway::queue::test {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void Judge::begun(std::uint64_t slot, const Op& op) {
    now_ms_ = std::max(now_ms_, op.now_ms);
    pending_.emplace(slot, op);
}

void Judge::answered(std::uint64_t slot, const Outcome& outcome) {
    const auto found = pending_.find(slot);
    if (found == pending_.end()) return complain("an answer to nothing: " + std::to_string(slot));
    const Op op = found->second;
    pending_.erase(found);
    (outcome.ok ? confirmed_ : refused_).insert(slot);
    ++acknowledged_;
    apply(op, outcome);
}

void Judge::withdrawn(std::uint64_t slot) {
    pending_.erase(slot);
    refused_.insert(slot);
}

void Judge::claimed(const std::string& name, const Claim& claim, JobState from, std::int64_t now_ms) {
    LaneModel& model = lane(name);
    pass_to(model, now_ms);
    const std::string who = "job " + std::to_string(claim.id);
    if (claim.token <= token_max_) complain(who + " was claimed with a token that did not rise");
    token_max_ = std::max(token_max_, claim.token);
    const auto found = model.oracle.jobs.find(claim.id);
    if (found == model.oracle.jobs.end()) return complain(who + " was claimed and does not exist");
    OracleJob& job = found->second;
    if (is_ended(job.state)) complain(who + " was settled and runs again");
    if (job.claimed) complain(who + " was claimed twice");
    if (job.state != from || job.follow_up) complain(who + " was claimed as " + std::string(to_string(job.state)));
    if (from == JobState::waiting && model.held()) complain(who + " was claimed in a paused lane");
    job.claimed = true;
    model.claims[claim.id] = claim.token;
}

void Judge::unclaimed(const std::string& name, const Claim& claim, std::int64_t now_ms) {
    LaneModel& model = lane(name);
    pass_to(model, now_ms);
    model.claims.erase(claim.id);
    model.oracle.unclaim(claim.id);
}

std::size_t Judge::jobs() const {
    std::size_t all = 0;
    for (const auto& [name, model] : lanes_) all += model.oracle.jobs.size();
    return all;
}

void Judge::pass_to(LaneModel& model, std::int64_t now_ms) {
    now_ms_ = std::max(now_ms_, now_ms);
    model.oracle.now = now_ms_;
    model.oracle.promote_due();
    for (std::optional<LanePause>* pause : {&model.pause, &model.hold}) {
        if (*pause && (*pause)->until && *(*pause)->until <= from_ms(now_ms_)) pause->reset();
    }
}

void Judge::apply(const Op& op, const Outcome& outcome) {
    LaneModel& model = lane(op.lane);
    pass_to(model, op.now_ms);
    model.oracle.now = op.now_ms;
    if (allowed(model, op, outcome) == outcome.ok) return;
    complain(std::string(to_string(op.verb)) + " " + to_line(op) +
             (outcome.ok ? " was accepted" : " was refused with " + outcome.code));
}

void Judge::enqueue(LaneModel& model, const Op& op, const Outcome& outcome) {
    const std::string who = op.key + " in " + op.lane;
    if (outcome.placed == Placed::created && model.oracle.jobs.contains(outcome.id))
        complain(who + ": an id was given twice");
    if (model.oracle.enqueue(op.job(), outcome.id) != outcome.placed) complain(who + " was placed wrongly");
    if (!model.oracle.jobs.contains(outcome.id)) complain(who + " got the id of another job");
}

bool Judge::settle(LaneModel& model, const Op& op) {
    const auto held = model.claims.find(op.claim.id);
    if (held == model.claims.end() || held->second != op.claim.token) return false;
    model.claims.erase(held);
    model.oracle.settle(op.claim.id, op.settlement());
    return true;
}

/// Whether the plain queue allows it; if so it is done there too. An accepted enqueue is believed with its id.
bool Judge::allowed(LaneModel& model, const Op& op, const Outcome& outcome) {
    const bool about_a_job =
        op.verb == Verb::replay || op.verb == Verb::cancel || op.verb == Verb::resolve || op.verb == Verb::park;
    if (about_a_job && !model.oracle.jobs.contains(op.claim.id)) return false;
    switch (op.verb) {
        case Verb::enqueue: return enqueue(model, op, outcome), true;
        case Verb::enqueue_rolled_back: return false;
        case Verb::start: {
            const auto held = model.claims.find(op.claim.id);
            if (held == model.claims.end() || held->second != op.claim.token) return false;
            model.oracle.start(op.claim.id);
            return true;
        }
        case Verb::settle: return settle(model, op);
        case Verb::settle_and_enqueue:
            if (!settle(model, op)) return false;
            enqueue(model, op, outcome);
            return true;
        case Verb::release: return model.oracle.release(op.key, 1), true;
        case Verb::replay: return model.oracle.replay(op.claim.id);
        case Verb::cancel: return model.oracle.cancel(op.claim.id);
        case Verb::resolve: return model.oracle.resolve_by_hand(op.claim.id);
        case Verb::park: return model.oracle.park_blocked(op.claim.id);
        case Verb::pause:
            model.pause = LanePause{"paused", std::nullopt};
            if (op.at_ms != 0) model.pause->until = from_ms(op.at_ms);
            return true;
        case Verb::resume: return model.pause.reset(), true;
        case Verb::hold:
            model.hold = LanePause{"held", std::nullopt};
            if (op.at_ms != 0) model.hold->until = from_ms(op.at_ms);
            return true;
        case Verb::lift: return model.hold.reset(), true;
    }
    return false;
}

}  // namespace spillway::queue::test
