#include "services/api/answers.hpp"

#include <algorithm>

namespace spillway::api {
namespace {

void write_time(JsonText& json, std::string_view name, WallTime when) { json.member(name, format_utc(when)); }
void write_time(JsonText& json, std::string_view name, const std::optional<WallTime>& when) {
    if (when) write_time(json, name, *when);
}

/// Texts that are empty are left out.
void write_text(JsonText& json, std::string_view name, std::string_view text) {
    if (!text.empty()) json.member(name, text);
}

void write_counts(JsonText& json, const std::vector<std::pair<queue::JobState, std::int64_t>>& by_state) {
    json.key("counts").object();
    for (const auto& [state, count] : by_state) json.member(queue::to_string(state), count);
    json.close();
}

void write_summary_members(JsonText& json, const store::ConnectionRow& row, const LaneView& lane) {
    json.member("id", row.id.value).member("partner_id", row.partner.value).member("provider", row.provider);
    json.member("state", row.state);
    write_text(json, "state_reason", row.state_reason);
    json.member("posting", row.posting).member("tenant_id", row.tenant_id).member("tenant_name", row.tenant_name);
    write_time(json, "created_at", row.created);
    write_time(json, "changed_at", row.changed);
    write_counts(json, lane.counts.by_state);
    json.key("lane");
    write_lane(json, lane.status);
}

void write_books_summary(JsonText& json, const std::string& text) {
    json.key("books");
    const auto books = text.empty() ? Result<Books>() : read_books_text(text);
    if (!books.ok()) {
        json.null();
        return;
    }
    json.object().member("name", books->name).member("base_currency", books->base_currency.code);
    json.member("country", books->country);
    if (books->locked_until) json.member("locked_until", books->locked_until->to_string());
    json.member("accounts", books->accounts.size()).member("tax_rates", books->tax_rates.size()).close();
}

}  // namespace

void write_partner(JsonText& json, const store::PartnerRow& partner) {
    json.object().member("id", partner.id.value).member("name", partner.name).member("state", partner.state);
    write_time(json, "created_at", partner.created);
    json.close();
}

LaneView view_lane(const ApiContext& context, const ConnectionId& id) {
    return {context.store.counts(id.value), context.sync.lane_status(id), context.store.lane_pause(id.value)};
}

void write_lane(JsonText& json, const sync::LaneStatus& lane) {
    json.object().member("doing", lane.doing);
    write_text(json, "waits_for", lane.waits_for);
    if (lane.wait_left) json.member("wait_left_ms", lane.wait_left->count());
    json.member("day_left", lane.day_left);
    json.member("calls", lane.calls).member("throttled", lane.throttled).close();
}

void write_connection_summary(JsonText& json, const store::ConnectionRow& row, const LaneView& lane) {
    json.object();
    write_summary_members(json, row, lane);
    json.close();
}

void write_connection(JsonText& json, const store::ConnectionRow& row, const LaneView& lane) {
    json.object();
    write_summary_members(json, row, lane);
    if (lane.pause) {
        json.key("pause").object().member("reason", lane.pause->reason);
        write_time(json, "until", lane.pause->until);
        json.close();
    }
    json.key("mapping");
    if (row.mapping.empty())
        json.null();
    else
        json.raw(row.mapping);
    write_books_summary(json, row.books);
    json.close();
}

void write_sync_summary(JsonText& json, const store::SyncRow& sync) {
    json.object().member("id", sync.id.value).member("connection_id", sync.connection.value);
    json.member("state", sync.state).member("total", sync.total).member("requested_by", sync.requested_by);
    write_time(json, "created_at", sync.created);
    write_time(json, "finished_at", sync.finished);
    json.close();
}

void write_sync(JsonText& json, const store::SyncRow& sync, const store::SyncProgress& progress,
                const sync::LaneStatus& lane, WallTime now) {
    const std::int64_t elapsed = std::max<std::int64_t>(0, (sync.finished.value_or(now) - sync.created).count());
    json.object().member("id", sync.id.value).member("connection_id", sync.connection.value);
    json.member("state", sync.state).member("total", sync.total);
    write_counts(json, progress.by_state);
    json.member("ended", progress.ended).member("parked", progress.parked);
    json.member("blocked_by_parked", progress.blocked_by_parked).member("left", progress.left);
    json.member("requested_by", sync.requested_by);
    write_time(json, "created_at", sync.created);
    write_time(json, "finished_at", sync.finished);
    json.member("elapsed_ms", elapsed);
    const std::int64_t through = sync.total - progress.left;
    // At the pace so far, and not before what it waits for now.
    const std::int64_t wait = lane.wait_left ? lane.wait_left->count() : 0;
    if (sync.state == "running" && through > 0)
        json.member("eta_ms", std::max(wait, elapsed * progress.left / through));
    json.key("lane");
    write_lane(json, lane);
    json.close();
}

void write_key(JsonText& json, const store::ApiKeyRow& key) {
    json.member("id", key.id).member("name", key.name).member("scope", key.scope).member("partner_id", key.partner);
    write_time(json, "created_at", key.created);
    write_time(json, "expires_at", key.expires);
    write_time(json, "last_used_at", key.last_used);
    write_time(json, "revoked_at", key.revoked);
}

void write_event(JsonText& json, const store::EventRow& row) {
    json.object().member("seq", row.seq);
    write_time(json, "at", row.event.at);
    json.member("partner_id", row.event.partner.value);
    write_text(json, "connection_id", row.event.connection.value);
    json.member("type", row.event.type).member_raw("body", row.event.body).close();
}

void write_replay_summary(JsonText& json, const store::ReplayRow& replay) {
    json.object().member("id", replay.id).member("state", replay.state).member_raw("filter", replay.filter);
    json.member("matched", replay.matched).member("jobs", replay.jobs).member("requested_by", replay.requested_by);
    write_time(json, "created_at", replay.created);
    write_time(json, "finished_at", replay.finished);
    json.close();
}

}  // namespace spillway::api
