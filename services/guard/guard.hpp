#pragma once
// Watches the payment database's latency, as its own probes measure it: slows the relay when it leaves what is normal,
// and tells people before it becomes an outage. Pure: fed with windows, asked for what to do.

#include "services/guard/episodes.hpp"
#include "services/guard/notice.hpp"
#include "services/guard/pace.hpp"
#include "services/guard/trend.hpp"

namespace spillway::guard {

/// What was measured in one window of time.
struct Window {
    WallTime at{};
    SteadyTime steady{};
    std::vector<Micros> probes{};  ///< each trivial statement's latency
};

struct Limits {
    Micros timeout = 30'000'000;  ///< of the payments: what must never be reached
    Micros floor = 20'000;        ///< below it no latency is trouble
    double over_baseline = 3;     ///< this multiple of the baseline is
    double over_median = 5;       ///< where it is not known for certain: this multiple, and of the last day's median
    Micros unknown = 250'000;     ///< in the first day: no distance explains more, so more is trouble
};

class Guard {
 public:
    explicit Guard(Limits limits = {}) : limits_(limits) {}

    /// Takes one window in. @return the pause that the relay must keep between two reads.
    Millis look(const Window& window);
    /// What people must know now, newest windows included.
    [[nodiscard]] std::vector<Notice> notices() const;
    [[nodiscard]] const Episodes& episodes() const { return episodes_; }
    bool acknowledge(std::int64_t episode, WallTime now) { return episodes_.acknowledge(episode, now); }
    /// The limit in force, for metrics.
    [[nodiscard]] Micros limit_at(WallTime when) const;

 private:
    struct Hour {
        WallTime at{};
        Micros value = 0;
    };
    void enter_hour(WallTime at);
    void learn(Hour hour);
    [[nodiscard]] Micros day_median() const;
    [[nodiscard]] Micros reference() const;

    Limits limits_;
    Baseline baseline_{};
    Episodes episodes_{};
    Pace pace_{};
    Trend trend_{};
    WallTime now_{};
    SteadyTime steady_now_{};
    std::optional<WallTime> hour_{};
    std::vector<Micros> of_hour_{};  ///< its windows that were well
    std::optional<Micros> best_of_hour_{};
    bool hour_spoiled_ = false;
    std::deque<Hour> hours_{};  ///< typical values of the last 24 hours that were well, for the time without a baseline
    bool day_known_ = false;    ///< 24 such hours have been seen
    std::optional<Micros> normal_{};
};

}  // namespace spillway::guard
