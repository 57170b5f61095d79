#pragma once
// What each of QuickBooks Online's error codes means for the object that it refuses. Data, read by one function.
// Source: Intuit's "Review QuickBooks Online Accounting API error codes" and "Handling common errors".

#include <span>
#include <string_view>

#include "connectors/provider.hpp"
#include "connectors/qbo/fault.hpp"

namespace spillway::qbo {

enum class Mark { none, taken, stale };

struct Meaning {
    std::string_view code;  ///< the provider's, without leading zeros
    ElementOutcome::Kind kind;
    std::string_view word;    ///< our stable code
    std::string_view advice;  ///< for people; may be empty
    Mark mark = Mark::none;
};

std::span<const Meaning> error_table();

/// What is known of an answer besides its fault.
struct AnswerFacts {
    int http_status = 0;
    std::string request_id;
    std::optional<std::chrono::seconds> retry_after;
};

/// The outcome of an object that a fault refuses. Of several errors the most cautious decides: throttled, unauthorised,
/// unknown, unavailable, rejected. A code that the table lacks: a SystemFault may have been applied, anything else is a
/// refusal.
ElementOutcome outcome_of(const Fault& fault, const AnswerFacts& facts);

}  // namespace spillway::qbo
