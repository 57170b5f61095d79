// Connections: list, connect, pause, resume, disconnect, mapping; and the status of everything.

#include <ostream>

#include "schema/json_text.hpp"
#include "services/spillway/commands.hpp"
#include "services/spillway/consent.hpp"

namespace spillway::cli {
namespace {

std::string target_of(const std::string& id) { return "/v1/connections/" + percent_encode(id); }

/// "12 waiting, 3 parked"
std::string counts_text(const JsonValue& counts) {
    std::string text;
    for (const JsonMember& one : counts.members())
        text += (text.empty() ? "" : ", ") + one.value.string_or("0") + " " + one.name;
    return text.empty() ? "no jobs" : text;
}

void show_connections(Session& session, const JsonValue& list) {
    std::vector<std::vector<std::string>> rows{{"ID", "PROVIDER", "STATE", "LANE", "ORGANISATION", "JOBS"}};
    for (const JsonValue& one : list.items()) {
        std::string lane = one["lane"]["doing"].string_or("");
        if (const std::string waits = one["lane"]["waits_for"].string_or(""); !waits.empty())
            lane += " (" + waits + ")";
        rows.push_back({one["id"].string_or(""), one["provider"].string_or(""), one["state"].string_or(""), lane,
                        one["tenant_name"].string_or(""), counts_text(one["counts"])});
    }
    print_table(session.out(), rows);
}

/// A plain answer of a connection: its id and state.
void show_connection(Session& session, const JsonValue& one) {
    session.out() << "connection " << one["id"].text() << " (" << one["provider"].text() << ", "
                  << one["tenant_name"].text() << ") is " << one["state"].text() << "\n";
}

/// The provider's redirect, asked of the service as the person's browser would. @return the connection's id.
Result<std::string> finish_connect(Client& client, const std::string& redirect) {
    HttpRequest callback;
    callback.target = split_url(redirect).second;
    const auto answer = client.send(client.url(), std::move(callback));
    if (!answer.ok()) return answer.error();
    if (answer->status != 302) return problem_of(*answer);
    const auto location = answer->headers.find("Location").value_or("");
    const auto query = location.find('?');
    const auto form = query == std::string_view::npos ? std::nullopt : parse_form(location.substr(query + 1));
    const auto ids = form ? form_value(*form, "connection_id") : std::nullopt;
    if (!ids || ids->empty()) return Error{ErrorKind::bug, "bad_answer", "the service named no connection"};
    return ids->substr(0, ids->find(','));
}

JsonValue with_member(const JsonValue& object, const std::string& name, std::optional<JsonValue> value) {
    std::vector<JsonMember> members;
    for (const JsonMember& one : object.members())
        if (one.name != name) members.push_back(one);
    if (value) members.push_back({name, *std::move(value)});
    return JsonValue::object(std::move(members));
}

}  // namespace

int show_status(Session& session) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto ready = (*client)->get("/readyz");
    if (!ready.ok()) return session.fail(ready.error());
    auto connections = (*client)->all("/v1/connections");
    if (!connections.ok()) return session.fail(connections.error());
    const JsonValue list = JsonValue::array(*std::move(connections));
    if (session.json()) {
        JsonText json;
        json.object().member("url", (*client)->url()).member("status", (*ready)["status"].string_or(""));
        json.member_raw("spill", write_json((*ready)["spill"]));
        json.member_raw("connections", write_json(list)).close();
        session.out() << std::move(json).take() << "\n";
        return kOk;
    }
    session.out() << (*client)->url() << " is " << (*ready)["status"].string_or("ready") << "\n";
    const JsonValue& spill = (*ready)["spill"];
    if (spill["out_of_reach"].bool_or(false))
        session.out() << "the database is in repair: intake goes to the spill file\n";
    if (spill["entries"].int64_or(0) > 0)
        session.out() << spill["entries"].text() << " submissions wait in the spill file\n";
    show_connections(session, list);
    return kOk;
}

int list_connections(Session& session, const std::string& partner, const std::string& provider) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    std::vector<std::pair<std::string, std::string>> query;
    if (!partner.empty()) query.emplace_back("partner_id", partner);
    if (!provider.empty()) query.emplace_back("provider", provider);
    auto connections = (*client)->all("/v1/connections" + (query.empty() ? "" : "?" + encode_form(query)));
    if (!connections.ok()) return session.fail(connections.error());
    return session.print(JsonValue::array(*std::move(connections)),
                         [&](const JsonValue& list) { show_connections(session, list); });
}

int connect(Session& session, const ConnectOptions& options) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    JsonText body;
    body.object().member("provider", options.provider);
    // The address is never visited: the connection's id is read off the redirect to it.
    if (options.auto_consent) body.member("return_url", (*client)->url() + "/healthz");
    body.close();
    const auto consent =
        (*client)->post("/v1/partners/" + percent_encode(options.partner) + "/connections", std::move(body).take());
    if (!consent.ok()) return session.fail(consent.error());
    const std::string url = (*consent)["consent_url"].string_or("");
    if (!options.auto_consent) return session.print(*consent, [&](const JsonValue&) { session.out() << url << "\n"; });
    const auto redirect = give_consent(**client, url, options.organisation);
    if (!redirect.ok()) return session.fail(redirect.error());
    const auto id = finish_connect(**client, *redirect);
    if (!id.ok()) return session.fail(id.error());
    const auto connection = (*client)->get(target_of(*id));
    if (!connection.ok()) return session.fail(connection.error());
    return session.print(*connection, [&](const JsonValue& one) { show_connection(session, one); });
}

int change_connection(Session& session, const std::string& id, const std::string& verb, const std::string& reason) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    std::string body;
    if (!reason.empty()) {
        JsonText json;
        json.object().member("reason", reason).close();
        body = std::move(json).take();
    }
    const auto connection = (*client)->post(target_of(id) + "/" + verb, body);
    if (!connection.ok()) return session.fail(connection.error());
    return session.print(*connection, [&](const JsonValue& one) { show_connection(session, one); });
}

int show_mapping(Session& session, const std::string& id) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto connection = (*client)->get(target_of(id));
    if (!connection.ok()) return session.fail(connection.error());
    return session.print((*connection)["mapping"], [&](const JsonValue& mapping) {
        if (mapping.is_null()) session.out() << "no mapping yet\n";
        for (const JsonMember& one : mapping.members())
            session.out() << one.name << "="
                          << (one.value.is_object() ? write_json(one.value) : one.value.string_or("")) << "\n";
    });
}

int set_mapping(Session& session, const std::string& id, const std::vector<std::string>& pairs) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto connection = (*client)->get(target_of(id));
    if (!connection.ok()) return session.fail(connection.error());
    JsonValue mapping = (*connection)["mapping"];
    for (const std::string& pair : pairs) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0)
            return session.fail(invalid("bad_pair", "'" + pair + "' is not of the form member=value"));
        const std::string name = pair.substr(0, equals), text = pair.substr(equals + 1);
        std::optional<JsonValue> value;
        if (!text.empty()) value = JsonValue::string(text);
        const auto dot = name.find('.');
        if (dot == std::string::npos) {
            mapping = with_member(mapping, name, std::move(value));
        } else {
            const std::string group = name.substr(0, dot);
            mapping = with_member(mapping, group, with_member(mapping[group], name.substr(dot + 1), std::move(value)));
        }
    }
    const auto changed = (*client)->patch(target_of(id), "{\"mapping\":" + write_json(mapping) + "}");
    if (!changed.ok()) return session.fail(changed.error());
    return session.print(*changed, [&](const JsonValue& one) { show_connection(session, one); });
}

}  // namespace spillway::cli
