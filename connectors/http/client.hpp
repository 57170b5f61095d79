#pragma once
// The real transport: HTTP/1.1 over TCP or TLS with kept-alive connections.

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "connectors/http/origin.hpp"
#include "connectors/transport.hpp"

namespace spillway::connectors {

struct OpenedLink;
/// Opens a connection by `until`; see open_link().
using LinkOpener = std::function<boost::asio::awaitable<OpenedLink>(Origin origin, SteadyTime until)>;

struct TransportOptions {
    /// A guard of our descriptors. All tenants of a provider share an origin, and what one of them may have in flight
    /// is for the pacing to say: under this, slow ones would hold up the others. Over it a request waits its turn,
    /// within its own time.
    std::size_t connections_per_origin_max = 512;
    Millis idle_max{30'000};      ///< an unused connection is closed after this
    std::string extra_ca_file{};  ///< PEM, trusted beside the system's; for tests and private proxies
    std::string user_agent = "Spillway/" SPILLWAY_VERSION;
    AddressFilter admits{};
    LinkOpener open_link{};  ///< instead of TCP and TLS: simulations, whose network is in memory
};

/// Lives on the loop's thread. TLS ≥ 1.2; certificates and host names are always checked. Compression is never asked
/// for. Nothing is retried: a kept connection that the peer has already closed is replaced *before* anything is
/// written.
class HttpTransport final : public Transport {
 public:
    /// Errors: invalid/`ca_file` when the extra authorities cannot be read.
    static Result<std::unique_ptr<HttpTransport>> create(boost::asio::any_io_executor executor, Clock& clock,
                                                         TransportOptions options = {});
    /// Requests in flight go on; their connections are not kept.
    ~HttpTransport() override;

    boost::asio::awaitable<SendResult> send(std::string origin, HttpRequest request, SendLimits limits) override;

    /// Connections waiting for their next use.
    [[nodiscard]] std::size_t idle_connections() const;

 private:
    struct Core;
    explicit HttpTransport(std::shared_ptr<Core> core);
    std::shared_ptr<Core> core_;
};

}  // namespace spillway::connectors
