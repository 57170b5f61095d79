#pragma once
// The place that a request goes to: scheme, host, port.

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace spillway::connectors {

struct Origin {
    bool tls = false;
    std::string host;  ///< lower case; an IPv6 address without its brackets
    std::uint16_t port = 0;

    /// "https://api.xero.com:443": the key of the connection pool.
    [[nodiscard]] std::string key() const;
    /// The value of the Host field: the port only where it is not the scheme's own.
    [[nodiscard]] std::string host_field() const;
};

/// Reads "http://host[:port]" or "https://…"; a single trailing slash is accepted. Nothing for user info, a path, a
/// query or a host with other characters than letters, digits, '-', '.' and '_' (IPv6 addresses in brackets).
std::optional<Origin> parse_origin(std::string_view text);

/// Asked for every address of an origin before it is connected to. Empty: all are good.
using AddressFilter = std::function<bool(const Origin& origin, const boost::asio::ip::address& address)>;

}  // namespace spillway::connectors
