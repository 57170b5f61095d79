#include "tests/crash/player.hpp"

namespace spillway::queue::test {

Op Player::op_of(Verb verb, const std::string& key) {
    Op op;
    op.verb = verb;
    op.lane = "L";
    op.key = key;
    op.now_ms = to_ms(bench_.clock().wall_now());
    const auto claim = claims_.find(key);
    op.claim = claim != claims_.end() ? claim->second : Claim{ids_[key], 1};
    return op;
}

bool Player::perform(Op op) {
    const std::uint64_t slot = ++slots_;
    judge_.begun(slot, op);
    auto outcome = std::make_shared<Outcome>();
    Work work = [op, slot, outcome](Transaction& transaction) { return carry_out(transaction, op, slot, *outcome); };
    UnderWay each{slot, op, outcome,
                  spillway::test::start(bench_.io(), bench_.store().commit(op.command_class(), std::move(work)))};
    if (gathering_) return gathered_.push_back(std::move(each)), true;
    bench_.clock().run_for(Millis{0});
    return hear(each);
}

bool Player::hear(UnderWay& each) {
    const Result<void> result = each.pending.take();
    Outcome& outcome = *each.outcome;
    outcome.ok = result.ok();
    if (!result.ok()) outcome.code = result.error().code;
    if (outcome.code == "storage_full") refused_.push_back(each.slot);
    if (!result.ok() && result.error().kind == ErrorKind::unavailable) return false;  // it may have happened
    judge_.answered(each.slot, outcome);
    if (!outcome.ok) judge_.complain("refused with " + outcome.code + ": " + to_line(each.op));
    if (outcome.ok && outcome.id != 0)
        (outcome.placed == Placed::follow_up ? follow_ups_ : ids_)[each.op.key] = outcome.id;
    return outcome.ok;
}

void Player::withdraw_refused() {
    for (const std::uint64_t slot : std::exchange(refused_, {})) judge_.withdrawn(slot);
}

bool Player::together(const std::vector<std::function<bool()>>& verbs) {
    gathering_ = true;
    for (const auto& verb : verbs) verb();
    gathering_ = false;
    bench_.clock().run_for(Millis{0});
    bool all = true;
    for (UnderWay& each : std::exchange(gathered_, {})) all = hear(each) && all;
    return all;
}

bool Player::enqueue(const std::string& key, std::vector<Wait> waits, Millis later) {
    Op op = op_of(Verb::enqueue, key);
    op.body = "body" + std::to_string(slots_);
    op.padding = slots_ % 3 == 0 ? 1'500 : 0;
    op.waits = std::move(waits);
    if (later.count() != 0) op.at_ms = op.now_ms + later.count();
    return perform(op);
}

bool Player::start(const std::string& key) { return perform(op_of(Verb::start, key)); }

bool Player::settle(const std::string& key, How how) {
    Op op = op_of(Verb::settle, key);
    op.how = how;
    return perform(op);
}

bool Player::settle_and_enqueue(const std::string& key, How how, const std::string& next) {
    Op op = op_of(Verb::settle_and_enqueue, key);
    op.how = how;
    op.key = next;
    op.body = "body" + std::to_string(slots_);
    return perform(op);
}

bool Player::release(const std::string& key) { return perform(op_of(Verb::release, key)); }
bool Player::administer(Verb verb, const std::string& key) { return perform(op_of(verb, key)); }

bool Player::cancel_follow_up(const std::string& key) {
    Op op = op_of(Verb::cancel, key);
    op.claim.id = follow_ups_.at(key);
    return perform(op);
}

bool Player::hold_for(Verb verb, Millis span) {
    Op op = op_of(verb, "");
    if (span.count() != 0) op.at_ms = op.now_ms + span.count();
    return perform(op);
}

void Player::claim() {
    const std::int64_t now = to_ms(bench_.clock().wall_now());
    for (const Claim& claim : bench_.store().claim("L", "push", 100)) {
        judge_.claimed("L", claim, JobState::waiting, now);
        for (const auto& [key, id] : ids_) {
            if (id == claim.id) claims_[key] = claim;
        }
    }
}

void Player::claim_unknown(const std::string& key) {
    const auto claim = bench_.store().claim_unknown("L", ids_.at(key));
    SPILLWAY_ASSERT(claim);
    judge_.claimed("L", *claim, JobState::unknown, to_ms(bench_.clock().wall_now()));
    claims_[key] = *claim;
}

void Player::unclaim(const std::string& key) {
    const Claim claim = claims_.at(key);
    claims_.erase(key);
    bench_.store().unclaim("L", {claim});
    judge_.unclaimed("L", claim, to_ms(bench_.clock().wall_now()));
}

bool Player::pass(Millis span) {
    bench_.pass(span);
    return true;
}

bool Player::reopen() {
    bench_.crash();
    claims_.clear();
    if (!bench_.open().ok()) return false;
    judge_.check(bench_);
    return true;
}

bool Player::close() {
    auto closed = spillway::test::start(bench_.io(), bench_.store().close());
    bench_.clock().run_for(Millis{0});
    return closed.ended();
}

}  // namespace spillway::queue::test
