#pragma once
// Webhooks and their deliveries as rows.

#include "services/store/events.hpp"
#include "services/store/sql.hpp"

namespace spillway::webhooks {

using store::Connection;

struct WebhookRow {
    std::string id;          ///< "whk_..."
    std::string partner;     ///< empty: events of all partners
    std::string connection;  ///< empty: of all connections
    std::string url;
    std::string types;             ///< see filter.hpp
    std::string state = "active";  ///< active | disabled
    std::string reason;            ///< why disabled
    std::string sealed;
    std::vector<std::string> old_sealed;  ///< those before a rotation, the newest first: they sign too until
    WallTime old_until{};
    std::int64_t cursor = 0;
    std::optional<WallTime> failing_since;
    WallTime created{};
};

struct DeliveryRow {
    std::int64_t id = 0;
    std::string webhook, message, type, body;
    std::int64_t event_seq = 0;
    std::string state = "pending";
    int attempts = 0;
    WallTime due{}, created{};
    std::optional<WallTime> last, done;
    int last_status = 0;
    std::string last_error;
};

/// Of one owner.
inline constexpr std::int64_t kWebhooksMax = 20;
/// Of one webhook: a rotation whose answer was lost is made again, and receivers have the secret before both.
inline constexpr std::size_t kOldSecretsMax = 4;

/// With the cursor at the newest event: what was before is not sent.
void insert_webhook(Connection& connection, const WebhookRow& row);
/// Whatever a person may change, state and secrets included; not the cursor.
void update_webhook(Connection& connection, const WebhookRow& row);
/// Nothing for a deleted one.
std::optional<WebhookRow> get_webhook(Connection& connection, const std::string& id);
/// In order of ids behind `after`; of one partner where it is given.
std::vector<WebhookRow> list_webhooks(Connection& connection, const std::optional<std::string>& partner,
                                      const std::string& after, std::size_t limit);
std::int64_t count_webhooks(Connection& connection, const std::string& partner);
/// Another one of the owner with that address and connection: its receiver would have each event twice.
std::optional<std::string> find_same(Connection& connection, const WebhookRow& row);
/// Those that are to be served: not disabled, and no partner of theirs suspended.
std::vector<WebhookRow> active_webhooks(Connection& connection);
/// Hidden from now on; its rows go by sweep_deleted.
void delete_webhook(Connection& connection, const std::string& id);
/// Removes some rows of deleted webhooks. @return how many.
std::int64_t sweep_deleted(Connection& connection, std::size_t limit);
void set_cursor(Connection& connection, const std::string& id, std::int64_t cursor);
void set_failing(Connection& connection, const std::string& id, std::optional<WallTime> since);
/// @return false when it was not active.
bool disable(Connection& connection, const WebhookRow& row, const std::string& reason, WallTime now);

/// @return its id.
std::int64_t insert_delivery(Connection& connection, const DeliveryRow& row);
/// Nothing when the webhook has none of that id.
std::optional<DeliveryRow> get_delivery(Connection& connection, const std::string& webhook, std::int64_t id);
/// Newest first, before the id `before` where it is not 0; of one state where it is given. Without bodies.
std::vector<DeliveryRow> list_deliveries(Connection& connection, const std::string& webhook,
                                         const std::optional<std::string>& state, std::int64_t before,
                                         std::size_t limit);
/// Pending ones, the earliest due first.
std::vector<DeliveryRow> pending_deliveries(Connection& connection, const std::string& webhook, std::size_t limit);
/// At most `limit` are counted.
std::int64_t count_pending(Connection& connection, const std::string& webhook, std::int64_t limit);
void update_delivery(Connection& connection, const DeliveryRow& row);
/// Pending again, from the first attempt on; one that is pending is only due now.
void replay_delivery(Connection& connection, std::int64_t id, WallTime now);

struct Replayed {
    std::int64_t count = 0;
    std::int64_t last = 0;  ///< the id to go on behind; 0: nothing is left
};
/// Up to `limit` that were made since then and failed, with `delivered` those too, in order of ids behind `after`.
Replayed replay_since(Connection& connection, const std::string& webhook, WallTime since, bool delivered,
                      std::int64_t after, std::size_t limit, WallTime now);

}  // namespace spillway::webhooks
