#pragma once
// What QuickBooks Online answers when it refuses: the codes of its error page and the shapes that faults come in.

#include <cstdint>
#include <string>
#include <string_view>

#include "schema/clock.hpp"
#include "schema/runtime/http_message.hpp"

namespace spillway::sandbox::qbo {

struct Fault {
    std::string code;     ///< "5010"
    std::string message;  ///< the code's fixed text
    std::string detail;
    std::string element{};  ///< the property at fault, where there is one
    std::string type = "ValidationFault";
    int http_status = 400;
};

/// Ends the handling of one object. Thrown by any rule and caught in one place per request or batch item: rules run
/// before anything changes, so nothing has to be undone.
struct Refused {
    Fault fault;
};

/// A fault with the fixed message of its code.
Fault fault_of(std::string_view code, std::string detail, std::string element = {});
[[noreturn]] void refuse(std::string_view code, std::string detail, std::string element = {});

[[noreturn]] void refuse_missing(std::string_view property);
[[noreturn]] void refuse_reference(std::string_view property, std::string_view what);

/// `{"Error":[...],"type":"..."}`: the value of "Fault" in an answer or a batch item.
std::string fault_json(const Fault& fault);
/// "2026-11-22T04:15:34.123-08:00": the `time` members and MetaData are in Pacific time, here without daylight saving.
std::string pacific_time(WallTime when);

/// The service's own answer: `{"Fault":{...},"time":"..."}`.
HttpResponse service_fault(const Fault& fault, WallTime now);
/// The gateway's answer, in lower-case JSON: 401 with code 3200, 403 with code 3100.
HttpResponse gateway_fault(int status, std::string_view error, std::string_view detail, WallTime now);
/// The gateway's 429: XML although JSON was asked for.
HttpResponse throttled_fault(bool as_xml, int retry_after_seconds, WallTime now);

}  // namespace spillway::sandbox::qbo
