// Making connections: consent, code exchange, the organisation's lists, a proposed mapping.

#include <algorithm>

#include "schema/runtime/log.hpp"
#include "services/store/events.hpp"
#include "services/store/partners.hpp"
#include "services/sync/service.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using queue::sqlite::connection_of;

namespace {

constexpr SendLimits kConnectLimits{Millis{10'000}, Millis{60'000}, 16u << 20};

/// 128 random hexadecimal digits are within RFC 7636's 43..128 characters.
std::string new_verifier(Random& random) { return random.hex128() + random.hex128(); }

}  // namespace

asio::awaitable<Result<Consent>> Service::start_connect(PartnerId partner, std::string provider,
                                                        std::optional<ConnectionId> reconnect, std::string return_url) {
    const auto app = apps_.find(provider);
    if (app == apps_.end())
        co_return invalid("unknown_provider", "provider is one that this installation is configured for", "/provider");
    store::ConsentRow consent;
    consent.state = random_.hex128();
    consent.partner = partner;
    consent.provider = provider;
    consent.connection = reconnect.value_or(ConnectionId());
    consent.return_url = std::move(return_url);
    consent.created = clock_.wall_now();
    if (app->second.oauth.client_secret.empty()) consent.verifier = new_verifier(random_);
    queue::Work work = [consent](queue::Transaction& transaction) -> Result<void> {
        auto& connection = connection_of(transaction);
        if (!store::get_partner(connection, consent.partner))
            return Error{ErrorKind::not_found, "no_partner", "no partner " + consent.partner.value};
        if (!consent.connection.empty()) {
            const auto row = store::get_connection(connection, consent.connection);
            if (!row || row->partner != consent.partner)
                return Error{ErrorKind::not_found, "no_connection", "no connection " + consent.connection.value};
        }
        store::insert_consent(connection, consent);
        return success();
    };
    const auto stored = co_await store_.commit(queue::CommandClass::intake, std::move(work));
    if (!stored.ok()) co_return stored.error();
    co_return Consent{oauth::consent_url(app->second.oauth, consent.state, consent.verifier), consent.state};
}

asio::awaitable<Result<std::vector<Tenant>>> Service::tenants_of(ProviderApp& app, const Grant& grant,
                                                                 std::string realm) {
    auto listing = app.provider->tenants_call();
    if (!listing) co_return std::vector<Tenant>{Tenant{realm, {}, {}}};
    auto request = app.provider->request(*listing, {}, grant.access);
    const auto answer = co_await transport_.send(app.api_origin, std::move(request), kConnectLimits);
    co_return app.provider->read_tenants(answer);
}

asio::awaitable<Result<Books>> Service::read_books_of(ProviderApp& app, Caller& caller, std::string tenant) {
    std::vector<SendResult> answers;
    for (auto& call : app.provider->books_calls(tenant)) {
        auto answer = co_await caller.call(std::move(call), pacing::Urgency::interactive);
        if (!answer.ok()) co_return std::move(answer).error();
        answers.push_back(std::move(*answer));
    }
    co_return app.provider->read_books(tenant, answers);
}

asio::awaitable<Result<ConnectionId>> Service::link_tenant(store::ConsentRow consent, GrantId grant, Tenant tenant) {
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
        if (store::find_linked(connection, row.provider, row.tenant_id))
            return Error{ErrorKind::conflict, "tenant_linked",
                         (row.tenant_name.empty() ? row.tenant_id : row.tenant_name) + " is linked already"};
        store::insert_connection(connection, row);
        store::append_event(connection, {row.created, row.partner, row.id, "connection.created",
                                         R"({"provider":")" + row.provider + "\"}"});
        return success();
    };
    const auto stored = co_await store_.commit(queue::CommandClass::intake, std::move(work));
    if (!stored.ok()) co_return stored.error();
    if (changed_) changed_(row);
    auto lane = co_await make_lane(row, /*fresh=*/true);
    if (!lane.ok()) co_return std::move(lane).error();
    auto started = co_await start_lane(row.id, std::move(*lane));
    if (!started.ok()) co_return std::move(started).error();
    co_await await_first_books(row.id);
    log_info("connected", {{"conn", row.id.value}, {"provider", row.provider}, {"tenant", row.tenant_name}});
    co_return row.id;
}

