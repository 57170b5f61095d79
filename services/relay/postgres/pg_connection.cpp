#include "services/relay/postgres/pg_connection.hpp"

#include <libpq-fe.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "schema/runtime/deadline.hpp"
#include "services/relay/postgres/pg_errors.hpp"

namespace spillway::relay {

namespace asio = boost::asio;

namespace {

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string() : std::string(text);
}

/// With PQERRORS_SQLSTATE the message of a refused connection ends with the code: "FATAL:  53300\n".
std::string state_at_end(std::string_view message) {
    while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.remove_suffix(1);
    const bool named = message.find("FATAL:") != std::string_view::npos && message.size() > 5;
    if (!named) return {};
    const auto code = message.substr(message.size() - 5);
    const bool plain = code.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
    return plain ? std::string(code) : std::string();
}

}  // namespace

int PgRows::size() const { return PQntuples(result_.get()); }

std::string PgRows::text(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::optional<std::string> PgRows::text_or_none(int row, int column) const {
    if (PQgetisnull(result_.get(), row, column) == 1) return std::nullopt;
    return text(row, column);
}

std::int64_t PgRows::integer(int row, int column) const {
    std::int64_t value = 0;
    const std::string digits = text(row, column);
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

void PgRows::Clear::operator()(pg_result* result) const { PQclear(result); }

PgConnection::PgConnection(asio::any_io_executor executor, Clock& clock)
    : executor_(std::move(executor)), clock_(clock), socket_(executor_) {}

PgConnection::~PgConnection() { close(); }

void PgConnection::close() {
    boost::system::error_code ignored;  // it is being thrown away
    socket_.close(ignored);
    watched_ = -1;
    if (connection_ != nullptr) PQfinish(connection_);
    connection_ = nullptr;
}

int PgConnection::server_version() const { return connection_ == nullptr ? 0 : PQserverVersion(connection_); }

Error PgConnection::lost() const {
    if (expired_) return {ErrorKind::unavailable, "payment_db_down", "the payment database did not answer in time"};
    if (connection_ == nullptr) return {ErrorKind::unavailable, "payment_db_down", "the connection was closed"};
    return {ErrorKind::unavailable, "payment_db_down", "the connection to the payment database was lost"};
}

/// libpq may open another socket while it connects (another host, TLS refused): then the new one is watched.
bool PgConnection::watch_socket() {
    const int theirs = PQsocket(connection_);
    if (theirs < 0) return false;
    boost::system::error_code failure;
    socket_.close(failure);
    const int ours = ::dup(theirs);
    if (ours < 0) return false;
    socket_.assign(ours, failure);
    if (failure) ::close(ours);
    return !failure;
}

asio::awaitable<bool> PgConnection::wait(Direction direction) {
    const auto what = direction == Direction::read ? asio::posix::descriptor_base::wait_read
                                                   : asio::posix::descriptor_base::wait_write;
    auto [failure] = co_await socket_.async_wait(what, asio::as_tuple(asio::use_awaitable));
    co_return !failure && !expired_ && connection_ != nullptr;
}

asio::awaitable<Result<void>> PgConnection::connect(PgParameters parameters, Millis limit) {
    std::vector<const char*> names, values;
    for (const auto& [name, value] : parameters) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    expired_ = false;
    connection_ = PQconnectStartParams(names.data(), values.data(), 0);
    if (connection_ == nullptr) co_return Error{ErrorKind::unavailable, "payment_db_down", "out of memory"};
    PQsetErrorVerbosity(connection_, PQERRORS_SQLSTATE);
    Deadline deadline(executor_, clock_, clock_.steady_now() + limit, [this] {
        expired_ = true;
        boost::system::error_code ignored;
        socket_.cancel(ignored);
    });
    auto connected = co_await drive_connect();
    if (!connected.ok()) {
        close();
        co_return connected;
    }
    PQsetErrorVerbosity(connection_, PQERRORS_TERSE);
    if (PQsetnonblocking(connection_, 1) != 0) co_return lost();
    co_return success();
}

asio::awaitable<Result<void>> PgConnection::drive_connect() {
    if (PQstatus(connection_) == CONNECTION_BAD) {
        // Before anything was sent: a parameter that libpq does not know, an address that nobody serves.
        co_return Error{ErrorKind::unavailable, "payment_db_down", PQerrorMessage(connection_)};
    }
    auto next = PGRES_POLLING_WRITING;
    while (true) {
        if (next == PGRES_POLLING_OK) co_return success();
        if (next == PGRES_POLLING_FAILED) {
            const std::string message = PQerrorMessage(connection_);
            const std::string state = state_at_end(message);
            co_return pg_error(state, state.empty() ? message : "the payment database refused the connection");
        }
        if (!watch_socket()) co_return lost();
        const auto direction = next == PGRES_POLLING_READING ? Direction::read : Direction::write;
        const bool ready = co_await wait(direction);
        if (!ready) co_return lost();
        next = PQconnectPoll(connection_);
    }
}

asio::awaitable<Result<PgRows>> PgConnection::query(const char* sql, std::vector<std::optional<std::string>> parameters,
                                                    Millis limit) {
    if (connection_ == nullptr) co_return lost();
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const auto& parameter : parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
    expired_ = false;
    if (!watch_socket()) co_return lost();
    const int sent = PQsendQueryParams(connection_, sql, static_cast<int>(values.size()), nullptr, values.data(),
                                       nullptr, nullptr, 0);
    if (sent != 1) co_return lost();
    Deadline deadline(executor_, clock_, clock_.steady_now() + limit, [this] {
        expired_ = true;
        boost::system::error_code ignored;
        socket_.cancel(ignored);
    });
    auto rows = co_await drive_query();
    // What is left of an answer nobody waited for would be taken for the next statement's.
    const bool broken = !rows.ok() && rows.error().code == "payment_db_down";
    if (broken) close();
    co_return rows;
}

asio::awaitable<Result<PgRows>> PgConnection::drive_query() {
    for (int left = PQflush(connection_); left != 0; left = PQflush(connection_)) {
        if (left < 0) co_return lost();
        const bool ready = co_await wait(Direction::write);
        if (!ready) co_return lost();
    }
    Result<PgRows> out = lost();
    while (true) {
        while (PQisBusy(connection_) == 1) {
            const bool ready = co_await wait(Direction::read);
            if (!ready) co_return lost();
            if (PQconsumeInput(connection_) != 1) {
                // The server's last word, such as its shutdown, may be in the buffer.
                if (PQisBusy(connection_) == 1) co_return lost();
            }
        }
        PGresult* result = PQgetResult(connection_);
        if (result == nullptr) co_return out;
        if (PQresultStatus(result) == PGRES_TUPLES_OK) {
            out = PgRows(result);
            continue;
        }
        out = pg_error(field(result, PG_DIAG_SQLSTATE), field(result, PG_DIAG_MESSAGE_PRIMARY));
        PQclear(result);
        if (PQstatus(connection_) == CONNECTION_BAD) co_return out;
    }
}

}  // namespace spillway::relay
