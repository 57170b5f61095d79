// Replays by filter: previewed from the counts of parked jobs, accepted with their first step, carried on by the
// Replayer.

#include <map>

#include "services/api/answers.hpp"
#include "services/api/idempotent.hpp"
#include "services/api/operations.hpp"
#include "services/api/paging.hpp"
#include "services/api/replay_filter.hpp"
#include "services/api/replayer.hpp"
#include "services/store/events.hpp"

namespace spillway::api {
namespace {

struct ReplayRequest {
    ReplayFilter filter;
    std::string filter_text;
    bool dry_run = false;
};

/// What parked jobs match.
struct Preview {
    std::int64_t matched = 0, not_ready = 0;
    std::map<std::string, std::int64_t> by_cause, by_connection;
};

Result<ReplayRequest> read_request(const Call& call) {
    const auto body = read_object_body(call, {"filter", "dry_run"});
    if (!body.ok()) return body.error();
    ReplayRequest request;
    const JsonValue* filter = body->find("filter");
    if (!filter) return invalid("missing_member", "a member is missing", "/filter");
    auto read = read_replay_filter(*filter);
    if (!read.ok()) return std::move(read).error();
    request.filter = *std::move(read);
    request.filter_text = write_json(*filter);
    if (const JsonValue* dry_run = body->find("dry_run")) {
        if (!dry_run->is_boolean()) return invalid("wrong_type", "must be true or false", "/dry_run");
        request.dry_run = dry_run->bool_or(false);
    }
    return request;
}

/// Jobs on a connection that is not active are ready, and wait there.
Result<Preview> look_ahead(store::Connection& connection, const ReplayFilter& filter, const std::string& partner) {
    const auto parked = lanes_resolved(connection, filter, partner);
    if (!parked.ok()) return parked.error();
    Preview preview;
    for (const auto& count : queue::sqlite::count_parked(connection, *parked)) {
        preview.matched += count.jobs;
        preview.by_cause[count.cause] += count.jobs;
        preview.by_connection[count.lane] += count.jobs;
    }
    for (const auto& [lane, jobs] : preview.by_connection) {
        const auto owner = store::get_connection(connection, ConnectionId(lane));
        if (!owner || owner->state != "active") preview.not_ready += jobs;
    }
    return preview;
}

void write_counts(JsonText& json, std::string_view name, const std::map<std::string, std::int64_t>& counts) {
    json.key(name).object();
    for (const auto& [word, count] : counts) json.member(word, count);
    json.close();
}

/// Of a dry run the row has no id.
HttpResponse replay_response(const Preview& preview, const store::ReplayRow& row) {
    const bool dry_run = row.id.empty();
    JsonText json;
    json.object();
    if (!dry_run) json.member("id", row.id).member("state", row.state);
    json.member("dry_run", dry_run).member("matched", preview.matched);
    json.member("replay", dry_run ? preview.matched : row.jobs).member("not_ready", preview.not_ready);
    write_counts(json, "by_cause", preview.by_cause);
    write_counts(json, "by_connection", preview.by_connection);
    json.member_raw("filter", row.filter).member("requested_by", row.requested_by);
    json.member("created_at", format_utc(row.created)).close();
    return json_response(row.state == "running" ? 202 : 200, std::move(json).take());
}

/// Accepts, and does the first step: most replays are no longer than that.
Result<HttpResponse> accept(queue::Transaction& transaction, const ReplayFilter& filter, store::ReplayRow row) {
    auto& connection = queue::sqlite::connection_of(transaction);
    const auto preview = look_ahead(connection, filter, row.partner);
    if (!preview.ok()) return preview.error();
    row.state = "running";
    row.matched = preview->matched;
    row.before_token = queue::sqlite::replay_fence(transaction);
    store::insert_replay(connection, row);
    const auto stepped = replay_on(transaction, row.id, row.created);
    if (!stepped.ok()) return stepped.error();
    return replay_response(*preview, *stepped);
}

}  // namespace

awaitable<Reply> start_replay(Call& call) {
    const auto request = read_request(call);
    if (!request.ok()) co_return problem_reply(request.error());
    store::ReplayRow row;
    row.partner = call.principal.partner.value_or("");
    row.requested_by = call.principal.id;
    row.filter = request->filter_text;
    row.created = call.now();
    if (request->dry_run) {
        std::function<Result<Preview>(store::Connection&)> look =
            [filter = request->filter, partner = row.partner](store::Connection& connection) {
                return look_ahead(connection, filter, partner);
            };
        const auto preview = co_await call.context().store.read<Preview>(std::move(look));
        if (!preview.ok()) co_return problem_reply(preview.error());
        co_return replay_response(*preview, row);
    }
    row.id = "rep_" + call.context().random.hex128();
    Work work = [filter = request->filter, row](queue::Transaction& transaction) {
        return accept(transaction, filter, row);
    };
    auto reply = co_await commit_answer(call, queue::CommandClass::settle, std::move(work));
    if (call.context().replayer) call.context().replayer->wake();
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

/// What it has run again stays so.
awaitable<Reply> cancel_replay(Call& call) {
    Work work = [id = call.named.replay->id, by = call.principal.id,
                 now = call.now()](queue::Transaction& transaction) -> Result<HttpResponse> {
        auto& connection = queue::sqlite::connection_of(transaction);
        auto row = store::get_replay(connection, id);
        if (!row || row->state == "done")
            return Error{ErrorKind::conflict, "already_ended", "the replay has already ended"};
        if (row->state == "running") {
            row->state = "cancelled";
            row->finished = now;
            store::update_replay(connection, *row);
            JsonText body;
            body.object().member("replay_id", row->id).member("jobs", row->jobs).member("by", by).close();
            store::append_event(
                connection, {now, PartnerId(row->partner), ConnectionId(), "replay.cancelled", std::move(body).take()});
        }
        JsonText json;
        write_replay_summary(json, *row);
        return json_response(200, std::move(json).take());
    };
    auto reply = co_await commit_answer(call, queue::CommandClass::settle, std::move(work));
    co_return reply;
}

}  // namespace spillway::api
