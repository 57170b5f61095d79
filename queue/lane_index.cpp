#include "queue/lane_index.hpp"

#include <algorithm>

namespace spillway::queue {

namespace {
std::size_t at(JobState state) { return static_cast<std::size_t>(state); }
std::size_t at(Priority priority) { return static_cast<std::size_t>(priority); }
}  // namespace

void LaneIndex::learn(const Interned& name) {
    if (name.what == Interned::What::kind) {
        kinds_[name.id] = name.name;
        kind_ids_[name.name] = name.id;
        return;
    }
    lanes_[name.id].name = name.name;
    lane_ids_[name.name] = name.id;
}

void LaneIndex::load_count(std::int64_t lane, JobState state, std::int64_t jobs) {
    lanes_[lane].stored[at(state)] = jobs;
}

void LaneIndex::load(std::int64_t lane, JobId id, const Place& where) { place(lane, lanes_[lane], id, where); }

void LaneIndex::apply(const Change& change) {
    Lane& lane = lanes_[change.lane];
    if (change.before) {
        --lane.stored[at(change.before->state)];
        remove(lane, change.id, *change.before);
    }
    ++lane.stored[at(change.after.state)];
    ready_.insert(change.lane);
    const auto held = held_.find(change.id);
    if (held != held_.end()) {
        --lane.claimed[at(held->second.place.state)];
        if (held->second.token >= change.token) {  // still claimed: it has started, or was raised
            held->second.place = change.after;
            ++lane.claimed[at(change.after.state)];
            return;
        }
        held_.erase(held);
        claims_.drop(change.id);
    }
    place(change.lane, lane, change.id, change.after);
    if (change.follows == 0) return;
    const auto main = held_.find(change.follows);
    if (main != held_.end()) {
        main->second.has_follow_up = true;
    } else {
        folds_.push_back(change.follows);  // handed back in the meantime
    }
}

void LaneIndex::apply(HoldChange change) {
    if (change.pause) {
        holds_[change.scope] = {*std::move(change.pause), change.since_ms};
        return;
    }
    holds_.erase(change.scope);
    if (change.scope.lane != 0) {
        ready_.insert(change.scope.lane);
        return;
    }
    for (const auto& [id, lane] : lanes_) ready_.insert(id);
}

void LaneIndex::place(std::int64_t lane_id, Lane& lane, JobId id, const Place& where) {
    if (where.follow_up) return;
    if (where.state == JobState::waiting) {
        lane.waiting[at(where.priority)][where.kind].insert(id);
        ready_.insert(lane_id);
    } else if (where.state == JobState::scheduled) {
        timers_.insert({where.run_at_ms, id});
    } else if (where.state == JobState::unknown) {
        lane.unknown[id] = where;
    }
}

void LaneIndex::remove(Lane& lane, JobId id, const Place& where) {
    if (where.follow_up) return;
    if (where.state == JobState::waiting) {
        auto& kinds = lane.waiting[at(where.priority)];
        const auto found = kinds.find(where.kind);
        if (found == kinds.end()) return;
        found->second.erase(id);
        if (found->second.empty()) kinds.erase(found);
    } else if (where.state == JobState::scheduled) {
        timers_.erase({where.run_at_ms, id});
    } else if (where.state == JobState::unknown) {
        lane.unknown.erase(id);
    }
}

const LaneIndex::Lane* LaneIndex::find(const std::string& lane) const {
    const auto id = lane_ids_.find(lane);
    return id == lane_ids_.end() ? nullptr : &lanes_.at(id->second);
}

LaneIndex::Lane* LaneIndex::find(const std::string& lane) {
    const auto id = lane_ids_.find(lane);
    return id == lane_ids_.end() ? nullptr : &lanes_.at(id->second);
}

std::array<std::size_t, 3> LaneIndex::order(const Lane& lane) {
    if (lane.claims_made % kFloorEvery == kFloorEvery - 1) return {2, 1, 0};
    return {0, 1, 2};
}

bool LaneIndex::held(HoldScope scope, WallTime now) const {
    const auto found = holds_.find(scope);
    return found != holds_.end() && (!found->second.pause.until || *found->second.pause.until > now);
}

bool LaneIndex::paused(std::int64_t lane, WallTime now) const {
    return !holds_.empty() && (held({0, 0}, now) || held({lane, 0}, now));
}

bool LaneIndex::kind_held(std::int64_t lane, std::int64_t kind, WallTime now) const {
    return !holds_.empty() && (held({0, kind}, now) || held({lane, kind}, now));
}

std::optional<std::string> LaneIndex::next_kind(const std::string& lane_name, WallTime now) const {
    const auto lane_id = lane_ids_.find(lane_name);
    if (lane_id == lane_ids_.end() || paused(lane_id->second, now)) return std::nullopt;
    const Lane& lane = lanes_.at(lane_id->second);
    for (const std::size_t priority : order(lane)) {
        std::optional<std::pair<JobId, std::int64_t>> oldest;  // with its kind
        for (const auto& [kind, ids] : lane.waiting[priority]) {
            if (kind_held(lane_id->second, kind, now)) continue;
            if (!oldest || ids.front() < oldest->first) oldest = {ids.front(), kind};
        }
        if (oldest) return kinds_.at(oldest->second);
    }
    return std::nullopt;
}

std::optional<Priority> LaneIndex::most_urgent(const std::string& lane_name, WallTime now) const {
    const auto lane_id = lane_ids_.find(lane_name);
    if (lane_id == lane_ids_.end() || paused(lane_id->second, now)) return std::nullopt;
    const Lane& lane = lanes_.at(lane_id->second);
    for (std::size_t priority = 0; priority < lane.waiting.size(); ++priority)
        for (const auto& [kind, ids] : lane.waiting[priority])
            if (!kind_held(lane_id->second, kind, now)) return static_cast<Priority>(priority);
    return std::nullopt;
}

std::vector<JobId> LaneIndex::running() const {
    std::vector<JobId> ids;
    ids.reserve(held_.size());
    for (const auto& [id, held] : held_) ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    return ids;
}

Claim LaneIndex::hold(std::int64_t lane_id, Lane& lane, Claim claim, const Place& where) {
    held_[claim.id] = Held{claim.token, lane_id, where};
    ++lane.claimed[at(where.state)];
    return claim;
}

std::vector<Claim> LaneIndex::claim(const std::string& lane_name, const std::string& kind, std::size_t limit,
                                    WallTime now) {
    std::vector<Claim> claims;
    Lane* lane = find(lane_name);
    const auto kind_id = kind_ids_.find(kind);
    if (lane == nullptr || kind_id == kind_ids_.end()) return claims;
    const std::int64_t lane_id = lane_ids_.at(lane_name);
    if (paused(lane_id, now) || kind_held(lane_id, kind_id->second, now)) return claims;
    for (const std::size_t priority : order(*lane)) {
        auto& kinds = lane->waiting[priority];
        const auto found = kinds.find(kind_id->second);
        if (found == kinds.end()) continue;
        const std::size_t before = claims.size();
        found->second.visit([&](JobId id) {
            if (claims.size() == limit) return false;
            const Claim claim{id, tokens_.next()};
            if (!claims_.take(claim)) return true;  // a commit is changing it: its change will call again
            const Place where{JobState::waiting, static_cast<Priority>(priority), false, kind_id->second, 0};
            claims.push_back(hold(lane_id, *lane, claim, where));
            return true;
        });
        for (std::size_t at = before; at < claims.size(); ++at) found->second.erase(claims[at].id);
        if (found->second.empty()) kinds.erase(found);
    }
    if (!claims.empty()) ++lane->claims_made;
    return claims;
}

std::optional<Claim> LaneIndex::claim_unknown(const std::string& lane_name, JobId id) {
    Lane* lane = find(lane_name);
    if (lane == nullptr) return std::nullopt;
    const auto found = lane->unknown.find(id);
    if (found == lane->unknown.end()) return std::nullopt;
    const Claim claim{id, tokens_.next()};
    if (!claims_.take(claim)) return std::nullopt;
    hold(lane_ids_.at(lane_name), *lane, claim, found->second);
    lane->unknown.erase(found);
    return claim;
}

void LaneIndex::unclaim(const std::vector<Claim>& claims) {
    for (const Claim& claim : claims) {
        const auto found = held_.find(claim.id);
        if (found == held_.end() || found->second.token != claim.token) continue;
        const Held held = found->second;
        held_.erase(found);
        claims_.drop(claim.id);
        Lane& lane = lanes_.at(held.lane);
        --lane.claimed[at(held.place.state)];
        place(held.lane, lane, claim.id, held.place);
        if (held.has_follow_up) folds_.push_back(claim.id);
    }
}

LaneCounts LaneIndex::counts(const std::string& lane_name) const {
    LaneCounts counts{lane_name, {}};
    const Lane* lane = find(lane_name);
    if (lane == nullptr) return counts;
    std::int64_t running = 0;
    for (const std::int64_t claimed : lane->claimed) running += claimed;
    for (std::size_t state = 0; state < lane->stored.size(); ++state) {
        const bool is_running = state == at(JobState::running);
        const std::int64_t jobs = is_running ? running : lane->stored[state] - lane->claimed[state];
        if (jobs > 0) counts.by_state.emplace_back(static_cast<JobState>(state), jobs);
    }
    return counts;
}

std::optional<LanePause> LaneIndex::pause(const std::string& lane_name, WallTime now) const {
    const auto lane = lane_ids_.find(lane_name);
    if (lane == lane_ids_.end() || !held({lane->second, 0}, now)) return std::nullopt;
    return holds_.at({lane->second, 0}).pause;
}

std::vector<Hold> LaneIndex::holds(WallTime now) const {
    std::vector<Hold> all;
    for (const auto& [scope, hold] : holds_) {
        if (!held(scope, now)) continue;
        Hold out;
        if (scope.lane != 0) out.lane = lanes_.at(scope.lane).name;
        if (scope.kind != 0) out.kind = kinds_.at(scope.kind);
        out.reason = hold.pause.reason;
        out.since = from_ms(hold.since_ms);
        out.until = hold.pause.until;
        all.push_back(std::move(out));
    }
    return all;
}

std::int64_t LaneIndex::ahead(const std::string& lane_name, Priority priority, JobId id) const {
    const Lane* lane = find(lane_name);
    if (lane == nullptr) return 0;
    std::size_t jobs = 0;
    for (std::size_t each = 0; each <= at(priority); ++each) {
        for (const auto& [kind, ids] : lane->waiting[each]) {
            jobs += each < at(priority) ? ids.size() : ids.rank(id);
        }
    }
    return static_cast<std::int64_t>(jobs);
}

std::vector<std::string> LaneIndex::lanes() const {
    std::vector<std::string> names;
    for (const auto& [id, lane] : lanes_) {
        const bool open = std::any_of(lane.stored.begin(), lane.stored.begin() + at(JobState::applied),
                                      [](std::int64_t jobs) { return jobs > 0; });
        if (open) names.push_back(lane.name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<JobId> LaneIndex::due(WallTime now, std::size_t limit) const {
    std::vector<JobId> ids;
    timers_.visit([&](const Timer& timer) {
        if (timer.run_at_ms > to_ms(now) || ids.size() == limit) return false;
        ids.push_back(timer.id);
        return true;
    });
    return ids;
}

std::vector<HoldScope> LaneIndex::ended_holds(WallTime now) const {
    std::vector<HoldScope> ended;
    for (const auto& [scope, hold] : holds_) {
        if (!held(scope, now)) ended.push_back(scope);
    }
    return ended;
}

std::optional<WallTime> LaneIndex::next_due() const {
    std::optional<WallTime> next;
    if (!timers_.empty()) next = from_ms(timers_.front().run_at_ms);
    for (const auto& [scope, hold] : holds_) {
        if (hold.pause.until && (!next || *hold.pause.until < *next)) next = hold.pause.until;
    }
    return next;
}

std::vector<std::string> LaneIndex::take_ready() {
    std::vector<std::string> names;
    for (const std::int64_t id : std::exchange(ready_, {})) {
        const Lane& lane = lanes_[id];
        if (std::any_of(lane.waiting.begin(), lane.waiting.end(), [](const auto& kinds) { return !kinds.empty(); })) {
            names.push_back(lane.name);
        }
    }
    std::sort(names.begin(), names.end());  // the order of a hash set would differ between runs
    return names;
}

}  // namespace spillway::queue
