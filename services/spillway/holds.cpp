// Holds: what keeps jobs from starting; and the keys that blocked jobs wait for.

#include <ostream>

#include "schema/json_text.hpp"
#include "services/spillway/commands.hpp"

namespace spillway::cli {
namespace {

/// "all", "con_1", "push.invoice" or "con_1 push.invoice"
std::string scope_of(const JsonValue& hold) {
    const std::string connection = hold["connection_id"].string_or("");
    const std::string kind = hold["kind"].string_or("");
    if (connection.empty() && kind.empty()) return "all";
    return connection + (connection.empty() || kind.empty() ? "" : " ") + kind;
}

Result<void> check_scope(const HoldOptions& options) {
    const bool any = !options.connection.empty() || !options.kind.empty();
    if (any == options.all) return invalid("bad_scope", "name --connection, --kind or both, or else --all");
    return success();
}

JsonText body_of(const HoldOptions& options) {
    JsonText body;
    body.object();
    const std::pair<const char*, const std::string*> members[] = {{"connection_id", &options.connection},
                                                                  {"kind", &options.kind},
                                                                  {"reason", &options.reason},
                                                                  {"until", &options.until}};
    for (const auto& [name, value] : members)
        if (!value->empty()) body.member(name, *value);
    body.close();
    return body;
}

int change(Session& session, const HoldOptions& options, const char* target, const char* words) {
    if (auto checked = check_scope(options); !checked.ok()) return session.fail(checked.error());
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto answer = (*client)->post(target, body_of(options).take());
    if (!answer.ok()) return session.fail(answer.error());
    return session.print(*answer,
                         [&](const JsonValue& scope) { session.out() << words << ": " << scope_of(scope) << "\n"; });
}

}  // namespace

int list_holds(Session& session) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    auto holds = (*client)->all("/v1/holds");
    if (!holds.ok()) return session.fail(holds.error());
    return session.print(JsonValue::array(*std::move(holds)), [&](const JsonValue& list) {
        std::vector<std::vector<std::string>> rows{{"HELD", "SINCE", "UNTIL", "REASON"}};
        for (const JsonValue& hold : list.items())
            rows.push_back({scope_of(hold), hold["since"].string_or(""), hold["until"].string_or("lifted"),
                            hold["reason"].string_or("")});
        print_table(session.out(), rows);
    });
}

int set_hold(Session& session, const HoldOptions& options) { return change(session, options, "/v1/holds", "held"); }

int lift_hold(Session& session, const HoldOptions& options) {
    return change(session, options, "/v1/holds/lift", "lifted");
}

int list_blocked(Session& session, const std::string& connection) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    auto keys = (*client)->all("/v1/connections/" + percent_encode(connection) + "/blocked");
    if (!keys.ok()) return session.fail(keys.error());
    return session.print(JsonValue::array(*std::move(keys)), [&](const JsonValue& list) {
        std::vector<std::vector<std::string>> rows{{"KEY", "WAITING", "SINCE", "ITS JOB", "WHY"}};
        for (const JsonValue& key : list.items()) {
            const std::string state = key["state"].string_or("");
            const std::string cause = key["cause"].string_or("");
            rows.push_back({key["key"].string_or(""), key["waiting"].string_or(""), key["since"].string_or(""),
                            key["job_id"].string_or("none"), state + (cause.empty() ? "" : ": " + cause)});
        }
        print_table(session.out(), rows);
    });
}

}  // namespace spillway::cli
