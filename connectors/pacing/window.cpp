#include "connectors/pacing/window.hpp"

#include <algorithm>

#include "schema/simulated.hpp"

namespace spillway::pacing {
namespace {

// Times arrive nearly in order, so the place is found from the back.
void insert_sorted(std::deque<SteadyTime>& times, SteadyTime when) {
    times.insert(std::upper_bound(times.begin(), times.end(), when), when);
}

void drop_until(std::deque<SteadyTime>& times, SteadyTime now) {
    while (!times.empty() && times.front() <= now) times.pop_front();
}

}  // namespace

Window::Window(LimitProfile::Window rule) : rule_(std::move(rule)) { SPILLWAY_ASSERT(rule_.calls > 0); }

void Window::advance(SteadyTime now) {
    drop_until(own_, now);
    drop_until(closed_, now);
}

int Window::open() const {
    const auto taken = static_cast<std::int64_t>(own_.size() + closed_.size()) + under_way_;
    return taken >= rule_.calls ? 0 : static_cast<int>(rule_.calls - taken);
}

std::optional<SteadyTime> Window::opens_at(int wanted) const {
    const auto taken = static_cast<std::int64_t>(own_.size() + closed_.size()) + under_way_;
    const std::int64_t must_free = taken + wanted - rule_.calls;
    if (must_free <= 0) return SteadyTime::min();
    if (must_free > static_cast<std::int64_t>(own_.size() + closed_.size())) return std::nullopt;
    auto own = own_.begin();
    auto closed = closed_.begin();
    SteadyTime when{};
    for (std::int64_t i = 0; i < must_free; ++i)
        when = closed == closed_.end() || (own != own_.end() && *own <= *closed) ? *own++ : *closed++;
    return when;
}

void Window::end(SteadyTime frees) {
    SPILLWAY_ASSERT(under_way_ > 0);
    --under_way_;
    if (SPILLWAY_DEFECT("slot_freed_early")) frees -= rule_.span / 3;
    insert_sorted(own_, frees);
}

void Window::give_back() {
    SPILLWAY_ASSERT(under_way_ > 0);
    --under_way_;
}

void Window::fill(SteadyTime until) {
    while (open() > 0) insert_sorted(closed_, until);
}

void Window::server_says(int remaining, int overlapping, SteadyTime until) {
    for (int excess = open() - std::max(remaining, 0); excess > 0; --excess) insert_sorted(closed_, until);
    // Calls that overlapped with this answer's may be missing in the server's figure, so they count against it.
    for (int more = remaining - overlapping - open(); more > 0 && !closed_.empty(); --more) closed_.pop_back();
}

}  // namespace spillway::pacing
