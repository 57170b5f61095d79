// Syncs: a partner asks that everything accepted so far be brought into the books, and watches until it is.

#include "schema/runtime/log.hpp"
#include "services/store/blocking.hpp"
#include "services/store/day_calls.hpp"
#include "services/sync/service.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using queue::sqlite::connection_of;

namespace {
constexpr Millis kWatchEvery{500};
constexpr Millis kMaintainEvery{5'000};
constexpr Millis kRarely{60 * 60 * 1000};
}  // namespace

asio::awaitable<Result<SyncId>> Service::start_sync(ConnectionId connection, std::string requested_by) {
    store::SyncRow sync;
    sync.id = SyncId("syn_" + random_.hex128());
    sync.connection = connection;
    sync.requested_by = std::move(requested_by);
    sync.created = clock_.wall_now();
    Change starting = [&sync](queue::Transaction& transaction, store::ConnectionRow& row) -> Result<void> {
        if (row.state != "active")
            return Error{ErrorKind::conflict, "not_active",
                         "the connection is " + row.state + (row.state_reason.empty() ? "" : ": " + row.state_reason)};
        if (row.posting == "setup")
            return Error{ErrorKind::conflict, "not_active",
                         "the connection is set up and does not post yet (posting: setup)"};
        if (row.mapping.empty())
            return Error{ErrorKind::conflict, "mapping_incomplete", "choose accounts and tax code first"};
        // The scope is every open job as of now; what comes later waits for the next sync.
        sync.total = store::insert_sync(connection_of(transaction), sync);
        row.released_seq = row.accepted_seq;
        return transaction.release(row.id.value, "posting", row.accepted_seq);
    };
    auto row = co_await change(std::move(connection), std::move(starting));
    if (!row.ok()) co_return std::move(row).error();
    tasks_.spawn(watch_sync(sync), "watch_sync");
    co_return sync.id;
}

asio::awaitable<void> Service::watch_sync(store::SyncRow sync) {
    for (;;) {
        std::function<Result<bool>(queue::sqlite::Connection&)> look =
            [sync](queue::sqlite::Connection& connection) -> Result<bool> {
            return store::sync_done(connection, sync);
        };
        auto done = co_await store_.read(std::move(look));
        if (done.ok() && *done) {
            const auto now = clock_.wall_now();
            queue::Work finish = [sync, now](queue::Transaction& transaction) -> Result<void> {
                store::finish_sync(connection_of(transaction), sync, now);
                return success();
            };
            const auto finished = co_await store_.commit(queue::CommandClass::settle, std::move(finish));
            if (finished.ok()) co_return;
            log_error("sync_not_finished", {{"sync", sync.id.value}, {"code", finished.error().code}});
        }
        // A disconnect ends its syncs itself.
        if (!lanes_.contains(sync.connection.value)) co_return;
        const bool slept = co_await clock_.sleep_for(kWatchEvery);
        if (!slept) co_return;
    }
}

asio::awaitable<void> Service::resume_lapsed() {
    std::vector<ConnectionId> lapsed;
    for (const auto& [id, lane] : lanes_)
        if (lane->status().doing == "paused" && !store_.lane_pause(id)) lapsed.emplace_back(id);
    for (auto& id : lapsed) {
        const auto resumed = co_await resume(std::move(id));
        // That of a suspended partner ends with the suspension.
        if (!resumed.ok() && resumed.error().code != "partner_suspended")
            log_warn("resume_failed", {{"code", resumed.error().code}});
    }
}

/// What has waited for three days for a record that never came is shown to a person. Found and parked in one
/// transaction, so that a record that arrives at this moment is not overlooked.
asio::awaitable<void> Service::park_orphans() {
    constexpr auto kPatience = std::chrono::hours(72);
    const auto before = clock_.wall_now() - kPatience;
    queue::Work park = [before](queue::Transaction& transaction) -> Result<void> {
        constexpr std::size_t kAtOnce = 200;
        for (const auto id : store::orphans(connection_of(transaction), std::nullopt, before, kAtOnce)) {
            auto parked = transaction.park_blocked(id, "reference_missing",
                                                   "a record that it refers to has not come for 72 hours",
                                                   "Submit the missing record, then replay.");
            if (!parked.ok() && parked.error().kind != ErrorKind::conflict) return parked;
        }
        return success();
    };
    const auto parked = co_await store_.commit(queue::CommandClass::intake, std::move(park));
    if (!parked.ok()) log_warn("orphans_not_parked", {{"code", parked.error().code}});
}

/// Housekeeping that no request triggers: pauses that have lapsed; rarely, orphans, and day counts that no sliding day
/// holds any more.
asio::awaitable<void> Service::maintain() {
    auto rare_at = clock_.steady_now();
    for (;;) {
        const bool slept = co_await clock_.sleep_for(kMaintainEvery);
        if (!slept) co_return;
        co_await resume_lapsed();
        if (clock_.steady_now() < rare_at) continue;
        rare_at = clock_.steady_now() + kRarely;
        co_await park_orphans();
        co_await end_doubt();
        const auto before = clock_.wall_now() - pacing::DayBudget::kKept;
        queue::Work forget = [before](queue::Transaction& transaction) -> Result<void> {
            store::forget_day_calls(connection_of(transaction), before);
            return success();
        };
        const auto forgotten = co_await store_.commit(queue::CommandClass::intake, std::move(forget));
        if (!forgotten.ok()) log_warn("day_calls_kept", {{"code", forgotten.error().code}});
    }
}

}  // namespace spillway::sync
