#pragma once
// Xero's call limits per app and organisation (minute, day, in flight) and per app (minute), with the headers and the
// 429 that show them. developer.xero.com, "OAuth 2.0 API limits".

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "schema/clock.hpp"
#include "schema/runtime/http_message.hpp"
#include "services/sandbox/xero/switches.hpp"

namespace spillway::sandbox::xero {

struct LimitSizes {
    int minute = 60;
    int day = 5'000;
    int concurrent = 5;
    int app_minute = 10'000;
};

/// A count over a span of time, fixed (from `offset` on) or sliding.
class Window {
 public:
    Window(Millis span, Millis offset) : span_(span), offset_(offset) {}
    [[nodiscard]] int used(SteadyTime now, bool sliding);
    void count(SteadyTime now) { sends_.push_back(now); }
    /// Until a call is possible again, when the window is full.
    [[nodiscard]] Millis wait(SteadyTime now, bool sliding) const;
    void clear() { sends_.clear(); }

 private:
    [[nodiscard]] SteadyTime start(SteadyTime now) const;
    Millis span_, offset_;
    std::deque<SteadyTime> sends_;
};

class Limits {
 public:
    /// Counts one call of that app and organisation. @return the 429 where a limit is reached: the call is not
    /// executed.
    std::optional<HttpResponse> admit(const std::string& tenant, const LimitSizes& sizes, const Switches& switches,
                                      SteadyTime now);
    /// Adds what is left to an answer.
    void add_headers(HttpResponse& answer, const std::string& tenant, const LimitSizes& sizes, const Switches& switches,
                     SteadyTime now);
    /// A call starts. @return the 429 where too many are in flight; then leave() must not follow.
    std::optional<HttpResponse> enter(const std::string& tenant, const LimitSizes& sizes);
    void leave(const std::string& tenant);
    void clear();

 private:
    struct Tenant {
        Window minute, day;
        int in_flight = 0;
    };
    Tenant& of(const std::string& tenant);
    std::map<std::string, Tenant> tenants_;
    Window app_minute_{Millis{60'000}, Millis{0}};
};

}  // namespace spillway::sandbox::xero
