#include "services/sync/service.hpp"

#include "schema/json_text.hpp"
#include "schema/runtime/log.hpp"
#include "services/store/day_calls.hpp"
#include "services/store/events.hpp"
#include "services/sync/linking.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using queue::sqlite::connection_of;

namespace {

Result<void> say_connection(queue::Transaction& transaction, const store::ConnectionRow& row, WallTime now) {
    JsonText body;
    body.object().member("state", row.state).member("reason", row.state_reason).close();
    store::append_event(connection_of(transaction),
                        {now, row.partner, row.id, "connection." + row.state, std::move(body).take()});
    return success();
}

}  // namespace

Service::Service(Parts parts)
    : store_(parts.store),
      grants_(parts.grants),
      clock_(parts.clock),
      random_(parts.random),
      transport_(parts.transport),
      world_{parts.executor, parts.store, parts.transport, parts.grants, parts.clock, parts.random},
      apps_(std::move(parts.apps)),
      beaten_(std::move(parts.beaten)),
      changed_(std::move(parts.changed)),
      departures_(parts.executor, parts.clock),
      tasks_(parts.executor, "sync") {
    store_.on_ready([this](const std::string& lane) {
        if (const auto found = lanes_.find(lane); found != lanes_.end()) found->second->wake();
    });
}

Service::~Service() { store_.on_ready({}); }

asio::awaitable<Result<void>> Service::start() {
    auto beaten = co_await beat(std::nullopt);
    if (!beaten.ok()) co_return beaten;
    std::function<Result<std::vector<store::ConnectionRow>>(queue::sqlite::Connection&)> all =
        [](queue::sqlite::Connection& connection) -> Result<std::vector<store::ConnectionRow>> {
        std::vector<store::ConnectionRow> rows;
        for (;;) {
            auto page = store::list_connections(connection, {}, rows.empty() ? "" : rows.back().id.value, 200);
            if (page.empty()) return rows;
            std::move(page.begin(), page.end(), std::back_inserter(rows));
        }
    };
    auto rows = co_await store_.read(std::move(all));
    if (!rows.ok()) co_return std::move(rows).error();
    // What earlier processes sent in their last minute counts still; where nothing was ever connected nothing was sent.
    if (!rows->empty())
        for (auto& app : apps_) app.second.budget->start_full(clock_.steady_now());
    for (auto& row : *rows) {
        if (row.state == "disconnected") continue;
        auto lane = co_await make_lane(row, /*fresh=*/false);
        if (!lane.ok() && lane.error().code == "unknown_provider") {
            log_warn("connection_skipped", {{"conn", row.id.value}, {"detail", lane.error().detail}});
            continue;
        }
        if (!lane.ok()) co_return std::move(lane).error();
        auto started = co_await start_lane(row.id, std::move(*lane));
        if (!started.ok()) co_return started;
        std::function<Result<std::vector<store::SyncRow>>(queue::sqlite::Connection&)> running =
            [id = row.id](queue::sqlite::Connection& connection) -> Result<std::vector<store::SyncRow>> {
            return store::running_syncs(connection, id);
        };
        auto syncs = co_await store_.read(std::move(running));
        if (!syncs.ok()) co_return std::move(syncs).error();
        if (row.books.empty() && row.state != "disconnected")
            tasks_.spawn(read_first_books(row.id, std::make_shared<Signal>(world_.executor)), "first_books");
        for (auto& sync : *syncs) tasks_.spawn(watch_sync(std::move(sync)), "watch_sync");
    }
    tasks_.spawn(keep_beating(), "heartbeat");
    tasks_.spawn(look_for_late_effects(), "late_effects");
    tasks_.spawn(maintain(), "maintain");
    co_return success();
}

asio::awaitable<void> Service::stop(Millis grace) {
    // All lanes at once: each lets its calls in flight end, none waits for another.
    TaskGroup stopping(world_.executor, "stop lanes");
    for (auto& lane : lanes_) stopping.spawn(lane.second->stop(grace), "stop");
    co_await stopping.join();
    co_await tasks_.stop(clock_, Millis{200});
}

