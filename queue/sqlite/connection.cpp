#include <sqlite3.h>

#include <charconv>

#include "queue/sqlite/statements.hpp"
#include "schema/simulated.hpp"

namespace spillway::queue::sqlite {

SQLite::Statement& Connection::statement(const char* sql) {
    const auto known = statements_.find(sql);
    if (known == statements_.end()) {
        // Made before it is kept: preparing reads the schema, and so may fail.
        auto made = std::make_unique<SQLite::Statement>(database_, sql);
        used_.push_back(made.get());
        return *statements_.emplace(sql, std::move(made)).first->second;
    }
    used_.push_back(known->second.get());
    static_cast<void>(known->second->tryReset());  // reports once more what the last use has already reported
    known->second->clearBindings();
    return *known->second;
}

void Connection::reset_all() {
    for (SQLite::Statement* statement : used_) static_cast<void>(statement->tryReset());
    used_.clear();
}

namespace {
Error not_now(std::string code, std::string detail, int seconds) {
    Error error{ErrorKind::unavailable, std::move(code), std::move(detail)};
    error.retry_after = std::chrono::seconds(seconds);
    return error;
}
}  // namespace

std::string quoted_name(std::string_view name) {
    std::string quoted = "\"";
    for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

Error storage_error(const SQLite::Exception& exception) {
    switch (exception.getErrorCode() & 0xff) {
        case SQLITE_FULL: return not_now("storage_full", "no space is left for the database", 30);
        case SQLITE_PROTOCOL:  // a reader lost too many races for the log's lock
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return not_now("storage_busy", "another program holds the database", 2);
        case SQLITE_INTERRUPT: return {ErrorKind::unavailable, "read_too_slow", "the query took too long"};
        case SQLITE_IOERR:
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY: return {ErrorKind::unavailable, "storage_failed", exception.what()};
        default: return {ErrorKind::bug, "storage_error", exception.what()};
    }
}

Connection open_connection(const Settings& settings, bool writes) {
    // Without its count of memory in use SQLite takes no lock at each allocation. Refused once SQLite is in use: no
    // harm.
    static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(configured);
    const int mode = writes ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE : SQLite::OPEN_READONLY;
    constexpr int kBusyMs = 5'000;
    SQLite::Database database(settings.path, mode | SQLite::OPEN_NOMUTEX, kBusyMs, settings.vfs);
    database.exec("PRAGMA temp_store = MEMORY");
    database.exec("PRAGMA foreign_keys = ON");
    if (writes) {
        // Of a new file: three bodies of 1 KiB fill a page of 4 KiB no better than to three quarters.
        database.exec("PRAGMA page_size = 8192");
        database.exec("PRAGMA journal_mode = WAL");
        database.exec(SPILLWAY_DEFECT("acknowledged_before_sync") ? "PRAGMA synchronous = OFF"
                                                                  : "PRAGMA synchronous = FULL");
        // The writer alone checkpoints, between its groups (checkpoint.hpp): SQLite before 3.51.3 may lose a page when
        // two connections do.
        database.exec("PRAGMA wal_autocheckpoint = 0");
        database.exec("PRAGMA journal_size_limit = 67108864");
        database.exec("PRAGMA cache_size = -32768");
    } else {
        database.exec("PRAGMA wal_autocheckpoint = 0");
        database.exec("PRAGMA query_only = ON");
    }
    return Connection(std::move(database));
}

int migration_number(std::string_view file_name) {
    int number = 0;
    std::from_chars(file_name.data(), file_name.data() + file_name.size(), number);
    SPILLWAY_ASSERT(number > 0);
    return number;
}

int newest_version(std::span<const std::pair<std::string_view, std::string_view>> migrations) {
    return migrations.empty() ? 0 : migration_number(migrations.back().first);
}

Result<void> migrate(Connection& connection, const Settings& settings) {
    SQLite::Database& database = connection.database();
    const int stored = database.execAndGet("PRAGMA user_version").getInt();
    const int newest = newest_version(settings.migrations);
    if (stored > newest) {
        return Error{ErrorKind::conflict, "schema_newer",
                     settings.path + " has schema version " + std::to_string(stored) + ", this program knows " +
                         std::to_string(newest) + ": install the newer version"};
    }
    for (const auto& [name, sql] : settings.migrations) {
        const int number = migration_number(name);
        if (number <= stored) continue;
        // The version moves in the same transaction: a crash leaves the step either undone or done.
        const std::string step = "BEGIN IMMEDIATE;\n" + std::string(sql) +
                                 "\nPRAGMA user_version = " + std::to_string(number) + ";\nCOMMIT;";
        try {
            database.exec(step);
        } catch (const SQLite::Exception&) {
            if (sqlite3_get_autocommit(database.getHandle()) == 0) database.tryExec("ROLLBACK");
            throw;
        }
    }
    return success();
}

}  // namespace spillway::queue::sqlite
