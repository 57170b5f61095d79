#pragma once
// The sender of webhooks with the transport of its own.

#include "connectors/http/client.hpp"
#include "services/webhooks/sender.hpp"

namespace spillway::daemon {

struct WebhookParts {
    std::unique_ptr<connectors::HttpTransport> transport;
    std::unique_ptr<webhooks::Sender> sender;
};

/// Receivers share no connection, place or wait with the providers. Errors: as HttpTransport::create.
Result<WebhookParts> make_webhooks(boost::asio::any_io_executor loop, queue::sqlite::SqliteStore& store,
                                   oauth::Vault vault, Clock& clock, Random& random, webhooks::Allowed allowed);

}  // namespace spillway::daemon
