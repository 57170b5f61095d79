#include "connectors/http/origin.hpp"

#include <algorithm>
#include <charconv>

namespace spillway::connectors {
namespace {

constexpr std::size_t kHostBytesMax = 253;  // the longest name that DNS allows

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_address_char(char c) { return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.'; }

std::optional<std::uint16_t> parse_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(port);
}

bool is_ipv6(const std::string& host) { return host.find(':') != std::string::npos; }

std::string bracketed(const std::string& host) { return is_ipv6(host) ? '[' + host + ']' : host; }

/// Takes the host off the front of `text`. @return false when there is none.
bool take_host(std::string_view& text, std::string& host) {
    const bool brackets = text.starts_with('[');
    const auto end = brackets ? text.find(']') : std::min(text.find(':'), text.size());
    if (end == std::string_view::npos) return false;
    const auto name = brackets ? text.substr(1, end - 1) : text.substr(0, end);
    if (name.empty() || name.size() > kHostBytesMax) return false;
    host.assign(name);
    std::transform(host.begin(), host.end(), host.begin(), lower);
    text.remove_prefix(brackets ? end + 1 : end);
    return std::all_of(host.begin(), host.end(), brackets ? is_address_char : is_name_char);
}

}  // namespace

std::string Origin::key() const {
    return (tls ? "https://" : "http://") + bracketed(host) + ':' + std::to_string(port);
}

std::string Origin::host_field() const {
    const bool usual = port == (tls ? 443 : 80);
    return usual ? bracketed(host) : bracketed(host) + ':' + std::to_string(port);
}

std::optional<Origin> parse_origin(std::string_view text) {
    Origin origin;
    origin.tls = text.starts_with("https://");
    if (!origin.tls && !text.starts_with("http://")) return std::nullopt;
    text.remove_prefix(origin.tls ? 8 : 7);
    if (text.ends_with('/')) text.remove_suffix(1);
    if (!take_host(text, origin.host)) return std::nullopt;
    origin.port = origin.tls ? 443 : 80;
    if (text.empty()) return origin;
    if (!text.starts_with(':')) return std::nullopt;
    const auto port = parse_port(text.substr(1));
    if (!port) return std::nullopt;
    origin.port = *port;
    return origin;
}

}  // namespace spillway::connectors
