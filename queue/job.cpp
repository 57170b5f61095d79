#include "queue/job.hpp"

#include <array>

namespace spillway::queue {

namespace {

constexpr std::array<std::string_view, 11> kStates = {
    "waiting",    "scheduled", "blocked",         "running", "unknown", "parked", "applied", "applied_with_difference",
    "superseded", "cancelled", "resolved_by_hand"};
constexpr std::array<std::string_view, 3> kPriorities = {"interactive", "normal", "bulk"};

template <class Enum, std::size_t size>
std::optional<Enum> find_word(const std::array<std::string_view, size>& words, std::string_view word) {
    for (std::size_t at = 0; at < size; ++at) {
        if (words[at] == word) return static_cast<Enum>(at);
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(JobState state) { return kStates.at(static_cast<std::size_t>(state)); }
std::optional<JobState> job_state_from(std::string_view word) { return find_word<JobState>(kStates, word); }
std::string_view to_string(Priority priority) { return kPriorities.at(static_cast<std::size_t>(priority)); }
std::optional<Priority> priority_from(std::string_view word) { return find_word<Priority>(kPriorities, word); }

Settlement Settlement::applied(std::int64_t level) {
    Settlement settlement;
    settlement.state = JobState::applied;
    settlement.releases_level = level;
    return settlement;
}

Settlement Settlement::applied_with_difference(std::int64_t level, std::string detail) {
    Settlement settlement = applied(level);
    settlement.state = JobState::applied_with_difference;
    settlement.detail = std::move(detail);
    return settlement;
}

Settlement Settlement::superseded(std::string detail) {
    Settlement settlement;
    settlement.state = JobState::superseded;
    settlement.detail = std::move(detail);
    settlement.counts_attempt = false;
    return settlement;
}

Settlement Settlement::parked(std::string cause, std::string detail, std::string advice) {
    Settlement settlement;
    settlement.state = JobState::parked;
    settlement.cause = std::move(cause);
    settlement.detail = std::move(detail);
    settlement.advice = std::move(advice);
    return settlement;
}

Settlement Settlement::retry_at(WallTime when, std::string cause, std::string detail) {
    Settlement settlement;
    settlement.state = JobState::scheduled;
    settlement.run_at = when;
    settlement.cause = std::move(cause);
    settlement.detail = std::move(detail);
    return settlement;
}

Settlement Settlement::again(std::optional<WallTime> when) {
    Settlement settlement;
    settlement.run_at = when;
    settlement.counts_attempt = false;
    return settlement;
}

Settlement Settlement::blocked(std::vector<Wait> waits) {
    Settlement settlement;
    settlement.state = JobState::blocked;
    settlement.waits = std::move(waits);
    settlement.counts_attempt = false;
    return settlement;
}

Settlement Settlement::unknown(std::string detail) {
    Settlement settlement;
    settlement.state = JobState::unknown;
    settlement.detail = std::move(detail);
    settlement.counts_attempt = false;  // the settlement that resolves it counts
    return settlement;
}

}  // namespace spillway::queue
