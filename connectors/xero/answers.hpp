#pragma once
// What an answer says: of the whole call, of each of its elements, and of the limits.

#include "connectors/provider.hpp"
#include "schema/json_value.hpp"

namespace spillway::xero {

/// What became of the request as a whole. Nothing: it was read and answered, so the elements decide.
std::optional<Error> whole_call_error(const SendResult& answer, const JsonValue& body);
/// The answer's body; null where it is no JSON.
JsonValue body_of(const SendResult& answer);

std::vector<ElementOutcome> read_answer(std::span<const PreparedObject> objects, const SendResult& answer);
LimitSignals limit_signals(const HttpResponse& response);

}  // namespace spillway::xero
