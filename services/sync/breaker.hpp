#pragma once
// Whether it makes sense to call a provider at all: one for all lanes of a provider app. Calls of several connections
// in a row that get no sound answer are the provider's trouble, not theirs; then one lane at a time tries for all.
// Refusals, limits and lost consents are sound answers. Pure: the time is given.

#include <optional>
#include <string>

#include "queue/backoff.hpp"

namespace spillway::sync {

class Breaker {
 public:
    static constexpr int kFailuresMax = 5;
    static constexpr queue::BackoffPolicy kWait{Millis{5'000}, Millis{60'000}, 0};

    struct Ask {
        bool go = true;
        SteadyTime retry_at{};  ///< when to ask again
    };
    /// Whether `lane` may begin a call now. While the breaker is half open only one lane may.
    [[nodiscard]] Ask ask(const std::string& lane, SteadyTime now) const;
    /// `lane` begins a call that ask() allowed. Whatever becomes of it, end() follows.
    void begin(const std::string& lane);
    void end(const std::string& lane);

    /// The provider said something of a write, whatever it was: closed. (Reads may go well while writes do not.)
    void answered();
    /// No sound answer came: no connection, a time-out, a server error.
    void failed(const std::string& lane, SteadyTime now, Random& random);
    [[nodiscard]] bool is_open() const { return times_opened_ > 0; }

 private:
    int failures_ = 0;         // in a row, of whatever lane
    std::string first_;        // whose was the first of them
    bool several_ = false;     // they are of more than one lane
    int times_opened_ = 0;     // since it was last closed
    SteadyTime open_until_{};  // half open from then on
    std::optional<std::string> probing_;
};

}  // namespace spillway::sync
