#pragma once
// The payment database as a SQLite file with the outbox of deploy/outbox/sqlite.sql: for the demo and small platforms.

#include <boost/asio/any_io_executor.hpp>

#include "services/relay/payment_db.hpp"

namespace spillway::relay {

/// Opens the file read-only, on `blocking`, for one statement at a time; waits for no lock.
std::unique_ptr<PaymentDb> make_sqlite_db(boost::asio::any_io_executor blocking, std::string file);

}  // namespace spillway::relay
