// The course of a write: element by element, with its answer in both positions of summarizeErrors.

#include "schema/json_text.hpp"
#include "services/sandbox/xero/api.hpp"

namespace spillway::sandbox::xero {

namespace {

bool same_word(std::string_view a, std::string_view b) { return folded(a) == folded(b); }

/// A failed element is answered as it was sent, with the id and the messages.
void write_failed(JsonText& json, const BatchKind& kind, const JsonValue& sent, const Played& played,
                  bool with_status) {
    json.object().member(kind.id_member, played.id);
    for (const JsonMember& member : sent.members()) {
        const bool ours = member.name == kind.id_member || member.name == "ValidationErrors" ||
                          member.name == "StatusAttributeString" || member.name == "Warnings" ||
                          member.name == kind.flag_member;
        if (!ours) json.member_raw(member.name, write_json(member.value));
    }
    if (with_status) json.member("StatusAttributeString", "ERROR");
    if (!kind.flag_member.empty()) json.member(kind.flag_member, true);
    write_messages(json, "ValidationErrors", played.errors);
    if (!played.warnings.empty()) write_messages(json, "Warnings", played.warnings);
    json.close();
}

void write_applied(JsonText& json, const BatchKind& kind, const Played& played, bool with_status) {
    json.object();
    kind.write(json, played.id);
    if (with_status) json.member("StatusAttributeString", played.warnings.empty() ? "OK" : "WARNING");
    if (!kind.flag_member.empty()) json.member(kind.flag_member, false);
    if (!played.warnings.empty()) write_messages(json, "Warnings", played.warnings);
    json.close();
}

HttpResponse exception_answer(const BatchKind& kind, const std::vector<const JsonValue*>& sent,
                              const std::vector<Played>& played) {
    JsonText json;
    json.object().member("ErrorNumber", 10).member("Type", "ValidationException");
    json.member("Message", "A validation exception occurred").key("Elements").array();
    for (std::size_t at = 0; at < sent.size(); ++at)
        if (!played[at].ok()) write_failed(json, kind, *sent[at], played[at], /*with_status=*/false);
    json.close().close();
    return json_answer(400, std::move(json).take());
}

Played play_element(Call& call, const BatchKind& kind, const JsonValue& element) {
    const UndoLog::Mark before = call.books.undo.mark();
    Played played = element.is_object() ? kind.play(element) : Played::failed("The element is not an object");
    if (!played.ok()) call.books.undo.roll_back_to(before);
    return played;
}

HttpResponse run(Call& call, const BatchKind& kind, const std::vector<const JsonValue*>& elements, bool summarize) {
    std::vector<Played> played;
    std::vector<std::string> texts;  // written at once: a later element may change an earlier one's row
    bool failed = false;
    call.books.undo.clear();
    for (const JsonValue* element : elements) {
        played.push_back(play_element(call, kind, *element));
        if (played.back().not_found) {
            call.books.undo.roll_back_to(0);
            return not_found();
        }
        JsonText text;
        if (played.back().ok())
            write_applied(text, kind, played.back(), /*with_status=*/!summarize);
        else
            write_failed(text, kind, *element, played.back(), /*with_status=*/!summarize);
        failed |= !played.back().ok();
        texts.push_back(std::move(text).take());
    }
    if (failed && summarize) {
        if (call.switches.whole_call_400_atomic) call.books.undo.roll_back_to(0);
        call.books.undo.clear();
        return exception_answer(kind, elements, played);
    }
    call.books.undo.clear();
    return collection_answer(call, kind.collection, [&](JsonText& json) {
        for (const std::string& text : texts) json.raw(text);
    });
}

}  // namespace

std::optional<std::string> Call::parameter(std::string_view name) const {
    for (const auto& [key, value] : query)
        if (same_word(key, name)) return value;
    return std::nullopt;
}

bool Call::flag(std::string_view name, bool fallback) const {
    const auto value = parameter(name);
    return value ? same_word(*value, "true") : fallback;
}

HttpResponse malformed_body() {
    // Type and number from general knowledge of the API, not from its specification.
    return bad_request(14, "PostDataInvalidException", "The string supplied was not valid JSON");
}

Result<JsonValue> read_body(const Call& call) { return parse_json(call.http.body); }

std::vector<JsonValue> elements_of(const JsonValue& body, std::string_view collection) {
    if (body.is_array()) return body.items();
    if (body[collection].is_array()) return body[collection].items();
    return {body};
}

HttpResponse play_batch(Call& call, const BatchKind& kind) {
    const Result<JsonValue> body = read_body(call);
    if (!body) return malformed_body();
    const std::vector<JsonValue> elements = elements_of(*body, kind.collection);
    std::vector<const JsonValue*> list;
    for (const JsonValue& element : elements) list.push_back(&element);
    return run(call, kind, list, call.flag("summarizeErrors", call.switches.summarize_errors_default));
}

HttpResponse play_one(Call& call, const BatchKind& kind, const JsonValue& element) {
    return run(call, kind, {&element}, /*summarize=*/true);
}

void write_messages(JsonText& json, std::string_view member, const std::vector<std::string>& messages) {
    json.key(member).array();
    for (const std::string& message : messages) json.object().member("Message", message).close();
    json.close();
}

void open_envelope(Call& call, JsonText& json) {
    json.object().member("Id", call.ids.guid()).member("Status", "OK").member("ProviderName", call.app_name);
    json.member("DateTimeUTC", "/Date(" + std::to_string(to_ms(call.now.wall)) + ")/");
}

HttpResponse collection_answer(Call& call, std::string_view collection, const std::function<void(JsonText&)>& write) {
    JsonText json;
    open_envelope(call, json);
    json.key(collection).array();
    write(json);
    json.close().close();
    return json_answer(200, std::move(json).take());
}

}  // namespace spillway::sandbox::xero
