#include "services/spillwayd/relay_parts.hpp"

#include "services/relay/postgres/postgres_db.hpp"
#include "services/relay/sqlite/sqlite_db.hpp"

namespace spillway::daemon {
namespace {

Result<std::unique_ptr<relay::PaymentDb>> make_db(const RelayConfig& config, boost::asio::any_io_executor loop,
                                                  boost::asio::any_io_executor blocking, Clock& clock) {
    if (!config.sqlite_file.empty()) return relay::make_sqlite_db(std::move(blocking), config.sqlite_file);
    relay::PgSettings settings;
    settings.conninfo = config.conninfo;
    settings.password = config.password;
    settings.schema = config.schema;
    settings.statement_limit = config.statement_limit;
    return relay::make_postgres_db(std::move(loop), std::move(blocking), clock, std::move(settings));
}

}  // namespace

Result<RelayParts> make_relay(const RelayConfig& config, boost::asio::any_io_executor loop,
                              boost::asio::any_io_executor blocking, queue::sqlite::SqliteStore& store, Clock& clock,
                              std::function<bool()> stands_back) {
    auto db = make_db(config, loop, std::move(blocking), clock);
    if (!db.ok()) return invalid("bad_config", "/relay: " + db.error().detail, "/relay");
    relay::Limits limits;
    limits.poll_max = config.poll_max;
    limits.poll_min = std::min(limits.poll_min, config.poll_max);
    limits.holder_alert = config.long_transaction;
    RelayParts parts;
    parts.db = *std::move(db);
    relay::Relay::Parts given{std::move(loop), *parts.db, store, clock, limits, std::move(stands_back)};
    parts.relay = std::make_unique<relay::Relay>(std::move(given));
    return parts;
}

}  // namespace spillway::daemon
