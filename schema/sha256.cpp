#include "schema/sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "schema/assert.hpp"

namespace spillway {
namespace {

constexpr std::size_t kHashBytes = 32;
constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const unsigned char* raw(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* raw(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

/// Without padding: the last group has as many characters as its bits need.
std::string encode(std::string_view bytes, std::string_view alphabet) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    unsigned held = 0;
    int bits = 0;
    for (const char byte : bytes) {
        held = held << 8 | static_cast<unsigned char>(byte);
        for (bits += 8; bits >= 6; bits -= 6) text.push_back(alphabet[held >> (bits - 6) & 63]);
    }
    if (bits > 0) text.push_back(alphabet[held << (6 - bits) & 63]);
    return text;
}

/// Without padding; a group of one character, a foreign character and left-over bits are refused.
Result<std::string> decode(std::string_view text, std::string_view alphabet) {
    const Error bad = invalid("bad_base64", "not base64");
    if (text.size() % 4 == 1) return bad;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    unsigned held = 0;
    int bits = 0;
    for (const char c : text) {
        const std::size_t digit = alphabet.find(c);
        if (digit == std::string_view::npos) return bad;
        held = held << 6 | static_cast<unsigned>(digit);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes.push_back(static_cast<char>(held >> bits & 255));
    }
    if ((held & ((1u << bits) - 1)) != 0) return bad;
    return bytes;
}

}  // namespace

std::string sha256(std::string_view bytes) {
    std::string hash(kHashBytes, '\0');
    const int done = EVP_Digest(bytes.data(), bytes.size(), raw(hash), nullptr, EVP_sha256(), nullptr);
    SPILLWAY_ASSERT(done == 1);
    return hash;
}

std::string sha256_hex(std::string_view bytes) { return hex_encode(sha256(bytes)); }

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::string hash(kHashBytes, '\0');
    // OpenSSL takes a null key as "the key of last time": an empty one still needs an address.
    static constexpr unsigned char kNoKey = 0;
    const void* const key_bytes = key.empty() ? &kNoKey : raw(key);
    const auto* done =
        HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()), raw(bytes), bytes.size(), raw(hash), nullptr);
    SPILLWAY_ASSERT(done != nullptr);
    return hash;
}

std::string hex_encode(std::string_view bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char byte : bytes) {
        text.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
        text.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
    }
    return text;
}

std::string base64_encode(std::string_view bytes) {
    std::string text = encode(bytes, kStandard);
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

Result<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return invalid("bad_base64", "not base64");
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
    return decode(text, kStandard);
}

std::string base64url_encode(std::string_view bytes) { return encode(bytes, kUrl); }

Result<std::string> base64url_decode(std::string_view text) { return decode(text, kUrl); }

bool constant_time_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace spillway
