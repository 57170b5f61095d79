#pragma once
// One connection to an origin, plain or TLS. Its source is the only one that instantiates TLS streams.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <span>
#include <string>

#include "connectors/http/origin.hpp"
#include "schema/clock.hpp"

namespace spillway::connectors {

struct IoResult {
    boost::system::error_code error{};
    std::size_t bytes = 0;
};

/// Lives on the loop's thread. After close() every operation, also one under way, ends with an error.
class Link {
 public:
    virtual ~Link() = default;
    virtual boost::asio::awaitable<IoResult> read_some(std::span<char> into) = 0;
    /// Writes all of `bytes`, which must stay alive. On an error of a plain link `bytes` of the result is exact; TLS
    /// cannot tell what its records carried away, so it says at least 1 once a record may have left.
    virtual boost::asio::awaitable<IoResult> write(std::string_view bytes) = 0;
    virtual void close() = 0;
    /// Whether an idle connection can no longer be used: the peer ended it, or sent what nobody asked for. Never
    /// blocks.
    [[nodiscard]] virtual bool stale() = 0;
};

struct OpenedLink {
    std::unique_ptr<Link> link{};  ///< empty when it failed
    std::string failure{};         ///< "connect: Connection refused", "tls: certificate has expired"
};

/// TLS 1.2 or newer, peers verified against the system's authorities and, where given, those in `extra_ca_file` (PEM).
/// Throws boost::system::system_error when that file cannot be read.
boost::asio::ssl::context make_tls_context(const std::string& extra_ca_file);

/// Resolves once, leaves out what `admits` refuses, connects (one address after the other, each with its share of what
/// is left of the time) and shakes hands, with SNI and the host name checked, by `until` on `clock`. Never blocks the
/// loop.
boost::asio::awaitable<OpenedLink> open_link(Origin origin, boost::asio::ssl::context& tls, Clock& clock,
                                             SteadyTime until, AddressFilter admits = {});

}  // namespace spillway::connectors
