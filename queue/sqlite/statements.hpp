#pragma once
// Small tools around prepared statements, private to this folder.

#include <SQLiteCpp/Exception.h>

#include <string_view>

#include "queue/sqlite/sqlite_store.hpp"

namespace spillway::queue::sqlite {

/// Bytes that are not text.
struct Blob {
    const std::string& bytes;
};

inline void bind_one(SQLite::Statement& statement, int index, std::int64_t value) { statement.bind(index, value); }
inline void bind_one(SQLite::Statement& statement, int index, const std::string& value) {
    statement.bind(index, value);
}
inline void bind_one(SQLite::Statement& statement, int index, Blob blob) {
    statement.bind(index, blob.bytes.data(), static_cast<int>(blob.bytes.size()));
}
template <class T>
void bind_one(SQLite::Statement& statement, int index, const std::optional<T>& value) {
    if (value) {
        bind_one(statement, index, *value);
    } else {
        statement.bind(index);
    }
}

/// The statement, ready to run, with its parameters ?1, ?2 … bound in order.
template <class... Values>
SQLite::Statement& bound(Connection& connection, const char* sql, const Values&... values) {
    SQLite::Statement& statement = connection.statement(sql);
    int index = 0;
    (bind_one(statement, ++index, values), ...);
    return statement;
}

template <class... Values>
void run(Connection& connection, const char* sql, const Values&... values) {
    SQLite::Statement& statement = bound(connection, sql, values...);
    statement.exec();
    statement.reset();
}

/// A name as SQL writes it, quotes included.
std::string quoted_name(std::string_view name);

/// By result code: unavailable/`storage_full`, `storage_busy`, `read_too_slow`, `storage_failed` (nothing may be
/// trusted until the store is opened again), else bug/`storage_error`.
Error storage_error(const SQLite::Exception& exception);

/// Opens with the settings that every connection needs. Throws SQLite::Exception.
Connection open_connection(const Settings& settings, bool writes);

/// The number that a migration's file name begins with: the schema's version once it was carried out.
int migration_number(std::string_view file_name);
/// The version that the last of them leads to; 0 without any.
int newest_version(std::span<const std::pair<std::string_view, std::string_view>> migrations);
/// Brings the schema to the newest version, one transaction per step. Errors: conflict/`schema_newer`.
/// Throws SQLite::Exception.
Result<void> migrate(Connection& connection, const Settings& settings);

}  // namespace spillway::queue::sqlite
