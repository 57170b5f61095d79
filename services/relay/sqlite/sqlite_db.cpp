#include "services/relay/sqlite/sqlite_db.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>

#include "schema/record_json.hpp"
#include "schema/runtime/run_on.hpp"

namespace spillway::relay {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kPageBytesMax = 8u << 20;

Error error_of(const SQLite::Exception& exception) {
    Error error{ErrorKind::unavailable, "payment_db_error", exception.what()};
    switch (exception.getErrorCode()) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED: error.code = "lock_timeout"; break;
        case SQLITE_CANTOPEN:
        case SQLITE_NOTADB: error.code = "payment_db_down"; break;
        case SQLITE_CORRUPT: error.code = "outbox_index_damaged"; break;
        case SQLITE_ERROR: error.kind = ErrorKind::invalid, error.code = "outbox_schema"; break;
        default: break;
    }
    return error;
}

/// The statements, on the blocking thread. One writer at a time writes the file, so an id stands for a transaction:
/// whatever is visible is everything up to the greatest id ever given out.
class File {
 public:
    explicit File(const std::string& path) : database_(path, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX) {}

    Identity identify() {
        return {"sqlite:" + database_.execAndGet("SELECT id FROM spillway_outbox_file").getString(), 1, false};
    }
    Snapshot snapshot() {
        // The counter outlives deleted rows, and an empty outbox has none yet.
        SQLite::Statement greatest(database_,
                                   "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'spillway_outbox'");
        greatest.executeStep();
        const Xid next = static_cast<Xid>(greatest.getColumn(0).getInt64()) + 1;
        return {next, next, {}};
    }
    std::vector<Key> keys_between(const KeyRange& range) {
        SQLite::Statement statement(database_,
                                    "SELECT id FROM spillway_outbox WHERE id >= ?1 AND id <= ?2 AND id > ?3"
                                    " AND created_ms >= ?4 ORDER BY id LIMIT ?5");
        statement.bind(1, static_cast<std::int64_t>(range.first));
        statement.bind(2, static_cast<std::int64_t>(range.last));
        statement.bind(3, range.after.id);
        statement.bind(4, range.created_since ? to_ms(*range.created_since) : std::int64_t{0});
        statement.bind(5, static_cast<std::int64_t>(range.limit));
        std::vector<Key> out;
        while (statement.executeStep()) {
            const std::int64_t id = statement.getColumn(0).getInt64();
            out.push_back({static_cast<Xid>(id), id});
        }
        return out;
    }
    std::vector<OutboxRow> rows(const std::vector<std::int64_t>& ids) {
        SQLite::Statement statement(database_,
                                    "SELECT id, event_id, connection, kind, external_id, operation, body,"
                                    " CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) - created_ms"
                                    " FROM spillway_outbox WHERE id = ?1");
        std::vector<OutboxRow> out;
        std::size_t bytes = 0;
        for (const std::int64_t id : ids) {
            statement.reset();
            statement.bind(1, id);
            if (!statement.executeStep()) continue;
            OutboxRow row = row_of(statement);
            bytes += row.body_bytes;
            row.cut = bytes > kPageBytesMax && !out.empty();
            if (row.cut || row.body_bytes > kRecordBytesMax) row.body.reset();
            out.push_back(std::move(row));
        }
        return out;
    }

 private:
    static OutboxRow row_of(SQLite::Statement& statement) {
        OutboxRow row;
        row.id = statement.getColumn(0).getInt64();
        row.event_id = statement.getColumn(1).getString();
        row.connection = statement.getColumn(2).getString();
        row.kind = statement.getColumn(3).getString();
        row.external_id = statement.getColumn(4).getString();
        row.operation = statement.getColumn(5).getString();
        if (!statement.getColumn(6).isNull()) row.body = statement.getColumn(6).getString();
        row.body_bytes = row.body ? row.body->size() : 0;
        row.age = std::max(Millis{0}, Millis{statement.getColumn(7).getInt64()});
        return row;
    }

    SQLite::Database database_;
};

class SqliteSession final : public PaymentSession {
 public:
    SqliteSession(asio::any_io_executor blocking, std::shared_ptr<File> file)
        : blocking_(std::move(blocking)), file_(std::move(file)) {}

    asio::awaitable<Result<Identity>> identify() override {
        auto identity = co_await ask([file = file_] { return file->identify(); });
        co_return identity;
    }
    asio::awaitable<Result<Snapshot>> snapshot() override {
        auto now = co_await ask([file = file_] { return file->snapshot(); });
        co_return now;
    }
    asio::awaitable<Result<std::vector<Key>>> keys_of(std::vector<Xid>, std::size_t) override {
        co_return std::vector<Key>();  // no snapshot of a file lists a running transaction
    }
    asio::awaitable<Result<std::vector<Key>>> keys_between(KeyRange range) override {
        auto keys = co_await ask([file = file_, range] { return file->keys_between(range); });
        co_return keys;
    }
    asio::awaitable<Result<std::vector<OutboxRow>>> rows(std::vector<std::int64_t> ids) override {
        auto rows = co_await ask([file = file_, ids = std::move(ids)] { return file->rows(ids); });
        co_return rows;
    }
    asio::awaitable<Result<std::vector<Holder>>> holders() override { co_return std::vector<Holder>(); }
    void close() override { file_.reset(); }

 private:
    template <class Fn>
    auto ask(Fn fn) -> asio::awaitable<Result<std::invoke_result_t<Fn&>>> {
        using Answer = Result<std::invoke_result_t<Fn&>>;
        if (!file_) co_return Error{ErrorKind::unavailable, "payment_db_down", "the file was left"};
        auto guarded = [fn = std::move(fn)]() mutable -> Answer {
            try {
                return fn();
            } catch (const SQLite::Exception& exception) {
                return error_of(exception);
            }
        };
        auto answer = co_await run_on(blocking_, std::move(guarded));
        co_return answer;
    }

    asio::any_io_executor blocking_;
    std::shared_ptr<File> file_;
};

class SqliteDb final : public PaymentDb {
 public:
    SqliteDb(asio::any_io_executor blocking, std::string file)
        : blocking_(std::move(blocking)), file_(std::move(file)) {}

    asio::awaitable<Result<std::unique_ptr<PaymentSession>>> open() override {
        auto open = [path = file_]() -> Result<std::shared_ptr<File>> {
            try {
                return std::make_shared<File>(path);
            } catch (const SQLite::Exception& exception) {
                return error_of(exception);
            }
        };
        auto file = co_await run_on(blocking_, std::move(open));
        if (!file.ok()) co_return std::move(file).error();
        std::unique_ptr<PaymentSession> session = std::make_unique<SqliteSession>(blocking_, *std::move(file));
        co_return session;
    }
    void abort() override {}

 private:
    asio::any_io_executor blocking_;
    std::string file_;
};

}  // namespace

std::unique_ptr<PaymentDb> make_sqlite_db(asio::any_io_executor blocking, std::string file) {
    return std::make_unique<SqliteDb>(std::move(blocking), std::move(file));
}

}  // namespace spillway::relay
