#pragma once
// API keys in memory, by the hash of their secret; and who a request comes from.

#include <optional>
#include <string>
#include <unordered_map>

#include "schema/runtime/http_message.hpp"
#include "services/store/api_keys.hpp"

namespace spillway::api {

struct Principal {
    std::string id;                      ///< "key:<id>"; "anonymous" where no key is needed
    std::string scope;                   ///< platform | partner | read_only | admin
    std::optional<std::string> partner;  ///< bound to this partner: it sees nothing else

    [[nodiscard]] bool sees(const std::string& other) const { return !partner || *partner == other; }
};

class KeyCache {
 public:
    explicit KeyCache(std::string admin_key_hash) : admin_key_hash_(std::move(admin_key_hash)) {}

    /// The bootstrap administrator, when the hash is theirs.
    [[nodiscard]] std::optional<Principal> bootstrap(const std::string& hash) const;
    [[nodiscard]] const store::ApiKeyRow* find(const std::string& hash) const;
    /// Also whenever one has changed: while the store cannot be asked, this is all that is known.
    void put(const store::ApiKeyRow& key);
    /// What was read of one that is not known: it may be older than a change that was put meanwhile.
    void learn(const store::ApiKeyRow& key) { keys_.try_emplace(key.hash, key); }
    /// Whether the key's last use should be written now; says so at most once in 10 minutes a key.
    bool due_for_touch(const std::string& hash, WallTime now);

 private:
    std::string admin_key_hash_;
    std::unordered_map<std::string, store::ApiKeyRow> keys_;  // bounded: only hashes of keys that exist come in
};

/// Nothing wrong with it, or why it is refused.
std::optional<std::string_view> refusal_of(const store::ApiKeyRow& key, WallTime now);
Principal principal_of(const store::ApiKeyRow& key);
/// The token of "Authorization: Bearer <token>"; nothing when there is none.
std::optional<std::string> bearer_token(const HttpHeaders& headers);

}  // namespace spillway::api
