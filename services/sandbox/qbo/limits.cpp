#include "services/sandbox/qbo/limits.hpp"

#include <vector>

namespace spillway::sandbox::qbo {

bool Limits::Window::full(SteadyTime now, std::chrono::milliseconds span, std::int64_t limit) {
    while (!times.empty() && times.front() + span <= now) times.pop_front();
    return static_cast<std::int64_t>(times.size()) >= limit;
}

bool Limits::admit(const std::string& realm, const std::string& app, bool batch, SteadyTime now,
                   const Settings& settings) {
    using std::chrono::minutes;
    using std::chrono::seconds;
    struct Rule {
        std::string key;
        std::chrono::milliseconds span;
        std::int64_t limit;
    };
    std::vector<Rule> rules{{"m " + realm, minutes(1), settings.requests_per_minute},
                            {"s " + realm + " " + app, seconds(1), settings.requests_per_second}};
    if (batch) {
        rules.push_back({"b " + realm + " " + app, minutes(1), settings.batches_per_minute_app});
        rules.push_back({"b " + realm, minutes(1), settings.batches_per_minute});
    }
    for (const Rule& rule : rules) {
        if (windows_[rule.key].full(now, rule.span, rule.limit)) return false;
    }
    for (const Rule& rule : rules) windows_[rule.key].times.push_back(now);
    return true;
}

}  // namespace spillway::sandbox::qbo
