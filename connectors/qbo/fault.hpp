#pragma once
// Faults as they come: in five shapes, from the service and from the gateway in front of it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/json_value.hpp"

namespace spillway::qbo {

struct FaultError {
    std::string code;  ///< without leading zeros: "3001", also where the gateway says 003001
    std::string message, detail, element;
};

struct Fault {
    std::string type;  ///< "ValidationFault", "SystemFault", "SERVICE", "AUTHENTICATION" ...
    std::vector<FaultError> errors;
};

/// The fault of an answer or a batch element: member "Fault" (service) or "fault" (gateway, all members in lower case).
std::optional<Fault> fault_in(const JsonValue& object);

/// The fault of a whole body: JSON in either case, or XML, which the gateway sends even when JSON was asked for.
/// Nothing for HTML, an empty body, or an answer without a fault.
std::optional<Fault> read_fault(std::string_view body);

/// All errors in one line for people: "Duplicate Document Number Error: DocNumber=1 ... (6140)".
std::string words_of(const Fault& fault);

}  // namespace spillway::qbo
