#include "services/webhooks/target.hpp"

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "schema/runtime/http_head.hpp"

namespace spillway::webhooks {

namespace ip = boost::asio::ip;

namespace {

// IANA's special-purpose address registries; multicast and the reserved class E besides.
constexpr const char* kSpecialV4[] = {
    "0.0.0.0/8",       "10.0.0.0/8",    "100.64.0.0/10",   "127.0.0.0/8",     "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",    "192.0.2.0/24",  "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
    "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",  "224.0.0.0/4",    "240.0.0.0/4"};
// Within the global unicast 2000::/3; all else (mapped, NAT64, unique local, link-local, multicast) is outside of it.
constexpr const char* kSpecialV6[] = {"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"};

bool within(const ip::address_v4& address, const char* network) {
    const auto net = ip::make_network_v4(network);
    return (address.to_uint() & net.netmask().to_uint()) == net.network().to_uint();
}

bool within(const ip::address_v6& address, const char* network) {
    const auto net = ip::make_network_v6(network);
    const auto have = address.to_bytes();
    const auto want = net.address().to_bytes();
    for (std::size_t bit = 0; bit < net.prefix_length(); ++bit) {
        const unsigned mask = 0x80u >> (bit % 8);
        if ((have[bit / 8] & mask) != (want[bit / 8] & mask)) return false;
    }
    return true;
}

/// What an old resolver reads as an IPv4 address: "127.1", "0x7f000001", "2130706433".
bool looks_numeric(std::string_view host) {
    const std::string_view last = host.substr(host.rfind('.') + 1);
    return last.starts_with("0x") || last.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<void> check_host(const std::string& host) {
    boost::system::error_code no_address;
    const auto address = ip::make_address(host, no_address);
    if (!no_address) {
        if (is_public(address)) return success();
        return invalid("url_refused", "the address is not one of the public internet");
    }
    std::string_view name = host;
    if (name.ends_with('.')) name.remove_suffix(1);
    const bool local = name.find('.') == std::string_view::npos || name.ends_with(".localhost");
    if (local || looks_numeric(name)) return invalid("url_refused", "the host is not a public name");
    return success();
}

}  // namespace

bool is_public(const ip::address& address) {
    if (address.is_v4())
        return std::ranges::none_of(kSpecialV4, [&](const char* net) { return within(address.to_v4(), net); });
    const auto v6 = address.to_v6();
    return within(v6, "2000::/3") && std::ranges::none_of(kSpecialV6, [&](const char* net) { return within(v6, net); });
}

Result<Place> parse_place(std::string_view text) {
    const auto origin = connectors::parse_origin("http://" + std::string(text));
    const bool port_given = text.rfind(':') != std::string_view::npos && !text.ends_with(']') && !text.ends_with('/');
    if (!origin || !port_given) return invalid("bad_place", "is not host:port");
    return Place{origin->host, origin->port};
}

bool is_allowed(const Allowed& allowed, const connectors::Origin& origin) {
    return std::ranges::any_of(
        allowed, [&](const Place& place) { return place.host == origin.host && place.port == origin.port; });
}

Result<Target> check_url(std::string_view url, const Allowed& allowed) {
    if (url.size() > kUrlBytesMax) return invalid("bad_url", "the URL is too long");
    const auto scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) return invalid("bad_url", "the URL has no scheme");
    const auto path_at = std::min(url.find_first_of("/?#", scheme_end + 3), url.size());
    const auto origin = connectors::parse_origin(url.substr(0, path_at));
    std::string path(url.substr(path_at));
    if (!path.starts_with('/')) path.insert(0, "/");
    if (!origin || !safe_target(path) || path.find('#') != std::string::npos)
        return invalid("bad_url", "the URL is not https://host/path");
    if (!is_allowed(allowed, *origin)) {
        if (!origin->tls) return invalid("url_refused", "webhooks go by https only");
        if (origin->port != 443) return invalid("url_refused", "webhooks go to port 443 only");
        if (auto host = check_host(origin->host); !host.ok()) return std::move(host).error();
    }
    return Target{origin->key(), std::move(path)};
}

}  // namespace spillway::webhooks
