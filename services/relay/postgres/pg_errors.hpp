#pragma once
// What PostgreSQL's error codes mean for who reads from it.

#include <string_view>

#include "schema/error.hpp"

namespace spillway::relay {

/// By SQLSTATE, never by text. Codes: `payment_db_down` (no answer, or the connection was lost), `payment_db_stopping`,
/// `payment_db_starting`, `payment_db_full` (out of connections or memory), `login_refused`, `statement_timeout`,
/// `lock_timeout`, `recovery_conflict` (a replica took back a snapshot), `outbox_schema` (the contract is not kept:
/// no table, column, permission), `outbox_index_damaged`, `row_unreadable` (data that one row's body needs),
/// `payment_db_error` for the rest.
Error pg_error(std::string_view sqlstate, std::string_view message);

}  // namespace spillway::relay
