#include "connectors/qbo/answers.hpp"

#include <algorithm>
#include <charconv>

#include "connectors/qbo/calls.hpp"
#include "connectors/qbo/fault.hpp"
#include "connectors/qbo/owned.hpp"
#include "connectors/qbo/prepare.hpp"
#include "connectors/qbo/remote.hpp"
#include "connectors/qbo/words.hpp"

namespace spillway::qbo {
namespace {

using Kind = ElementOutcome::Kind;

constexpr std::chrono::seconds kRetryAfterMax{3600};

ElementOutcome outcome(Kind kind, ErrorKind error, std::string code, std::string detail, const AnswerFacts& facts) {
    ElementOutcome made;
    made.kind = kind;
    made.error = {error, std::move(code), std::move(detail)};
    made.error.http_status = facts.http_status;
    made.error.request_id = facts.request_id;
    if (kind == Kind::throttled) made.error.retry_after = facts.retry_after;
    return made;
}

ElementOutcome unknown(std::string code, std::string detail, const AnswerFacts& facts) {
    return outcome(Kind::unknown, ErrorKind::unknown, std::move(code), std::move(detail), facts);
}

std::string status_text(int status) { return "HTTP " + std::to_string(status); }

bool concerns_call(Kind kind) {
    return kind == Kind::throttled || kind == Kind::unauthorised || kind == Kind::unavailable;
}

/// What is said of the call as a whole when the answer is no success.
ElementOutcome read_refused_call(std::size_t members, const std::optional<Fault>& fault, const AnswerFacts& facts) {
    const int status = facts.http_status;
    const std::string words = fault ? words_of(*fault) : status_text(status);
    if (fault) {
        ElementOutcome said = outcome_of(*fault, facts);
        if (concerns_call(said.kind) && status < 500) return said;
        if (members == 1 && status < 500 && status != 401 && status != 403 && status != 429) return said;
    }
    if (status == 429) return outcome(Kind::throttled, ErrorKind::throttled, "throttled", words, facts);
    if (status == 401) return outcome(Kind::unauthorised, ErrorKind::unauthorised, "token_refused", words, facts);
    if (status == 403) return outcome(Kind::unauthorised, ErrorKind::unauthorised, "not_authorised", words, facts);
    if (status >= 500) return unknown("provider_failed", words, facts);
    if (status == 400 || status == 404 || status == 413) {
        if (members > 1) return unknown("whole_call_refused", words, facts);
        return outcome(Kind::rejected, ErrorKind::rejected, "provider_refused", words, facts);
    }
    return unknown("unexpected_answer", words, facts);
}

void warn_of_differences(const PreparedObject& object, const JsonValue& read, ElementOutcome& made) {
    const Result<JsonValue> sent = parse_json(object.body);
    if (!sent) return;
    for (const JsonMember& member : sent->members()) {
        const JsonValue one = JsonValue::object({member});
        if (!holds(one, read)) made.warnings.push_back("QuickBooks holds another " + member.name + " than was sent");
    }
}

ElementOutcome applied(const PreparedObject& object, const JsonValue& read, const AnswerFacts& facts) {
    ElementOutcome made;
    made.kind = Kind::applied;
    made.error.http_status = facts.http_status;
    made.error.request_id = facts.request_id;
    if (object.verb == Verb::remove) return made;
    const RemoteObject remote = remote_object(object.entity, read);
    made.link = link_to(remote, object.role);
    made.total = remote.total;
    if (object.verb == Verb::void_) {
        if (remote.live) made.warnings.push_back("QuickBooks took the void but does not show it");
        made.link->voided = true;
    } else {
        if (std::string warning = read_extra(object.extra).warning; !warning.empty())
            made.warnings.push_back(std::move(warning));
        warn_of_differences(object, read, made);
    }
    return made;
}

/// An object that is gone is what its delete or void was for.
ElementOutcome gone(const PreparedObject& object, const AnswerFacts& facts) {
    ElementOutcome made;
    made.kind = Kind::applied;
    made.error.http_status = facts.http_status;
    made.error.request_id = facts.request_id;
    made.warnings.push_back("it was already gone in QuickBooks");
    if (object.verb == Verb::remove) return made;
    made.link = Link{object.role, object.entity, object.provider_id, object.provider_version, {}};
    made.link->voided = true;
    return made;
}

ElementOutcome as_ending(const PreparedObject& object, ElementOutcome said, const AnswerFacts& facts) {
    const bool ending = object.verb == Verb::remove || object.verb == Verb::void_;
    return ending && said.error.code == "object_not_found" ? gone(object, facts) : said;
}

/// One batch element, or the body of a single-object call.
ElementOutcome read_element(const PreparedObject& object, const JsonValue& element, const AnswerFacts& facts) {
    if (const std::optional<Fault> fault = fault_in(element))
        return as_ending(object, outcome_of(*fault, facts), facts);
    const JsonValue& read = element[object.entity];
    if (read["Id"].is_null()) return unknown("bad_answer", "the answer has no " + object.entity, facts);
    ElementOutcome made = applied(object, read, facts);
    for (const JsonValue& warning : element["Warnings"]["Warning"].items())
        made.warnings.push_back(warning["Message"].string_or("a warning without words"));
    return made;
}

std::vector<ElementOutcome> read_batch(std::span<const PreparedObject> objects, const JsonValue& body,
                                       const AnswerFacts& facts) {
    std::vector<ElementOutcome> outcomes(objects.size(), unknown("bad_answer", "the answer lacks this object", facts));
    std::vector<bool> seen(objects.size(), false);
    for (const JsonValue& element : body["BatchItemResponse"].items()) {
        const std::string id = element["bId"].string_or("");
        std::size_t ordinal = objects.size();
        const auto [end, failed] = std::from_chars(id.data(), id.data() + id.size(), ordinal);
        if (failed != std::errc{} || end != id.data() + id.size() || ordinal >= objects.size()) continue;
        outcomes[ordinal] = seen[ordinal] ? unknown("bad_answer", "the answer has this object twice", facts)
                                          : read_element(objects[ordinal], element, facts);
        seen[ordinal] = true;
    }
    return outcomes;
}

std::vector<ElementOutcome> same_for_all(std::span<const PreparedObject> objects, const ElementOutcome& one) {
    return std::vector<ElementOutcome>(objects.size(), one);
}

std::optional<std::string_view> request_id_in(const HttpHeaders& headers) {
    for (const std::string_view name : {"intuit_tid", "intuit-tid"}) {
        if (const auto found = headers.find(name)) return found;
    }
    return std::nullopt;
}

}  // namespace

AnswerFacts facts_of(const HttpResponse& response) {
    AnswerFacts facts;
    facts.http_status = response.status;
    facts.request_id = std::string(request_id_in(response.headers).value_or(""));
    const std::string_view text = response.headers.find("Retry-After").value_or("");
    int seconds = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (failed == std::errc{} && end == text.data() + text.size() && seconds >= 0)
        facts.retry_after = std::min(std::chrono::seconds(seconds), kRetryAfterMax);
    return facts;
}

std::vector<ElementOutcome> read_write_answer(std::span<const PreparedObject> objects, const SendResult& answer) {
    if (answer.stage == Stage::not_sent)
        return same_for_all(objects,
                            outcome(Kind::unavailable, ErrorKind::unavailable, "not_sent", answer.failure, {}));
    if (answer.stage == Stage::sending) return same_for_all(objects, unknown("no_answer", answer.failure, {}));

    const AnswerFacts facts = facts_of(answer.response);
    const Result<JsonValue> body = parse_json(answer.response.body);
    const std::optional<Fault> fault = body ? fault_in(*body) : read_fault(answer.response.body);
    // A single object's fault may come under 200 too; a batch's own fault under 200 is as a 400 of the whole.
    const bool single = !objects.empty() && goes_alone(objects.front());
    if (facts.http_status == 200 && body && !fault)
        return single ? std::vector{read_element(objects.front(), *body, facts)} : read_batch(objects, *body, facts);
    if (facts.http_status == 200 && !fault)
        return same_for_all(objects, unknown("bad_answer", "the answer is not JSON", facts));
    AnswerFacts as_refusal = facts;
    if (facts.http_status == 200) as_refusal.http_status = 400;
    ElementOutcome said = read_refused_call(objects.size(), fault, as_refusal);
    said.error.http_status = facts.http_status;
    if (objects.size() == 1) said = as_ending(objects.front(), std::move(said), facts);
    return same_for_all(objects, said);
}

LimitSignals signals_of(const HttpResponse& response) {
    LimitSignals signals;
    const bool named = response.status != 200 && response.body.find("ThrottleExceeded") != std::string::npos;
    if (response.status != 429 && !named) return signals;
    signals.problem = LimitSignals::Problem::unspecified;
    signals.retry_after = facts_of(response).retry_after;
    return signals;
}

}  // namespace spillway::qbo
