#pragma once
// The guard's statements on PostgreSQL 13 or later.

#include "services/guard/gauge.hpp"
#include "services/relay/postgres/pg_connector.hpp"

namespace spillway::guard {

/// No statement of the guard takes longer in the payment database.
inline constexpr Millis kStatementLimit{50};

/// `settings` are the relay's: only who it is and how long its statements may take differ. Errors:
/// invalid/`bad_conninfo`.
Result<std::unique_ptr<Gauge>> make_postgres_gauge(boost::asio::any_io_executor loop,
                                                   boost::asio::any_io_executor blocking, Clock& clock,
                                                   relay::PgSettings settings);

}  // namespace spillway::guard
