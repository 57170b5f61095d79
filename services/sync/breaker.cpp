#include "services/sync/breaker.hpp"

namespace spillway::sync {

Breaker::Ask Breaker::ask(const std::string& lane, SteadyTime now) const {
    constexpr Millis kProbeAgain{1'000};
    if (!is_open()) return {};
    if (now < open_until_) return {false, open_until_};
    if (probing_ && *probing_ != lane) return {false, now + kProbeAgain};
    return {};
}

void Breaker::begin(const std::string& lane) {
    if (is_open() && !probing_) probing_ = lane;
}

void Breaker::end(const std::string& lane) {
    if (probing_ == lane) probing_.reset();
}

void Breaker::answered() {
    failures_ = times_opened_ = 0;
    several_ = false;
    open_until_ = {};
    probing_.reset();
}

void Breaker::failed(const std::string& lane, SteadyTime now, Random& random) {
    if (failures_++ == 0) first_ = lane;
    several_ = several_ || first_ != lane;
    if (!several_ || failures_ < kFailuresMax) return;
    // Calls that were under way when it opened say nothing new.
    if (is_open() && now < open_until_) return;
    ++times_opened_;
    open_until_ = now + kWait.base + queue::backoff_delay(kWait, times_opened_, random);
}

}  // namespace spillway::sync
