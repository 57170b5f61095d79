// Jobs: list them, look at one, run parked ones again.

#include <ostream>

#include "schema/json_text.hpp"
#include "services/spillway/commands.hpp"

namespace spillway::cli {
namespace {

constexpr int kPageMax = 200;

std::string query_of(const JobFilter& filter) {
    std::vector<std::pair<std::string, std::string>> query;
    const std::pair<const char*, const std::string*> members[] = {{"connection_id", &filter.connection},
                                                                  {"partner_id", &filter.partner},
                                                                  {"state", &filter.state},
                                                                  {"kind", &filter.kind},
                                                                  {"cause", &filter.cause},
                                                                  {"key", &filter.key}};
    for (const auto& [name, value] : members)
        if (!value->empty()) query.emplace_back(name, *value);
    return encode_form(query);
}

/// Up to `limit` jobs, over as many pages as it takes.
Result<std::vector<JsonValue>> fetch(Client& client, const JobFilter& filter) {
    std::vector<JsonValue> jobs;
    std::string after;
    do {
        const int left = filter.limit - static_cast<int>(jobs.size());
        std::string target = "/v1/jobs?limit=" + std::to_string(std::min(left, kPageMax));
        if (const std::string query = query_of(filter); !query.empty()) target += "&" + query;
        if (!after.empty()) target += "&after=" + percent_encode(after);
        const auto page = client.get(target);
        if (!page.ok()) return page.error();
        jobs.insert(jobs.end(), (*page)["items"].items().begin(), (*page)["items"].items().end());
        after = (*page)["next"].string_or("");
    } while (!after.empty() && static_cast<int>(jobs.size()) < filter.limit);
    return jobs;
}

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

void show_replay(Session& session, const JsonValue& answer) {
    const bool dry = answer["dry_run"].bool_or(false);
    session.out() << answer["matched"].string_or("0") << " parked jobs match; " << answer["replay"].string_or("0")
                  << (dry ? " would run again" : " run again") << ", " << answer["superseded"].string_or("0")
                  << " have a newer job already";
    if (answer["not_ready"].int64_or(0) > 0)
        session.out() << "; " << answer["not_ready"].text() << " wait for their connection";
    session.out() << "\n";
    for (const JsonMember& one : answer["by_cause"].members())
        session.out() << "  " << one.value.string_or("0") << "  " << one.name << "\n";
}

}  // namespace

int list_jobs(Session& session, const JobFilter& filter) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    auto jobs = fetch(**client, filter);
    if (!jobs.ok()) return session.fail(jobs.error());
    return session.print(JsonValue::array(*std::move(jobs)), [&](const JsonValue& list) {
        std::vector<std::vector<std::string>> rows{{"ID", "STATE", "CONNECTION", "JOB", "WHY"}};
        for (const JsonValue& job : list.items())
            rows.push_back({job["id"].string_or(""), job["state"].string_or(""), job["connection_id"].string_or(""),
                            job["key"].string_or(""), job["why"].string_or("")});
        print_table(session.out(), rows);
    });
}

int show_job(Session& session, std::int64_t id) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto job = (*client)->get("/v1/jobs/" + std::to_string(id));
    if (!job.ok()) return session.fail(job.error());
    return session.print(*job, [&](const JsonValue& one) {
        for (const JsonMember& member : one.members()) {
            const bool plain = !member.value.is_object() && !member.value.is_array();
            session.out() << member.name << ": " << (plain ? member.value.string_or("") : write_json(member.value))
                          << "\n";
        }
    });
}

int explain_job(Session& session, std::int64_t id) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto job = (*client)->get("/v1/jobs/" + std::to_string(id));
    if (!job.ok()) return session.fail(job.error());
    return session.print(*job, [&](const JsonValue& one) {
        const JsonValue& standing = one["standing"];
        session.out() << one["state"].string_or("") << ": " << standing["words"].string_or("");
        if (const std::string until = standing["until"].string_or(""); !until.empty())
            session.out() << ", until " << until;
        if (standing.find("job_id") != nullptr) session.out() << " (job " << standing["job_id"].text() << ")";
        session.out() << "\n";
        for (const JsonValue& step : one["history"].items()) {
            session.out() << "  " << step["at"].string_or("") << "  " << step["from"].string_or("") << " -> "
                          << step["to"].string_or("") << "  " << step["cause"].string_or("") << "\n";
        }
    });
}

int replay(Session& session, const ReplayOptions& options) {
    JsonText body;
    body.object().key("filter");
    const bool any = append_filter(body, options);
    if (!any && !options.all)
        return session.fail(invalid("no_filter", "name job ids or a filter, or --all for every parked job"));
    body.member("dry_run", options.dry_run).close();
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto answer = (*client)->post("/v1/replays", std::move(body).take());
    if (!answer.ok()) return session.fail(answer.error());
    return session.print(*answer, [&](const JsonValue& one) { show_replay(session, one); });
}

}  // namespace spillway::cli
