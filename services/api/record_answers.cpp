#include "services/api/answers.hpp"

namespace spillway::api {
namespace {

void write_link(JsonText& json, const store::LinkRow& row, const Provider* provider) {
    const Link& link = row.link;
    json.object().member("role", link.role).member("entity", link.entity).member("provider_id", link.id);
    if (!link.version.empty()) json.member("provider_version", link.version);
    json.member("record_version", link.record_version).member("voided", link.voided);
    if (provider) json.member("url", provider->object_url(link));
    json.member("changed_at", format_utc(row.changed)).close();
}

void write_attempt(JsonText& json, const store::AttemptRow& row) {
    json.object().member("at", format_utc(row.at)).member("job_id", row.job);
    json.member("record_version", row.record_version).member("role", row.role).member("verb", row.verb);
    json.member("outcome", row.outcome).member("code", row.code).member("detail", row.detail);
    json.member("http_status", row.http_status).member("request_id", row.request_id);
    json.member("call_key", row.call_key).close();
}

void write_version(JsonText& json, const store::VersionRow& row) {
    json.object().member("version", row.version).member("hash", row.hash).member("voided", row.voided);
    json.member("accepted_at", format_utc(row.accepted)).member("accepted_by", row.accepted_by).close();
}

void write_record_members(JsonText& json, const store::RecordRow& record, bool spilled = false) {
    json.member("connection_id", record.connection.value).member("kind", to_string(record.kind));
    json.member("external_id", record.external_id.value).member("number", record.number);
    json.member("version", record.version).member("applied_version", record.applied_version);
    json.member("voided", record.voided).member("source_version", record.source_version);
    json.member("job_id", record.job);
    if (spilled)
        json.member("state", "spilled");
    else if (record.job_state)
        json.member("state", queue::to_string(*record.job_state));
}

std::string waits_in_words(const queue::Job& job) {
    constexpr std::size_t kShown = 3;
    std::string words;
    std::size_t shown = 0;
    for (const queue::Wait& wait : job.waits) {
        if (shown == kShown) return words + " and " + std::to_string(job.waits.size() - kShown) + " more";
        if (shown++ > 0) words += ", ";
        words += wait.key == "posting" ? "the next sync" : wait.key;
    }
    return words;
}

std::string_view state_in_words(queue::JobState state) {
    using queue::JobState;
    switch (state) {
        case JobState::waiting: return "Waits for its turn";
        case JobState::scheduled: return "Runs again later";
        case JobState::blocked: return "Waits for something else first";
        case JobState::running: return "Is being sent";
        case JobState::unknown:
            return "Was sent, and the answer never came: it is looked up before anything is sent again";
        case JobState::parked: return "Stopped: a person must look at it";
        case JobState::applied: return "Is in the books";
        case JobState::applied_with_difference: return "Is in the books, with a difference";
        case JobState::superseded: return "A newer version took its place";
        case JobState::cancelled: return "Was cancelled";
        case JobState::resolved_by_hand: return "Was solved by a person";
    }
    return "";
}

}  // namespace

std::string plain_words(const queue::Job& job) {
    std::string words(state_in_words(job.state));
    if (job.state == queue::JobState::blocked && !job.waits.empty()) words = "Waits for " + waits_in_words(job);
    if (job.state == queue::JobState::scheduled && job.run_at) words += ", at " + format_utc(*job.run_at);
    if (!job.detail.empty()) words += ": " + job.detail;
    if (!job.advice.empty()) words += " (" + job.advice + ")";
    return words;
}

namespace {

void write_job_members(JsonText& json, const queue::Job& job) {
    json.member("id", job.id).member("connection_id", job.lane).member("kind", job.kind).member("key", job.key);
    const auto slash = job.key.find('/');
    if (job.kind.starts_with("push.") && slash != std::string::npos) {
        const std::string_view key = job.key;
        json.key("record").object().member("kind", key.substr(0, slash));
        json.member("external_id", key.substr(slash + 1)).close();
    }
    json.member("priority", queue::to_string(job.priority)).member("state", queue::to_string(job.state));
    json.member("attempts", job.attempts).member("crashes", job.crashes).member("cause", job.cause);
    json.member("detail", job.detail).member("advice", job.advice).member("why", plain_words(job));
    json.member("created_at", format_utc(job.created)).member("changed_at", format_utc(job.changed));
    if (job.run_at) json.member("run_at", format_utc(*job.run_at));
    json.key("waits").array();
    for (const queue::Wait& wait : job.waits) json.object().member("key", wait.key).member("level", wait.level).close();
    json.close().member("follow_up", job.follow_up);
}

}  // namespace

void write_job(JsonText& json, const queue::Job& job) {
    json.object();
    write_job_members(json, job);
    json.close();
}

void write_job_detail(JsonText& json, const JobView& view) {
    json.object();
    write_job_members(json, view.job);
    if (const auto& blocker = view.blocker) {
        json.key("blocked_by").object().member("key", blocker->key);
        if (blocker->job) json.member("job_id", *blocker->job).member("state", queue::to_string(*blocker->state));
        if (!blocker->cause.empty()) json.member("cause", blocker->cause);
        json.member("blocks", blocker->blocks).member("more", blocker->more).close();
    }
    json.key("standing").object().member("code", view.standing.code).member("words", view.standing.words);
    if (view.standing.until) json.member("until", format_utc(*view.standing.until));
    if (view.standing.job) json.member("job_id", *view.standing.job);
    if (view.standing.count > 0) json.member("count", view.standing.count);
    json.close().key("history").array();
    for (const queue::Step& step : view.history) {
        json.object().member("at", format_utc(step.at)).member("from", queue::to_string(step.from));
        json.member("to", queue::to_string(step.to))
            .member("cause", step.cause)
            .member("attempt", step.attempt)
            .close();
    }
    json.close().close();
}

void write_accepted(JsonText& json, const store::Accepted& accepted, const ConnectionId& connection, RecordKind kind,
                    std::string_view external_id) {
    json.object().member("connection_id", connection.value).member("kind", to_string(kind));
    json.member("external_id", external_id).member("outcome", store::to_string(accepted.outcome));
    json.member("version", accepted.version).member("job_id", accepted.job).close();
}

void write_record_summary(JsonText& json, const store::RecordRow& record) {
    json.object();
    write_record_members(json, record);
    json.close();
}

void write_record_detail(JsonText& json, const RecordView& view, const Provider* provider) {
    json.object();
    write_record_members(json, view.record, view.spilled);
    json.member_raw("record", view.latest.body);
    if (view.job) {
        json.key("job");
        write_job(json, *view.job);
    }
    json.key("links").array();
    for (const auto& link : view.links) write_link(json, link, provider);
    json.close().key("attempts").array();
    for (const auto& attempt : view.attempts) write_attempt(json, attempt);
    json.close().key("versions").array();
    for (const auto& version : view.versions) write_version(json, version);
    json.close().close();
}

}  // namespace spillway::api
