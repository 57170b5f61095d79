// The heartbeat: what the wall clock said, kept in the store. A start, or a moment, whose wall clock is behind it or
// far ahead of it may be a restored snapshot or copy: an alarm, and everything that waits is looked up before it is
// created.

#include "schema/runtime/log.hpp"
#include "services/sync/service.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using queue::sqlite::connection_of;

namespace {

constexpr Millis kBeatEvery{30'000};
constexpr Millis kGap{15 * 60 * 1000};

/// Why a clock that said `last` and says `now` is not to be trusted; empty when it is.
std::string alarm_of(WallTime last, WallTime now) {
    if (now < last) return "clock_behind";
    if (now - last > kGap) return "clock_gap";
    return {};
}

struct Pulse {
    store::Heartbeat beat;
    std::string alarm;
    std::optional<store::Doubt> doubt;
};

}  // namespace

asio::awaitable<Result<void>> Service::beat(std::optional<WallTime> last) {
    const auto now = clock_.wall_now();
    std::function<Result<Pulse>(queue::Transaction&)> work = [now, last](queue::Transaction& transaction) {
        auto& connection = connection_of(transaction);
        Pulse pulse;
        const auto stored = store::heartbeat(connection);
        if (last)
            pulse.alarm = alarm_of(*last, now);
        else if (stored)
            pulse.alarm = alarm_of(stored->at, now);
        if (!pulse.alarm.empty()) store::raise_doubt(connection, pulse.alarm, now, /*resubmissions=*/false);
        pulse.beat = store::beat(connection, now);
        pulse.doubt = store::doubt(connection);
        return Result<Pulse>(std::move(pulse));
    };
    auto pulse = co_await store_.commit_value<Pulse>(queue::CommandClass::settle, std::move(work));
    if (!pulse.ok()) co_return std::move(pulse).error();
    const bool first = !last;
    if (!pulse->alarm.empty()) {
        ++alarms_;
        log_error("clock_alarm",
                  {{"code", pulse->alarm},
                   {"detail",
                    "the service stood still, its clock was set, or it runs on a restored copy: what waits is "
                    "looked up in the books before it is created"}});
    }
    if (first || !pulse->alarm.empty()) doubt_from(std::move(pulse->doubt));
    if (beaten_) co_await beaten_(pulse->beat.count);
    co_return success();
}

void Service::doubt_from(std::optional<store::Doubt> doubt) {
    world_.doubt = std::move(doubt);
    world_.doubt_from = clock_.steady_now();
    for (const auto& [id, lane] : lanes_) lane->doubt();
}

asio::awaitable<void> Service::keep_beating() {
    auto last = clock_.wall_now();
    for (;;) {
        const bool slept = co_await clock_.sleep_for(kBeatEvery);
        if (!slept) co_return;
        const auto beaten = co_await beat(last);
        // One that was not stored raised no alarm either: the next is measured from the last one that was.
        if (beaten.ok())
            last = clock_.wall_now();
        else
            log_warn("heartbeat_not_stored", {{"code", beaten.error().code}});
    }
}

asio::awaitable<void> Service::end_doubt() {
    if (!world_.doubt) co_return;
    const auto now = clock_.wall_now();
    std::function<Result<bool>(queue::sqlite::Connection&)> look =
        [doubt = *world_.doubt, now](queue::sqlite::Connection& connection) -> Result<bool> {
        return store::is_over(connection, doubt, now);
    };
    const auto over = co_await store_.read(std::move(look));
    if (!over.ok() || !*over) co_return;
    queue::Work end = [since = world_.doubt->since](queue::Transaction& transaction) -> Result<void> {
        const auto current = store::doubt(connection_of(transaction));
        if (current && current->since != since) return Error{ErrorKind::conflict, "doubted_again", "a new alarm"};
        store::end_doubt(connection_of(transaction));
        return success();
    };
    const auto ended = co_await store_.commit(queue::CommandClass::settle, std::move(end));
    if (ended.ok()) doubt_from(std::nullopt);
}

}  // namespace spillway::sync
