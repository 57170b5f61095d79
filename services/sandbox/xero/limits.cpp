#include "services/sandbox/xero/limits.hpp"

#include <algorithm>
#include <functional>

namespace spillway::sandbox::xero {

namespace {

constexpr Millis kMinute{60'000};
constexpr Millis kDay{86'400'000};

/// As recorded: empty body, no content type, the limit's name; Retry-After only for the minute and the day.
HttpResponse refusal(std::string word, std::optional<Millis> wait) {
    HttpResponse answer{429, {}, ""};
    if (wait)
        answer.headers.add("Retry-After", std::to_string(std::max<std::int64_t>(1, (wait->count() + 999) / 1000)));
    answer.headers.add("X-Rate-Limit-Problem", std::move(word));
    return answer;
}

/// Windows "reset at a different time for each tenant": the same offset for the same id, on every machine.
Millis offset_of(const std::string& tenant, Millis span) {
    std::uint64_t hash = 1469598103934665603U;
    for (const char c : tenant) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return Millis{static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(span.count()))};
}

}  // namespace

SteadyTime Window::start(SteadyTime now) const {
    const auto since = now.time_since_epoch() - offset_;
    auto into = since % span_;
    if (into < Millis{0}) into += span_;
    return now - into;
}

int Window::used(SteadyTime now, bool sliding) {
    const SteadyTime from = sliding ? now - span_ : start(now);
    // A fixed window counts sends at its very start, a sliding one frees a slot exactly one span after the send.
    while (!sends_.empty() && (sliding ? sends_.front() <= from : sends_.front() < from)) sends_.pop_front();
    return static_cast<int>(sends_.size());
}

Millis Window::wait(SteadyTime now, bool sliding) const {
    if (!sliding) return start(now) + span_ - now;
    return sends_.empty() ? Millis{0} : sends_.front() + span_ - now;
}

Limits::Tenant& Limits::of(const std::string& tenant) {
    const auto at = tenants_.find(tenant);
    if (at != tenants_.end()) return at->second;
    Tenant fresh{{kMinute, offset_of(tenant, kMinute)}, {kDay, offset_of(tenant, kDay)}};
    return tenants_.emplace(tenant, std::move(fresh)).first->second;
}

std::optional<HttpResponse> Limits::admit(const std::string& tenant, const LimitSizes& sizes, const Switches& switches,
                                          SteadyTime now) {
    Tenant& counts = of(tenant);
    const bool sliding = switches.sliding_window;
    if (app_minute_.used(now, sliding) >= sizes.app_minute) return refusal(switches.app_minute_word, std::nullopt);
    if (counts.day.used(now, sliding) >= sizes.day) return refusal("day", counts.day.wait(now, sliding));
    if (counts.minute.used(now, sliding) >= sizes.minute) return refusal("minute", counts.minute.wait(now, sliding));
    app_minute_.count(now);
    counts.day.count(now);
    counts.minute.count(now);
    return std::nullopt;
}

void Limits::add_headers(HttpResponse& answer, const std::string& tenant, const LimitSizes& sizes,
                         const Switches& switches, SteadyTime now) {
    Tenant& counts = of(tenant);
    const bool sliding = switches.sliding_window;
    const auto left = [&](Window& window, int size) {
        return std::to_string(std::max(0, size - window.used(now, sliding)));
    };
    answer.headers.set("X-AppMinLimit-Remaining", left(app_minute_, sizes.app_minute));
    answer.headers.set("X-DayLimit-Remaining", left(counts.day, sizes.day));
    answer.headers.set("X-MinLimit-Remaining", left(counts.minute, sizes.minute));
}

std::optional<HttpResponse> Limits::enter(const std::string& tenant, const LimitSizes& sizes) {
    Tenant& counts = of(tenant);
    if (counts.in_flight >= sizes.concurrent) return refusal("concurrent", std::nullopt);
    ++counts.in_flight;
    return std::nullopt;
}

void Limits::leave(const std::string& tenant) {
    Tenant& counts = of(tenant);
    if (counts.in_flight > 0) --counts.in_flight;
}

void Limits::clear() {
    for (auto& [id, counts] : tenants_) {
        counts.minute.clear();
        counts.day.clear();
    }
    app_minute_.clear();
}

}  // namespace spillway::sandbox::xero
