#include "services/api/answers.hpp"
#include "services/api/idempotent.hpp"
#include "services/api/operations.hpp"
#include "services/api/paging.hpp"
#include "services/api/running.hpp"
#include "services/api/spilled.hpp"

namespace spillway::api {
namespace {

struct SyncView {
    store::SyncRow sync;
    store::SyncProgress progress;
};

Result<SyncView> look_at(store::Connection& connection, const SyncId& id) {
    auto sync = store::get_sync(connection, id);
    if (!sync) return Error{ErrorKind::not_found, "not_found", "there is no such sync"};
    auto progress = store::sync_progress(connection, *sync);
    return SyncView{*std::move(sync), std::move(progress)};
}

/// How a sync stands. Who finds that nothing is left writes it down.
awaitable<Result<SyncView>> view_sync(ApiContext& context, SyncId id) {
    std::function<Result<SyncView>(store::Connection&)> look =
        [id, running = Running(context)](store::Connection& connection) {
            auto view = look_at(connection, id);
            if (view.ok()) running.show(connection, view->sync, view->progress);
            return view;
        };
    auto view = co_await context.store.read<SyncView>(look);
    if (!view.ok() || view->sync.state == "done" || !view->progress.done()) co_return view;
    std::function<Result<SyncView>(queue::Transaction&)> finish =
        [id, now = context.clock.wall_now()](queue::Transaction& transaction) -> Result<SyncView> {
        auto& connection = queue::sqlite::connection_of(transaction);
        auto current = look_at(connection, id);
        if (!current.ok() || !current->progress.done()) return current;
        store::finish_sync(connection, current->sync, now);
        return look_at(connection, id);
    };
    auto finished = co_await context.store.commit_value<SyncView>(queue::CommandClass::settle, std::move(finish));
    // A full disk must not hide the progress: the next look writes it.
    if (finished.ok()) co_return finished;
    co_return view;
}

std::string sync_text(const ApiContext& context, const SyncView& view) {
    JsonText json;
    write_sync(json, view.sync, view.progress, context.sync.lane_status(view.sync.connection),
               context.clock.wall_now());
    return std::move(json).take();
}

std::string location_of(const ApiContext& context, const ConnectionId& connection, std::string_view sync) {
    return context.settings.public_base_url + "/v1/connections/" + connection.value + "/syncs/" + std::string(sync);
}

awaitable<Reply> start_now(Call& call) {
    auto id = co_await call.context().sync.start_sync(call.named.connection->id, call.principal.id);
    if (!id.ok()) co_return problem_reply(id.error());
    auto view = co_await view_sync(call.context(), *id);
    if (!view.ok()) co_return problem_reply(view.error());
    co_return json_response(202, sync_text(call.context(), *view));
}

constexpr int kWatchersMax = 8;

/// One more stream of a principal, for as long as it lives.
class Watcher {
 public:
    Watcher(Api& api, std::string principal) : api_(api), principal_(std::move(principal)) {
        ++api_.watchers[principal_];
    }
    ~Watcher() {
        if (--api_.watchers[principal_] == 0) api_.watchers.erase(principal_);
    }
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

 private:
    Api& api_;
    std::string principal_;
};

/// Whether the key is still good; one that was revoked, and one of a suspended partner, watches no longer.
awaitable<bool> may_watch(ApiContext& context, Principal principal) {
    std::function<Result<bool>(store::Connection&)> look =
        [principal, now = context.clock.wall_now()](store::Connection& connection) -> Result<bool> {
        return is_good(connection, principal, now);
    };
    const auto good = co_await context.store.read<bool>(std::move(look));
    co_return !good.ok() || *good;  // a busy store refuses nobody
}

/// Writes a Sync a second until it is done, the peer is gone, the key no longer good, or an hour is over (a watcher
/// comes back).
awaitable<void> stream_sync(Api& api, Principal principal, SyncId id, http::ResponseStream& stream) {
    constexpr int kFailuresMax = 10;
    constexpr Millis kKeyAgain{30'000};
    auto& context = api.context;
    const Watcher watcher(api, principal.id);
    const SteadyTime end = context.clock.steady_now() + std::chrono::hours(1);
    SteadyTime key_again = context.clock.steady_now() + kKeyAgain;
    int failures = 0;
    while (context.clock.steady_now() < end && failures < kFailuresMax) {
        if (context.clock.steady_now() >= key_again) {
            const bool good = co_await may_watch(context, principal);
            if (!good) co_return;
            key_again = context.clock.steady_now() + kKeyAgain;
        }
        const auto view = co_await view_sync(context, id);
        std::string chunk = ": try later\n\n";
        if (view.ok()) chunk = "event: progress\ndata: " + sync_text(context, *view) + "\n\n";
        failures = view.ok() ? 0 : failures + 1;
        const bool done = view.ok() && view->sync.state == "done";
        if (done) chunk += "event: done\ndata: " + sync_text(context, *view) + "\n\n";
        const bool sent = co_await stream.write(std::move(chunk));
        if (done || !sent) co_return;
        const bool slept = co_await context.clock.sleep_for(Millis{1000});
        if (!slept) co_return;
    }
}

}  // namespace

awaitable<Reply> start_sync(Call& call) {
    const auto body = read_object_body(call, {}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    // What was accepted before belongs to the sync.
    const auto merged = co_await await_merge(call);
    if (!merged.ok()) co_return problem_reply(merged.error());
    auto reply = co_await answer_with_key(call, start_now);
    auto* response = std::get_if<HttpResponse>(&reply);
    if (!response || response->status != 202) co_return reply;
    const auto answer = parse_json(response->body);
    if (answer.ok())
        response->headers.set("Location",
                              location_of(call.context(), call.named.connection->id, (*answer)["id"].text()));
    co_return reply;
}

awaitable<Reply> list_syncs(Call& call) {
    const auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    const auto after = pair_cursor(*page);
    if (!after.ok()) co_return problem_reply(after.error());
    using Rows = std::vector<store::SyncRow>;
    std::function<Result<Rows>(store::Connection&)> look = [owner = call.named.connection->id, after = *after,
                                                            limit = page->limit + 1](store::Connection& connection) {
        return Result<Rows>(store::list_syncs(connection, owner, after, limit));
    };
    auto rows = co_await call.context().store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return problem_reply(rows.error());
    co_return page_response(*rows, page->limit, write_sync_summary,
                            [](const store::SyncRow& row) { return pair_text(to_ms(row.created), row.id.value); });
}

awaitable<Reply> get_sync(Call& call) {
    auto view = co_await view_sync(call.context(), call.named.sync->id);
    if (!view.ok()) co_return problem_reply(view.error());
    co_return json_response(200, sync_text(call.context(), *view));
}

awaitable<Reply> watch_sync(Call& call) {
    const auto open = call.api.watchers.find(call.principal.id);
    if (open != call.api.watchers.end() && open->second >= kWatchersMax) {
        Error many{ErrorKind::throttled, "too_many_streams", "a key may watch 8 syncs at a time"};
        many.retry_after = std::chrono::seconds(10);
        co_return problem_reply(many);
    }
    http::StreamedResponse streamed;
    streamed.head.headers.set("Content-Type", "text/event-stream");
    streamed.head.headers.set("Cache-Control", "no-store");
    streamed.body = [&api = call.api, principal = call.principal, id = call.named.sync->id](
                        http::ResponseStream& stream) { return stream_sync(api, principal, id, stream); };
    co_return streamed;
}

}  // namespace spillway::api
