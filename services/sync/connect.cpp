// Consent: how it is asked for, what it opens, and the organisation's lists.

#include <algorithm>

#include "schema/runtime/shield.hpp"
#include "schema/runtime/task_group.hpp"
#include "services/sync/linking.hpp"
#include "services/sync/service.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using queue::sqlite::connection_of;

namespace {

constexpr SendLimits kProofLimits{Millis{10'000}, Millis{30'000}, 16u << 20};
/// How long a consent waits for the end of a disconnect; longer than that takes, but for a provider in trouble.
constexpr Millis kDepartureWait{20'000};
constexpr Millis kSlotWait{3'000}, kSlotAgain{200};

/// It lies in the store in clear text until the consent ends, half an hour at most. Alone it opens nothing: the code
/// that it belongs to never comes into the store, works once, and only for this state.
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
        auto allowed = check_partner(connection, consent.partner);
        if (!allowed.ok()) return allowed;
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

asio::awaitable<Result<Books>> Service::read_books_of(ProviderApp& app, Caller& caller, std::string tenant) {
    std::vector<SendResult> answers;
    for (auto& call : app.provider->books_calls(tenant)) {
        auto answer = co_await caller.call(std::move(call), pacing::Urgency::interactive);
        if (!answer.ok()) co_return std::move(answer).error();
        answers.push_back(std::move(*answer));
    }
    co_return app.provider->read_books(tenant, answers);
}

/// Has a provider show which organisations a new token opens. It goes to the organisation's own limits where a lane
/// keeps them; a person sits before a browser, so it waits a moment for a slot, not longer.
asio::awaitable<SendResult> Service::send_apart(ProviderApp& app, PreparedCall call, std::string tenant, Secret token) {
    auto request = app.provider->request(call, {}, token);
    const auto lane = lane_to(app, tenant);
    if (!lane) co_return co_await transport_.send(app.api_origin, std::move(request), kProofLimits);
    const auto until = clock_.steady_now() + kSlotWait;
    for (auto now = clock_.steady_now();; now = clock_.steady_now()) {
        const auto ask = lane->caller().ask(call.call_class, pacing::Urgency::interactive);
        if (!ask.go && now < until) {
            const bool slept = co_await clock_.sleep_until(std::min({ask.retry_at, until, now + kSlotAgain}));
            if (slept) continue;
        }
        // Without a slot it goes uncounted: one call too many is at worst refused, and then nothing is linked.
        if (!ask.go) co_return co_await transport_.send(app.api_origin, std::move(request), kProofLimits);
        break;
    }
    auto& pacer = lane->pacer();
    const auto begun = clock_.steady_now();
    const auto ticket = pacer.begin(begun, begun + kProofLimits.total, call.call_class, pacing::Urgency::interactive);
    auto sending = transport_.send(app.api_origin, std::move(request), kProofLimits);
    auto answer = co_await shielded(std::move(sending));
    const bool answered = answer.stage == Stage::answered;
    pacer.end(ticket, clock_.steady_now(), answered ? app.provider->limit_signals(answer.response) : LimitSignals{},
              answered                          ? pacing::Ended::answered
              : answer.stage == Stage::not_sent ? pacing::Ended::not_sent
                                                : pacing::Ended::lost);
    lane->caller().wake();
    co_return answer;
}

std::shared_ptr<Lane> Service::lane_to(const ProviderApp& app, const std::string& tenant) const {
    for (const auto& [id, lane] : lanes_) {
        const auto& target = lane->caller().target();
        if (target.tenant == tenant && target.origin == app.api_origin) return lane;
    }
    return nullptr;
}

/// The organisations that a new token opens, as the provider says.
asio::awaitable<Result<std::vector<Tenant>>> Service::tenants_of(ProviderApp& app, ConsentClaims claims,
                                                                 Secret access) {
    const auto until = clock_.steady_now() + kDepartureWait;
    for (;;) {
        auto call = app.provider->tenants_call(claims);
        if (!call.ok()) co_return std::move(call).error();
        const auto answer = co_await send_apart(app, std::move(*call), claims.realm, access);
        auto tenants = app.provider->read_tenants(claims, answer);
        if (!tenants.ok()) co_return tenants;
        const auto leaving = std::ranges::find_if(*tenants, [&](const Tenant& tenant) {
            return departures_.is_leaving(organisation_of(app.provider->name(), tenant.id));
        });
        if (leaving == tenants->end() || clock_.steady_now() >= until) co_return tenants;
        // What the list says after that may be another thing.
        co_await departures_.ended(organisation_of(app.provider->name(), leaving->id), until);
    }
}

/// What a consent for new connections names. An organisation that consents again may be missing in the list of its
/// latest consent; one that this partner had and left is meant then, if it is the only one.
asio::awaitable<Result<std::vector<Tenant>>> Service::tenants_named(ProviderApp& app, store::ConsentRow consent,
                                                                    ConsentClaims claims, Secret access) {
    auto named = co_await tenants_of(app, claims, access);
    if (!named.ok() || !named->empty() || claims.event_id.empty()) co_return named;
    claims.event_id.clear();
    auto tenants = co_await tenants_of(app, std::move(claims), std::move(access));
    if (!tenants.ok()) co_return tenants;
    std::function<Result<std::vector<std::string>>(queue::sqlite::Connection&)> left =
        [partner = consent.partner,
         provider = consent.provider](queue::sqlite::Connection& connection) -> Result<std::vector<std::string>> {
        return store::left_tenants(connection, partner, provider);
    };
    auto known = co_await store_.read(std::move(left));
    if (!known.ok()) co_return std::move(known).error();
    std::erase_if(*tenants, [&](const Tenant& tenant) { return std::ranges::find(*known, tenant.id) == known->end(); });
    if (tenants->size() > 1)
        co_return Error{ErrorKind::conflict, "no_tenant",
                        "the consent does not tell which organisation it is for: reconnect that one's connection"};
    co_return tenants;
}

asio::awaitable<Result<store::ConsentRow>> Service::take_consent(std::string state) {
    std::function<Result<store::ConsentRow>(queue::Transaction&)> take =
        [state = std::move(state),
         now = clock_.wall_now()](queue::Transaction& transaction) -> Result<store::ConsentRow> {
        auto row = store::take_consent(connection_of(transaction), state, now);
        if (!row)
            return invalid("unknown_state", "this consent was not asked for here, was used already, or has expired");
        return *row;
    };
    co_return co_await store_.commit_value(queue::CommandClass::intake, std::move(take));
}

/// Exchanges the code, has its organisations shown, and stores the tokens only then: what the callback says proves
/// nothing, and tokens stored under a company that is not theirs would take the place of its own.
asio::awaitable<Result<Service::Opened>> Service::open_consent(ProviderApp& app, store::ConsentRow consent,
                                                               std::string code, std::string realm) {
    const bool exclusive = app.provider->one_tenant_per_grant();
    ConsentClaims claims;
    if (exclusive) claims.realm = std::move(realm);
    const auto askable = app.provider->tenants_call(claims);
    if (!askable.ok()) co_return askable.error();
    // Before the code is used: whether a revocation spares tokens that were given while it is under way is not known.
    const auto until = clock_.steady_now() + kDepartureWait;
    if (exclusive) co_await departures_.ended(organisation_of(consent.provider, claims.realm), until);
    auto exchanged = co_await grants_.exchange(consent.provider, std::move(code), consent.verifier);
    if (!exchanged.ok()) co_return std::move(exchanged).error();
    if (consent.connection.empty()) claims.event_id = exchanged->event_id;
    auto tenants = co_await tenants_named(app, consent, std::move(claims), exchanged->grant.access);
    if (!tenants.ok()) co_return std::move(tenants).error();
    if (tenants->empty()) co_return Error{ErrorKind::conflict, "no_tenant", "the consent names no organisation"};
    std::function<Result<bool>(queue::sqlite::Connection&)> check =
        [consent, tenants = *tenants, exclusive](queue::sqlite::Connection& connection) -> Result<bool> {
        auto allowed = check_consent(connection, consent, tenants, exclusive);
        if (!allowed.ok()) return std::move(allowed).error();
        return true;
    };
    auto allowed = co_await store_.read(std::move(check));
    if (!allowed.ok()) co_return std::move(allowed).error();
    if (exclusive) exchanged->grant.subject = tenants->front().id;
    auto grant = co_await grants_.keep(std::move(exchanged->grant));
    if (!grant.ok()) co_return std::move(grant).error();
    co_return Opened{grant->id, std::move(*tenants)};
}

asio::awaitable<Result<SyncService::Connected>> Service::finish_connect(std::string state, std::string code,
                                                                        std::string realm, std::string error) {
    auto consent = co_await take_consent(std::move(state));
    if (!consent.ok()) co_return std::move(consent).error();
    if (!error.empty() || code.empty())
        co_return Error{ErrorKind::forbidden, "consent_denied", "consent was not given"};
    const auto configured = apps_.find(consent->provider);
    if (configured == apps_.end())
        co_return Error{ErrorKind::conflict, "unknown_provider", "the provider is not configured"};
    auto opened = co_await open_consent(configured->second, *consent, std::move(code), std::move(realm));
    if (!opened.ok()) co_return std::move(opened).error();

    Connected connected;
    connected.return_url = consent->return_url;
    if (!consent->connection.empty()) {
        auto relinked = co_await relink(*consent, opened->grant, opened->tenants);
        if (!relinked.ok()) co_return std::move(relinked).error();
        auto revived = co_await revive_others(opened->grant, *relinked, std::move(opened->tenants));
        if (!revived.ok()) co_return std::move(revived).error();
        connected.connections.push_back(std::move(*relinked));
        co_return connected;
    }
    Result<ConnectionId> last = Error{ErrorKind::conflict, "no_tenant", "the consent names no organisation"};
    for (auto& tenant : opened->tenants) {
        last = co_await link_tenant(*consent, opened->grant, std::move(tenant));
        if (last.ok()) connected.connections.push_back(*last);
    }
    // Some organisations of this consent may be linked already; only when none was new is that an error.
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

}  // namespace spillway::sync
