#include "services/store/api_keys.hpp"

namespace spillway::store {
namespace {

#define SPILLWAY_KEY_COLUMNS "id, hash, scope, partner_id, name, created_ms, expires_ms, last_used_ms, revoked_ms"

ApiKeyRow read_key(SQLite::Statement& row) {
    ApiKeyRow out;
    out.id = text(row, 0);
    out.hash = text(row, 1);
    out.scope = text(row, 2);
    out.partner = text_or_none(row, 3);
    out.name = text(row, 4);
    out.created = time(row, 5);
    out.expires = time_or_none(row, 6);
    out.last_used = time_or_none(row, 7);
    out.revoked = time_or_none(row, 8);
    return out;
}

}  // namespace

void insert_api_key(Connection& connection, const ApiKeyRow& key) {
    run(connection, "INSERT INTO api_keys (" SPILLWAY_KEY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        key.id, key.hash, key.scope, key.partner, key.name, key.created, key.expires, key.last_used, key.revoked);
}

std::optional<ApiKeyRow> get_api_key(Connection& connection, const std::string& id) {
    return first_row(query(connection, "SELECT " SPILLWAY_KEY_COLUMNS " FROM api_keys WHERE id = ?1", id), read_key);
}

std::optional<ApiKeyRow> find_api_key_by_hash(Connection& connection, const std::string& hash) {
    return first_row(query(connection, "SELECT " SPILLWAY_KEY_COLUMNS " FROM api_keys WHERE hash = ?1", hash),
                     read_key);
}

std::vector<ApiKeyRow> list_api_keys(Connection& connection, const std::string& after, std::size_t limit) {
    return rows(query(connection, "SELECT " SPILLWAY_KEY_COLUMNS " FROM api_keys WHERE id > ?1 ORDER BY id LIMIT ?2",
                      after, limit),
                read_key);
}

bool revoke_api_key(Connection& connection, const std::string& id, WallTime now) {
    return run(connection, "UPDATE api_keys SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms IS NULL", id, now) == 1;
}

void expire_api_key(Connection& connection, const std::string& id, WallTime when) {
    run(connection, "UPDATE api_keys SET expires_ms = min(coalesce(expires_ms, ?2), ?2) WHERE id = ?1", id, when);
}

void touch_api_key(Connection& connection, const std::string& id, WallTime now) {
    run(connection, "UPDATE api_keys SET last_used_ms = ?2 WHERE id = ?1", id, now);
}

}  // namespace spillway::store
