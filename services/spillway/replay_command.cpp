// Parked jobs run again: one, many, or all that match, as a preview or for real; a long replay is watched to its end.

#include <ostream>

#include "schema/json_text.hpp"
#include "services/spillway/commands.hpp"
#include "services/spillway/progress.hpp"

namespace spillway::cli {
namespace {

constexpr Millis kPollEvery{500};
constexpr Millis kRestartPatience{120'000};

/// The filter of a replay as JSON; false when it names nothing.
bool append_filter(JsonText& json, const ReplayOptions& options) {
    const JobFilter& filter = options.filter;
    bool any = false;
    const std::pair<const char*, const std::string*> members[] = {{"connection_id", &filter.connection},
                                                                  {"partner_id", &filter.partner},
                                                                  {"kind", &filter.kind},
                                                                  {"cause", &filter.cause},
                                                                  {"key", &filter.key}};
    json.object();
    for (const auto& [name, value] : members) {
        if (value->empty()) continue;
        json.member(name, *value);
        any = true;
    }
    if (!options.ids.empty()) {
        json.key("job_ids").array();
        for (const std::int64_t id : options.ids) json.value(id);
        json.close();
        any = true;
    }
    json.close();
    return any;
}

void show_answer(Session& session, const JsonValue& answer) {
    const bool dry = answer["dry_run"].bool_or(false);
    session.out() << answer["matched"].string_or("0") << " parked jobs match; " << answer["replay"].string_or("0")
                  << (dry ? " would run again" : " run again");
    if (answer["not_ready"].int64_or(0) > 0)
        session.out() << "; " << answer["not_ready"].text() << " wait for their connection";
    session.out() << "\n";
    for (const JsonMember& one : answer["by_cause"].members())
        session.out() << "  " << one.value.string_or("0") << "  " << one.name << "\n";
}

void show_summary(Session& session, const JsonValue& replay) {
    session.out() << "replay " << replay["id"].string_or("") << " is " << replay["state"].string_or("") << ": "
                  << replay["jobs"].string_or("0") << " of " << replay["matched"].string_or("0") << " run again\n";
}

/// Until it has ended. A command that is stopped leaves the replay going.
Result<JsonValue> watch(Session& session, Client& client, const std::string& id) {
    Progress progress(session.err(), session.tty());
    progress.note("replay " + id + " goes on by itself; to stop it: spillway replay --cancel " + id);
    client.set_patience(kRestartPatience);
    for (;;) {
        auto replay = client.get("/v1/replays/" + percent_encode(id));
        if (!replay.ok()) return replay;
        const std::int64_t jobs = (*replay)["jobs"].int64_or(0);
        const std::int64_t matched = (*replay)["matched"].int64_or(0);
        const bool ended = (*replay)["state"].string_or("") != "running";
        progress.show({bar(ended ? matched : jobs, matched) + " " + std::to_string(jobs) + " of " +
                       std::to_string(matched) + " run again"},
                      client.now(), ended ? "ended" : "");
        if (ended) return replay;
        client.sleep(kPollEvery);
    }
}

int cancel(Session& session, Client& client, const std::string& id) {
    const auto replay = client.post("/v1/replays/" + percent_encode(id) + "/cancel");
    if (!replay.ok()) return session.fail(replay.error());
    return session.print(*replay, [&](const JsonValue& one) { show_summary(session, one); });
}

}  // namespace

int replay(Session& session, const ReplayOptions& options) {
    JsonText body;
    body.object().key("filter");
    const bool any = append_filter(body, options);
    if (!any && !options.all && options.cancel.empty())
        return session.fail(invalid("no_filter", "name job ids or a filter, or --all for every parked job"));
    body.member("dry_run", options.dry_run).close();
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    if (!options.cancel.empty()) return cancel(session, **client, options.cancel);
    const auto answer = (*client)->post("/v1/replays", std::move(body).take());
    if (!answer.ok()) return session.fail(answer.error());
    if ((*answer)["state"].string_or("") != "running")
        return session.print(*answer, [&](const JsonValue& one) { show_answer(session, one); });
    const auto ended = watch(session, **client, (*answer)["id"].string_or(""));
    if (!ended.ok()) return session.fail(ended.error());
    return session.print(*ended, [&](const JsonValue& one) { show_summary(session, one); });
}

}  // namespace spillway::cli
