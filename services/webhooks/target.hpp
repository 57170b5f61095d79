#pragma once
// Where a webhook may go. A receiver is named by a customer, so it must not reach into the service's own network.

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/http/origin.hpp"
#include "schema/result.hpp"

namespace spillway::webhooks {

inline constexpr std::size_t kUrlBytesMax = 2'000;

/// A place that the operator allows whatever its address, port and scheme: tests, intranets.
struct Place {
    std::string host;  ///< lower case; an IPv6 address without its brackets
    std::uint16_t port = 0;
};
using Allowed = std::vector<Place>;

/// "host:port", "[::1]:8080". Errors: invalid/`bad_place`.
Result<Place> parse_place(std::string_view text);
bool is_allowed(const Allowed& allowed, const connectors::Origin& origin);

struct Target {
    std::string origin;  ///< "https://partner.example:443"
    std::string path;    ///< with the query
};

/// https on port 443 by a name or a public address, or what is allowed. No user info, no fragment.
/// Errors: invalid/`bad_url`, invalid/`url_refused`.
Result<Target> check_url(std::string_view url, const Allowed& allowed);

/// Whether the address belongs to the public internet: none that IANA's special-purpose registries list (private,
/// loopback, link-local, shared, multicast, documentation), and no IPv6 address that carries an IPv4 one.
bool is_public(const boost::asio::ip::address& address);

}  // namespace spillway::webhooks
