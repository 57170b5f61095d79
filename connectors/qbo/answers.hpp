#pragma once
// From one answer to one outcome per object, whatever came back.

#include <span>
#include <vector>

#include "connectors/provider.hpp"
#include "connectors/qbo/error_table.hpp"

namespace spillway::qbo {

/// Status, `intuit_tid` (in any spelling) and Retry-After (capped at an hour; QuickBooks does not document it).
AnswerFacts facts_of(const HttpResponse& response);

/// See Provider::read_answer. Elements are matched by bId, never by position; one that the answer lacks is unknown. A
/// 400 or 413 of a whole batch proves nothing about its members (whether batches are atomic is unverified): each is
/// unknown. A 5xx, an answer that cannot be read and a lost one are unknown; 401, 403 and 429 concern the whole call.
std::vector<ElementOutcome> read_write_answer(std::span<const PreparedObject> objects, const SendResult& answer);

/// Limits: a 429, or ThrottleExceeded under any status (it came as 403 once).
LimitSignals signals_of(const HttpResponse& response);

}  // namespace spillway::qbo
