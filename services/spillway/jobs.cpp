// Jobs: list them, look at one.

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

namespace {

int change_job(Session& session, std::int64_t id, const std::string& verb, std::string body) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto job = (*client)->post("/v1/jobs/" + std::to_string(id) + "/" + verb, std::move(body));
    if (!job.ok()) return session.fail(job.error());
    return session.print(*job, [&](const JsonValue& one) {
        session.out() << "job " << one["id"].text() << " is " << one["state"].string_or("") << "\n";
    });
}

}  // namespace

int cancel_job(Session& session, std::int64_t id) { return change_job(session, id, "cancel", ""); }

int resolve_job(Session& session, std::int64_t id, const std::string& note, const std::string& provider_id) {
    JsonText body;
    body.object().member("note", note);
    if (!provider_id.empty()) body.member("provider_id", provider_id);
    body.close();
    return change_job(session, id, "resolve", std::move(body).take());
}

}  // namespace spillway::cli
