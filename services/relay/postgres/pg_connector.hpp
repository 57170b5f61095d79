#pragma once
// Connections to a PostgreSQL, all opened in one way: short statements, read-only, names resolved off the loop.

#include "schema/secret.hpp"
#include "services/relay/postgres/pg_connection.hpp"

namespace spillway::relay {

struct PgSettings {
    std::string conninfo;  ///< as libpq has it: "host=db1,db2 dbname=pay user=spillway_relay sslmode=verify-full"
    Secret password{};
    std::string schema{};  ///< where the outbox is; empty: by the role's search_path
    Millis connect_limit{2'000};
    Millis statement_limit{250};
    Millis lock_limit{50};
    std::string application = "spillway-relay";
    /// Statistics of a table that swings between empty and full mislead the planner into reading all of it.
    bool by_index = true;
};

/// Whether libpq understands it, and no secret is in it. Errors: invalid/`bad_conninfo`.
Result<void> check_conninfo(const std::string& conninfo);

/// Loop thread only; one open() at a time.
class PgConnector {
 public:
    /// Names are resolved on `blocking`. Errors: invalid/`bad_conninfo`.
    static Result<std::unique_ptr<PgConnector>> make(boost::asio::any_io_executor loop,
                                                     boost::asio::any_io_executor blocking, Clock& clock,
                                                     PgSettings settings);
    /// Errors: see pg_errors.hpp.
    boost::asio::awaitable<Result<std::unique_ptr<PgConnection>>> open();
    /// Gives up an open() under way.
    void abort();
    [[nodiscard]] const PgSettings& settings() const { return settings_; }

 private:
    PgConnector(boost::asio::any_io_executor loop, boost::asio::any_io_executor blocking, Clock& clock,
                PgSettings settings, PgParameters parameters);

    boost::asio::any_io_executor loop_, blocking_;
    Clock& clock_;
    PgSettings settings_;
    PgParameters parameters_;
    PgConnection* opening_ = nullptr;
};

}  // namespace spillway::relay
