#include "services/spillwayd/webhook_parts.hpp"

namespace spillway::daemon {

Result<WebhookParts> make_webhooks(boost::asio::any_io_executor loop, queue::sqlite::SqliteStore& store,
                                   oauth::Vault vault, Clock& clock, Random& random, webhooks::Allowed allowed) {
    connectors::TransportOptions options;
    options.connections_per_origin_max = 64;  // one receiver may have webhooks of many owners
    options.admits = [allowed](const connectors::Origin& origin, const boost::asio::ip::address& address) {
        return webhooks::is_allowed(allowed, origin) || webhooks::is_public(address);
    };
    auto transport = connectors::HttpTransport::create(loop, clock, std::move(options));
    if (!transport.ok()) return std::move(transport).error();
    WebhookParts parts;
    parts.transport = *std::move(transport);
    parts.sender = std::make_unique<webhooks::Sender>(webhooks::Sender::Parts{
        std::move(loop), store, *parts.transport, std::move(vault), clock, random, std::move(allowed), {}});
    return parts;
}

}  // namespace spillway::daemon
