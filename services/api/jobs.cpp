#include "services/api/answers.hpp"
#include "services/api/idempotent.hpp"
#include "services/api/operations.hpp"
#include "services/api/paging.hpp"
#include "services/api/running.hpp"

namespace spillway::api {
namespace {

HttpResponse job_response(const queue::Job& job) {
    JsonText json;
    write_job(json, job);
    return json_response(200, std::move(json).take());
}

Result<std::vector<queue::JobState>> read_states(std::string_view words) {
    std::vector<queue::JobState> states;
    while (!words.empty()) {
        const auto comma = words.find(',');
        const auto state = queue::job_state_from(words.substr(0, comma));
        if (!state) return invalid("unknown_state", "there is no such state");
        states.push_back(*state);
        words = comma == std::string_view::npos ? std::string_view() : words.substr(comma + 1);
    }
    return states;
}

struct JobQuery {
    queue::JobFilter filter;
    std::optional<std::string> partner;  ///< only this partner's lanes
};

Result<JobQuery> read_query(const Call& call) {
    JobQuery query;
    query.filter.lane = call.argument("connection_id");
    query.filter.kind = call.argument("kind");
    query.filter.key = call.argument("key");
    query.filter.cause = call.argument("cause");
    auto states = read_states(call.argument("state").value_or(""));
    if (!states.ok()) return std::move(states).error();
    query.filter.states = *std::move(states);
    if (const auto since = call.argument("changed_since")) {
        const auto when = parse_utc(*since);
        if (!when.ok()) return when.error();
        query.filter.changed_since = *when;
    }
    query.partner = call.argument("partner_id");
    if (query.partner && !call.principal.sees(*query.partner))
        return Error{ErrorKind::not_found, "not_found", "there is no such partner"};
    if (call.principal.partner) query.partner = call.principal.partner;
    return query;
}

using Jobs = std::vector<queue::Job>;

Result<Jobs> look_up(store::Connection& connection, const Running& running, JobQuery query,
                     std::optional<std::pair<std::int64_t, queue::JobId>> after, std::size_t limit) {
    if (query.filter.lane) {
        const auto owner = store::get_connection(connection, ConnectionId(*query.filter.lane));
        if (!owner || (query.partner && owner->partner.value != *query.partner))
            return Error{ErrorKind::not_found, "not_found", "there is no such connection"};
    } else if (query.partner) {
        query.filter.lanes = store::lanes_of(connection, PartnerId(*query.partner));
        if (query.filter.lanes.empty()) return Jobs();  // an empty list would mean all lanes
    }
    return running.list_jobs(connection, query.filter, after, limit);
}

bool is_push(const queue::Job& job) { return job.kind.starts_with("push."); }

/// One transition of one job, its event, and the job as it is then.
awaitable<Reply> change_job(Call& call, std::string type,
                            std::function<Result<void>(queue::Transaction&, queue::JobId)> verb) {
    Work work = [id = call.named.job->id, owner = *call.named.connection, now = call.now(), type = std::move(type),
                 verb = std::move(verb),
                 by = call.principal.id](queue::Transaction& transaction) -> Result<HttpResponse> {
        if (auto changed = verb(transaction, id); !changed.ok()) return std::move(changed).error();
        JsonText json;
        json.object().member("job_id", id).member("by", by).close();
        store::append_event(queue::sqlite::connection_of(transaction),
                            {now, owner.partner, owner.id, type, std::move(json).take()});
        auto job = transaction.get(id);
        if (!job.ok()) return std::move(job).error();
        return job_response(*job);
    };
    auto reply = co_await commit_answer(call, queue::CommandClass::settle, std::move(work));
    co_return reply;
}

/// What a lane that sends nothing says of itself; nothing when it sends.
std::optional<std::string> lane_in_words(const sync::LaneStatus& lane) {
    if (lane.doing == "needs_reauth") return "Its connection waits for a new consent";
    if (lane.doing == "setup") return "Its connection is being set up";
    if (lane.doing == "disconnected") return "Its connection is disconnected";
    if (lane.doing == "waiting") return "Its connection waits: " + lane.waits_for;
    return std::nullopt;
}

/// Why the job is not running: what the queue knows, and for one that only waits its turn what its lane waits for.
queue::Why standing_of(Call& call, const queue::Job& job, const std::optional<store::Blocker>& blocker) {
    auto& store = call.context().store;
    queue::Standing standing{store.claimed(job.id), store.ahead(job.lane, job.priority, job.id), store.holds(), {}, {}};
    if (blocker)
        standing.root = queue::Root{blocker->key, blocker->job, blocker->state, blocker->cause, blocker->blocks};
    if (job.follow_up && blocker) standing.follows = blocker->job;
    queue::Why why = queue::explain(job, standing, call.now());
    if (why.code == "blocked" && blocker && blocker->key == store::kPostingKey)
        why.words = "It waits for the next sync";
    if (why.code != "next" && why.code != "behind") return why;
    if (call.named.connection->provider.empty()) return why;  // the service's own job: it has no lane of a provider
    const auto lane = call.context().sync.lane_status(ConnectionId(job.lane));
    if (auto words = lane_in_words(lane)) {
        why.code = "lane";
        why.words = *std::move(words);
        if (lane.wait_left) why.until = call.now() + *lane.wait_left;
    }
    return why;
}

}  // namespace

awaitable<Reply> list_jobs(Call& call) {
    auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    if (page->limit == store::kPageMax)
        --page->limit;  // the queue gives 200 at most, and one row says whether more follow
    const auto cursor = pair_cursor(*page);
    if (!cursor.ok()) co_return problem_reply(cursor.error());
    std::optional<std::pair<std::int64_t, queue::JobId>> after;
    if (*cursor) {
        const auto id = number_cursor(Page{0, (*cursor)->second});
        if (!id.ok()) co_return problem_reply(id.error());
        after = std::pair{(*cursor)->first, *id};
    }
    const auto query = read_query(call);
    if (!query.ok()) co_return problem_reply(query.error());
    std::function<Result<Jobs>(store::Connection&)> look = [running = Running(call.context()), query = *query, after,
                                                            limit = page->limit + 1](store::Connection& connection) {
        return look_up(connection, running, query, after, limit);
    };
    auto jobs = co_await call.context().store.read<Jobs>(std::move(look));
    if (!jobs.ok()) co_return problem_reply(jobs.error());
    co_return page_response(*jobs, page->limit, write_job, [](const queue::Job& job) {
        return pair_text(to_ms(job.changed), std::to_string(job.id));
    });
}

awaitable<Reply> get_job(Call& call) {
    std::function<Result<JobView>(store::Connection&)> look = [running = Running(call.context()),
                                                               job = *call.named.job](store::Connection& connection) {
        auto shown = job;
        running.show(shown);
        return Result<JobView>(JobView{std::move(shown),
                                       store::blocker_of(connection, job),
                                       {},
                                       queue::sqlite::SqliteStore::history(connection, job.id)});
    };
    auto view = co_await call.context().store.read<JobView>(std::move(look));
    if (!view.ok()) co_return problem_reply(view.error());
    view->standing = standing_of(call, *call.named.job, view->blocker);
    JsonText json;
    write_job_detail(json, *view);
    co_return json_response(200, std::move(json).take());
}

awaitable<Reply> cancel_job(Call& call) {
    auto reply = co_await change_job(
        call, "job.cancelled", [](queue::Transaction& transaction, queue::JobId id) { return transaction.cancel(id); });
    co_return reply;
}

awaitable<Reply> replay_job(Call& call) {
    auto reply = co_await change_job(
        call, "job.replayed", [](queue::Transaction& transaction, queue::JobId id) { return transaction.replay(id); });
    co_return reply;
}

awaitable<Reply> resolve_job(Call& call) {
    const auto body = read_object_body(call, {"note", "provider_id"});
    if (!body.ok()) co_return problem_reply(body.error());
    const auto note = required_text(*body, "note", 1000);
    if (!note.ok()) co_return problem_reply(note.error());
    const auto provider_id = optional_text(*body, "provider_id", 100);
    if (!provider_id.ok()) co_return problem_reply(provider_id.error());
    std::optional<store::LinkByHand> decision;
    if (*provider_id) {
        if (!is_push(*call.named.job))
            co_return problem_reply(invalid("no_record", "the job is not a record's", "/provider_id"));
        auto found =
            co_await call.context().sync.find_object(call.named.connection->id, call.named.job->id, **provider_id);
        if (!found.ok()) co_return problem_reply(found.error());
        decision = *std::move(found);
    }
    auto reply = co_await change_job(
        call, "job.resolved",
        [note = *note, decision, now = call.now()](queue::Transaction& transaction, queue::JobId id) -> Result<void> {
            if (!decision) return transaction.resolve_by_hand(id, note);
            auto ended = decision->complete ? transaction.resolve_by_hand(id, note) : transaction.replay(id);
            if (!ended.ok()) return ended;
            return store::link_by_hand(queue::sqlite::connection_of(transaction), *decision, note, now);
        });
    co_return reply;
}

}  // namespace spillway::api
