#pragma once
// Rows out of a damaged table, without its indexes.

#include "queue/sqlite/repair.hpp"

namespace spillway::queue::sqlite {

/// Copies a table out of `old` into `fresh`. They are two connections: one that has met damage inside a transaction
/// does not write any more. Throws SQLite::Exception when `fresh` fails.
RepairedTable salvage_table(SQLite::Database& old, SQLite::Database& fresh, const std::string& name);

std::string in_quotes(const std::string& name);
std::vector<std::string> column_of(SQLite::Database& database, const std::string& sql);

}  // namespace spillway::queue::sqlite
