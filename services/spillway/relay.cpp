// The relay: where it stands in the payment database's outbox, and when it has to leave.

#include <ostream>

#include "schema/json_text.hpp"
#include "services/spillway/commands.hpp"

namespace spillway::cli {
namespace {

std::string seconds_of(const JsonValue& ms) { return std::to_string(ms.int64_or(0) / 1000) + " s"; }

void show_database(Session& session, const JsonValue& database) {
    if (database.is_null()) return;
    session.out() << "database: " << database["system"].string_or("") << ", timeline "
                  << database["timeline"].string_or("") << (database["replica"].bool_or(false) ? ", a replica" : "")
                  << "\n";
}

void show(Session& session, const JsonValue& relay) {
    session.out() << "relay: " << relay["state"].string_or("?");
    if (const auto reason = relay["waits_for"].string_or(""); !reason.empty()) session.out() << ", " << reason;
    session.out() << "\n";
    if (const auto detail = relay["detail"].string_or(""); !detail.empty()) session.out() << "  " << detail << "\n";
    if (relay["state"].string_or("") == "off") return;
    show_database(session, relay["database"]);
    session.out() << "all in " << seconds_of(relay["behind_ms"]) << " ago; " << relay["rows_listed"].string_or("0")
                  << " rows found and not in yet";
    if (!relay["lag_ms"].is_null()) session.out() << "; the newest were in after " << relay["lag_ms"].text() << " ms";
    session.out() << "\n";
    const JsonValue& counts = relay["counts"];
    session.out() << "since the start: " << counts["accepted"].string_or("0") << " accepted, "
                  << counts["unchanged"].string_or("0") << " unchanged, " << counts["superseded"].string_or("0")
                  << " superseded, " << counts["duplicate"].string_or("0") << " known, "
                  << counts["refused"].string_or("0") << " refused\n";
    if (const JsonValue& alarm = relay["alarm"]; !alarm.is_null())
        session.out() << "ALARM " << alarm["code"].string_or("") << " since " << alarm["since"].string_or("") << "\n  "
                      << alarm["detail"].string_or("") << "\n  seen? then: spillway relay resume\n";
    for (const JsonValue& alert : relay["alerts"].items())
        session.out() << "alert " << alert["code"].string_or("") << ": " << alert["detail"].string_or("") << "\n";
}

/// 1 while something waits for a person.
int code_of(const JsonValue& relay) { return relay["alarm"].is_null() ? kOk : kFailed; }

int post(Session& session, const std::string& path, std::string body) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto relay = (*client)->post(path, std::move(body));
    if (!relay.ok()) return session.fail(relay.error());
    return session.print(*relay, [&](const JsonValue& answer) { show(session, answer); });
}

}  // namespace

int show_relay(Session& session) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto relay = (*client)->get("/v1/relay");
    if (!relay.ok()) return session.fail(relay.error());
    const int shown = session.print(*relay, [&](const JsonValue& answer) { show(session, answer); });
    return shown == kOk ? code_of(*relay) : shown;
}

int release_relay(Session& session) { return post(session, "/v1/relay/release", "{}"); }

int resume_relay(Session& session, bool reread) {
    JsonText body;
    body.object().member("reread", reread).close();
    return post(session, "/v1/relay/resume", std::move(body).take());
}

int list_refused(Session& session) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    auto refused = (*client)->all("/v1/relay/refusals");
    if (!refused.ok()) return session.fail(refused.error());
    return session.print(JsonValue::array(*std::move(refused)), [&](const JsonValue& list) {
        std::vector<std::vector<std::string>> rows{{"AT", "CONNECTION", "RECORD", "ROW", "CODE", "WHY"}};
        for (const JsonValue& one : list.items())
            rows.push_back({one["at"].string_or(""), one["connection"].string_or(""),
                            one["kind"].string_or("") + "/" + one["external_id"].string_or(""),
                            one["row_id"].string_or(""), one["code"].string_or(""),
                            one["pointer"].string_or("") + " " + one["detail"].string_or("")});
        print_table(session.out(), rows);
    });
}

}  // namespace spillway::cli
