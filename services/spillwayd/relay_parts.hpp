#pragma once
// The relay and the payment database that it reads, as the configuration has them.

#include <boost/asio/thread_pool.hpp>

#include "services/relay/relay.hpp"
#include "services/spillwayd/config.hpp"

namespace spillway::daemon {

struct RelayParts {
    std::unique_ptr<relay::PaymentDb> db;
    std::unique_ptr<relay::Relay> relay;
};

/// `blocking` resolves names and reads files. Errors: invalid/`bad_config`.
Result<RelayParts> make_relay(const RelayConfig& config, boost::asio::any_io_executor loop,
                              boost::asio::any_io_executor blocking, queue::sqlite::SqliteStore& store, Clock& clock,
                              std::function<bool()> stands_back);

}  // namespace spillway::daemon
