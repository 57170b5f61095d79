#include "services/relay/postgres/postgres_db.hpp"

#include "services/relay/postgres/postgres_session.hpp"

namespace spillway::relay {

namespace asio = boost::asio;

namespace {

class PostgresDb final : public PaymentDb {
 public:
    explicit PostgresDb(std::unique_ptr<PgConnector> connector) : connector_(std::move(connector)) {}

    asio::awaitable<Result<std::unique_ptr<PaymentSession>>> open() override {
        auto connection = co_await connector_->open();
        if (!connection.ok()) co_return std::move(connection).error();
        std::unique_ptr<PaymentSession> session =
            std::make_unique<PostgresSession>(*std::move(connection), 2 * connector_->settings().statement_limit);
        co_return session;
    }

    void abort() override { connector_->abort(); }

 private:
    std::unique_ptr<PgConnector> connector_;
};

}  // namespace

Result<std::unique_ptr<PaymentDb>> make_postgres_db(asio::any_io_executor loop, asio::any_io_executor blocking,
                                                    Clock& clock, PgSettings settings) {
    auto connector = PgConnector::make(std::move(loop), std::move(blocking), clock, std::move(settings));
    if (!connector.ok()) return std::move(connector).error();
    std::unique_ptr<PaymentDb> db = std::make_unique<PostgresDb>(*std::move(connector));
    return db;
}

}  // namespace spillway::relay
