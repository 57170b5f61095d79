#include "services/webhooks/rows.hpp"

#include <sstream>

#include "schema/json_text.hpp"

namespace spillway::webhooks {
namespace {

using store::integer;
using store::query;
using store::run;
using store::text;

#define SPILLWAY_WEBHOOK_COLUMNS                                                                           \
    "id, partner_id, connection_id, url, types, state, reason, sealed, old_sealed, old_until_ms, cursor, " \
    "failing_since_ms, created_ms"
#define SPILLWAY_DELIVERY_COLUMNS                                                                              \
    "id, webhook_id, message_id, event_seq, type, state, attempts, due_ms, created_ms, last_ms, last_status, " \
    "last_error, done_ms"

WebhookRow read_webhook(SQLite::Statement& row) {
    WebhookRow out;
    out.id = text(row, 0);
    out.partner = text(row, 1);
    out.connection = text(row, 2);
    out.url = text(row, 3);
    out.types = text(row, 4);
    out.state = text(row, 5);
    out.reason = text(row, 6);
    out.sealed = text(row, 7);
    std::istringstream old(text(row, 8));
    for (std::string sealed; std::getline(old, sealed);) out.old_sealed.push_back(sealed);
    out.old_until = store::time(row, 9);
    out.cursor = integer(row, 10);
    out.failing_since = store::time_or_none(row, 11);
    out.created = store::time(row, 12);
    return out;
}

DeliveryRow read_delivery(SQLite::Statement& row) {
    DeliveryRow out;
    out.id = integer(row, 0);
    out.webhook = text(row, 1);
    out.message = text(row, 2);
    out.event_seq = integer(row, 3);
    out.type = text(row, 4);
    out.state = text(row, 5);
    out.attempts = static_cast<int>(integer(row, 6));
    out.due = store::time(row, 7);
    out.created = store::time(row, 8);
    out.last = store::time_or_none(row, 9);
    out.last_status = static_cast<int>(integer(row, 10));
    out.last_error = text(row, 11);
    out.done = store::time_or_none(row, 12);
    return out;
}

DeliveryRow read_with_body(SQLite::Statement& row) {
    DeliveryRow out = read_delivery(row);
    out.body = text(row, 13);
    return out;
}

}  // namespace

void insert_webhook(Connection& connection, const WebhookRow& row) {
    run(connection,
        "INSERT INTO webhooks (id, partner_id, connection_id, url, types, state, sealed, created_ms, cursor)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, coalesce((SELECT max(seq) FROM events), 0))",
        row.id, row.partner, row.connection, row.url, row.types, row.state, row.sealed, row.created);
}

void update_webhook(Connection& connection, const WebhookRow& row) {
    std::string old;
    for (const std::string& sealed : row.old_sealed) old += (old.empty() ? "" : "\n") + sealed;
    run(connection,
        "UPDATE webhooks SET connection_id = ?2, url = ?3, types = ?4, state = ?5, reason = ?6, sealed = ?7,"
        " old_sealed = ?8, old_until_ms = ?9, failing_since_ms = ?10 WHERE id = ?1 AND state <> 'deleted'",
        row.id, row.connection, row.url, row.types, row.state, row.reason, row.sealed, old, row.old_until,
        row.failing_since);
}

std::optional<WebhookRow> get_webhook(Connection& connection, const std::string& id) {
    return store::first_row(
        query(connection, "SELECT " SPILLWAY_WEBHOOK_COLUMNS " FROM webhooks WHERE id = ?1 AND state <> 'deleted'", id),
        read_webhook);
}

std::vector<WebhookRow> list_webhooks(Connection& connection, const std::optional<std::string>& partner,
                                      const std::string& after, std::size_t limit) {
    return store::rows(query(connection,
                             "SELECT " SPILLWAY_WEBHOOK_COLUMNS " FROM webhooks WHERE id > ?1 AND state <> 'deleted'"
                             " AND (?2 IS NULL OR partner_id = ?2) ORDER BY id LIMIT ?3",
                             after, partner, limit),
                       read_webhook);
}

std::int64_t count_webhooks(Connection& connection, const std::string& partner) {
    return store::first_row(
               query(connection, "SELECT count(*) FROM webhooks WHERE partner_id = ?1 AND state <> 'deleted'", partner),
               [](SQLite::Statement& row) { return integer(row, 0); })
        .value_or(0);
}

std::optional<std::string> find_same(Connection& connection, const WebhookRow& row) {
    return store::first_row(query(connection,
                                  "SELECT id FROM webhooks WHERE partner_id = ?1 AND url = ?2 AND connection_id = ?3"
                                  " AND id <> ?4 AND state <> 'deleted'",
                                  row.partner, row.url, row.connection, row.id),
                            [](SQLite::Statement& found) { return text(found, 0); });
}

std::vector<WebhookRow> active_webhooks(Connection& connection) {
    return store::rows(
        query(connection, "SELECT " SPILLWAY_WEBHOOK_COLUMNS " FROM webhooks w WHERE state = 'active' AND NOT EXISTS"
                          " (SELECT 1 FROM partners p WHERE p.id = w.partner_id AND p.state = 'suspended')"),
        read_webhook);
}

void delete_webhook(Connection& connection, const std::string& id) {
    run(connection, "UPDATE webhooks SET state = 'deleted', sealed = '', old_sealed = '' WHERE id = ?1", id);
}

std::int64_t sweep_deleted(Connection& connection, std::size_t limit) {
    const auto id = store::first_row(query(connection, "SELECT id FROM webhooks WHERE state = 'deleted' LIMIT 1"),
                                     [](SQLite::Statement& row) { return text(row, 0); });
    if (!id) return 0;
    const int gone = run(connection,
                         "DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries"
                         " WHERE webhook_id = ?1 LIMIT ?2)",
                         *id, limit);
    if (static_cast<std::size_t>(gone) < limit) run(connection, "DELETE FROM webhooks WHERE id = ?1", *id);
    return gone + 1;
}

void set_cursor(Connection& connection, const std::string& id, std::int64_t cursor) {
    run(connection, "UPDATE webhooks SET cursor = max(cursor, ?2) WHERE id = ?1", id, cursor);
}

void set_failing(Connection& connection, const std::string& id, std::optional<WallTime> since) {
    run(connection, "UPDATE webhooks SET failing_since_ms = ?2 WHERE id = ?1", id, since);
}

bool disable(Connection& connection, const WebhookRow& row, const std::string& reason, WallTime now) {
    const int changed =
        run(connection, "UPDATE webhooks SET state = 'disabled', reason = ?2 WHERE id = ?1 AND state = 'active'",
            row.id, reason);
    if (changed == 0) return false;
    JsonText body;
    body.object().member("webhook_id", row.id).member("reason", reason).close();
    store::append_event(connection, {now, PartnerId(row.partner), ConnectionId(row.connection), "webhook.disabled",
                                     std::move(body).take()});
    return true;
}

std::int64_t insert_delivery(Connection& connection, const DeliveryRow& row) {
    run(connection,
        "INSERT INTO webhook_deliveries (webhook_id, message_id, event_seq, type, body, state, due_ms, created_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, 'pending', ?6, ?7)",
        row.webhook, row.message, row.event_seq, row.type, row.body, row.due, row.created);
    return connection.database().getLastInsertRowid();
}

std::optional<DeliveryRow> get_delivery(Connection& connection, const std::string& webhook, std::int64_t id) {
    return store::first_row(query(connection,
                                  "SELECT " SPILLWAY_DELIVERY_COLUMNS " FROM webhook_deliveries"
                                  " WHERE id = ?1 AND webhook_id = ?2",
                                  id, webhook),
                            read_delivery);
}

std::vector<DeliveryRow> list_deliveries(Connection& connection, const std::string& webhook,
                                         const std::optional<std::string>& state, std::int64_t before,
                                         std::size_t limit) {
    return store::rows(query(connection,
                             "SELECT " SPILLWAY_DELIVERY_COLUMNS " FROM webhook_deliveries WHERE webhook_id = ?1"
                             " AND (?2 = 0 OR id < ?2) AND (?3 IS NULL OR state = ?3) ORDER BY id DESC LIMIT ?4",
                             webhook, before, state, limit),
                       read_delivery);
}

std::vector<DeliveryRow> pending_deliveries(Connection& connection, const std::string& webhook, std::size_t limit) {
    return store::rows(query(connection,
                             "SELECT " SPILLWAY_DELIVERY_COLUMNS ", body FROM webhook_deliveries WHERE webhook_id = ?1"
                             " AND state = 'pending' ORDER BY due_ms, id LIMIT ?2",
                             webhook, limit),
                       read_with_body);
}

std::int64_t count_pending(Connection& connection, const std::string& webhook, std::int64_t limit) {
    return store::first_row(query(connection,
                                  "SELECT count(*) FROM (SELECT 1 FROM webhook_deliveries WHERE webhook_id = ?1"
                                  " AND state = 'pending' LIMIT ?2)",
                                  webhook, limit),
                            [](SQLite::Statement& row) { return integer(row, 0); })
        .value_or(0);
}

void update_delivery(Connection& connection, const DeliveryRow& row) {
    run(connection,
        "UPDATE webhook_deliveries SET state = ?2, attempts = ?3, due_ms = ?4, last_ms = ?5, last_status = ?6,"
        " last_error = ?7, done_ms = ?8 WHERE id = ?1",
        row.id, row.state, row.attempts, row.due, row.last, row.last_status, row.last_error, row.done);
}

void replay_delivery(Connection& connection, std::int64_t id, WallTime now) {
    run(connection,
        "UPDATE webhook_deliveries SET attempts = CASE state WHEN 'pending' THEN attempts ELSE 0 END,"
        " state = 'pending', due_ms = ?2, done_ms = NULL WHERE id = ?1",
        id, now);
}

Replayed replay_since(Connection& connection, const std::string& webhook, WallTime since, bool delivered,
                      std::int64_t after, std::size_t limit, WallTime now) {
    const auto ids =
        store::rows(query(connection,
                          "SELECT id FROM webhook_deliveries WHERE webhook_id = ?1 AND id > ?2 AND created_ms >= ?3"
                          " AND (state = 'failed' OR (?4 AND state = 'delivered')) ORDER BY id LIMIT ?5",
                          webhook, after, since, delivered, limit),
                    [](SQLite::Statement& row) { return integer(row, 0); });
    for (const std::int64_t id : ids) replay_delivery(connection, id, now);
    return {static_cast<std::int64_t>(ids.size()), ids.size() == limit ? ids.back() : 0};
}

}  // namespace spillway::webhooks
