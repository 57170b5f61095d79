#pragma once
// What an attempt means: pure decisions.

#include <optional>

#include "connectors/transport.hpp"
#include "schema/random.hpp"

namespace spillway::webhooks {

/// The pauses that Standard Webhooks recommends: with them the last attempt is some 28 hours after the first.
inline constexpr Millis kPauses[] = {std::chrono::seconds(5), std::chrono::minutes(5), std::chrono::minutes(30),
                                     std::chrono::hours(2),   std::chrono::hours(5),   std::chrono::hours(10),
                                     std::chrono::hours(10)};
/// A receiver may ask for no longer a pause.
inline constexpr Millis kRetryAfterMax = std::chrono::hours(24);

/// Before the attempt that follows `attempts` ones, up to a tenth longer, so that receivers that failed together are
/// not called together again; nothing after the last.
std::optional<Millis> pause_after(int attempts, Random& random);

struct Outcome {
    enum class Kind { delivered, failed, gone };
    Kind kind = Kind::failed;
    int status = 0;                     ///< 0: no answer
    std::string error{};                ///< for people; empty when delivered
    std::optional<Millis> retry_after;  ///< the receiver asked for it (429, 503)
};
/// 2xx is delivered, 410 is gone, all else has failed, redirects too: none is followed.
Outcome judge(const SendResult& sent);

}  // namespace spillway::webhooks
