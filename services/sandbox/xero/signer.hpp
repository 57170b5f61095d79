#pragma once
// Signs the sandbox's JSON Web Tokens with an RSA key made at the first use in the process, and publishes it.

#include <string>
#include <string_view>

namespace spillway::sandbox::xero {

std::string base64url(std::string_view bytes);
/// Nothing thrown; an empty text for what is not base64.
std::string base64_decode(std::string_view text);
/// Lower-case hexadecimal SHA-256.
std::string sha256_hex(std::string_view bytes);
/// The code challenge of a verifier: RFC 7636, S256.
std::string pkce_challenge(std::string_view verifier);

class Signer {
 public:
    /// A compact RS256 token of those claims (JSON text).
    std::string sign(std::string_view claims);
    /// The JWKS document.
    std::string key_set();

 private:
    struct Key;
    static Key& key();
};

}  // namespace spillway::sandbox::xero
