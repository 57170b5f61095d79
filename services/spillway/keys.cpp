// Partners and API keys.

#include <ostream>

#include "schema/json_text.hpp"
#include "services/spillway/commands.hpp"

namespace spillway::cli {

int create_partner(Session& session, const std::string& name) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    JsonText body;
    body.object().member("name", name).close();
    const auto partner = (*client)->post("/v1/partners", std::move(body).take());
    if (!partner.ok()) return session.fail(partner.error());
    return session.print(*partner, [&](const JsonValue& one) { session.out() << one["id"].text() << "\n"; });
}

int list_partners(Session& session) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    auto partners = (*client)->all("/v1/partners");
    if (!partners.ok()) return session.fail(partners.error());
    return session.print(JsonValue::array(*std::move(partners)), [&](const JsonValue& list) {
        std::vector<std::vector<std::string>> rows{{"ID", "NAME", "STATE"}};
        for (const JsonValue& one : list.items())
            rows.push_back({one["id"].string_or(""), one["name"].string_or(""), one["state"].string_or("")});
        print_table(session.out(), rows);
    });
}

int create_key(Session& session, const KeyOptions& options) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    JsonText body;
    body.object().member("name", options.name).member("scope", options.scope);
    if (!options.partner.empty()) body.member("partner_id", options.partner);
    if (!options.expires_at.empty()) body.member("expires_at", options.expires_at);
    body.close();
    const auto key = (*client)->post("/v1/keys", std::move(body).take());
    if (!key.ok()) return session.fail(key.error());
    return session.print(*key, [&](const JsonValue& one) {
        session.err() << "key " << one["id"].text() << "; its secret is shown this once:\n";
        session.out() << one["secret"].text() << "\n";
    });
}

int list_keys(Session& session) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    auto keys = (*client)->all("/v1/keys");
    if (!keys.ok()) return session.fail(keys.error());
    return session.print(JsonValue::array(*std::move(keys)), [&](const JsonValue& list) {
        std::vector<std::vector<std::string>> rows{
            {"ID", "SCOPE", "PARTNER", "EXPIRES", "LAST USED", "REVOKED", "NAME"}};
        for (const JsonValue& one : list.items())
            rows.push_back({one["id"].string_or(""), one["scope"].string_or(""), one["partner_id"].string_or("-"),
                            one["expires_at"].string_or("-"), one["last_used_at"].string_or("-"),
                            one["revoked_at"].string_or("-"), one["name"].string_or("")});
        print_table(session.out(), rows);
    });
}

int revoke_key(Session& session, const std::string& id) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto key = (*client)->post("/v1/keys/" + percent_encode(id) + "/revoke");
    if (!key.ok()) return session.fail(key.error());
    return session.print(*key,
                         [&](const JsonValue& one) { session.out() << "key " << one["id"].text() << " is revoked\n"; });
}

}  // namespace spillway::cli
