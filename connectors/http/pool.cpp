#include "connectors/http/pool.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace spillway::connectors {

namespace asio = boost::asio;

asio::awaitable<std::unique_ptr<Pool::Slot>> Pool::enter(std::string key, SteadyTime until) {
    const auto self = shared_from_this();
    auto& origin = origins_[key];  // std::map: the reference stays good while others come and go
    if (origin.in_use < per_origin_max_) {
        ++origin.in_use;
        co_return std::make_unique<Slot>(self, std::move(key));
    }
    const auto waiter = std::make_shared<Waiter>(asio::steady_timer(executor_, asio::steady_timer::time_point::max()));
    origin.waiters.push_back(waiter);
    {
        const Deadline deadline(executor_, clock_, until, [waiter] { waiter->turn.cancel(); });
        const auto [woken] = co_await waiter->turn.async_wait(asio::as_tuple(asio::use_awaitable));
        (void)woken;  // always operation_aborted; `admitted` tells why
    }
    if (waiter->admitted) co_return std::make_unique<Slot>(self, std::move(key));
    std::erase(origins_[key].waiters, waiter);
    co_return nullptr;
}

void Pool::leave(const std::string& key) {
    auto& origin = origins_[key];
    if (origin.waiters.empty()) {
        --origin.in_use;
        return;
    }
    // The place goes straight to the first in line, so that nobody who comes in between can take it.
    const auto next = origin.waiters.front();
    origin.waiters.pop_front();
    next->admitted = true;
    next->turn.cancel();
}

std::unique_ptr<Link> Pool::take(const std::string& key) {
    auto& idle = origins_[key].idle;
    const auto now = clock_.steady_now();
    while (!idle.empty()) {
        auto newest = std::move(idle.back());
        idle.pop_back();
        if (now < newest.until && !newest.link->stale()) return std::move(newest.link);
        newest.link->close();
    }
    return nullptr;
}

void Pool::keep(const std::string& key, std::unique_ptr<Link> link) {
    if (shut_) return;
    origins_[key].idle.push_back({std::move(link), clock_.steady_now() + idle_max_});
    if (!sweeper_) arm();
}

/// One timer for all: it wakes when the first may be due, which is seldom exact and never late.
void Pool::arm() {
    auto wake = [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->sweep();
    };
    sweeper_.emplace(executor_, clock_, clock_.steady_now() + idle_max_, std::move(wake));
}

void Pool::sweep() {
    const auto now = clock_.steady_now();
    for (auto& [key, origin] : origins_) std::erase_if(origin.idle, [&](const Idle& one) { return one.until <= now; });
    sweeper_.reset();
    if (idle() > 0) arm();
}

void Pool::shut() {
    shut_ = true;
    sweeper_.reset();
    for (auto& [key, origin] : origins_) origin.idle.clear();
}

std::size_t Pool::idle() const {
    std::size_t count = 0;
    for (const auto& [key, origin] : origins_) count += origin.idle.size();
    return count;
}

}  // namespace spillway::connectors
