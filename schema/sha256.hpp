#pragma once
// SHA-256 and HMAC for hashes of bodies, signatures of webhooks and PKCE, with the texts they travel as.

#include <string>
#include <string_view>

#include "schema/result.hpp"

namespace spillway {

/// 32 raw bytes.
std::string sha256(std::string_view bytes);
/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);
/// 32 raw bytes.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

/// Lower-case hexadecimal digits, two a byte.
std::string hex_encode(std::string_view bytes);

/// RFC 4648 §4, with padding.
std::string base64_encode(std::string_view bytes);
/// Strict: padding required, no white space, no stray bits. Errors: invalid/`bad_base64`.
Result<std::string> base64_decode(std::string_view text);
/// RFC 4648 §5 ("-" and "_"), without padding, as in JSON Web Tokens and PKCE.
std::string base64url_encode(std::string_view bytes);
/// Strict: without padding. Errors: invalid/`bad_base64`.
Result<std::string> base64url_decode(std::string_view text);

/// Whether both are the same, in a time that depends on the lengths only: for signatures, keys and states.
bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace spillway
