#include "services/api/replayer.hpp"

#include "schema/json_text.hpp"
#include "schema/runtime/log.hpp"
#include "schema/runtime/task_group.hpp"
#include "services/api/replay_filter.hpp"
#include "services/store/events.hpp"

namespace spillway::api {

namespace {

constexpr Millis kAgain{1'000};  ///< when the disk is full or busy

Result<queue::sqlite::ParkedFilter> filter_of(store::Connection& connection, const store::ReplayRow& row) {
    const auto stored = parse_json(row.filter);
    if (!stored.ok()) return stored.error();
    const auto filter = read_replay_filter(*stored);
    if (!filter.ok()) return filter.error();
    return lanes_resolved(connection, *filter, row.partner);
}

}  // namespace

Result<store::ReplayRow> replay_on(queue::Transaction& transaction, const std::string& id, WallTime now) {
    auto& connection = queue::sqlite::connection_of(transaction);
    auto row = store::get_replay(connection, id);
    if (!row) return Error{ErrorKind::not_found, "not_found", "there is no such replay"};
    if (row->state != "running") return *std::move(row);
    const auto filter = filter_of(connection, *row);
    if (!filter.ok()) return filter.error();
    const auto step = queue::sqlite::replay_parked(transaction, *filter, row->before_token, row->reached);
    if (!step.ok()) return step.error();
    row->jobs += step->replayed;
    row->reached = step->reached;
    if (step->done) {
        row->state = "done";
        row->finished = now;
        JsonText json;
        json.object().member("replay_id", row->id).member("jobs", row->jobs).member("by", row->requested_by).close();
        store::append_event(connection,
                            {now, PartnerId(row->partner), ConnectionId(), "replay.done", std::move(json).take()});
    }
    store::update_replay(connection, *row);
    return *std::move(row);
}

boost::asio::awaitable<void> Replayer::run() {
    while (true) {
        const bool stop = co_await stop_requested();
        if (stop) co_return;
        const bool more = co_await step_all();
        if (!more) co_await wake_.wait();
    }
}

/// @return whether any of them goes on.
boost::asio::awaitable<bool> Replayer::step_all() {
    using Ids = std::vector<std::string>;
    std::function<Result<Ids>(store::Connection&)> look = [](store::Connection& connection) {
        return Result<Ids>(store::running_replays(connection));
    };
    const auto running = co_await store_.read<Ids>(std::move(look));
    if (!running.ok()) {
        co_await clock_.sleep_for(kAgain);
        co_return true;
    }
    for (const std::string& id : *running) {
        const bool stop = co_await stop_requested();
        if (stop) co_return true;
        std::function<Result<store::ReplayRow>(queue::Transaction&)> step =
            [id, now = clock_.wall_now()](queue::Transaction& transaction) { return replay_on(transaction, id, now); };
        const auto stepped =
            co_await store_.commit_value<store::ReplayRow>(queue::CommandClass::intake, std::move(step));
        if (stepped.ok()) continue;
        log_warn("replay_waits", {{"code", stepped.error().code}});
        co_await clock_.sleep_for(kAgain);
    }
    co_return !running->empty();
}

}  // namespace spillway::api
