#pragma once
// The sync service: every connection's lane, the consents that make connections, and the syncs that partners start.

#include <map>
#include <memory>
#include <set>

#include "connectors/oauth/oauth.hpp"
#include "schema/runtime/task_group.hpp"
#include "services/store/consents.hpp"
#include "services/store/syncs.hpp"
#include "services/store/watches.hpp"
#include "services/sync/departures.hpp"
#include "services/sync/grants.hpp"
#include "services/sync/lane.hpp"
#include "services/sync/sync_service.hpp"

namespace spillway::sync {

/// One provider as this installation uses it.
struct ProviderApp {
    std::unique_ptr<Provider> provider;
    std::string api_origin;  ///< "https://api.xero.com"
    oauth::OAuthApp oauth;   ///< also the name of the app that limits belong to
    std::unique_ptr<pacing::AppBudget> budget;
    std::unique_ptr<AppTurns> turns = std::make_unique<AppTurns>();
    std::unique_ptr<Breaker> breaker = std::make_unique<Breaker>();
};

class Service final : public SyncService {
 public:
    struct Parts {
        boost::asio::any_io_executor executor;
        queue::sqlite::SqliteStore& store;
        Transport& transport;
        GrantKeeper& grants;
        Clock& clock;
        Random& random;
        std::map<std::string, ProviderApp> apps;  ///< by provider name
        /// Told of each heartbeat that is stored, to be noted beside the store; may be empty.
        std::function<boost::asio::awaitable<void>(std::int64_t count)> beaten{};
        /// Told of each connection that is made or changed, once that is stored; may be empty.
        std::function<void(const store::ConnectionRow&)> changed{};
    };
    explicit Service(Parts parts);
    ~Service() override;

    /// Starts the lane of every connection that is not disconnected, and watches the running syncs.
    boost::asio::awaitable<Result<void>> start();
    boost::asio::awaitable<void> stop(Millis grace);

    boost::asio::awaitable<Result<Consent>> start_connect(PartnerId partner, std::string provider,
                                                          std::optional<ConnectionId> reconnect,
                                                          std::string return_url) override;
    boost::asio::awaitable<Result<Connected>> finish_connect(std::string state, std::string code, std::string realm,
                                                             std::string error) override;
    boost::asio::awaitable<Result<void>> pause(ConnectionId connection, std::string reason,
                                               std::optional<WallTime> until) override;
    boost::asio::awaitable<Result<void>> resume(ConnectionId connection) override;
    boost::asio::awaitable<Result<void>> disconnect(ConnectionId connection) override;
    boost::asio::awaitable<Result<void>> refresh_books(ConnectionId connection) override;
    boost::asio::awaitable<Result<store::LinkByHand>> find_object(ConnectionId connection, queue::JobId job,
                                                                  std::string provider_id) override;
    boost::asio::awaitable<Result<void>> save_mapping(ConnectionId connection, Mapping mapping) override;
    boost::asio::awaitable<Result<void>> set_posting(ConnectionId connection, std::string posting) override;
    boost::asio::awaitable<Result<SyncId>> start_sync(ConnectionId connection, std::string requested_by) override;
    [[nodiscard]] LaneStatus lane_status(const ConnectionId& connection) const override;
    [[nodiscard]] Trust trust() const override { return {alarms_, world_.doubt}; }

    [[nodiscard]] const std::map<std::string, ProviderApp>& apps() const { return apps_; }

 private:
    using Change = std::function<Result<void>(queue::Transaction&, store::ConnectionRow&)>;

    /// Changes a connection's row in one transaction and tells its lane. Errors: not_found, the change's own.
    boost::asio::awaitable<Result<store::ConnectionRow>> change(ConnectionId id, Change what);
    boost::asio::awaitable<Result<store::ConnectionRow>> row_of(ConnectionId id);
    boost::asio::awaitable<Result<std::shared_ptr<Lane>>> make_lane(store::ConnectionRow row, bool fresh);
    /// Resolves what earlier processes left open, and sends from now on.
    boost::asio::awaitable<Result<void>> start_lane(ConnectionId id, std::shared_ptr<Lane> lane);
    boost::asio::awaitable<void> mark_needs_reauth(ConnectionId id, std::string reason);

