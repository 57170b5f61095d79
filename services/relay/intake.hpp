#pragma once
// Outbox rows become records. A row that cannot is refused with its reason, once, and holds up no other.

#include "queue/store.hpp"
#include "schema/record.hpp"
#include "services/relay/ledger.hpp"

namespace spillway::relay {

/// A row with what it says, or why it says nothing.
struct CheckedRow {
    OutboxRow row;  ///< its body has been read
    RecordKind kind = RecordKind::contact;
    bool is_void = false;
    std::optional<Record> record{};  ///< absent for a void and for what is refused
    std::optional<Error> error{};
};
/// Parses bodies: not for the loop.
std::vector<CheckedRow> check_rows(std::vector<OutboxRow> rows);

/// What became of rows.
struct Taken {
    std::int64_t accepted = 0, unchanged = 0, superseded = 0, duplicate = 0, refused = 0;
    Taken& operator+=(const Taken& other);
};

/// Takes all of them in, in this order; an event seen before changes nothing. Errors: the queue's own; roll back then.
Result<Taken> accept_rows(queue::Transaction& transaction, const std::vector<CheckedRow>& rows, WallTime now);

/// Notes the row as refused: for one that makes its transaction fail.
void refuse_row(store::Connection& connection, const OutboxRow& row, const Error& error, WallTime now);

}  // namespace spillway::relay
