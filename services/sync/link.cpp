// What a consent links: new connections, or the one that lost its consent and others of the same user.

#include <algorithm>

#include "schema/runtime/log.hpp"
#include "services/store/events.hpp"
#include "services/sync/linking.hpp"
#include "services/sync/service.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using queue::sqlite::connection_of;

namespace {

/// The call that proved the consent went to the organisation just now, and counts in its limits.
void count_proof(pacing::Pacer& pacer, SteadyTime now) {
    if (!pacer.ask(now, CallClass::read, pacing::Urgency::interactive).go) return;  // they count as full anyway
    const auto ticket = pacer.begin(now, now, CallClass::read, pacing::Urgency::interactive);
    pacer.end(ticket, now, {}, pacing::Ended::answered);
}

}  // namespace

asio::awaitable<Result<ConnectionId>> Service::link_tenant(store::ConsentRow consent, GrantId grant, Tenant tenant) {
    const auto organisation = organisation_of(consent.provider, tenant.id);
    if (departures_.is_leaving(organisation)) co_return disconnecting();
    store::ConnectionRow row;
    row.id = ConnectionId("con_" + random_.hex128());
    row.partner = consent.partner;
    row.provider = consent.provider;
    row.tenant_id = tenant.id;
    row.tenant_link = tenant.connection_id;
    row.grant = grant;
    row.tenant_name = tenant.name;
    row.created = row.changed = clock_.wall_now();
    row.state = "setup";
    row.state_reason = kReadingBooks;
    queue::Work work = [row](queue::Transaction& transaction) -> Result<void> {
        auto& connection = connection_of(transaction);
        auto allowed = check_partner(connection, row.partner);
        if (!allowed.ok()) return allowed;
        if (store::find_linked(connection, row.provider, row.tenant_id))
            return tenant_linked(row.tenant_name.empty() ? row.tenant_id : row.tenant_name);
        store::insert_connection(connection, row);
        store::append_event(connection, {row.created, row.partner, row.id, "connection.created",
                                         R"({"provider":")" + row.provider + "\"}"});
        return success();
    };
    const auto stored = co_await store_.commit(queue::CommandClass::intake, std::move(work));
    if (!stored.ok()) co_return stored.error();
    if (changed_) changed_(row);
    // What a connection that has just left sent counts still.
    auto lane = co_await make_lane(row, /*fresh=*/!departures_.has_just_left(organisation));
    if (!lane.ok()) co_return std::move(lane).error();
    if (apps_.at(row.provider).provider->one_tenant_per_grant()) count_proof((*lane)->pacer(), clock_.steady_now());
    auto started = co_await start_lane(row.id, std::move(*lane));
    if (!started.ok()) co_return std::move(started).error();
    co_await await_first_books(row.id);
    log_info("connected", {{"conn", row.id.value}, {"provider", row.provider}, {"tenant", row.tenant_name}});
    co_return row.id;
}

asio::awaitable<Result<ConnectionId>> Service::relink(store::ConsentRow consent, GrantId grant,
                                                      std::vector<Tenant> tenants) {
    const auto known = co_await row_of(consent.connection);
    if (!known.ok()) co_return known.error();
    if (departures_.is_leaving(organisation_of(known->provider, known->tenant_id))) co_return disconnecting();
    Change relinking = [grant, tenants = std::move(tenants)](queue::Transaction& transaction,
                                                             store::ConnectionRow& row) -> Result<void> {
        auto& connection = connection_of(transaction);
        auto allowed = check_partner(connection, row.partner);
        if (!allowed.ok()) return allowed;
        const auto same = own_tenant(tenants, row.tenant_id, row.tenant_name);
        if (!same.ok()) return same.error();
        const auto linked = store::find_linked(connection, row.provider, row.tenant_id);
        if (linked && linked->id != row.id) return tenant_linked(row.tenant_name);
        row.grant = grant;
        row.tenant_link = same->connection_id;
        if (row.state == "paused") return success();  // a person paused it, and a person resumes it
        row.state = row.mapping.empty() ? "setup" : "active";
        row.state_reason.clear();
        return transaction.resume_lane(row.id.value);
    };
    auto row = co_await change(consent.connection, std::move(relinking));
    if (!row.ok()) co_return std::move(row).error();
    if (!lanes_.contains(row->id.value)) {
        auto lane = co_await make_lane(*row, /*fresh=*/false);
        if (!lane.ok()) co_return std::move(lane).error();
        auto started = co_await start_lane(row->id, std::move(*lane));
        if (!started.ok()) co_return std::move(started).error();
    }
    co_return row->id;
}

/// One Xero grant serves several organisations: a new consent ends the waiting of each that it names.
asio::awaitable<Result<void>> Service::revive_others(GrantId grant, ConnectionId but, std::vector<Tenant> tenants) {
    std::function<Result<std::vector<store::ConnectionRow>>(queue::sqlite::Connection&)> waiting =
        [grant](queue::sqlite::Connection& connection) -> Result<std::vector<store::ConnectionRow>> {
        return store::waiting_for(connection, grant);
    };
    auto rows = co_await store_.read(std::move(waiting));
    if (!rows.ok()) co_return std::move(rows).error();
    for (const auto& row : *rows) {
        const bool named = std::any_of(tenants.begin(), tenants.end(),
                                       [&](const Tenant& tenant) { return tenant.id == row.tenant_id; });
        if (row.id == but || !named) continue;
        Change reviving = [](queue::Transaction& transaction, store::ConnectionRow& changing) -> Result<void> {
            const bool allowed = check_partner(connection_of(transaction), changing.partner).ok();
            if (changing.state != "needs_reauth" || !allowed) return success();
            changing.state = changing.mapping.empty() ? "setup" : "active";
            changing.state_reason.clear();
            return transaction.resume_lane(changing.id.value);
        };
        auto revived = co_await change(row.id, std::move(reviving));
        if (!revived.ok()) co_return std::move(revived).error();
    }
    co_return success();
}

}  // namespace spillway::sync
