#pragma once
// The payment database on PostgreSQL 13 or later.

#include "services/relay/payment_db.hpp"
#include "services/relay/postgres/pg_connector.hpp"

namespace spillway::relay {

/// Names are resolved on `blocking`. Errors: invalid/`bad_conninfo`.
Result<std::unique_ptr<PaymentDb>> make_postgres_db(boost::asio::any_io_executor loop,
                                                    boost::asio::any_io_executor blocking, Clock& clock,
                                                    PgSettings settings);

}  // namespace spillway::relay
