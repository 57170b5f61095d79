#pragma once
// Slow times that heal themselves and come back are how the outage of February 2017 announced itself, and what was
// ignored on that day. So an episode that has healed stays open until a person has seen it, and coming back counts.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schema/clock.hpp"

namespace spillway::guard {

struct Episode {
    std::int64_t id = 0;
    WallTime began{};
    std::optional<WallTime> healed{};
    std::optional<WallTime> seen{};  ///< by a person
    double worst = 0;                ///< the greatest multiple of its limit
};

class Episodes {
 public:
    static constexpr Millis kHeals{120'000};     ///< so long must all be well
    static constexpr Millis kPages{21'600'000};  ///< the third within six hours pages
    static constexpr std::size_t kKept = 1'000;

    enum class Change { none, began, healed };
    /// One window: by how much it is over its limit (1: just at it), or nothing when it is not. An episode begins with
    /// the second such window of three, so that one hiccup is none.
    Change look(WallTime now, std::optional<double> over);
    /// Seen by a person: it no longer asks for one. @return false when there is no such episode.
    bool acknowledge(std::int64_t id, WallTime now);

    [[nodiscard]] bool running() const { return !all_.empty() && !all_.back().healed; }
    /// Not seen by anybody yet, healed ones too.
    [[nodiscard]] std::vector<Episode> open() const;
    /// The third within six hours has begun, and one of them is not seen yet.
    [[nodiscard]] bool pages(WallTime now) const;
    /// The gaps between the newest four became shorter each time, the last one to less than half of the first.
    [[nodiscard]] bool coming_more_often(WallTime now) const;

 private:
    std::vector<Episode> all_{};
    std::int64_t ids_ = 0;
    unsigned recent_ = 0;  ///< the newest three windows, a bit each
    std::optional<WallTime> well_since_{};
};

}  // namespace spillway::guard
