#pragma once
// Short words for binding and reading rows. Parameters are bound in order from ?1; statements come prepared from the
// connection.

#include <SQLiteCpp/Statement.h>

#include <concepts>
#include <optional>
#include <string>

#include "queue/sqlite/sqlite_store.hpp"
#include "schema/clock.hpp"

namespace spillway::store {

using queue::sqlite::Connection;

inline void bind_one(SQLite::Statement& statement, int index, const std::string& value) {
    statement.bind(index, value);
}
inline void bind_one(SQLite::Statement& statement, int index, std::string_view value) {
    statement.bind(index, std::string(value));
}
inline void bind_one(SQLite::Statement& statement, int index, const char* value) { statement.bind(index, value); }
inline void bind_one(SQLite::Statement& statement, int index, WallTime value) {
    statement.bind(index, static_cast<std::int64_t>(to_ms(value)));
}
template <std::integral T>
void bind_one(SQLite::Statement& statement, int index, T value) {
    statement.bind(index, static_cast<std::int64_t>(value));
}
template <class T>
void bind_one(SQLite::Statement& statement, int index, const std::optional<T>& value) {
    if (value)
        bind_one(statement, index, *value);
    else
        statement.bind(index);
}

/// The prepared statement with its parameters bound. `sql` is a string literal.
template <class... Values>
SQLite::Statement& query(Connection& connection, const char* sql, const Values&... values) {
    SQLite::Statement& statement = connection.statement(sql);
    int index = 0;
    (bind_one(statement, ++index, values), ...);
    return statement;
}

/// Runs a statement that returns no rows. @return the number of rows changed.
template <class... Values>
int run(Connection& connection, const char* sql, const Values&... values) {
    return query(connection, sql, values...).exec();
}

inline std::string text(SQLite::Statement& row, int column) { return row.getColumn(column).getString(); }
inline std::int64_t integer(SQLite::Statement& row, int column) { return row.getColumn(column).getInt64(); }
inline bool flag(SQLite::Statement& row, int column) { return integer(row, column) != 0; }
inline WallTime time(SQLite::Statement& row, int column) { return from_ms(integer(row, column)); }
inline std::optional<std::string> text_or_none(SQLite::Statement& row, int column) {
    if (row.getColumn(column).isNull()) return std::nullopt;
    return text(row, column);
}
inline std::optional<std::int64_t> integer_or_none(SQLite::Statement& row, int column) {
    if (row.getColumn(column).isNull()) return std::nullopt;
    return integer(row, column);
}
inline std::optional<WallTime> time_or_none(SQLite::Statement& row, int column) {
    if (row.getColumn(column).isNull()) return std::nullopt;
    return time(row, column);
}

/// Every row of a statement, read by `read`.
template <class Read>
auto rows(SQLite::Statement& statement, Read read) {
    std::vector<decltype(read(statement))> out;
    while (statement.executeStep()) out.push_back(read(statement));
    return out;
}
/// The first row, if any.
template <class Read>
auto first_row(SQLite::Statement& statement, Read read) -> std::optional<decltype(read(statement))> {
    if (!statement.executeStep()) return std::nullopt;
    auto value = read(statement);
    statement.reset();
    return value;
}

/// Pages are never longer.
inline constexpr std::size_t kPageMax = 200;

}  // namespace spillway::store
