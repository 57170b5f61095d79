// Webhooks: where events are sent to, and what became of them.

#include <ostream>

#include "schema/json_text.hpp"
#include "services/spillway/commands.hpp"

namespace spillway::cli {
namespace {

constexpr Millis kPingWait{30'000};
constexpr Millis kPingLook{200};

std::string path_of(const std::string& id, const std::string& rest = "") {
    return "/v1/webhooks/" + percent_encode(id) + rest;
}

std::string words_of(const JsonValue& types) {
    std::string out;
    for (const JsonValue& type : types.items()) out += (out.empty() ? "" : " ") + type.string_or("");
    return out;
}

void show_secret(Session& session, const JsonValue& webhook) {
    session.err() << "webhook " << webhook["id"].text() << "; its signing secret is shown this once:\n";
    session.out() << webhook["secret"].text() << "\n";
}

std::string outcome_of(const JsonValue& delivery) {
    if (const std::string error = delivery["last_error"].string_or(""); !error.empty()) return error;
    return delivery["last_status"].string_or("");
}

void show_deliveries(Session& session, const JsonValue& list) {
    std::vector<std::vector<std::string>> rows{{"ID", "AT", "TYPE", "STATE", "ATTEMPTS", "DUE", "LAST"}};
    for (const JsonValue& one : list.items())
        rows.push_back({one["id"].string_or(""), one["created_at"].string_or(""), one["type"].string_or(""),
                        one["state"].string_or(""), one["attempts"].string_or(""), one["due_at"].string_or("-"),
                        outcome_of(one)});
    print_table(session.out(), rows);
}

}  // namespace

int list_webhooks(Session& session) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    auto webhooks = (*client)->all("/v1/webhooks");
    if (!webhooks.ok()) return session.fail(webhooks.error());
    return session.print(JsonValue::array(*std::move(webhooks)), [&](const JsonValue& list) {
        std::vector<std::vector<std::string>> rows{{"ID", "STATE", "WHY", "PARTNER", "CONNECTION", "TYPES", "URL"}};
        for (const JsonValue& one : list.items())
            rows.push_back({one["id"].string_or(""), one["state"].string_or(""), one["reason"].string_or("-"),
                            one["partner_id"].string_or("all"), one["connection_id"].string_or("all"),
                            words_of(one["types"]), one["url"].string_or("")});
        print_table(session.out(), rows);
    });
}

int add_webhook(Session& session, const WebhookOptions& options) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    JsonText body;
    body.object().member("url", options.url);
    if (!options.connection.empty()) body.member("connection_id", options.connection);
    if (!options.partner.empty()) body.member("partner_id", options.partner);
    if (!options.types.empty()) {
        body.key("types").array();
        for (const std::string& type : options.types) body.value(type);
        body.close();
    }
    body.close();
    const auto made = (*client)->post("/v1/webhooks", std::move(body).take());
    if (!made.ok()) return session.fail(made.error());
    return session.print(*made, [&](const JsonValue& one) { show_secret(session, one); });
}

int remove_webhook(Session& session, const std::string& id) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    HttpRequest request;
    request.method = "DELETE";
    request.target = path_of(id);
    const auto answer = (*client)->send(std::move(request));
    if (!answer.ok()) return session.fail(answer.error());
    if (answer->status >= 400) return session.fail(problem_of(*answer));
    return kOk;
}

int enable_webhook(Session& session, const std::string& id) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto webhook = (*client)->patch(path_of(id), R"({"state":"active"})");
    if (!webhook.ok()) return session.fail(webhook.error());
    return session.print(*webhook, [&](const JsonValue& one) { session.out() << one["state"].text() << "\n"; });
}

int rotate_webhook(Session& session, const std::string& id) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto webhook = (*client)->post(path_of(id, "/rotate"), "{}");
    if (!webhook.ok()) return session.fail(webhook.error());
    return session.print(*webhook, [&](const JsonValue& one) { show_secret(session, one); });
}

int ping_webhook(Session& session, const std::string& id) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto ping = (*client)->post(path_of(id, "/ping"), "{}");
    if (!ping.ok()) return session.fail(ping.error());
    const SteadyTime until = (*client)->now() + kPingWait;
    for (;;) {
        // The newest ones: a ping of a moment ago is among them.
        const auto page = (*client)->get(path_of(id, "/deliveries?limit=200"));
        if (!page.ok()) return session.fail(page.error());
        for (const JsonValue& one : (*page)["items"].items()) {
            if (one["id"] != (*ping)["id"] || (one["attempts"].int64_or(0) == 0 && (*client)->now() < until)) continue;
            const int shown = session.print(one, [&](const JsonValue& delivery) {
                session.out() << delivery["state"].text() << ": " << outcome_of(delivery) << "\n";
            });
            if (shown != kOk) return shown;
            return one["state"].text() == "delivered" ? kOk : kFailed;
        }
        if ((*client)->now() >= until) return kFailed;
        (*client)->sleep(kPingLook);
    }
}

int list_deliveries(Session& session, const std::string& id, const WebhookOptions& options) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const std::string query = options.state.empty() ? "" : "?state=" + percent_encode(options.state);
    auto deliveries = (*client)->all(path_of(id, "/deliveries" + query));
    if (!deliveries.ok()) return session.fail(deliveries.error());
    return session.print(JsonValue::array(*std::move(deliveries)),
                         [&](const JsonValue& list) { show_deliveries(session, list); });
}

int replay_deliveries(Session& session, const std::string& id, const WebhookOptions& options) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    if (!options.delivery.empty()) {
        const auto one =
            (*client)->post(path_of(id, "/deliveries/" + percent_encode(options.delivery) + "/replay"), "{}");
        if (!one.ok()) return session.fail(one.error());
        return session.print(*one, [&](const JsonValue&) { session.out() << "1 goes again\n"; });
    }
    std::int64_t count = 0;
    std::int64_t after = 0;
    do {
        JsonText body;
        body.object().member("since", options.since).member("delivered", options.delivered).member("after", after);
        body.close();
        const auto step = (*client)->post(path_of(id, "/replay"), std::move(body).take());
        if (!step.ok()) return session.fail(step.error());
        count += (*step)["replayed"].int64_or(0);
        after = (*step)["next"].int64_or(0);
    } while (after > 0);
    JsonText answer;
    answer.object().member("replayed", count).close();
    auto shown = parse_json(answer.text());
    if (!shown.ok()) return session.fail(shown.error());
    return session.print(*shown, [&](const JsonValue&) { session.out() << count << " go again\n"; });
}

}  // namespace spillway::cli
