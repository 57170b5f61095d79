#pragma once
// One limit of the kind "n calls in any span": which slots are taken and when each frees.

#include <deque>
#include <string>

#include "connectors/provider.hpp"

namespace spillway::pacing {

/// Counts exactly: a slot is held while its call is under way and for `span` after its answer, because nobody knows
/// when between the first byte and the answer the server counted it. Pure; `now` never runs backwards.
class Window {
 public:
    explicit Window(LimitProfile::Window rule);

    [[nodiscard]] const LimitProfile::Window& rule() const { return rule_; }

    /// Forgets slots that have freed.
    void advance(SteadyTime now);
    /// Slots that are free; below zero never.
    [[nodiscard]] int open() const;
    /// When `wanted` slots will be open at the latest; nothing while that hangs on calls that are still under way.
    [[nodiscard]] std::optional<SteadyTime> opens_at(int wanted) const;

    void begin() { ++under_way_; }
    /// The call of one slot ended; the slot frees at `frees`.
    void end(SteadyTime frees);
    /// The call never left: its slot frees at once.
    void give_back();
    /// Every slot counts as taken until `until`: what a process that died may have used.
    void fill(SteadyTime until);

    /// The server's word: at most `remaining` more calls, of which `overlapping` may already be counted by us but not
    /// by it (or the other way round). Less than we thought closes slots until `until`; more opens only slots that were
    /// closed on the server's word or on suspicion (fill), never those of our own calls.
    void server_says(int remaining, int overlapping, SteadyTime until);

 private:
    LimitProfile::Window rule_;
    int under_way_ = 0;
    std::deque<SteadyTime> own_;     // when each ended call's slot frees, ascending
    std::deque<SteadyTime> closed_;  // slots closed without a call of ours, ascending
};

}  // namespace spillway::pacing
