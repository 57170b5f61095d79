#include "connectors/qbo/remote.hpp"

#include "connectors/qbo/answers.hpp"
#include "connectors/qbo/error_table.hpp"
#include "connectors/qbo/fault.hpp"
#include "connectors/qbo/owned.hpp"
#include "connectors/qbo/words.hpp"

namespace spillway::qbo {
namespace {

bool is_live(std::string_view entity, const JsonValue& object) {
    if (object["status"].text() == "Deleted") return false;
    if (is_name_list(entity)) return object["Active"].bool_or(true);
    // A void shows only as amounts of zero and "Voided" in front of the note.
    return !(object["PrivateNote"].text().starts_with("Voided") &&
             object["TotalAmt"].decimal_or(Decimal(1, 0)).is_zero());
}

/// The entity and id that a read-by-id call asked for; nothing for queries.
std::optional<std::pair<std::string, std::string>> asked_for(const PreparedCall& call) {
    constexpr std::string_view kRead = "read ";
    if (!call.operation.starts_with(kRead)) return std::nullopt;
    const std::string_view path = std::string_view(call.target).substr(0, call.target.find('?'));
    const std::optional<std::string> id = percent_decode(path.substr(path.rfind('/') + 1));
    if (!id) return std::nullopt;
    return std::pair(call.operation.substr(kRead.size()), *id);
}

Error undecided(ErrorKind kind, std::string code, std::string detail, const AnswerFacts& facts) {
    Error error{kind, std::move(code), std::move(detail)};
    error.http_status = facts.http_status;
    error.request_id = facts.request_id;
    return error;
}

/// A read changes nothing, so whatever is not throttled or refused access may be asked again.
Error error_of(const Fault& fault, const AnswerFacts& facts) {
    Error error = outcome_of(fault, facts).error;
    if (error.kind != ErrorKind::throttled && error.kind != ErrorKind::unauthorised)
        error.kind = ErrorKind::unavailable;
    return error;
}

bool says_gone(const Fault& fault) {
    for (const FaultError& error : fault.errors) {
        if (error.code == "610") return true;
    }
    return false;
}

/// The error of an answer that is no success, unless it says that the object asked for is gone.
Result<std::vector<RemoteObject>> read_failure(const PreparedCall& call, const HttpResponse& response,
                                               const std::optional<Fault>& fault) {
    const AnswerFacts facts = facts_of(response);
    const auto asked = asked_for(call);
    if (fault && asked && says_gone(*fault)) {
        RemoteObject gone;
        gone.entity = asked->first;
        gone.id = asked->second;
        gone.live = false;
        return std::vector{gone};
    }
    if (response.status == 429) {
        Error error = undecided(ErrorKind::throttled, "throttled", "throttled", facts);
        error.retry_after = facts.retry_after;
        return error;
    }
    if (response.status == 401 || response.status == 403) {
        if (!fault || outcome_of(*fault, facts).kind != ElementOutcome::Kind::throttled)
            return undecided(ErrorKind::unauthorised, "not_authorised",
                             fault ? words_of(*fault) : "HTTP " + std::to_string(response.status), facts);
    }
    if (fault) return error_of(*fault, facts);
    return undecided(ErrorKind::unavailable, "provider_unavailable", "HTTP " + std::to_string(response.status), facts);
}

}  // namespace

RemoteObject remote_object(std::string_view entity, const JsonValue& object) {
    RemoteObject read;
    read.entity = entity;
    read.id = object["Id"].string_or("");
    read.version = object["SyncToken"].string_or("");
    read.owned_hash = owned_hash(entity, object);
    read.marker = object[marker_field(entity)].string_or("");
    read.counterparty = object["CustomerRef"]["value"].string_or("");
    if (const JsonValue* total = object.find("TotalAmt")) {
        if (const Result<Decimal> amount = total->as_decimal()) read.total = *amount;
    }
    if (const Result<Date> date = Date::parse(object["TxnDate"].text())) read.date = *date;
    read.live = is_live(entity, object);
    read.body = write_json(object);
    return read;
}

Link link_to(const RemoteObject& object, std::string_view role) {
    Link link{std::string(role), object.entity, object.id, object.version, object.owned_hash};
    link.voided = !object.live;
    return link;
}

Result<std::vector<RemoteObject>> read_remote_objects(const PreparedCall& call, const SendResult& answer) {
    if (answer.stage != Stage::answered) return Error{ErrorKind::unavailable, "no_answer", answer.failure};
    const HttpResponse& response = answer.response;
    const Result<JsonValue> body = parse_json(response.body);
    const std::optional<Fault> fault = body ? fault_in(*body) : read_fault(response.body);
    if (response.status != 200 || fault) return read_failure(call, response, fault);
    if (!body) return undecided(ErrorKind::unavailable, "bad_answer", body.error().detail, facts_of(response));

    std::vector<RemoteObject> objects;
    if (const auto asked = asked_for(call)) {
        const JsonValue& object = (*body)[asked->first];
        if (object["Id"].is_null())
            return undecided(ErrorKind::unavailable, "bad_answer", "no " + asked->first + " in the answer",
                             facts_of(response));
        objects.push_back(remote_object(asked->first, object));
        return objects;
    }
    const JsonValue* rows = body->find("QueryResponse");
    if (rows == nullptr)
        return undecided(ErrorKind::unavailable, "bad_answer", "no QueryResponse in the answer", facts_of(response));
    // No match leaves the entity's member out. Beside it stand startPosition and the like.
    for (const JsonMember& member : rows->members()) {
        for (const JsonValue& object : member.value.items()) objects.push_back(remote_object(member.name, object));
    }
    if (objects.size() >= static_cast<std::size_t>(kPageMax))
        return undecided(ErrorKind::unavailable, "answer_truncated", "more rows match than one page shows",
                         facts_of(response));
    return objects;
}

}  // namespace spillway::qbo
