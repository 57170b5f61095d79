#include "connectors/xero/answers.hpp"

#include <algorithm>
#include <charconv>

#include "connectors/xero/errors.hpp"
#include "connectors/xero/remote.hpp"
#include "connectors/xero/words.hpp"

namespace spillway::xero {
namespace {

using Kind = ElementOutcome::Kind;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Problems stand at the element and below it: LineItems[].ValidationErrors, Contact.ValidationErrors ... (OpenAPI).
void collect(const JsonValue& value, std::string_view list, std::vector<std::string>& messages) {
    for (const JsonValue& item : value.items()) collect(item, list, messages);
    for (const JsonMember& member : value.members()) {
        if (member.name != list) {
            collect(member.value, list, messages);
            continue;
        }
        for (const JsonValue& problem : member.value.items()) {
            std::string message = problem["Message"].string_or(problem["Description"].text());
            if (!message.empty() && std::find(messages.begin(), messages.end(), message) == messages.end())
                messages.push_back(std::move(message));
        }
    }
}

std::string joined(const std::vector<std::string>& messages) {
    std::string text;
    for (const std::string& message : messages) text += (text.empty() ? "" : " ") + message;
    return text;
}

ElementOutcome refused(const std::vector<std::string>& messages, const Error& base) {
    ElementOutcome outcome{.kind = Kind::rejected, .error = base};
    outcome.error.kind = ErrorKind::rejected;
    outcome.error.detail = messages.empty() ? "Xero did not say why" : joined(messages);
    const Refusal* meaning = &refusal_for("");
    for (const std::string& message : messages)
        if (const Refusal& found = refusal_for(message); found.code != meaning->code) {
            meaning = &found;
            break;
        }
    outcome.error.code = meaning->code;
    outcome.advice = meaning->advice;
    outcome.taken = meaning->taken;
    return outcome;
}

ElementOutcome failed(const Error& error) {
    Kind kind = Kind::unknown;
    if (error.kind == ErrorKind::rejected) kind = Kind::rejected;
    if (error.kind == ErrorKind::throttled) kind = Kind::throttled;
    if (error.kind == ErrorKind::unavailable) kind = Kind::unavailable;
    if (error.kind == ErrorKind::unauthorised) kind = Kind::unauthorised;
    return {.kind = kind, .error = error};
}

bool is_ours(const PreparedObject& object, const JsonValue& element) {
    const Entity& entity = *entity_of(object.entity);
    if (!object.provider_id.empty()) return element[entity.id].text() == object.provider_id;
    if (object.entity == kAllocations) {
        const Result<JsonValue> sent = parse_json(object.body);
        return sent && element["Invoice"]["InvoiceID"].text() == (*sent)["Invoice"]["InvoiceID"].text();
    }
    if (object.entity == kPayments) return has_mark(element[entity.marker].text(), object.marker);
    return element[entity.marker].text() == object.marker;
}

// The order of elements is not documented, so a number or id finds its element; where the answer to one object is one
// element there is nothing to mix up.
const JsonValue* element_for(const PreparedObject& object, const std::vector<JsonValue>& elements,
                             std::size_t objects) {
    const auto found = std::find_if(elements.begin(), elements.end(),
                                    [&](const JsonValue& element) { return is_ours(object, element); });
    if (found != elements.end()) return &*found;
    return objects == 1 && elements.size() == 1 ? &elements.front() : nullptr;
}

Link link_from(const PreparedObject& object, const JsonValue& element) {
    const Entity& entity = *entity_of(object.entity);
    Link link{.role = object.role,
              .entity = object.entity,
              .id = std::string(element[entity.id].text()),
              .version = {},
              .owned_hash = {}};
    if (object.entity == kItems) link.version = element["Code"].text();
    if (object.entity == kAllocations) {
        link.version = link.id;
        link.id = object.marker;
    }
    const Result<JsonValue> sent = parse_json(object.body);
    if (sent && object.verb != Verb::void_)
        link.owned_hash = owned_hash(object.entity, element, owned_fields(object.entity, *sent));
    link.voided = object.verb == Verb::void_;
    return link;
}

ElementOutcome outcome_of(const PreparedObject& object, const JsonValue& element, const Error& base) {
    std::vector<std::string> problems;
    collect(element, "ValidationErrors", problems);
    const bool error = element["StatusAttributeString"].text() == "ERROR" || element["HasErrors"].bool_or(false) ||
                       element["HasValidationErrors"].bool_or(false);
    if (error || !problems.empty()) return refused(problems, base);
    ElementOutcome outcome{.kind = Kind::applied};
    collect(element, "Warnings", outcome.warnings);
    if (object.verb == Verb::remove) return outcome;
    Link link = link_from(object, element);
    // Xero gives what it did not create an id of zeros. The answer to an allocation names no AllocationID (OpenAPI).
    if (object.entity != kAllocations && is_no_id(link.id)) return refused({}, base);
    if (object.verb == Verb::void_ && is_live(element)) return refused({"the status did not change"}, base);
    outcome.link = std::move(link);
    const Result<Decimal> total = element[object.entity == kPayments ? "Amount" : "Total"].as_decimal();
    if (total) outcome.total = *total;
    return outcome;
}

Error at_status(ErrorKind kind, std::string code, std::string detail, const SendResult& answer, const JsonValue& body) {
    Error error{.kind = kind, .code = std::move(code), .detail = std::move(detail)};
    error.http_status = answer.response.status;
    const auto id = answer.response.headers.find("Xero-Correlation-Id");
    error.request_id = id ? std::string(*id) : std::string(body["Instance"].text());
    return error;
}

std::string words_of(const SendResult& answer, const JsonValue& body) {
    for (const char* member : {"Detail", "Message", "Title"})
        if (const std::string_view text = body[member].text(); !text.empty()) return std::string(text);
    if (body.is_null() && answer.response.body.size() < 500 && !answer.response.body.empty())
        return answer.response.body;
    return "HTTP " + std::to_string(answer.response.status);
}

std::optional<int> number_in(const HttpHeaders& headers, std::string_view name) {
    const auto text = headers.find(name);
    int number = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc{})
        return std::nullopt;
    return number;
}

std::vector<ElementOutcome> all(std::size_t count, const Error& error) {
    return std::vector<ElementOutcome>(count, failed(error));
}

// A 400 about a batch says nothing about which of its members took effect: that none did is described, but not proven.
std::vector<ElementOutcome> read_refusal(std::span<const PreparedObject> objects, const Error& error,
                                         const JsonValue& body) {
    if (objects.size() != 1) {
        Error unknown = error;
        unknown.kind = ErrorKind::unknown;
        unknown.code = "whole_call_refused";
        return all(objects.size(), unknown);
    }
    std::vector<std::string> problems;
    collect(body["Elements"], "ValidationErrors", problems);
    if (problems.empty()) problems.push_back(error.detail);
    ElementOutcome outcome = refused(problems, error);
    if (outcome.error.code == "refused" && error.code != "refused") outcome.error.code = error.code;
    return {outcome};
}

}  // namespace

