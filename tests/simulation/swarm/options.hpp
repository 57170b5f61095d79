#pragma once
// What one run plays: all of it is data, drawn from the seed, so that a failing run can be made smaller by hand or by
// the shrinker, and repeated from one line.

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/clock.hpp"

namespace spillway::test {

/// The kinds of trouble. Each run draws which of them it has.
enum class Fault {
    crash,           ///< the process dies
    power,           ///< the power goes in the middle of a write or a sync: what was not synced is lost or torn
    io_error,        ///< a write or a sync fails
    disk_full,       ///< no space for a while
    slow_storage,    ///< commits and reads take time
    drawn_order,     ///< who wakes first at one moment is drawn
    clock,           ///< the wall clock drifts and is set
    refused,         ///< connections refused or not answered
    cut,             ///< connections reset at any byte
    black_hole,      ///< bytes that never arrive
    slow_server,     ///< the provider takes its time, longer than some processes live
    late_answer,     ///< answers that may come after the time-out
    pieces,          ///< messages in pieces, stray bytes, kept connections closed
    server_errors,   ///< 500 with and without effect, 503
    answer_lost,     ///< dropped after the effect
    outage,          ///< nobody answers for minutes
    throttled,       ///< 429 although no limit was reached
    limits_changed,  ///< the provider allows less from one moment on
    tokens_end,      ///< access tokens end early; the token endpoint stumbles
    consent_lost,    ///< the organisation revokes, and connects again later
    paused,          ///< people pause and resume
    cancelled,       ///< people cancel jobs, and the source submits again
    replayed,        ///< people replay what is parked
    bad_records,     ///< some records cannot be booked
    foreign,         ///< somebody else's documents have numbers of ours
    disputed,        ///< the provider decides the other way where its documents are not clear
    callers_wire,    ///< callers speak over bytes that come in pieces and break at any one of them
    count
};
constexpr auto kFaultCount = static_cast<std::size_t>(Fault::count);
using Faults = std::bitset<kFaultCount>;

std::string_view to_string(Fault fault);
std::optional<Fault> fault_from(std::string_view word);

struct Options {
    std::uint64_t seed = 1;
    int records = 2'000;
    int hours = 36;
    Faults faults{};
    /// Trouble meets one provider alone, and a company at the other one must not notice.
    bool one_sided = false;
    std::string defect{};  ///< a planted defect, in a build that has them

    /// The month's end: when it begins after the start, and how long most records take to come.
    struct Spike {
        Millis at{}, span{};
    };
    [[nodiscard]] Spike spike() const;
    [[nodiscard]] bool has(Fault fault) const { return faults.test(static_cast<std::size_t>(fault)); }
    void drop(Fault fault) { faults.reset(static_cast<std::size_t>(fault)); }

    static Options drawn(std::uint64_t seed);
    /// As arguments of the command that repeats it.
    [[nodiscard]] std::string to_arguments() const;
};

}  // namespace spillway::test
