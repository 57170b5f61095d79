#pragma once
// The payment database on PostgreSQL 13 or later.

#include "schema/runtime/secret.hpp"
#include "services/relay/payment_db.hpp"
#include "services/relay/postgres/pg_connection.hpp"

namespace spillway::relay {

struct PgSettings {
    std::string conninfo;  ///< as libpq has it: "host=db1,db2 dbname=pay user=spillway_relay sslmode=verify-full"
    Secret password{};
    std::string schema{};  ///< where the outbox is; empty: by the role's search_path
    Millis connect_limit{2'000};
    Millis statement_limit{250};
    Millis lock_limit{50};
};

/// Whether libpq understands it, and no secret is in it. Errors: invalid/`bad_conninfo`.
Result<void> check_conninfo(const std::string& conninfo);

/// Names are resolved on `blocking`. Errors: invalid/`bad_conninfo`.
Result<std::unique_ptr<PaymentDb>> make_postgres_db(boost::asio::any_io_executor loop,
                                                    boost::asio::any_io_executor blocking, Clock& clock,
                                                    PgSettings settings);

}  // namespace spillway::relay
