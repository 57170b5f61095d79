#pragma once
// The relay's statements on PostgreSQL: each one short, in a transaction of its own, by an index.

#include "services/relay/payment_db.hpp"
#include "services/relay/postgres/pg_connection.hpp"

namespace spillway::relay {

class PostgresSession final : public PaymentSession {
 public:
    /// `limit`: how long an answer may take; more than the server's own statement_timeout.
    PostgresSession(std::unique_ptr<PgConnection> connection, Millis limit)
        : connection_(std::move(connection)), limit_(limit) {}

    boost::asio::awaitable<Result<Identity>> identify() override;
    boost::asio::awaitable<Result<Snapshot>> snapshot() override;
    boost::asio::awaitable<Result<std::vector<Key>>> keys_of(std::vector<Xid> xids, std::size_t limit) override;
    boost::asio::awaitable<Result<std::vector<Key>>> keys_between(KeyRange range) override;
    boost::asio::awaitable<Result<std::vector<OutboxRow>>> rows(std::vector<std::int64_t> ids) override;
    boost::asio::awaitable<Result<std::vector<Holder>>> holders() override;
    void close() override { connection_->close(); }

 private:
    std::unique_ptr<PgConnection> connection_;
    Millis limit_;
    bool has_view_ = false;  ///< spillway_body builds the bodies of rows without one
};

}  // namespace spillway::relay
