#include "services/guard/episodes.hpp"

#include <algorithm>
#include <bit>

namespace spillway::guard {

Episodes::Change Episodes::look(WallTime now, std::optional<double> over) {
    recent_ = ((recent_ << 1U) | (over ? 1U : 0U)) & 7U;
    if (running()) {
        Episode& current = all_.back();
        if (over) {
            current.worst = std::max(current.worst, *over);
            well_since_.reset();
            return Change::none;
        }
        if (!well_since_) well_since_ = now;
        if (now - *well_since_ < kHeals) return Change::none;
        current.healed = now;
        well_since_.reset();
        return Change::healed;
    }
    if (std::popcount(recent_) < 2) return Change::none;
    if (all_.size() >= kKept) all_.erase(all_.begin());
    Episode begun;
    begun.id = ++ids_;
    begun.began = now;
    begun.worst = over.value_or(1);
    all_.push_back(begun);
    return Change::began;
}

bool Episodes::acknowledge(std::int64_t id, WallTime now) {
    const auto found = std::ranges::find(all_, id, &Episode::id);
    if (found == all_.end()) return false;
    if (!found->seen) found->seen = now;
    return true;
}

std::vector<Episode> Episodes::open() const {
    std::vector<Episode> out;
    std::ranges::copy_if(all_, std::back_inserter(out), [](const Episode& each) { return !each.seen || !each.healed; });
    return out;
}

bool Episodes::pages(WallTime now) const {
    int within = 0;
    bool unseen = false;
    for (const Episode& each : all_) {
        if (now - each.began > kPages) continue;
        ++within;
        unseen = unseen || !each.seen;
    }
    return within >= 3 && unseen;
}

bool Episodes::coming_more_often(WallTime now) const {
    if (all_.size() < 4 || now - all_.back().began > std::chrono::hours(24)) return false;
    const auto* newest = &all_.back();
    const Millis third = newest[0].began - newest[-1].began;
    const Millis second = newest[-1].began - newest[-2].began;
    const Millis first = newest[-2].began - newest[-3].began;
    return third < second && second < first && 2 * third < first && first < std::chrono::hours(24 * 3);
}

}  // namespace spillway::guard
