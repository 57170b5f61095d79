#include "services/api/key_cache.hpp"

#include "schema/sha256.hpp"

namespace spillway::api {

std::optional<Principal> KeyCache::bootstrap(const std::string& hash) const {
    if (admin_key_hash_.empty() || !constant_time_equal(hash, admin_key_hash_)) return std::nullopt;
    return Principal{"key:bootstrap", "admin", std::nullopt};
}

const store::ApiKeyRow* KeyCache::find(const std::string& hash) const {
    // The map compares hashes, not secrets: its timing tells nothing about a secret that is 256 random bits.
    const auto found = keys_.find(hash);
    if (found == keys_.end() || !constant_time_equal(found->second.hash, hash)) return nullptr;
    return &found->second;
}

void KeyCache::put(const store::ApiKeyRow& key) { keys_.insert_or_assign(key.hash, key); }

bool KeyCache::due_for_touch(const std::string& hash, WallTime now) {
    const auto found = keys_.find(hash);
    if (found == keys_.end()) return false;
    auto& last = found->second.last_used;
    if (last && now - *last < std::chrono::minutes(10)) return false;
    last = now;
    return true;
}

std::optional<std::string_view> refusal_of(const store::ApiKeyRow& key, WallTime now) {
    if (key.revoked) return "the key is revoked";
    if (key.expires && *key.expires <= now) return "the key has expired";
    return std::nullopt;
}

Principal principal_of(const store::ApiKeyRow& key) { return {"key:" + key.id, key.scope, key.partner}; }

std::optional<std::string> bearer_token(const HttpHeaders& headers) {
    const auto field = headers.find("Authorization");
    constexpr std::string_view kScheme = "bearer ";
    if (!field || field->size() <= kScheme.size()) return std::nullopt;
    for (std::size_t i = 0; i < kScheme.size(); ++i) {
        const char c = (*field)[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != kScheme[i]) return std::nullopt;
    }
    return std::string(field->substr(kScheme.size()));
}

}  // namespace spillway::api