JsonValue body_of(const SendResult& answer) {
    if (answer.stage != Stage::answered) return {};
    Result<JsonValue> parsed = parse_json(answer.response.body);
    return parsed ? std::move(*parsed) : JsonValue{};
}

std::optional<Error> whole_call_error(const SendResult& answer, const JsonValue& body) {
    const auto is = [&](ErrorKind kind, std::string code) {
        return at_status(kind, std::move(code), words_of(answer, body), answer, body);
    };
    if (answer.stage == Stage::not_sent)
        return Error{.kind = ErrorKind::unavailable, .code = "not_sent", .detail = answer.failure};
    if (answer.stage == Stage::sending)
        return Error{.kind = ErrorKind::unknown, .code = "answer_lost", .detail = answer.failure};
    const int status = answer.response.status;
    const std::string words = words_of(answer, body);
    switch (status) {
        case 200:
            if (!body.is_object()) return is(ErrorKind::unknown, "answer_unreadable");
            return std::nullopt;
        case 204: return std::nullopt;
        case 400:
            // The first request under this key was received; what became of it has to be looked up.
            if (contains(words, "is used with a different request"))
                return is(ErrorKind::unknown, "idempotency_key_reused");
            return is(ErrorKind::rejected, body["Type"].text() == "ValidationException" ? "refused" : "bad_request");
        case 401:
            if (contains(words, "TokenExpired")) return is(ErrorKind::unauthorised, "token_expired");
            if (const auto scope = answer.response.headers.find("WWW-Authenticate");
                scope && (contains(*scope, "insufficient_scope") || contains(*scope, "insufficent_scope")))
                return is(ErrorKind::unauthorised, "insufficient_scope");
            return is(ErrorKind::unauthorised, "unauthorised");
        case 403: return is(ErrorKind::unauthorised, "tenant_forbidden");
        case 404: return is(ErrorKind::rejected, "object_missing");
        case 412: return is(ErrorKind::rejected, "precondition_failed");
        case 413: return is(ErrorKind::rejected, "too_large");
        case 415: return is(ErrorKind::rejected, "bad_request");
        case 501: return is(ErrorKind::rejected, "not_implemented");
        case 429: {
            Error error = is(ErrorKind::throttled, "throttled");
            error.retry_after = limit_signals(answer.response).retry_after;
            return error;
        }
        case 503: {
            // Long ago the rate limit was a 503, with this text (clients' tests still hold it).
            if (contains(words, "rate limit exceeded")) return is(ErrorKind::throttled, "throttled");
            Error error = is(ErrorKind::unknown, "provider_offline");
            error.retry_after = limit_signals(answer.response).retry_after.value_or(kOfflineWait);
            return error;
        }
        default: return is(ErrorKind::unknown, status >= 500 ? "provider_error" : "unexpected_status");
    }
}

