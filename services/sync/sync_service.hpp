#pragma once
// The application between the API and the providers: connections, their lanes, and syncs. Loop thread only.

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "connectors/provider.hpp"
#include "schema/ids.hpp"
#include "schema/result.hpp"
#include "services/store/doubt.hpp"
#include "services/store/subjects.hpp"

namespace spillway::sync {

/// Where a person gives consent, and the state that ties the callback to it.
struct Consent {
    std::string url;
    std::string state;
};

/// Why a lane does what it does right now, for people and for progress displays.
struct LaneStatus {
    std::string doing;  ///< "sending", "idle", "waiting", "paused", "needs_reauth"
    std::string
        waits_for;  ///< "minute limit", "day limit", "look-up quiet time", "provider unavailable" ...; else empty
    std::optional<Millis> wait_left;
    std::optional<int> day_left;
    std::int64_t calls = 0;      ///< since the start of the process, every call of the connection
    std::int64_t throttled = 0;  ///< 429 answers since the start of the process
};

/// Whether the store is believed to know everything that was sent.
struct Trust {
    std::int64_t clock_alarms = 0;  ///< since the start of the process
    std::optional<store::Doubt> doubt;
};

class SyncService {
 public:
    virtual ~SyncService() = default;

    /// Starts a consent. With `reconnect` the same organisation must be chosen again (another one is refused at the
    /// callback). Errors: not_found (partner, connection), invalid/`unknown_provider`.
    virtual boost::asio::awaitable<Result<Consent>> start_connect(PartnerId partner, std::string provider,
                                                                  std::optional<ConnectionId> reconnect,
                                                                  std::string return_url) = 0;
    /// The provider's redirect: exchanges the code, reads the organisation, proposes a mapping, makes the connection.
    /// One consent may link several organisations (Xero); each not linked elsewhere becomes a connection. Errors:
    /// invalid/`unknown_state`, forbidden/`consent_denied`, conflict/`tenant_linked`, conflict/`other_tenant`,
    /// unavailable.
    struct Connected {
        std::vector<ConnectionId> connections;
        std::string return_url;
    };
    virtual boost::asio::awaitable<Result<Connected>> finish_connect(std::string state, std::string code,
                                                                     std::string realm, std::string error) = 0;

    virtual boost::asio::awaitable<Result<void>> pause(ConnectionId connection, std::string reason,
                                                       std::optional<WallTime> until) = 0;
    virtual boost::asio::awaitable<Result<void>> resume(ConnectionId connection) = 0;
    /// Ends the one organisation's link; records and history stay. Errors: not_found, conflict/`disconnected`.
    virtual boost::asio::awaitable<Result<void>> disconnect(ConnectionId connection) = 0;
    /// Reads accounts, tax rates and locks again. Errors: as the provider's.
    virtual boost::asio::awaitable<Result<void>> refresh_books(ConnectionId connection) = 0;
    /// Reads the object that a person says a parked job's record is; nothing is changed. Errors: not_found,
    /// invalid/`no_object` (the books hold none of that id, or it is ended), conflict/`linked` (the record needs no new
    /// object), conflict/`not_running`; else as the provider's.
    virtual boost::asio::awaitable<Result<store::LinkByHand>> find_object(ConnectionId connection, queue::JobId job,
                                                                          std::string provider_id) = 0;
    /// Checks the mapping against the cached lists and stores it. Errors: invalid with the first problem's pointer.
    virtual boost::asio::awaitable<Result<void>> save_mapping(ConnectionId connection, Mapping mapping) = 0;
    /// setup | on_sync | automatic. A change to automatic releases what waits.
    virtual boost::asio::awaitable<Result<void>> set_posting(ConnectionId connection, std::string posting) = 0;

    /// Starts a sync: its scope is every open job of the connection, frozen now. Errors: not_found,
    /// conflict/`not_active` (paused, needs_reauth, disconnected, setup), conflict/`mapping_incomplete`.
    virtual boost::asio::awaitable<Result<SyncId>> start_sync(ConnectionId connection, std::string requested_by) = 0;

    [[nodiscard]] virtual LaneStatus lane_status(const ConnectionId& connection) const = 0;
    [[nodiscard]] virtual Trust trust() const = 0;
};

}  // namespace spillway::sync
