#include "services/sandbox/qbo/faults.hpp"

#include <array>
#include <utility>

#include "schema/date.hpp"
#include "schema/json_text.hpp"

namespace spillway::sandbox::qbo {
namespace {

using CodeMessage = std::pair<std::string_view, std::string_view>;

constexpr std::array kMessages = std::to_array<CodeMessage>({
    {"500", "Unsupported Operation"},
    {"600", "Duplicate Request Id"},
    {"610", "Object Not Found"},
    {"620", "Transaction can't be linked"},
    {"800", "Cannot delete an object that others depend on"},
    {"1040", "Batch too large"},
    {"2000", "Entity name is unknown or unsupported"},
    {"2010", "Request has invalid or unsupported property"},
    {"2020", "Required param missing, need to supply the required value for the API"},
    {"2030", "Invalid ID"},
    {"2040", "Invalid String. Contains characters that are not supported"},
    {"2050", "String length is either shorter or longer than supported by specification"},
    {"2060", "Invalid Date"},
    {"2090", "Invalid Number"},
    {"2120", "Invalid Type"},
    {"2130", "Invalid format of request id"},
    {"2170", "Invalid Enumeration"},
    {"2220", "Invalid Currency"},
    {"2250", "Transaction has no lines"},
    {"2500", "Invalid Reference Id"},
    {"4000", "Error parsing query"},
    {"4001", "Invalid query"},
    {"5010", "Stale Object Error"},
    {"6000", "A business validation error has occurred while processing your request"},
    {"6070", "Amount calculation incorrect in the request"},
    {"6090", "Line is incomplete or of a type that is not supported here"},
    {"6100", "Invalid tax code on a line"},
    {"6140", "Duplicate Document Number Error"},
    {"6160", "Tax code cannot be used here"},
    {"6170", "Tax detail given with GlobalTaxCalculation NotApplicable"},
    {"6190", "Invalid Company Status"},
    {"6200", "Account Period Closed"},
    {"6210", "Account Period Closed, Cannot Update Through Services API"},
    {"6240", "Duplicate Name Exists Error"},
    {"6430", "Invalid account type used"},
    {"6440", "A line needs an item or an account"},
    {"10000", "An application error has occurred while processing your request"},
});

std::string_view message_of(std::string_view code) {
    for (const CodeMessage& known : kMessages) {
        if (known.first == code) return known.second;
    }
    return "Error";
}

}  // namespace

Fault fault_of(std::string_view code, std::string detail, std::string element) {
    return {std::string(code), std::string(message_of(code)), std::move(detail), std::move(element)};
}

void refuse(std::string_view code, std::string detail, std::string element) {
    throw Refused{fault_of(code, std::move(detail), std::move(element))};
}

void refuse_missing(std::string_view property) {
    refuse("2020", "Required parameter " + std::string(property) + " is missing in the request", std::string(property));
}

void refuse_reference(std::string_view property, std::string_view what) {
    refuse("2500", "Invalid Reference Id : " + std::string(what), std::string(property));
}

std::string fault_json(const Fault& fault) {
    JsonText json;
    json.object().key("Error").array().object();
    json.member("Message", fault.message).member("Detail", fault.detail).member("code", fault.code);
    if (!fault.element.empty()) json.member("element", fault.element);
    json.close().close().member("type", fault.type).close();
    return std::move(json).take();
}

std::string pacific_time(WallTime when) {
    std::string text = format_utc(when - std::chrono::hours(8));
    text.pop_back();  // the Z
    return text + "-08:00";
}

HttpResponse service_fault(const Fault& fault, WallTime now) {
    JsonText json;
    json.object().member_raw("Fault", fault_json(fault)).member("time", pacific_time(now)).close();
    return {fault.http_status, {{"Content-Type", "application/json;charset=UTF-8"}}, std::move(json).take()};
}

HttpResponse gateway_fault(int status, std::string_view error, std::string_view detail, WallTime now) {
    const bool unauthenticated = status == 401;
    const std::string code = unauthenticated ? "3200" : "3100";
    JsonText json;
    json.object().key("fault").object().key("error").array().object();
    json.member("message",
                "message=" + std::string(error) + "; errorCode=00" + code + "; statusCode=" + std::to_string(status));
    json.member("detail", detail).member("code", code).key("element").null().close().close();
    json.member("type", unauthenticated ? "AUTHENTICATION" : "SERVICE").close();
    json.member("time", to_ms(now)).close();
    HttpResponse response{status, {{"Content-Type", "application/json"}}, std::move(json).take()};
    if (unauthenticated) response.headers.set("WWW-Authenticate", R"(Bearer realm="Intuit", error="invalid_token")");
    return response;
}

HttpResponse throttled_fault(bool as_xml, int retry_after_seconds, WallTime now) {
    constexpr std::string_view kMessage = "message=ThrottleExceeded; errorCode=003001; statusCode=429";
    HttpResponse response{429, {}, {}};
    if (as_xml) {
        response.headers.set("Content-Type", "application/xml;charset=UTF-8");
        response.body =
            R"(<?xml version="1.0" encoding="UTF-8" standalone="yes"?>)"
            R"(<IntuitResponse time=")" +
            pacific_time(now) +
            R"(" xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001"><Message>)" +
            std::string(kMessage) +
            "</Message><Detail>The request limit was reached.</Detail></Error></Fault></IntuitResponse>";
    } else {
        Fault fault{"3001", std::string(kMessage), "The request limit was reached.", {}, "SERVICE", 429};
        response = service_fault(fault, now);
    }
    if (retry_after_seconds > 0) response.headers.set("Retry-After", std::to_string(retry_after_seconds));
    return response;
}

}  // namespace spillway::sandbox::qbo
