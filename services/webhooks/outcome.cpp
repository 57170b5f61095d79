#include "services/webhooks/outcome.hpp"

#include <charconv>

namespace spillway::webhooks {
namespace {

/// Whole seconds; the form with a date is left to the schedule.
std::optional<Millis> retry_after_of(const HttpResponse& response) {
    const auto text = response.headers.find("Retry-After");
    if (!text) return std::nullopt;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (error != std::errc() || end != text->data() + text->size() || seconds < 0) return std::nullopt;
    const std::int64_t most = std::chrono::duration_cast<std::chrono::seconds>(kRetryAfterMax).count();
    return Millis{std::min(seconds, most) * 1'000};
}

}  // namespace

std::optional<Millis> pause_after(int attempts, Random& random) {
    const auto index = static_cast<std::size_t>(attempts - 1);
    if (attempts < 1 || index >= std::size(kPauses)) return std::nullopt;
    const Millis pause = kPauses[index];
    return pause + Millis{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(pause.count() / 10) + 1))};
}

Outcome judge(const SendResult& sent) {
    if (sent.stage != Stage::answered)
        return {.error = sent.failure.empty() ? "no answer" : sent.failure, .retry_after = {}};
    Outcome outcome{.status = sent.response.status, .retry_after = {}};
    if (outcome.status >= 200 && outcome.status < 300) {
        outcome.kind = Outcome::Kind::delivered;
        return outcome;
    }
    outcome.error = "the receiver answered " + std::to_string(outcome.status);
    if (outcome.status == 410) outcome.kind = Outcome::Kind::gone;
    if (outcome.status == 429 || outcome.status == 503) outcome.retry_after = retry_after_of(sent.response);
    return outcome;
}

}  // namespace spillway::webhooks