asio::awaitable<Result<std::shared_ptr<Lane>>> Service::make_lane(store::ConnectionRow row, bool fresh) {
    const auto app = apps_.find(row.provider);
    if (app == apps_.end())
        co_return Error{ErrorKind::invalid, "unknown_provider",
                        "connection " + row.id.value + " is of a provider that is not configured"};
    const auto app_name = app->second.oauth.client_id;
    using Kept = std::pair<std::vector<pacing::DayRow>, std::optional<Millis>>;
    std::function<Result<Kept>(queue::sqlite::Connection&)> load =
        [budget = app_name + "/" + row.tenant_id,
         now = clock_.wall_now()](queue::sqlite::Connection& connection) -> Result<Kept> {
        return Kept{store::load_day_calls(connection, budget), store::wait_left(connection, budget, now)};
    };
    auto kept = co_await store_.read(std::move(load));
    if (!kept.ok()) co_return std::move(kept).error();
    Lane::Setup setup{*app->second.provider, app->second.api_origin, app_name, *app->second.budget,
                      *app->second.turns,    *app->second.breaker,   fresh,    std::move(kept->first),
                      kept->second};
    auto lane = std::make_shared<Lane>(world_, row, std::move(setup));
    lane->on_unauthorised([this](ConnectionId id, std::string reason) {
        tasks_.spawn(mark_needs_reauth(std::move(id), std::move(reason)), "needs_reauth");
    });
    co_return lane;
}

asio::awaitable<Result<void>> Service::start_lane(ConnectionId id, std::shared_ptr<Lane> lane) {
    using Left = std::pair<std::vector<store::Call>, std::vector<queue::JobId>>;
    std::function<Result<Left>(queue::sqlite::Connection&)> load =
        [id](queue::sqlite::Connection& connection) -> Result<Left> {
        return Left{store::open_calls(connection, id), store::stranded_jobs(connection, id.value)};
    };
    auto open = co_await store_.read(std::move(load));
    if (!open.ok()) co_return std::move(open).error();
    // Another request may have started it while we read.
    const auto [place, inserted] = lanes_.emplace(id.value, std::move(lane));
    if (inserted) place->second->start(std::move(open->first), std::move(open->second));
    co_return success();
}

