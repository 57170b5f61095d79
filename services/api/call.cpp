#include "services/api/call.hpp"

#include "schema/utf8.hpp"
#include "services/http/problem.hpp"

namespace spillway::api {
std::optional<std::string> Call::argument(std::string_view name) const {
    auto value = form_value(query, name);
    if (value && value->empty()) return std::nullopt;
    return value;
}

HttpResponse json_response(int status, std::string body) {
    HttpResponse response;
    response.status = status;
    response.headers.set("Content-Type", "application/json");
    response.body = std::move(body);
    return response;
}

HttpResponse no_such(std::string_view what) {
    return http::problem(Error{ErrorKind::not_found, "not_found", "there is no such " + std::string(what)});
}

Reply problem_reply(const Error& error, int status) { return http::problem(error, status); }

Result<JsonValue> read_object_body(const Call& call, std::initializer_list<std::string_view> known,
                                   bool may_be_absent) {
    if (call.request.body.empty() && may_be_absent) return JsonValue::object({});
    auto body = parse_json(call.request.body);
    if (!body.ok()) return body;
    if (!body->is_object()) return invalid("wrong_type", "the body must be a JSON object");
    for (const JsonMember& member : body->members()) {
        const bool is_known = std::ranges::find(known, member.name) != known.end();
        if (!is_known) return invalid("unknown_member", "unknown member", pointer_to("", member.name));
    }
    return body;
}

Result<std::string> required_text(const JsonValue& body, std::string_view name, std::size_t characters_max) {
    auto text = optional_text(body, name, characters_max);
    if (!text.ok()) return std::move(text).error();
    if (!*text) return invalid("missing_member", "a member is missing", pointer_to("", name));
    return **std::move(text);
}

Result<std::optional<std::string>> optional_text(const JsonValue& body, std::string_view name,
                                                 std::size_t characters_max) {
    const JsonValue* value = body.find(name);
    if (!value) return std::optional<std::string>();
    if (!value->is_string()) return invalid("wrong_type", "must be a string", pointer_to("", name));
    const auto length = utf8_length(value->text());
    if (!length || *length == 0 || *length > characters_max)
        return invalid("bad_length", "must have 1 to " + std::to_string(characters_max) + " characters",
                       pointer_to("", name));
    for (std::string_view rest = value->text(); !rest.empty();) {
        const auto character = first_character(rest);
        if (is_refused_control(character->code_point))
            return invalid("control_character", "must not hold control characters", pointer_to("", name));
        rest.remove_prefix(character->bytes);
    }
    return std::optional(std::string(value->text()));
}

}  // namespace spillway::api
