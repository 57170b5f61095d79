#include "services/webhooks/sender.hpp"

#include "schema/date.hpp"
#include "schema/json_text.hpp"
#include "schema/runtime/log.hpp"
#include "services/webhooks/filter.hpp"
#include "services/webhooks/signature.hpp"

namespace spillway::webhooks {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kAnswerBytesMax = 1u << 20;
constexpr std::size_t kRowsAtOnce = 400;  // the writer is everybody's: some milliseconds
constexpr std::size_t kSweptAtOnce = 200;
constexpr std::int64_t kCursorLag = 1'000;  // passed over without a write
constexpr Millis kAfterTrouble{5'000};

std::string context_of(const std::string& webhook) { return webhook + ":webhook"; }

/// The envelope of Standard Webhooks; `data` is the event as GET /v1/events shows it.
std::string body_of(const store::EventRow& row) {
    JsonText json;
    json.object().member("type", row.event.type).member("timestamp", format_utc(row.event.at)).key("data");
    json.object().member("seq", row.seq).member("at", format_utc(row.event.at));
    json.member("partner_id", row.event.partner.value);
    if (!row.event.connection.empty()) json.member("connection_id", row.event.connection.value);
    json.member("type", row.event.type).member_raw("body", row.event.body).close().close();
    return std::move(json).take();
}

}  // namespace

/// What one look at the store is to find out about a webhook.
struct Sender::Ask {
    std::string id, partner, connection, types;
    std::int64_t seen = 0;
    std::size_t deliveries = 0;
};
struct Sender::Found {
    std::string id;
    std::int64_t seen = 0;
    bool more = false;
    std::vector<DeliveryRow> fresh{};  ///< not stored yet
    std::vector<DeliveryRow> pending{};
};

Sender::Sender(Parts parts) : parts_(std::move(parts)), wake_(parts_.loop), flights_(parts_.loop, "webhooks") {}

void Sender::changed() {
    dirty_ = true;
    wake_.notify();
}

std::string Sender::seal(const Secret& secret, const std::string& webhook) const {
    return parts_.vault.seal(secret, context_of(webhook), parts_.random);
}

Status Sender::status() const {
    Status status = counts_;
    status.active = desks_.size();
    status.in_flight = flying_;
    const WallTime now = parts_.clock.wall_now();
    for (const auto& [id, desk] : desks_)
        if (desk.next && *desk.next < now) status.behind = std::max(status.behind, now - *desk.next);
    return status;
}

asio::awaitable<Result<void>> Sender::load() {
    using Rows = std::vector<WebhookRow>;
    std::function<Result<Rows>(Connection&)> look = [](Connection& connection) {
        Rows all;
        for (;;) {
            auto page = list_webhooks(connection, std::nullopt, all.empty() ? "" : all.back().id, store::kPageMax);
            const bool last = page.size() < store::kPageMax;
            std::ranges::move(page, std::back_inserter(all));
            if (last) return Result<Rows>(std::move(all));
        }
    };
    auto rows = co_await parts_.store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return std::move(rows).error();
    Rows renewed;
    for (WebhookRow& row : *rows) {
        bool stale = false;
        std::vector<std::string*> all{&row.sealed};
        for (std::string& old : row.old_sealed) all.push_back(&old);
        for (std::string* sealed : all) {
            if (!parts_.vault.stale(*sealed)) continue;
            auto opened = parts_.vault.open(*sealed, context_of(row.id));
            if (!opened.ok()) co_return std::move(opened).error();
            *sealed = seal(*opened, row.id);
            stale = true;
        }
        if (stale) renewed.push_back(std::move(row));
    }
    if (renewed.empty()) co_return success();
    queue::Work work = [renewed = std::move(renewed)](queue::Transaction& transaction) {
        for (const auto& row : renewed) update_webhook(queue::sqlite::connection_of(transaction), row);
        return success();
    };
    auto stored = co_await parts_.store.commit(queue::CommandClass::settle, std::move(work));
    co_return stored;
}

asio::awaitable<Result<void>> Sender::reload() {
    using Rows = std::vector<WebhookRow>;
    dirty_ = false;
    reload_at_ = parts_.clock.steady_now() + parts_.limits.reload;
    std::function<Result<Rows>(Connection&)> look = [](Connection& connection) {
        return Result<Rows>(active_webhooks(connection));
    };
    auto rows = co_await parts_.store.read<Rows>(std::move(look));
    if (!rows.ok()) {
        dirty_ = true;
        co_return std::move(rows).error();
    }
    std::map<std::string, Desk> desks;
    for (WebhookRow& row : *rows) {
        Desk desk;
        if (auto known = desks_.find(row.id); known != desks_.end()) desk = std::move(known->second);
        desk.seen = std::max(desk.seen, row.cursor);
        desk.row = std::move(row);
        desks.emplace(desk.row.id, std::move(desk));
    }
    desks_ = std::move(desks);
    co_return success();
}

asio::awaitable<void> Sender::run() {
    while (!co_await stop_requested()) {
        bool more = false;
        if (dirty_ || parts_.clock.steady_now() >= reload_at_) {
            auto loaded = co_await reload();
            if (loaded.ok()) co_await sweep();
        }
        if (!dirty_) more = co_await step();
        if (!more) co_await wake_.wait_until(parts_.clock, parts_.clock.steady_now() + parts_.limits.poll);
    }
}

asio::awaitable<void> Sender::stop(Millis grace) { co_await flights_.stop(parts_.clock, grace); }

/// Rows of deleted webhooks, some at each reload.
asio::awaitable<void> Sender::sweep() {
    std::function<Result<bool>(Connection&)> look = [](Connection& connection) {
        return Result<bool>(
            store::first_row(store::query(connection, "SELECT 1 FROM webhooks WHERE state = 'deleted' LIMIT 1"),
                             [](SQLite::Statement&) { return true; })
                .has_value());
    };
    auto any = co_await parts_.store.read<bool>(std::move(look));
    if (!any.ok() || !*any) co_return;
    queue::Work work = [](queue::Transaction& transaction) {
        sweep_deleted(queue::sqlite::connection_of(transaction), kSweptAtOnce);
        return success();
    };
    const auto swept = co_await parts_.store.commit(queue::CommandClass::intake, std::move(work));
    if (!swept.ok()) log_warn("webhooks_not_swept", {{"code", swept.error().code}});
}

std::size_t Sender::flying(const std::string& webhook) const {
    const auto found = in_flight_.find(webhook);
    return found == in_flight_.end() ? 0 : found->second.size();
}

std::size_t Sender::room_of(const Desk& desk) const {
    if (desk.held_until > parts_.clock.steady_now()) return 0;
    const std::size_t most = desk.row.failing_since ? 1 : parts_.limits.per_webhook_max;
    return most - std::min(most, flying(desk.row.id));
}

std::vector<Sender::Ask> Sender::asks() const {
    std::vector<Ask> asks;
    for (const auto& [id, desk] : desks_) {
        const std::size_t room = room_of(desk);
        // Those in flight are pending too, and may be the first that are found.
        asks.push_back(
            {id, desk.row.partner, desk.row.connection, desk.row.types, desk.seen, room == 0 ? 0 : room + flying(id)});
    }
    // Places and rows are shared: who has waited longest comes first.
    std::ranges::sort(asks, {}, [this](const Ask& ask) { return std::pair(desks_.at(ask.id).served, ask.id); });
    return asks;
}

asio::awaitable<bool> Sender::step() {
    if (desks_.empty()) co_return false;
    settled_.clear();
    std::function<Result<std::vector<Found>>(Connection&)> look =
        [asks = asks(), limits = parts_.limits, now = parts_.clock.wall_now()](Connection& connection) {
            const auto newest = store::first_row(store::query(connection, "SELECT coalesce(max(seq), 0) FROM events"),
                                                 [](SQLite::Statement& row) { return store::integer(row, 0); });
            std::vector<Found> found;
            std::size_t rows_left = kRowsAtOnce;
            for (const Ask& ask : asks) {
                Found one{ask.id, ask.seen};
                if (ask.deliveries > 0) one.pending = pending_deliveries(connection, ask.id, ask.deliveries);
                if (*newest > ask.seen && rows_left >= limits.events_at_once &&
                    count_pending(connection, ask.id, limits.pending_max) < limits.pending_max) {
                    store::EventFilter filter;
                    if (!ask.partner.empty()) filter.partner = ask.partner;
                    // By connection and type only here: in the statement they would have it read without a bound.
                    const auto events = store::list_events(connection, filter, ask.seen, limits.events_at_once);
                    rows_left -= events.size();
                    one.more = events.size() == limits.events_at_once;
                    one.seen = one.more ? events.back().seq : *newest;
                    for (const auto& event : events) {
                        const bool other = !ask.connection.empty() && event.event.connection.value != ask.connection;
                        if (other || !wants(ask.types, event.event.type)) continue;
                        DeliveryRow row;
                        row.webhook = ask.id;
                        row.event_seq = event.seq;
                        row.type = event.event.type;
                        row.body = body_of(event);
                        row.due = row.created = now;
                        one.fresh.push_back(std::move(row));
                    }
                }
                found.push_back(std::move(one));
            }
            return Result<std::vector<Found>>(std::move(found));
        };
    auto found = co_await parts_.store.read<std::vector<Found>>(std::move(look));
    if (!found.ok()) co_return false;
    start_due(*found);
    co_return co_await take_events(*std::move(found));
}

/// New deliveries and the cursor behind them in one transaction: no event is lost, none becomes two deliveries.
asio::awaitable<bool> Sender::take_events(std::vector<Found> found) {
    bool more = false;
    std::vector<Found> stored;
    for (Found& one : found) {
        const auto desk = desks_.find(one.id);
        if (desk == desks_.end() || one.seen <= desk->second.seen) continue;
        if (!one.fresh.empty()) desk->second.served = ++turn_;
        more = more || one.more || !one.fresh.empty();
        for (DeliveryRow& row : one.fresh) row.message = "msg_" + parts_.random.hex128();
        const bool far = one.seen - desk->second.row.cursor >= kCursorLag;
        if (!one.fresh.empty() || one.more || far)
            stored.push_back(std::move(one));
        else
            desk->second.seen = one.seen;
    }
    if (stored.empty()) co_return more;
    std::vector<std::pair<std::string, std::int64_t>> cursors;
    for (const Found& one : stored) cursors.emplace_back(one.id, one.seen);
    queue::Work work = [stored = std::move(stored)](queue::Transaction& transaction) {
        Connection& connection = queue::sqlite::connection_of(transaction);
        for (const Found& one : stored) {
            if (!get_webhook(connection, one.id)) continue;  // deleted meanwhile
            for (const DeliveryRow& row : one.fresh) insert_delivery(connection, row);
            set_cursor(connection, one.id, one.seen);
        }
        return success();
    };
    const auto done = co_await parts_.store.commit(queue::CommandClass::intake, std::move(work));
    if (!done.ok()) {
        log_warn("webhook_events_not_taken", {{"code", done.error().code}});
        co_return false;
    }
    for (const auto& [id, cursor] : cursors) {
        const auto desk = desks_.find(id);
        if (desk == desks_.end()) continue;
        desk->second.seen = std::max(desk->second.seen, cursor);
        desk->second.row.cursor = desk->second.seen;
    }
    co_return more;
}

void Sender::start_due(std::vector<Found>& found) {
    const WallTime now = parts_.clock.wall_now();
    for (Found& one : found) {
        const auto place = desks_.find(one.id);
        if (place == desks_.end()) continue;
        Desk& desk = place->second;
        desk.next.reset();
        for (DeliveryRow& row : one.pending) {
            if (settled_.contains(row.id) || in_flight_[one.id].contains(row.id)) continue;
            if (!desk.next) desk.next = row.due;
            if (row.due > now || room_of(desk) == 0 || flying_ >= parts_.limits.in_flight_max) break;
            in_flight_[one.id].insert(row.id);
            ++flying_;
            desk.next.reset();
            desk.served = ++turn_;
            flights_.spawn(deliver(one.id, std::move(row)), "delivery");
        }
    }
}

asio::awaitable<SendResult> Sender::attempt(WebhookRow webhook, DeliveryRow delivery) {
    SendResult refused;
    const auto target = check_url(webhook.url, parts_.allowed);
    if (!target.ok()) {
        refused.failure = target.error().detail;
        co_return refused;
    }
    const WallTime now = parts_.clock.wall_now();
    std::vector<Secret> secrets;
    std::vector<std::string> all{webhook.sealed};
    if (now < webhook.old_until) std::ranges::copy(webhook.old_sealed, std::back_inserter(all));
    for (const std::string& sealed : all) {
        auto opened = parts_.vault.open(sealed, context_of(webhook.id));
        if (!opened.ok()) {
            refused.failure = "the signing secret cannot be opened";
            co_return refused;
        }
        secrets.push_back(*std::move(opened));
    }
    auto signed_with = signature(secrets, delivery.message, now, delivery.body);
    if (!signed_with.ok()) {
        refused.failure = signed_with.error().detail;
        co_return refused;
    }
    HttpRequest request;
    request.method = "POST";
    request.target = target->path;
    request.headers = {{"Content-Type", "application/json"},
                       {"webhook-id", delivery.message},
                       {"webhook-timestamp", timestamp(now)},
                       {"webhook-signature", *signed_with}};
    request.body = std::move(delivery.body);
    const SendLimits limits{parts_.limits.time_out, parts_.limits.time_out, kAnswerBytesMax};
    auto sent = co_await parts_.transport.send(target->origin, std::move(request), limits);
    co_return sent;
}

asio::awaitable<void> Sender::deliver(std::string webhook, DeliveryRow delivery) {
    const std::int64_t id = delivery.id;
    if (const auto desk = desks_.find(webhook); desk != desks_.end()) {
        auto sent = co_await attempt(desk->second.row, delivery);
        const bool stopping = co_await stop_requested();
        // Cut off by our own stop: nobody's failure, and the next start repeats it.
        if (sent.stage == Stage::answered || !stopping) co_await settle(webhook, std::move(delivery), judge(sent));
    }
    --flying_;
    settled_.insert(id);
    in_flight_[webhook].erase(id);
    if (in_flight_[webhook].empty()) in_flight_.erase(webhook);
    wake_.notify();
}

void Sender::hold(const std::string& webhook, Millis span) {
    if (const auto desk = desks_.find(webhook); desk != desks_.end())
        desk->second.held_until = std::max(desk->second.held_until, parts_.clock.steady_now() + span);
}

asio::awaitable<void> Sender::settle(std::string webhook, DeliveryRow delivery, Outcome outcome) {
    const WallTime now = parts_.clock.wall_now();
    const bool good = outcome.kind == Outcome::Kind::delivered;
    delivery.attempts += 1;
    delivery.last = now;
    delivery.last_status = outcome.status;
    delivery.last_error = outcome.error;
    const auto pause = pause_after(delivery.attempts, parts_.random);
    if (good || !pause || outcome.kind == Outcome::Kind::gone) {
        delivery.state = good ? "delivered" : "failed";
        delivery.done = now;
    } else {
        delivery.due = now + std::max(*pause, outcome.retry_after.value_or(Millis{}));
    }
    std::function<Result<std::string>(queue::Transaction&)> work =
        [webhook, delivery, now, good, gone = outcome.kind == Outcome::Kind::gone,
         give_up = parts_.limits.give_up](queue::Transaction& transaction) -> Result<std::string> {
        Connection& connection = queue::sqlite::connection_of(transaction);
        const auto row = get_webhook(connection, webhook);
        if (!row) return std::string();
        update_delivery(connection, delivery);
        if (good && row->failing_since) set_failing(connection, webhook, std::nullopt);
        if (!good && !row->failing_since) set_failing(connection, webhook, now);
        const bool long_enough = !good && row->failing_since && now - *row->failing_since >= give_up;
        const std::string reason = gone ? "gone" : long_enough ? "failing" : "";
        if (reason.empty() || !disable(connection, *row, reason, now)) return std::string();
        return reason;
    };
    auto stored = co_await parts_.store.commit_value<std::string>(queue::CommandClass::settle, std::move(work));
    if (!stored.ok()) {
        log_warn("webhook_outcome_not_stored", {{"webhook", webhook}, {"code", stored.error().code}});
        hold(webhook, kAfterTrouble);
        co_return;
    }
    if (good) ++counts_.delivered;
    if (!good) ++counts_.attempts_failed;
    if (delivery.state == "failed") ++counts_.failed;
    if (outcome.retry_after) hold(webhook, *outcome.retry_after);
    if (const auto desk = desks_.find(webhook); desk != desks_.end()) {
        auto& failing = desk->second.row.failing_since;
        failing = good ? std::nullopt : failing ? failing : std::optional(now);
    }
    if (stored->empty()) co_return;
    ++counts_.disabled;
    log_warn("webhook_disabled", {{"webhook", webhook}, {"reason", *stored}});
    changed();
}

}  // namespace spillway::webhooks
