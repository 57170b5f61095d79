// A write that was proven absent, and whose job went on, may take effect yet: for seven days the books are looked at
// again. What has landed is shown to a person, never left in silence; nothing is undone by itself.

#include <algorithm>

#include "schema/json_text.hpp"
#include "schema/runtime/log.hpp"
#include "services/store/events.hpp"
#include "services/store/records.hpp"
#include "services/store/watches.hpp"
#include "services/sync/service.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using queue::sqlite::connection_of;

namespace {

constexpr std::size_t kAtOnce = 200;
constexpr Millis kLookEvery{60 * 60 * 1000};
constexpr std::string_view kCode = "late_effect";

/// What the verdict says beside the object that the record is linked to; empty: nothing is there that is not its own.
std::string finding(const store::Watch& watch, const Verdict& verdict, const std::vector<Link>& links) {
    if (verdict.kind == Verdict::Kind::ambiguous) return "the books hold it more than once: " + verdict.detail;
    if (verdict.kind != Verdict::Kind::ours || !verdict.link) return {};
    const auto link = std::ranges::find(links, watch.object.role, &Link::role);
    if (link != links.end() && link->id == verdict.link->id) return {};
    const auto found = "an earlier attempt took effect late, as " + watch.object.entity + " " + verdict.link->id;
    return link == links.end() ? found : found + " beside " + link->id;
}

/// A job to be looked at by a person. It waits for nothing that will come, so it can be parked; replayed, it is free.
Result<void> park_anew(queue::Transaction& transaction, const store::Watch& watch, const store::LoadedSubject& loaded,
                       const std::string& detail) {
    queue::NewJob job;
    job.lane = watch.connection;
    job.kind = "push." + std::string(to_string(loaded.subject.kind));
    job.key = store::record_key(loaded.subject.kind, loaded.subject.external_id);
    job.priority = queue::Priority::normal;
    job.body = std::to_string(watch.record_id);
    const std::string nobody = "late_effect/" + std::to_string(watch.id);
    job.waits.push_back({nobody, 1});
    const auto enqueued = transaction.enqueue(job);
    if (!enqueued.ok()) return enqueued.error();
    store::set_job(connection_of(transaction), watch.record_id, enqueued->id);
    auto parked = transaction.park_blocked(enqueued->id, std::string(kCode), detail,
                                           "Void the twin in the books, then replay; or resolve by hand.");
    if (!parked.ok()) return parked;
    return transaction.release(watch.connection, nobody, 1);
}

Result<void> tell(queue::Transaction& transaction, const store::Watch& watch, const store::LoadedSubject& loaded,
                  const std::string& detail, WallTime now) {
    auto& connection = connection_of(transaction);
    store::Attempt attempt;
    attempt.record_id = watch.record_id;
    attempt.job_id = watch.job_id;
    attempt.record_version = watch.record_version;
    attempt.at = now;
    attempt.role = watch.object.role;
    attempt.verb = to_string(watch.object.verb);
    attempt.outcome = kCode;
    attempt.code = kCode;
    attempt.detail = detail;
    if (auto noted = store::add_attempt(connection, attempt); !noted.ok()) return noted;
    const auto owner = store::get_connection_gist(connection, ConnectionId(watch.connection));
    if (!owner) return success();
    JsonText body;
    body.object().member("kind", to_string(loaded.subject.kind)).member("external_id", loaded.subject.external_id);
    body.member("version", watch.record_version).member("code", kCode).member("detail", detail).close();
    store::append_event(connection, {now, owner->partner, owner->id, "record.late_effect", std::move(body).take()});
    store::told(connection, watch, detail);
    return success();
}

/// What the books hold was read a moment ago; what the store holds is read now.
Result<void> settle_look(queue::Transaction& transaction, const store::Watch& watch, const Verdict& verdict,
                         WallTime now) {
    auto& connection = connection_of(transaction);
    auto loaded = store::load_subject(connection, watch.record_id);
    if (!loaded.ok()) return loaded.error();
    const auto open =
        transaction.find_open(watch.connection, store::record_key(loaded->subject.kind, loaded->subject.external_id));
    if (open && store::has_open_intent(connection, open->id)) {
        store::put_off(connection, watch, now);  // what was found may be that call's
        return success();
    }
    store::looked(connection, watch, now);
    const auto detail = finding(watch, verdict, loaded->subject.links);
    if (detail.empty() || detail == watch.told) return success();
    log_error("late_effect", {{"conn", watch.connection}, {"record", loaded->subject.external_id}, {"detail", detail}});
    if (auto told = tell(transaction, watch, *loaded, detail, now); !told.ok()) return told;
    // One that is open is parked already, or waits to be sent: it is looked up first then, and finds what has landed.
    return open ? success() : park_anew(transaction, watch, *loaded, detail);
}

}  // namespace

