#pragma once
// One PostgreSQL connection on the event loop: libpq without blocking.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schema/clock.hpp"
#include "schema/result.hpp"
#include "schema/secret.hpp"

struct pg_conn;
struct pg_result;

namespace spillway::relay {

/// Connection parameters by libpq's names; addresses are resolved (`hostaddr`), for libpq would block in DNS.
using PgParameters = std::vector<std::pair<std::string, std::string>>;

/// The rows of one answer, as text.
class PgRows {
 public:
    PgRows() = default;
    explicit PgRows(pg_result* result) : result_(result) {}
    [[nodiscard]] int size() const;
    [[nodiscard]] std::string text(int row, int column) const;
    [[nodiscard]] std::optional<std::string> text_or_none(int row, int column) const;
    [[nodiscard]] std::int64_t integer(int row, int column) const;

 private:
    struct Clear {
        void operator()(pg_result* result) const;
    };
    std::unique_ptr<pg_result, Clear> result_;
};

/// Loop thread only; one statement at a time.
class PgConnection {
 public:
    PgConnection(boost::asio::any_io_executor executor, Clock& clock);
    ~PgConnection();
    PgConnection(const PgConnection&) = delete;
    PgConnection& operator=(const PgConnection&) = delete;

    /// Errors: see pg_errors.hpp; `payment_db_down` when `limit` passes.
    boost::asio::awaitable<Result<void>> connect(PgParameters parameters, Millis limit);
    /// `sql` is a literal with $1, $2 ...
    boost::asio::awaitable<Result<PgRows>> query(const char* sql, std::vector<std::optional<std::string>> parameters,
                                                 Millis limit);
    /// Ends what is under way and leaves, at once.
    void close();
    [[nodiscard]] int server_version() const;

 private:
    enum class Direction { read, write };
    boost::asio::awaitable<bool> wait(Direction direction);
    bool watch_socket();
    boost::asio::awaitable<Result<void>> drive_connect();
    boost::asio::awaitable<Result<PgRows>> drive_query();
    Error lost() const;

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    pg_conn* connection_ = nullptr;
    boost::asio::posix::stream_descriptor socket_;  ///< a duplicate of libpq's, which opens and closes its own
    int watched_ = -1;
    bool expired_ = false;
};

}  // namespace spillway::relay