asio::awaitable<Result<ConnectionId>> Service::relink(store::ConsentRow consent, GrantId grant,
                                                      std::vector<Tenant> tenants) {
    if (leaving_.contains(consent.connection.value))
        co_return Error{ErrorKind::conflict, "disconnecting",
                        "the connection is just being disconnected: try again in a moment"};
    Change relinking = [grant, tenants = std::move(tenants)](queue::Transaction& transaction,
                                                             store::ConnectionRow& row) -> Result<void> {
        const auto same = std::find_if(tenants.begin(), tenants.end(),
                                       [&](const Tenant& tenant) { return tenant.id == row.tenant_id; });
        if (same == tenants.end())
            return Error{ErrorKind::conflict, "other_tenant",
                         "consent was given for another organisation than " + row.tenant_name};
        const auto linked = store::find_linked(connection_of(transaction), row.provider, row.tenant_id);
        if (linked && linked->id != row.id)
            return Error{ErrorKind::conflict, "tenant_linked", row.tenant_name + " is linked elsewhere"};
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
        [](queue::sqlite::Connection& connection) -> Result<std::vector<store::ConnectionRow>> {
        return store::list_connections(connection, {.partner = {}, .provider = {}, .state = "needs_reauth"}, "", 200);
    };
    auto rows = co_await store_.read(std::move(waiting));
    if (!rows.ok()) co_return std::move(rows).error();
    for (const auto& row : *rows) {
        const bool named = std::any_of(tenants.begin(), tenants.end(),
                                       [&](const Tenant& tenant) { return tenant.id == row.tenant_id; });
        if (row.id == but || row.grant != grant || !named) continue;
        Change reviving = [](queue::Transaction& transaction, store::ConnectionRow& changing) -> Result<void> {
            if (changing.state != "needs_reauth") return success();
            changing.state = changing.mapping.empty() ? "setup" : "active";
            changing.state_reason.clear();
            return transaction.resume_lane(changing.id.value);
        };
        auto revived = co_await change(row.id, std::move(reviving));
        if (!revived.ok()) co_return std::move(revived).error();
    }
    co_return success();
}

asio::awaitable<Result<SyncService::Connected>> Service::finish_connect(std::string state, std::string code,
                                                                        std::string realm, std::string error) {
    const auto now = clock_.wall_now();
    std::function<Result<store::ConsentRow>(queue::Transaction&)> take =
        [state, now](queue::Transaction& transaction) -> Result<store::ConsentRow> {
        auto row = store::take_consent(connection_of(transaction), state, now);
        if (!row)
            return invalid("unknown_state", "this consent was not asked for here, was used already, or has expired");
        return *row;
    };
    auto consent = co_await store_.commit_value(queue::CommandClass::intake, std::move(take));
    if (!consent.ok()) co_return std::move(consent).error();
    if (!error.empty() || code.empty())
        co_return Error{ErrorKind::forbidden, "consent_denied", "consent was not given"};
    const auto configured = apps_.find(consent->provider);
    if (configured == apps_.end())
        co_return Error{ErrorKind::conflict, "unknown_provider", "the provider is not configured"};
    auto& app = configured->second;
    auto grant = co_await grants_.exchange(consent->provider, code, consent->verifier, realm);
    if (!grant.ok()) co_return std::move(grant).error();
    auto tenants = co_await tenants_of(app, *grant, std::move(realm));
    if (!tenants.ok()) co_return std::move(tenants).error();

    Connected connected;
    connected.return_url = consent->return_url;
    if (!consent->connection.empty()) {
        auto relinked = co_await relink(*consent, grant->id, *tenants);
        if (!relinked.ok()) co_return std::move(relinked).error();
        auto revived = co_await revive_others(grant->id, *relinked, std::move(*tenants));
        if (!revived.ok()) co_return std::move(revived).error();
        connected.connections.push_back(std::move(*relinked));
        co_return connected;
    }
    Result<ConnectionId> last = Error{ErrorKind::conflict, "no_tenant", "the consent names no organisation"};
    for (auto& tenant : *tenants) {
        last = co_await link_tenant(*consent, grant->id, std::move(tenant));
        if (last.ok()) connected.connections.push_back(*last);
    }
    // Some organisations of this user may be linked already; only when none was new is that an error.
    if (connected.connections.empty()) co_return std::move(last).error();
    co_return connected;
}

asio::awaitable<Result<void>> Service::refresh_books(ConnectionId connection) {
    auto row = co_await row_of(connection);
    if (!row.ok()) co_return std::move(row).error();
    if (row->state == "disconnected")
        co_return Error{ErrorKind::conflict, "disconnected", "the connection is disconnected"};
    const auto app = apps_.find(row->provider);
    const auto found = lanes_.find(row->id.value);
    if (app == apps_.end() || found == lanes_.end())
        co_return Error{ErrorKind::conflict, "not_running", "the connection's lane is not running"};
    const auto lane = found->second;  // held: a disconnect meanwhile must not free it
    auto books = co_await read_books_of(app->second, lane->caller(), row->tenant_id);
    if (!books.ok()) co_return std::move(books).error();
    Change saving = [text = write_books(*books)](queue::Transaction&, store::ConnectionRow& changing) -> Result<void> {
        changing.books = text;
        return success();
    };
    auto changed = co_await change(std::move(connection), std::move(saving));
    if (!changed.ok()) co_return std::move(changed).error();
    co_return success();
}

asio::awaitable<Result<void>> Service::disconnect(ConnectionId connection) {
    const auto now = clock_.wall_now();
    Change leaving = [now](queue::Transaction& transaction, store::ConnectionRow& row) -> Result<void> {
        if (row.state == "disconnected")
            return Error{ErrorKind::conflict, "disconnected", "the connection is disconnected already"};
        row.state = "disconnected";
        row.state_reason.clear();
        for (const auto& sync : store::running_syncs(connection_of(transaction), row.id))
            store::finish_sync(connection_of(transaction), sync, now);
        return transaction.resume_lane(row.id.value);
    };
    auto row = co_await change(connection, std::move(leaving));
    if (!row.ok()) co_return std::move(row).error();
    if (const auto lane = lanes_.find(row->id.value); lane != lanes_.end()) {
        const auto stopping = lane->second;
        leaving_.insert(row->id.value);
        co_await stopping->stop(Millis{5'000});
        lanes_.erase(row->id.value);
        leaving_.erase(row->id.value);
    }
    const auto app = apps_.find(row->provider);
    if (app == apps_.end()) co_return success();
    if (row->tenant_link.empty()) {
        co_await grants_.revoke(row->grant);
        co_return success();
    }
    // Xero: the one organisation's connection ends; the grant may serve others. Best effort: the user can end it there
    // too.
    auto token = co_await grants_.token(row->grant);
    if (token.ok()) {
        HttpRequest request;
        request.method = "DELETE";
        request.target = "/connections/" + percent_encode(row->tenant_link);
        request.headers.add("Authorization", "Bearer " + token->reveal());
        const auto answer = co_await transport_.send(app->second.api_origin, std::move(request), kConnectLimits);
        log_info("disconnected", {{"conn", row->id.value}, {"status", answer.response.status}});
    }
    co_return success();
}

}  // namespace spillway::sync