asio::awaitable<void> Service::mark_needs_reauth(ConnectionId id, std::string reason) {
    log_warn("needs_reauth", {{"conn", id.value}, {"detail", reason}});
    for (;;) {
        Change needs = [reason](queue::Transaction&, store::ConnectionRow& row) -> Result<void> {
            if (row.state != "active") return success();
            row.state = "needs_reauth";
            row.state_reason = reason;
            return success();
        };
        const auto changed = co_await change(id, std::move(needs));
        if (changed.ok() || changed.error().kind != ErrorKind::unavailable) co_return;
        // The lane has stopped already; the row must come to say so too.
        const bool slept = co_await clock_.sleep_for(Millis{1'000});
        if (!slept) co_return;
    }
}

asio::awaitable<Result<store::ConnectionRow>> Service::row_of(ConnectionId id) {
    std::function<Result<store::ConnectionRow>(queue::sqlite::Connection&)> get =
        [id](queue::sqlite::Connection& connection) -> Result<store::ConnectionRow> {
        auto row = store::get_connection(connection, id);
        if (!row) return Error{ErrorKind::not_found, "no_connection", "no connection " + id.value};
        return *row;
    };
    co_return co_await store_.read(std::move(get));
}

asio::awaitable<Result<store::ConnectionRow>> Service::change(ConnectionId id, Change what) {
    const auto now = clock_.wall_now();
    std::function<Result<store::ConnectionRow>(queue::Transaction&)> work =
        [id, what = std::move(what), now](queue::Transaction& transaction) -> Result<store::ConnectionRow> {
        auto& connection = connection_of(transaction);
        auto row = store::get_connection(connection, id);
        if (!row) return Error{ErrorKind::not_found, "no_connection", "no connection " + id.value};
        const auto state_before = row->state;
        auto changed = what(transaction, *row);
        if (!changed.ok()) return changed.error();
        row->changed = now;
        store::update_connection(connection, *row);
        if (row->state != state_before) {
            auto said = say_connection(transaction, *row, now);
            if (!said.ok()) return said.error();
        }
        return *row;
    };
    auto row = co_await store_.commit_value(queue::CommandClass::settle, std::move(work));
    if (row.ok() && changed_) changed_(*row);
    if (row.ok())
        if (const auto lane = lanes_.find(row->id.value); lane != lanes_.end()) lane->second->update(*row);
    co_return row;
}

namespace {

/// Drops the row of a change: most callers only want to know that it happened.
Result<void> only_status(Result<store::ConnectionRow> row) {
    if (!row.ok()) return std::move(row).error();
    return success();
}

}  // namespace

asio::awaitable<Result<void>> Service::pause(ConnectionId connection, std::string reason,
                                             std::optional<WallTime> until) {
    Change pausing = [reason, until](queue::Transaction& transaction, store::ConnectionRow& row) -> Result<void> {
        if (row.state == "disconnected")
            return Error{ErrorKind::conflict, "disconnected", "the connection is disconnected"};
        if (row.state == "needs_reauth")
            return Error{ErrorKind::conflict, "needs_reauth", "the connection waits for consent anyway"};
        row.state = "paused";
        row.state_reason = reason;
        return transaction.pause_lane(row.id.value, queue::LanePause{reason, until});
    };
    auto row = co_await change(std::move(connection), std::move(pausing));
    co_return only_status(std::move(row));
}

asio::awaitable<Result<void>> Service::resume(ConnectionId connection) {
    Change resuming = [](queue::Transaction& transaction, store::ConnectionRow& row) -> Result<void> {
        auto allowed = check_partner(connection_of(transaction), row.partner);
        if (!allowed.ok()) return allowed;
        if (row.state == "active") return transaction.resume_lane(row.id.value);
        if (row.state != "paused")
            return Error{ErrorKind::conflict, row.state,
                         "only a paused connection can be resumed; this one is " + row.state};
        row.state = row.mapping.empty() ? "setup" : "active";
        row.state_reason = row.books.empty() ? kReadingBooks : "";
        return transaction.resume_lane(row.id.value);
    };
    auto row = co_await change(std::move(connection), std::move(resuming));
    co_return only_status(std::move(row));
}

asio::awaitable<Result<void>> Service::save_mapping(ConnectionId connection, Mapping mapping) {
    auto row = co_await row_of(connection);
    if (!row.ok()) co_return std::move(row).error();
    const auto app = apps_.find(row->provider);
    if (app == apps_.end()) co_return Error{ErrorKind::conflict, "unknown_provider", "the provider is not configured"};
    const auto& provider = *app->second.provider;
    auto books = read_books_text(row->books);
    if (!books.ok())
        co_return Error{ErrorKind::conflict, "books_not_read", "read the organisation's lists first (books/refresh)"};
    const auto problems = provider.check(mapping, *books);
    if (!problems.empty()) co_return invalid(problems.front().code, problems.front().detail, problems.front().pointer);
    Change saving = [text = write_mapping(mapping)](queue::Transaction&,
                                                    store::ConnectionRow& changing) -> Result<void> {
        changing.mapping = text;
        if (changing.state == "setup") changing.state = "active";
        return success();
    };
    auto changed = co_await change(std::move(connection), std::move(saving));
    co_return only_status(std::move(changed));
}

asio::awaitable<Result<void>> Service::set_posting(ConnectionId connection, std::string posting) {
    if (posting != "setup" && posting != "on_sync" && posting != "automatic")
        co_return invalid("bad_posting", "posting is one of setup, on_sync, automatic", "/posting");
    Change setting = [posting](queue::Transaction& transaction, store::ConnectionRow& row) -> Result<void> {
        row.posting = posting;
        if (posting != "automatic") return success();
        row.released_seq = row.accepted_seq;
        return transaction.release(row.id.value, "posting", row.accepted_seq);
    };
    auto row = co_await change(std::move(connection), std::move(setting));
    co_return only_status(std::move(row));
}

LaneStatus Service::lane_status(const ConnectionId& connection) const {
    const auto lane = lanes_.find(connection.value);
    if (lane == lanes_.end()) {
        LaneStatus gone;
        gone.doing = "disconnected";
        return gone;
    }
    return lane->second->status();
}

}  // namespace spillway::sync
