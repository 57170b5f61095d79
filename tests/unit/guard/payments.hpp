#pragma once
// A payment database's latency from a seed, and a guard that watches it.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "schema/random.hpp"
#include "services/guard/guard.hpp"

namespace spillway::test {

using namespace guard;
using std::chrono::days;
using std::chrono::hours;

/// Latency as a business has it: nights, noons, weekends, month ends, noise, and now and then one hiccup.
class Payments {
 public:
    Payments(std::uint64_t seed, Micros base) : random_(seed), base_(base) {}

    Window window(WallTime at, double trouble = 1) {
        Window out;
        out.at = at;
        out.steady = SteadyTime(at.time_since_epoch());
        const double hiccup = random_.below(2'000) == 0 ? 8 : 1;
        for (int i = 0; i < 5; ++i) out.probes.push_back(base_ * shape(at) * noise() * hiccup * trouble);
        return out;
    }

 private:
    static double shape(WallTime at) {
        const auto day = std::chrono::floor<days>(at);
        const double hour = std::chrono::duration<double, std::ratio<3'600>>(at - day).count();
        const double noon = 1 + 2 * std::max(0.0, std::sin((hour - 6) / 14 * std::numbers::pi));
        const bool weekend = std::chrono::weekday(day).iso_encoding() > 5;
        if (weekend) return 1 + (noon - 1) / 4;
        return business_days_left(at) < 2 ? 2.5 * noon : noon;
    }
    /// About log-normal with 0.2.
    double noise() {
        double sum = 0;
        for (int i = 0; i < 6; ++i) sum += static_cast<double>(random_.below(10'000)) / 10'000 - 0.5;
        return std::exp(0.2 * sum * std::numbers::sqrt2);
    }
    SeededRandom random_;
    Micros base_;
};

inline constexpr WallTime kBegin{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};

struct Watched {
    Watched(std::uint64_t seed, Micros base, Micros timeout = 30'000'000)
        : payments(seed, base), guard(limits(timeout)) {}
    static Limits limits(Micros timeout) {
        Limits out;
        out.timeout = timeout;
        return out;
    }
    /// @return the windows with a notice
    int pass(Millis span, Millis step) {
        int told = 0;
        for (const WallTime end = now + span; now < end; now += step) {
            guard.look(payments.window(now));
            told += guard.notices().empty() ? 0 : 1;
            if (told == 1 && first.empty()) {
                for (const Notice& notice : guard.notices()) first += notice.code + " ";
                first += std::to_string(std::chrono::duration_cast<hours>(now - kBegin).count()) + " h";
            }
        }
        return told;
    }
    Payments payments;
    Guard guard;
    WallTime now = kBegin;
    std::string first;  ///< notice, for a failing test
};

}  // namespace spillway::test
