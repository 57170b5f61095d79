#include "connectors/qbo/fault.hpp"

namespace spillway::qbo {
namespace {

std::string without_zeros(std::string_view code) {
    while (code.size() > 1 && code.front() == '0') code.remove_prefix(1);
    return std::string(code);
}

/// The gateway puts its code into the message too, and sometimes only there: "message=ThrottleExceeded;
/// errorCode=003001; ...".
std::string code_in(std::string_view message) {
    constexpr std::string_view kName = "errorCode=";
    const auto at = message.find(kName);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = message.substr(at + kName.size());
    return without_zeros(rest.substr(0, rest.find_first_not_of("0123456789")));
}

FaultError made(std::string_view code, std::string message, std::string detail, std::string element) {
    FaultError error{without_zeros(code), std::move(message), std::move(detail), std::move(element)};
    if (error.code.empty() || error.code == "0") error.code = code_in(error.message);
    if (error.detail == "null") error.detail.clear();  // seen as a text with 6240
    return error;
}

const JsonValue& either(const JsonValue& object, std::string_view upper, std::string_view lower) {
    const JsonValue* found = object.find(upper);
    return found != nullptr ? *found : object[lower];
}

/// The text of the first element `name` at or after `from`, entities decoded; `from` moves behind it.
std::string xml_text(std::string_view xml, std::string_view name) {
    const std::string open = "<" + std::string(name) + ">", close = "</" + std::string(name) + ">";
    const auto begin = xml.find(open);
    if (begin == std::string_view::npos) return {};
    const auto end = xml.find(close, begin);
    if (end == std::string_view::npos) return {};
    return std::string(xml.substr(begin + open.size(), end - begin - open.size()));
}

std::string decoded(std::string text) {
    constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
        {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}};
    for (const auto& [entity, character] : kEntities) {
        for (auto at = text.find(entity); at != std::string::npos; at = text.find(entity, at + character.size()))
            text.replace(at, entity.size(), character);
    }
    return text;
}

std::string attribute(std::string_view tag, std::string_view name) {
    const std::string start = " " + std::string(name) + "=\"";
    const auto begin = tag.find(start);
    if (begin == std::string_view::npos) return {};
    const std::string_view value = tag.substr(begin + start.size());
    return decoded(std::string(value.substr(0, value.find('"'))));
}

/// Only what the recorded faults contain is understood: no prefixes, no comments, no CDATA.
std::optional<Fault> read_xml(std::string_view body) {
    const auto begin = body.find("<Fault");
    if (begin == std::string_view::npos) return std::nullopt;
    std::string_view rest = body.substr(begin);
    Fault fault{attribute(rest.substr(0, rest.find('>')), "type"), {}};
    for (auto at = rest.find("<Error"); at != std::string_view::npos; at = rest.find("<Error")) {
        rest.remove_prefix(at);
        const auto end = rest.find("</Error>");
        const std::string_view error = rest.substr(0, end);
        const std::string_view tag = error.substr(0, error.find('>'));
        fault.errors.push_back(made(attribute(tag, "code"), decoded(xml_text(error, "Message")),
                                    decoded(xml_text(error, "Detail")), attribute(tag, "element")));
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end);
    }
    return fault;
}

}  // namespace

std::optional<Fault> fault_in(const JsonValue& object) {
    const JsonValue& body = either(object, "Fault", "fault");
    if (!body.is_object()) return std::nullopt;
    Fault fault{body["type"].string_or(""), {}};
    for (const JsonValue& error : either(body, "Error", "error").items()) {
        fault.errors.push_back(made(error["code"].string_or(""), either(error, "Message", "message").string_or(""),
                                    either(error, "Detail", "detail").string_or(""), error["element"].string_or("")));
    }
    return fault;
}

std::optional<Fault> read_fault(std::string_view body) {
    const Result<JsonValue> json = parse_json(body);
    return json ? fault_in(*json) : read_xml(body);
}

std::string words_of(const Fault& fault) {
    std::string words;
    for (const FaultError& error : fault.errors) {
        if (!words.empty()) words += "; ";
        words += error.message;
        if (!error.detail.empty() && error.detail != error.message)
            words += (error.message.empty() ? "" : ": ") + error.detail;
        if (!error.code.empty()) words += " (" + error.code + ")";
    }
    return words.empty() ? "a fault without an error (" + fault.type + ")" : words;
}

}  // namespace spillway::qbo
