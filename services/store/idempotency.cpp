#include "services/store/idempotency.hpp"

namespace spillway::store {

std::optional<StoredAnswer> find_answer(Connection& connection, const IdempotencyKey& key, WallTime now) {
    return first_row(query(connection,
                           "SELECT body_hash, status, answer FROM idempotency"
                           " WHERE principal = ?1 AND route = ?2 AND key = ?3 AND at_ms > ?4",
                           key.principal, key.route, key.key, now - kIdempotencyKept),
                     [](SQLite::Statement& row) {
                         return StoredAnswer{text(row, 0), static_cast<int>(integer(row, 1)), text(row, 2)};
                     });
}

void store_answer(Connection& connection, const IdempotencyKey& key, const StoredAnswer& answer, WallTime now) {
    run(connection,
        "DELETE FROM idempotency WHERE (principal, route, key) IN"
        " (SELECT principal, route, key FROM idempotency WHERE at_ms <= ?1 ORDER BY at_ms LIMIT 10)",
        now - kIdempotencyKept);
    run(connection,
        "INSERT OR REPLACE INTO idempotency (principal, route, key, body_hash, status, answer, at_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        key.principal, key.route, key.key, answer.body_hash, answer.status, answer.answer, now);
}

}  // namespace spillway::store
