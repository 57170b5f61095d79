#pragma once
// The gateway's limits: sliding windows over the monotonic clock. A refused request does not count (assumed).

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "schema/clock.hpp"
#include "services/sandbox/qbo/settings.hpp"

namespace spillway::sandbox::qbo {

class Limits {
 public:
    /// Counts one request of `app` to `realm`, or says that it is one too many.
    bool admit(const std::string& realm, const std::string& app, bool batch, SteadyTime now, const Settings& settings);
    void clear() { windows_.clear(); }

 private:
    struct Window {
        std::deque<SteadyTime> times;
        [[nodiscard]] bool full(SteadyTime now, std::chrono::milliseconds span, std::int64_t limit);
    };
    std::unordered_map<std::string, Window> windows_;
};

}  // namespace spillway::sandbox::qbo
