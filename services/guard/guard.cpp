#include "services/guard/guard.hpp"

#include <algorithm>
#include <cmath>

namespace spillway::guard {
namespace {

Micros quantile(std::vector<Micros> values, double share) {
    const auto rank = std::llround(share * static_cast<double>(values.size() - 1));
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank);
    std::ranges::nth_element(values, at);
    return *at;
}

std::string millis_text(Micros value) { return std::to_string(std::llround(value / 1000)) + " ms"; }

}  // namespace

Micros Guard::day_median() const {
    std::vector<Micros> values;
    for (const Hour& hour : hours_) values.push_back(hour.value);
    return values.empty() ? 0 : quantile(std::move(values), 0.5);
}

/// What is taken for usual where no baseline says it. In the first day, which may have begun in trouble, one good
/// window outweighs all that was seen before it.
Micros Guard::reference() const {
    const Micros median = day_median();
    if (day_known_ || !best_of_hour_) return median;
    return hours_.empty() ? *best_of_hour_ : std::min(median, *best_of_hour_);
}

Micros Guard::limit_at(WallTime when) const {
    const auto normal = baseline_.at(when);
    Micros limit = limits_.floor;
    // While either cell is unknown, the day may be one of those that are always slower.
    const bool certain = normal && normal->certain;
    if (normal) limit = std::max(limit, (certain ? limits_.over_baseline : limits_.over_median) * normal->value);
    if (!certain) limit = std::max(limit, limits_.over_median * reference());
    return day_known_ ? limit : std::min(limit, std::max(limits_.unknown, limits_.floor));
}

void Guard::learn(Hour hour) {
    constexpr std::size_t kHoursOfDay = 24;
    hours_.push_back(hour);
    if (hours_.size() > kHoursOfDay) hours_.pop_front();
    if (day_known_) return baseline_.learn(hour.at, hour.value);
    if (hours_.size() < kHoursOfDay) return;
    // Only a whole day tells which of its hours were trouble.
    day_known_ = true;
    std::erase_if(hours_, [most = limits_.over_median * day_median()](const Hour& each) { return each.value > most; });
    for (const Hour& each : hours_) baseline_.learn(each.at, each.value);
}

void Guard::enter_hour(WallTime at) {
    const auto hour = std::chrono::floor<std::chrono::hours>(at);
    if (hour_ == hour) return;
    if (hour_ && !of_hour_.empty() && !hour_spoiled_) learn({*hour_, quantile(of_hour_, 0.5)});
    hour_ = hour;
    of_hour_.clear();
    best_of_hour_.reset();
    hour_spoiled_ = episodes_.running();
}

Millis Guard::look(const Window& window) {
    now_ = window.at;
    steady_now_ = window.steady;
    if (window.probes.empty()) return pace_.pause();
    enter_hour(window.at);
    const Micros worst = quantile(window.probes, 0.99);
    best_of_hour_ = std::min(worst, best_of_hour_.value_or(worst));
    const Micros limit = limit_at(window.at);
    const bool suffers = worst > limit;
    episodes_.look(window.at, suffers ? std::optional<double>(worst / limit) : std::nullopt);
    hour_spoiled_ = hour_spoiled_ || episodes_.running();
    if (!suffers) of_hour_.push_back(worst);
    // Without a baseline the rise of every morning, and of every month end, would look like trouble to come.
    const auto normal = baseline_.at(window.at);
    normal_.reset();
    if (normal && normal->certain) normal_ = normal->value;
    if (normal_) trend_.add(window.at, worst / *normal_);
    return pace_.look(window.steady, suffers);
}

std::vector<Notice> Guard::notices() const {
    std::vector<Notice> out;
    using Level = Notice::Level;
    const auto open = episodes_.open();
    if (!open.empty()) {
        const Episode& newest = open.back();
        out.push_back({episodes_.pages(now_) ? Level::page : Level::alert, "payment_db_slow",
                       std::to_string(open.size()) + " slow episodes that nobody has acknowledged; the newest is " +
                           (newest.healed ? "over, which proves nothing" : "not over") + "; limit " +
                           millis_text(limit_at(now_))});
    }
    if (episodes_.coming_more_often(now_))
        out.push_back({Level::page, "payment_db_slow_again", "slow episodes heal by themselves and come more often"});
    if (normal_) {
        if (const auto left = trend_.reaches(limits_.timeout / *normal_))
            out.push_back({*left < std::chrono::hours(1) ? Level::page : Level::alert, "payment_db_slows_down",
                           "at this rate payments time out in " + std::to_string(left->count() / 60'000) + " minutes"});
    }
    if (pace_.starving(steady_now_))
        out.push_back({Level::page, "relay_starved",
                       "the relay reads once in five seconds because the payment "
                       "database stays slow"});
    return out;
}

}  // namespace spillway::guard
