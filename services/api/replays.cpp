// Replays by filter: the jobs that match are found first, in steps on the reader; a dry run ends there, else each step
// is one transaction. A job that changed in between is left alone.

#include <map>

#include "services/api/answers.hpp"
#include "services/api/idempotent.hpp"
#include "services/api/operations.hpp"
#include "services/api/paging.hpp"

namespace spillway::api {
namespace {

constexpr std::size_t kStep = 200;

struct ReplayRequest {
    queue::JobFilter filter;
    std::optional<std::string> partner;
    std::vector<queue::JobId> ids;  ///< only these, when not empty
    std::string filter_text;
    bool dry_run = false;
};

struct Found {
    std::vector<queue::JobId> ids;
    std::int64_t matched = 0, superseded = 0, not_ready = 0;
    std::map<std::string, std::int64_t> by_cause, by_connection;
    queue::JobId last = 0;
    bool more = true;
};

Result<std::vector<queue::JobId>> read_ids(const JsonValue& filter) {
    std::vector<queue::JobId> ids;
    const JsonValue* given = filter.find("job_ids");
    if (!given) return ids;
    if (!given->is_array() || given->items().empty() || given->items().size() > kStep)
        return invalid("bad_ids", "must be 1 to 200 ids", "/filter/job_ids");
    for (const JsonValue& item : given->items()) {
        const auto id = item.as_int64();
        if (!id.ok() || *id < 1) return invalid("bad_ids", "must be ids of jobs", "/filter/job_ids");
        ids.push_back(*id);
    }
    return ids;
}

Result<void> read_filter(const JsonValue& filter, ReplayRequest& request) {
    constexpr std::string_view kKnown[] = {"connection_id", "partner_id", "kind", "cause", "key", "job_ids"};
    if (!filter.is_object()) return invalid("wrong_type", "must be an object", "/filter");
    for (const JsonMember& member : filter.members())
        if (std::ranges::find(kKnown, member.name) == std::end(kKnown))
            return invalid("unknown_member", "unknown member", pointer_to("/filter", member.name));
    const std::pair<const char*, std::optional<std::string>*> texts[] = {{"connection_id", &request.filter.lane},
                                                                         {"partner_id", &request.partner},
                                                                         {"kind", &request.filter.kind},
                                                                         {"cause", &request.filter.cause},
                                                                         {"key", &request.filter.key}};
    for (const auto& [name, target] : texts) {
        auto text = optional_text(filter, name, 400);
        if (!text.ok()) {
            Error error = text.error();
            error.pointer = "/filter" + error.pointer;
            return error;
        }
        *target = *std::move(text);
    }
    auto ids = read_ids(filter);
    if (!ids.ok()) return std::move(ids).error();
    request.ids = *std::move(ids);
    request.filter.states = {queue::JobState::parked};
    request.filter_text = write_json(filter);
    return success();
}

Result<ReplayRequest> read_request(const Call& call) {
    const auto body = read_object_body(call, {"filter", "dry_run"});
    if (!body.ok()) return body.error();
    ReplayRequest request;
    const JsonValue* filter = body->find("filter");
    if (!filter) return invalid("missing_member", "a member is missing", "/filter");
    if (auto read = read_filter(*filter, request); !read.ok()) return std::move(read).error();
    if (const JsonValue* dry_run = body->find("dry_run")) {
        if (!dry_run->is_boolean()) return invalid("wrong_type", "must be true or false", "/dry_run");
        request.dry_run = dry_run->bool_or(false);
    }
    if (request.partner && !call.principal.sees(*request.partner))
        return Error{ErrorKind::not_found, "not_found", "there is no such partner"};
    if (call.principal.partner) request.partner = call.principal.partner;
    return request;
}

/// Narrows the filter to what the caller may see. @return false when that is nothing.
Result<bool> narrow(store::Connection& connection, ReplayRequest& request) {
    if (request.filter.lane) {
        const auto owner = store::get_connection(connection, ConnectionId(*request.filter.lane));
        if (!owner || (request.partner && owner->partner.value != *request.partner))
            return Error{ErrorKind::not_found, "not_found", "there is no such connection"};
    } else if (request.partner) {
        request.filter.lanes = store::lanes_of(connection, PartnerId(*request.partner));
        return !request.filter.lanes.empty();
    }
    return true;
}

/// Where the record has a newer open job, that one carries the newer version.
bool is_superseded(store::Connection& connection, const queue::Job& job) {
    if (!job.kind.starts_with("push.")) return false;
    const auto record = store::get_record(connection, std::stoll(job.body));
    return record && record->job && *record->job > job.id;
}

bool is_wanted(const ReplayRequest& request, queue::JobId id) {
    return request.ids.empty() || std::ranges::find(request.ids, id) != request.ids.end();
}

/// The next step of matching jobs behind found.last.
Result<Found> find_step(store::Connection& connection, ReplayRequest request, Found found) {
    const auto visible = narrow(connection, request);
    if (!visible.ok()) return visible.error();
    std::vector<queue::JobId> ids;
    if (*visible) ids = queue::sqlite::SqliteStore::list_ids(connection, request.filter, found.last, kStep);
    found.more = ids.size() == kStep;
    std::map<std::string, bool> active;
    for (const queue::JobId id : ids) {
        found.last = id;
        if (!is_wanted(request, id)) continue;
        const auto job = queue::sqlite::SqliteStore::get_job(connection, id);
        if (!job || job->state != queue::JobState::parked) continue;
        ++found.matched;
        if (is_superseded(connection, *job)) {
            ++found.superseded;
            continue;
        }
        found.ids.push_back(id);
        ++found.by_cause[job->cause];
        ++found.by_connection[job->lane];
        if (!active.contains(job->lane)) {
            const auto owner = store::get_connection(connection, ConnectionId(job->lane));
            active[job->lane] = owner && owner->state == "active";
        }
        if (!active[job->lane]) ++found.not_ready;
    }
    return found;
}

awaitable<Result<Found>> find_all(Call& call, const ReplayRequest& request) {
    Found found;
    while (found.more) {
        std::function<Result<Found>(store::Connection&)> look = [request, found](store::Connection& connection) {
            return find_step(connection, request, found);
        };
        auto next = co_await call.context().store.read<Found>(std::move(look));
        if (!next.ok()) co_return next;
        found = *std::move(next);
    }
    co_return found;
}

Result<std::int64_t> replay_step(queue::Transaction& transaction, const std::vector<queue::JobId>& ids) {
    std::int64_t count = 0;
    for (const queue::JobId id : ids) {
        auto replayed = transaction.replay(id);
        if (replayed.ok())
            ++count;
        else if (replayed.error().code != "not_parked" && replayed.error().kind != ErrorKind::not_found)
            return std::move(replayed).error();
    }
    return count;
}

awaitable<Result<std::int64_t>> replay_all(Call& call, const std::vector<queue::JobId>& ids) {
    std::int64_t count = 0;
    for (std::size_t at = 0; at < ids.size(); at += kStep) {
        const auto first = ids.begin() + static_cast<std::ptrdiff_t>(at);
        const auto last = ids.begin() + static_cast<std::ptrdiff_t>(std::min(at + kStep, ids.size()));
        std::function<Result<std::int64_t>(queue::Transaction&)> step =
            [chunk = std::vector<queue::JobId>(first, last)](queue::Transaction& transaction) {
                return replay_step(transaction, chunk);
            };
        auto done =
            co_await call.context().store.commit_value<std::int64_t>(queue::CommandClass::settle, std::move(step));
        if (!done.ok()) co_return done;
        count += *done;
    }
    co_return count;
}

void write_counts(JsonText& json, std::string_view name, const std::map<std::string, std::int64_t>& counts) {
    json.key(name).object();
    for (const auto& [word, count] : counts) json.member(word, count);
    json.close();
}

HttpResponse replay_response(const ReplayRequest& request, const Found& found, const store::ReplayRow& row) {
    JsonText json;
    json.object();
    if (!request.dry_run) json.member("id", row.id);
    json.member("dry_run", request.dry_run).member("matched", found.matched).member("replay", row.jobs);
    json.member("superseded", found.superseded).member("not_ready", found.not_ready);
    write_counts(json, "by_cause", found.by_cause);
    write_counts(json, "by_connection", found.by_connection);
    json.member_raw("filter", request.filter_text).member("requested_by", row.requested_by);
    json.member("created_at", format_utc(row.created)).close();
    return json_response(200, std::move(json).take());
}

awaitable<Reply> replay_now(Call& call) {
    const auto request = read_request(call);
    if (!request.ok()) co_return problem_reply(request.error());
    const auto found = co_await find_all(call, *request);
    if (!found.ok()) co_return problem_reply(found.error());
    store::ReplayRow row{"rep_" + call.context().random.hex128(),
                         call.principal.partner.value_or(""),
                         call.principal.id,
                         request->filter_text,
                         static_cast<std::int64_t>(found->ids.size()),
                         call.now()};
    if (request->dry_run) co_return replay_response(*request, *found, row);
    const auto count = co_await replay_all(call, found->ids);
    if (!count.ok()) co_return problem_reply(count.error());
    row.jobs = *count;
    queue::Work note = [row](queue::Transaction& transaction) {
        auto& connection = queue::sqlite::connection_of(transaction);
        store::insert_replay(connection, row);
        JsonText json;
        json.object().member("replay_id", row.id).member("jobs", row.jobs).member("by", row.requested_by).close();
        store::append_event(
            connection, {row.created, PartnerId(row.partner), ConnectionId(), "replay.done", std::move(json).take()});
        return success();
    };
    auto noted = co_await call.context().store.commit(queue::CommandClass::settle, std::move(note));
    if (!noted.ok()) co_return problem_reply(noted.error());
    co_return replay_response(*request, *found, row);
}

}  // namespace

awaitable<Reply> start_replay(Call& call) {
    auto reply = co_await answer_with_key(call, replay_now);
    co_return reply;
}

awaitable<Reply> list_replays(Call& call) {
    const auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    const auto after = pair_cursor(*page);
    if (!after.ok()) co_return problem_reply(after.error());
    using Rows = std::vector<store::ReplayRow>;
    std::function<Result<Rows>(store::Connection&)> look = [partner = call.principal.partner, after = *after,
                                                            limit = page->limit + 1](store::Connection& connection) {
        return Result<Rows>(store::list_replays(connection, partner, after, limit));
    };
    auto rows = co_await call.context().store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return problem_reply(rows.error());
    co_return page_response(*rows, page->limit, write_replay_summary,
                            [](const store::ReplayRow& row) { return pair_text(to_ms(row.created), row.id); });
}

awaitable<Reply> get_replay(Call& call) {
    JsonText json;
    write_replay_summary(json, *call.named.replay);
    co_return json_response(200, std::move(json).take());
}

}  // namespace spillway::api
