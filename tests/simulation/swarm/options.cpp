#include "tests/simulation/swarm/options.hpp"

#include <array>

#include "tests/simulation/swarm/streams.hpp"

namespace spillway::test {
namespace {

constexpr std::array<std::string_view, kFaultCount> kWords{
    "crash",       "power",    "io_error",    "disk_full",   "slow_storage", "drawn_order",  "clock",
    "refused",     "cut",      "black_hole",  "slow_server", "late_answer",  "pieces",       "server_errors",
    "answer_lost", "outage",   "throttled",   "limits",      "tokens_end",   "consent_lost", "paused",
    "cancelled",   "replayed", "bad_records", "foreign",     "disputed",     "callers_wire"};

/// What trouble of one provider's own is: the others touch the whole service.
bool is_of_one_side(Fault fault) {
    switch (fault) {
        case Fault::slow_storage:
        case Fault::drawn_order:
        case Fault::server_errors:
        case Fault::answer_lost:
        case Fault::outage:
        case Fault::throttled:
        case Fault::bad_records:
        case Fault::replayed: return true;
        default: return false;
    }
}

}  // namespace

std::string_view to_string(Fault fault) { return kWords.at(static_cast<std::size_t>(fault)); }

std::optional<Fault> fault_from(std::string_view word) {
    for (std::size_t i = 0; i < kFaultCount; ++i)
        if (kWords.at(i) == word) return static_cast<Fault>(i);
    return std::nullopt;
}

Options Options::drawn(std::uint64_t seed) {
    Options options;
    options.seed = seed;
    auto random = stream_of(seed, "options");
    // Now and then none, so that what needs no trouble shows; else each with a chance that is itself drawn.
    const auto chance = random.below(10) == 0 ? 0 : 1 + random.below(6);
    constexpr auto kFirst = static_cast<std::size_t>(Fault::callers_wire);
    for (std::size_t i = 0; i < kFirst; ++i) options.faults.set(i, random.below(10) < chance);
    // Kinds that came later draw from streams of their own: what a seed meant before it goes on to mean.
    auto later = stream_of(seed, "callers_wire");
    options.faults.set(kFirst, chance > 0 && later.below(3) == 0);
    options.one_sided = random.below(5) == 0;
    if (options.one_sided)
        for (std::size_t i = 0; i < kFaultCount; ++i)
            if (!is_of_one_side(static_cast<Fault>(i))) options.faults.reset(i);
    return options;
}

Options::Spike Options::spike() const {
    using std::chrono::minutes;
    constexpr minutes kSpans[] = {minutes(3), minutes(20), minutes(120)};
    auto random = stream_of(seed, "spike");
    const auto third = static_cast<std::uint64_t>(hours) * 3'600'000 / 3;
    Spike spike;
    spike.at = Millis(third + random.below(third));
    spike.span = kSpans[random.below(std::size(kSpans))];
    return spike;
}

std::string Options::to_arguments() const {
    std::string out = "--seed " + std::to_string(seed) + " --records " + std::to_string(records) + " --hours " +
                      std::to_string(hours) + " --faults ";
    std::string list;
    for (std::size_t i = 0; i < kFaultCount; ++i)
        if (faults.test(i)) list += (list.empty() ? "" : ",") + std::string(kWords.at(i));
    out += list.empty() ? "none" : list;
    if (one_sided) out += " --one-sided";
    if (!defect.empty()) out += " --defect " + defect;
    return out;
}

}  // namespace spillway::test
