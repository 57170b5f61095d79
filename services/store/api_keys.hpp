#pragma once
// API keys. Only the hash of a secret is stored.

#include "schema/ids.hpp"
#include "services/store/sql.hpp"

namespace spillway::store {

struct ApiKeyRow {
    std::string id;
    std::string hash;   ///< sha256_hex of the secret
    std::string scope;  ///< platform | partner | read_only | admin
    std::optional<std::string> partner;
    std::string name;
    WallTime created{};
    std::optional<WallTime> expires, last_used, revoked;
};

void insert_api_key(Connection& connection, const ApiKeyRow& key);
std::optional<ApiKeyRow> get_api_key(Connection& connection, const std::string& id);
std::optional<ApiKeyRow> find_api_key_by_hash(Connection& connection, const std::string& hash);
/// In id order after `after`.
std::vector<ApiKeyRow> list_api_keys(Connection& connection, const std::string& after, std::size_t limit);
/// @return false when there is no such key or it is revoked already.
bool revoke_api_key(Connection& connection, const std::string& id, WallTime now);
/// The end of a key's overlap with its successor; never later than the end that it has.
void expire_api_key(Connection& connection, const std::string& id, WallTime when);
void touch_api_key(Connection& connection, const std::string& id, WallTime now);

}  // namespace spillway::store
