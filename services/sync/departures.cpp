#include "services/sync/departures.hpp"

#include "schema/runtime/task_group.hpp"

namespace spillway::sync {

Departures::Departure::Departure(Departures& all, std::string organisation)
    : all_(all), organisation_(std::move(organisation)) {
    all_.under_way_.insert(organisation_);
}

Departures::Departure::~Departure() {
    const auto now = all_.clock_.steady_now();
    all_.under_way_.erase(all_.under_way_.find(organisation_));
    std::erase_if(all_.left_at_, [now](const auto& left) { return now - left.second > kRemembered; });
    all_.left_at_.insert_or_assign(organisation_, now);
    for (auto* waiter : all_.waiting_) waiter->notify();
}

bool Departures::has_just_left(const std::string& organisation) const {
    const auto left = left_at_.find(organisation);
    return left != left_at_.end() && clock_.steady_now() - left->second <= kRemembered;
}

boost::asio::awaitable<void> Departures::ended(std::string organisation, SteadyTime until) {
    while (is_leaving(organisation) && clock_.steady_now() < until) {
        Signal left(executor_);
        const WaiterPlace place(waiting_, left);
        co_await left.wait_until(clock_, until);
        const bool stop = co_await stop_requested();
        if (stop) co_return;
    }
}

}  // namespace spillway::sync
