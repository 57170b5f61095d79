#pragma once
// Secrets at rest: AES-256-GCM under keys from a file.

#include <string>
#include <string_view>
#include <vector>

#include "schema/random.hpp"
#include "schema/result.hpp"
#include "schema/secret.hpp"

namespace spillway::oauth {

/// Seals and opens secrets. The first key seals, every key opens; so a key is rotated by putting a new one first,
/// sealing everything again (see stale) and then removing the old one.
class Vault {
 public:
    struct Key {
        std::string id;  ///< 1..32 of [A-Za-z0-9_-]
        Secret bytes;    ///< 32 bytes
    };

    /// The text of a key file: one "id:key" a line, the key 64 hexadecimal digits or 44 characters of Base64; empty
    /// lines and lines that begin with '#' are skipped. Errors: invalid/`bad_key_file` with the line's number, never
    /// its content.
    static Result<Vault> from_text(std::string_view text);

    /// "v1.<key id>.<Base64url of nonce, ciphertext and tag>".
    /// @param context  what it belongs to ("grt_7:refresh"): a sealed text moved to another row does not open.
    /// @param random   of the nonce, which must never repeat under one key: the machine's generator in production.
    [[nodiscard]] std::string seal(const Secret& secret, std::string_view context, Random& random) const;
    /// Errors: invalid/`sealed_text_malformed`, not_found/`sealing_key_missing`, forbidden/`sealed_text_refused`
    /// (changed, or of another context).
    [[nodiscard]] Result<Secret> open(std::string_view sealed, std::string_view context) const;
    /// Whether it was sealed under another key than the first.
    [[nodiscard]] bool stale(std::string_view sealed) const;

 private:
    explicit Vault(std::vector<Key> keys) : keys_(std::move(keys)) {}
    std::vector<Key> keys_;
};

}  // namespace spillway::oauth