/// @return whether to go on with the connection's others: not when it cannot be read now.
asio::awaitable<bool> Service::look_for(std::string connection, std::vector<store::Watch> watches) {
    const auto lane = lanes_.find(connection);
    const auto app = apps_.find(watches.front().provider);
    if (lane == lanes_.end() || app == apps_.end()) co_return false;
    const auto held = lane->second;  // a disconnect meanwhile must not free it
    const auto& provider = *app->second.provider;
    std::vector<PreparedObject> objects;
    for (const auto& watch : watches) objects.push_back(watch.object);
    auto found = co_await held->read(provider.look_up(watches.front().tenant, objects), pacing::Urgency::bulk);
    if (!found.ok() && found.error().kind == ErrorKind::cancelled) co_return false;
    if (!found.ok()) log_warn("late_effects_not_read", {{"conn", connection}, {"code", found.error().code}});
    if (!found.ok() && found.error().http_status == 400 && watches.size() > 1) {
        // One that the provider cannot be asked for must not hide the others.
        for (auto& watch : watches) co_await look_for(connection, {std::move(watch)});
        co_return true;
    }
    std::vector<std::pair<store::Watch, std::optional<Verdict>>> looks;
    for (auto& watch : watches) {
        auto verdict = found.ok() ? std::optional(provider.judge(watch.object, *found)) : std::nullopt;
        looks.emplace_back(std::move(watch), std::move(verdict));
    }
    queue::Work settle = [looks = std::move(looks),
                          now = clock_.wall_now()](queue::Transaction& transaction) -> Result<void> {
        for (const auto& [watch, verdict] : looks) {
            auto settled = verdict ? settle_look(transaction, watch, *verdict, now) : success();
            if (!settled.ok()) return settled;
            if (!verdict) store::put_off(connection_of(transaction), watch, now);
        }
        return success();
    };
    const auto settled = co_await store_.commit(queue::CommandClass::settle, std::move(settle));
    if (!settled.ok()) log_warn("late_effects_not_stored", {{"code", settled.error().code}});
    co_return found.ok() && settled.ok();
}

asio::awaitable<void> Service::look_through(std::string connection) {
    bool more = true;
    while (more) {
        std::function<Result<std::vector<store::Watch>>(queue::sqlite::Connection&)> load =
            [connection, now = clock_.wall_now()](queue::sqlite::Connection& reading) {
                return Result<std::vector<store::Watch>>(store::due_watches(reading, connection, now, kAtOnce));
            };
        auto due = co_await store_.read(std::move(load));
        more = due.ok() && !due->empty();
        if (more) more = co_await look_for(connection, *std::move(due));
    }
    looked_through_.erase(connection);
}

asio::awaitable<void> Service::look_for_late_effects() {
    for (;;) {
        const bool slept = co_await clock_.sleep_for(kLookEvery);
        if (!slept) co_return;
        const auto now = clock_.wall_now();
        std::function<Result<std::vector<std::string>>(queue::sqlite::Connection&)> load =
            [now](queue::sqlite::Connection& reading) {
                return Result<std::vector<std::string>>(store::connections_to_watch(reading, now));
            };
        const auto due = co_await store_.read(std::move(load));
        if (!due.ok()) continue;
        // Each by itself: one whose limits are used up may wait for hours.
        for (const auto& connection : *due)
            if (looked_through_.insert(connection).second) tasks_.spawn(look_through(connection), "late_effects");
        queue::Work forget = [before = now - store::kWatched](queue::Transaction& transaction) -> Result<void> {
            store::forget_watches(connection_of(transaction), before);
            return success();
        };
        const auto forgotten = co_await store_.commit(queue::CommandClass::intake, std::move(forget));
        if (!forgotten.ok()) log_warn("watches_kept", {{"code", forgotten.error().code}});
    }
}

}  // namespace spillway::sync
