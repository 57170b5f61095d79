#include "services/api/routes.hpp"

#include "services/api/operations.hpp"

namespace spillway::api {
namespace {

constexpr std::string_view kAll = "read_only partner platform admin";
constexpr std::string_view kWrite = "partner platform admin";
constexpr std::string_view kPlatform = "platform admin";
constexpr std::string_view kAdmin = "admin";
constexpr std::string_view kGlobalRead = "read_only platform admin";
constexpr std::size_t kSmall = 64u << 10;
constexpr std::size_t kRecord = 4u << 20;
constexpr std::size_t kBulk = 32u << 20;

constexpr Route kRoutes[] = {
    {"POST", "/v1/partners", kPlatform, "", kSmall, create_partner},
    {"GET", "/v1/partners", kAll, "after limit", 0, list_partners},
    {"GET", "/v1/partners/{partner_id}", kAll, "", 0, get_partner},
    {"POST", "/v1/partners/{partner_id}/suspend", kPlatform, "", kSmall, suspend_partner},
    {"POST", "/v1/partners/{partner_id}/resume", kPlatform, "", kSmall, resume_partner},

    {"POST", "/v1/partners/{partner_id}/connections", kWrite, "", kSmall, start_connect},
    // The provider decides what else it adds to its redirect: any parameter goes.
    {"GET", "/v1/connect/callback", "", "*", 0, finish_connect},
    {"GET", "/v1/connections", kAll, "partner_id provider state after limit", 0, list_connections},
    {"GET", "/v1/connections/{connection_id}", kAll, "", 0, get_connection},
    {"PATCH", "/v1/connections/{connection_id}", kWrite, "", kSmall, set_connection},
    {"POST", "/v1/connections/{connection_id}/pause", kWrite, "", kSmall, pause_connection},
    {"POST", "/v1/connections/{connection_id}/resume", kWrite, "", kSmall, resume_connection},
    {"POST", "/v1/connections/{connection_id}/disconnect", kWrite, "", kSmall, disconnect_connection},
    {"POST", "/v1/connections/{connection_id}/reconnect", kWrite, "", kSmall, reconnect_connection},
    {"GET", "/v1/connections/{connection_id}/books", kAll, "", 0, get_books},
    {"POST", "/v1/connections/{connection_id}/books/refresh", kWrite, "", kSmall, refresh_books},

    {"PUT", "/v1/connections/{connection_id}/records/{kind}/{external_id}", kWrite, "priority", kRecord, put_record,
     /*checks_in_commit=*/true, /*spills=*/true},
    {"GET", "/v1/connections/{connection_id}/records/{kind}/{external_id}", kAll, "", 0, get_record},
    {"POST", "/v1/connections/{connection_id}/records/{kind}/{external_id}/void", kWrite, "", kSmall, void_record,
     /*checks_in_commit=*/false, /*spills=*/true},
    {"POST", "/v1/connections/{connection_id}/records:bulk", kWrite, "priority", kBulk, put_records,
     /*checks_in_commit=*/false, /*spills=*/true, /*reads_parts=*/true},
    {"GET", "/v1/connections/{connection_id}/records", kAll, "kind state after limit", 0, list_records},

    {"POST", "/v1/connections/{connection_id}/syncs", kWrite, "", kSmall, start_sync},
    {"GET", "/v1/connections/{connection_id}/syncs", kAll, "after limit", 0, list_syncs},
    {"GET", "/v1/connections/{connection_id}/syncs/{sync_id}", kAll, "", 0, get_sync},
    {"GET", "/v1/connections/{connection_id}/syncs/{sync_id}/events", kAll, "", 0, watch_sync},

    {"GET", "/v1/jobs", kAll, "connection_id partner_id state kind key cause changed_since after limit", 0, list_jobs},
    {"GET", "/v1/jobs/{job_id}", kAll, "", 0, get_job},
    {"POST", "/v1/jobs/{job_id}/cancel", kWrite, "", kSmall, cancel_job},
    {"POST", "/v1/jobs/{job_id}/replay", kWrite, "", kSmall, replay_job},
    {"POST", "/v1/jobs/{job_id}/resolve", kWrite, "", kSmall, resolve_job},

    {"POST", "/v1/replays", kWrite, "", kSmall, start_replay},
    {"GET", "/v1/replays", kAll, "after limit", 0, list_replays},
    {"GET", "/v1/replays/{replay_id}", kAll, "", 0, get_replay},
    {"POST", "/v1/replays/{replay_id}/cancel", kWrite, "", kSmall, cancel_replay},

    {"GET", "/v1/holds", kGlobalRead, "after limit", 0, list_holds},
    {"POST", "/v1/holds", kPlatform, "", kSmall, set_hold},
    {"POST", "/v1/holds/lift", kPlatform, "", kSmall, lift_hold},
    {"GET", "/v1/connections/{connection_id}/blocked", kAll, "after limit", 0, list_blocked},

    {"GET", "/v1/events", kAll, "after limit connection_id", 0, list_events},

    {"POST", "/v1/webhooks", kWrite, "", kSmall, create_webhook},
    {"GET", "/v1/webhooks", kAll, "after limit", 0, list_webhooks},
    {"GET", "/v1/webhooks/{webhook_id}", kAll, "", 0, get_webhook},
    {"PATCH", "/v1/webhooks/{webhook_id}", kWrite, "", kSmall, set_webhook},
    {"DELETE", "/v1/webhooks/{webhook_id}", kWrite, "", kSmall, delete_webhook},
    {"POST", "/v1/webhooks/{webhook_id}/rotate", kWrite, "", kSmall, rotate_webhook},
    {"POST", "/v1/webhooks/{webhook_id}/ping", kWrite, "", kSmall, ping_webhook},
    {"GET", "/v1/webhooks/{webhook_id}/deliveries", kAll, "state after limit", 0, list_deliveries},
    {"POST", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", kWrite, "", kSmall, replay_delivery},
    {"POST", "/v1/webhooks/{webhook_id}/replay", kWrite, "", kSmall, replay_deliveries},

    {"GET", "/v1/relay", kGlobalRead, "", 0, get_relay},
    {"POST", "/v1/relay/release", kPlatform, "", kSmall, release_relay},
    {"POST", "/v1/relay/resume", kPlatform, "", kSmall, resume_relay},
    {"GET", "/v1/relay/refusals", kGlobalRead, "after limit", 0, list_relay_refusals},

    {"GET", "/v1/keys", kPlatform, "after limit", 0, list_keys},
    {"POST", "/v1/keys", kPlatform, "", kSmall, create_key},
    {"POST", "/v1/keys/{key_id}/revoke", kPlatform, "", kSmall, revoke_key},
    {"POST", "/v1/keys/{key_id}/rotate", kPlatform, "", kSmall, rotate_key},

    {"GET", "/v1/storage", kAdmin, "", 0, get_storage},
    {"POST", "/v1/storage/backups", kAdmin, "", kSmall, start_backup},
    {"POST", "/v1/storage/checks", kAdmin, "", kSmall, start_check},
    {"POST", "/v1/storage/rebuilds", kAdmin, "", kSmall, start_rebuild},

    {"GET", "/healthz", "", "", 0, health},
    {"GET", "/readyz", "", "", 0, ready},
    {"GET", "/metrics", kGlobalRead, "", 0, metrics},
    {"GET", "/openapi.json", "", "", 0, openapi},
    {"GET", "/schemas/record.json", "", "", 0, record_schema},
};

/// The next segment of a path, which is cut off at the front.
std::string_view next_segment(std::string_view& path) {
    if (!path.empty() && path.front() == '/') path.remove_prefix(1);
    const auto end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(segment.size());
    return segment;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

/// Whether the path has the pattern's shape: most patterns end here, without an allocation.
bool fits(std::string_view pattern, std::string_view path) {
    while (!pattern.empty() && !path.empty()) {
        const std::string_view want = next_segment(pattern);
        const std::string_view have = next_segment(path);
        if (is_parameter(want) ? have.empty() : want != have) return false;
    }
    return pattern.empty() && path.empty();
}

bool matches(std::string_view pattern, std::string_view path, std::unordered_map<std::string, std::string>& out) {
    if (!fits(pattern, path)) return false;
    while (!pattern.empty()) {
        const std::string_view want = next_segment(pattern);
        const std::string_view have = next_segment(path);
        if (!is_parameter(want)) continue;
        auto value = percent_decode(have);
        if (!value || value->empty()) return false;
        out[std::string(want.substr(1, want.size() - 2))] = *std::move(value);
    }
    return true;
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

Match match_route(std::string_view method, std::string_view path) {
    Match match;
    for (const Route& route : kRoutes) {
        std::unordered_map<std::string, std::string> parameters;
        if (!matches(route.path, path, parameters)) continue;
        if (!match.allow.empty()) match.allow += ", ";
        match.allow += route.method;
        if (route.method != method || match.route) continue;
        match.route = &route;
        match.path = std::move(parameters);
    }
    return match;
}

}  // namespace spillway::api