    // connect.cpp
    /// What a consent opened: its tokens are stored.
    struct Opened {
        GrantId grant;
        std::vector<Tenant> tenants;
    };
    boost::asio::awaitable<Result<store::ConsentRow>> take_consent(std::string state);
    boost::asio::awaitable<Result<Opened>> open_consent(ProviderApp& app, store::ConsentRow consent, std::string code,
                                                        std::string realm);
    boost::asio::awaitable<Result<std::vector<Tenant>>> tenants_of(ProviderApp& app, ConsentClaims claims,
                                                                   Secret access);
    boost::asio::awaitable<Result<std::vector<Tenant>>> tenants_named(ProviderApp& app, store::ConsentRow consent,
                                                                      ConsentClaims claims, Secret access);
    boost::asio::awaitable<SendResult> send_apart(ProviderApp& app, PreparedCall call, std::string tenant,
                                                  Secret token);
    [[nodiscard]] std::shared_ptr<Lane> lane_to(const ProviderApp& app, const std::string& tenant) const;
    boost::asio::awaitable<Result<Books>> read_books_of(ProviderApp& app, Caller& caller, std::string tenant);

    // link.cpp
    boost::asio::awaitable<Result<ConnectionId>> link_tenant(store::ConsentRow consent, GrantId grant, Tenant tenant);
    boost::asio::awaitable<Result<ConnectionId>> relink(store::ConsentRow consent, GrantId grant,
                                                        std::vector<Tenant> tenants);
    boost::asio::awaitable<Result<void>> revive_others(GrantId grant, ConnectionId but, std::vector<Tenant> tenants);

    // first_books.cpp
    static constexpr const char* kReadingBooks = "the organisation's accounts and tax codes are being read";
    boost::asio::awaitable<bool> read_books_once(ConnectionId id);
    boost::asio::awaitable<void> read_first_books(ConnectionId id, std::shared_ptr<Signal> read);
    boost::asio::awaitable<void> await_first_books(ConnectionId id);

    // heart.cpp
    /// @param last  the wall clock at the heartbeat before; nothing at a start.
    boost::asio::awaitable<Result<void>> beat(std::optional<WallTime> last);
    boost::asio::awaitable<void> keep_beating();
    void doubt_from(std::optional<store::Doubt> doubt);
    boost::asio::awaitable<void> end_doubt();

    // late_effects.cpp
    boost::asio::awaitable<bool> look_for(std::string connection, std::vector<store::Watch> watches);
    boost::asio::awaitable<void> look_through(std::string connection);
    boost::asio::awaitable<void> look_for_late_effects();

    // sync_runs.cpp
    boost::asio::awaitable<void> watch_sync(store::SyncRow sync);
    boost::asio::awaitable<void> maintain();
    boost::asio::awaitable<void> resume_lapsed();
    boost::asio::awaitable<void> park_orphans();

    queue::sqlite::SqliteStore& store_;
    GrantKeeper& grants_;
    Clock& clock_;
    Random& random_;
    Transport& transport_;
    LaneWorld world_;
    std::map<std::string, ProviderApp> apps_;
    /// Shared with requests that use a lane's caller while the connection may be disconnected.
    std::map<std::string, std::shared_ptr<Lane>> lanes_;
    std::function<boost::asio::awaitable<void>(std::int64_t)> beaten_;
    std::function<void(const store::ConnectionRow&)> changed_;
    std::int64_t alarms_ = 0;
    std::set<std::string> looked_through_;  ///< connections whose late effects are being looked for
    Departures departures_;
    TaskGroup tasks_;
};

}  // namespace spillway::sync