std::vector<ElementOutcome> read_answer(std::span<const PreparedObject> objects, const SendResult& answer) {
    SPILLWAY_ASSERT(!objects.empty());
    const JsonValue body = body_of(answer);
    const PreparedObject& first = objects.front();
    if (const std::optional<Error> error = whole_call_error(answer, body)) {
        const bool gone = error->code == "object_missing" && first.verb == Verb::remove;
        if (gone) return std::vector<ElementOutcome>(objects.size(), {.kind = Kind::applied});
        if (error->kind == ErrorKind::rejected) return read_refusal(objects, *error, body);
        return all(objects.size(), *error);
    }
    if (first.verb == Verb::remove && first.entity != kPayments)  // 204 of an item, 200 of an allocation (OpenAPI)
        return std::vector<ElementOutcome>(objects.size(), {.kind = Kind::applied});
    const Error base = at_status(ErrorKind::rejected, "refused", "", answer, body);
    const std::vector<JsonValue>& elements = body[first.entity].items();
    std::vector<ElementOutcome> outcomes;
    for (const PreparedObject& object : objects) {
        const JsonValue* element = element_for(object, elements, objects.size());
        if (element)
            outcomes.push_back(outcome_of(object, *element, base));
        else
            outcomes.push_back(failed(at_status(ErrorKind::unknown, "element_missing",
                                                "the answer says nothing of " + object.marker, answer, body)));
    }
    return outcomes;
}

LimitSignals limit_signals(const HttpResponse& response) {
    using Problem = LimitSignals::Problem;
    LimitSignals signals;
    if (const auto wait = number_in(response.headers, "Retry-After")) signals.retry_after = std::chrono::seconds(*wait);
    signals.minute_remaining = number_in(response.headers, "X-MinLimit-Remaining");
    signals.day_remaining = number_in(response.headers, "X-DayLimit-Remaining");
    signals.app_minute_remaining = number_in(response.headers, "X-AppMinLimit-Remaining");
    if (response.status == 503 && contains(response.body, "rate limit exceeded")) signals.problem = Problem::minute;
    if (response.status != 429) return signals;
    std::string problem(response.headers.find("X-Rate-Limit-Problem").value_or(""));
    std::transform(problem.begin(), problem.end(), problem.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (contains(problem, "app"))
        signals.problem = Problem::app_minute;
    else if (contains(problem, "concurrent"))
        signals.problem = Problem::concurrent;
    else if (contains(problem, "day") || contains(problem, "daily"))
        signals.problem = Problem::day;
    else
        signals.problem = problem == "minute" ? Problem::minute : Problem::unspecified;
    return signals;
}

}  // namespace spillway::xero
