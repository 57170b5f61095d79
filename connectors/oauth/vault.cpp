#include "connectors/oauth/vault.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "schema/assert.hpp"
#include "schema/sha256.hpp"

namespace spillway::oauth {
namespace {

constexpr std::size_t kKeyBytes = 32, kNonceBytes = 12, kTagBytes = 16;
constexpr std::string_view kVersion = "v1.";

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::optional<std::string> hex_key(std::string_view text) {
    if (text.size() != 2 * kKeyBytes) return std::nullopt;
    std::string key;
    const auto digit = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    };
    for (std::size_t i = 0; i < text.size(); i += 2) {
        if (digit(text[i]) < 0 || digit(text[i + 1]) < 0) return std::nullopt;
        key.push_back(static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1])));
    }
    return key;
}

std::optional<Vault::Key> read_key(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon > 32) return std::nullopt;
    const std::string_view id = line.substr(0, colon), text = line.substr(colon + 1);
    const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
    if (!plain) return std::nullopt;
    if (auto key = hex_key(text)) return Vault::Key{std::string(id), Secret(std::move(*key))};
    Result<std::string> key = base64_decode(text);
    if (!key || key->size() != kKeyBytes) return std::nullopt;
    return Vault::Key{std::string(id), Secret(std::move(*key))};
}

struct Sealed {
    std::string key_id, nonce, text, tag;
};

std::optional<Sealed> split(std::string_view sealed) {
    if (!sealed.starts_with(kVersion)) return std::nullopt;
    sealed.remove_prefix(kVersion.size());
    const auto dot = sealed.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const Result<std::string> raw = base64url_decode(sealed.substr(dot + 1));
    if (!raw || raw->size() < kNonceBytes + kTagBytes) return std::nullopt;
    return Sealed{std::string(sealed.substr(0, dot)), raw->substr(0, kNonceBytes),
                  raw->substr(kNonceBytes, raw->size() - kNonceBytes - kTagBytes),
                  raw->substr(raw->size() - kTagBytes)};
}

// The key's id is authenticated too: context and id are told apart by the zero byte.
std::string associated(std::string_view key_id, std::string_view context) {
    return std::string(key_id) + '\0' + std::string(context);
}

}  // namespace

Result<Vault> Vault::from_text(std::string_view text) {
    std::vector<Key> keys;
    for (int number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        std::optional<Key> key = read_key(line);
        if (!key)
            return invalid("bad_key_file",
                           "line " + std::to_string(number) + ": \"id:key\" with a key of 32 bytes is needed");
        for (const Key& known : keys)
            if (known.id == key->id)
                return invalid("bad_key_file", "line " + std::to_string(number) + ": the id stands twice");
        keys.push_back(std::move(*key));
    }
    if (keys.empty()) return invalid("bad_key_file", "no key at all");
    return Vault(std::move(keys));
}

std::string Vault::seal(const Secret& secret, std::string_view context, Random& random) const {
    const Key& key = keys_.front();
    std::string nonce;
    while (nonce.size() < kNonceBytes) {
        const std::uint64_t word = random.next();
        for (int shift = 0; shift < 64 && nonce.size() < kNonceBytes; shift += 8)
            nonce.push_back(static_cast<char>(word >> shift));
    }
    const std::string& plain = secret.reveal();
    const std::string data = associated(key.id, context);
    std::string text(plain.size(), '\0'), tag(kTagBytes, '\0');
    int length = 0;
    const Cipher cipher(EVP_CIPHER_CTX_new());
    SPILLWAY_ASSERT(cipher != nullptr);
    SPILLWAY_ASSERT(
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key.bytes.reveal()), bytes(nonce)) == 1);
    SPILLWAY_ASSERT(EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes(data), static_cast<int>(data.size())) == 1);
    SPILLWAY_ASSERT(
        EVP_EncryptUpdate(cipher.get(), bytes(text), &length, bytes(plain), static_cast<int>(plain.size())) == 1);
    SPILLWAY_ASSERT(EVP_EncryptFinal_ex(cipher.get(), bytes(tag), &length) == 1);  // GCM writes nothing here
    SPILLWAY_ASSERT(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag.data()) == 1);
    return std::string(kVersion) + key.id + "." + base64url_encode(nonce + text + tag);
}

Result<Secret> Vault::open(std::string_view sealed, std::string_view context) const {
    std::optional<Sealed> parts = split(sealed);
    if (!parts) return invalid("sealed_text_malformed", "not a sealed text");
    const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const Key& k) { return k.id == parts->key_id; });
    if (key == keys_.end())
        return Error{ErrorKind::not_found, "sealing_key_missing",
                     "the key \"" + parts->key_id + "\" is not in the key file"};
    const std::string data = associated(key->id, context);
    std::string plain(parts->text.size(), '\0'), rest(kTagBytes, '\0');
    int length = 0;
    const Cipher cipher(EVP_CIPHER_CTX_new());
    SPILLWAY_ASSERT(cipher != nullptr);
    const bool good =
        EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key->bytes.reveal()), bytes(parts->nonce)) ==
            1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes(data), static_cast<int>(data.size())) == 1 &&
        EVP_DecryptUpdate(cipher.get(), bytes(plain), &length, bytes(parts->text),
                          static_cast<int>(parts->text.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, parts->tag.data()) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), bytes(rest), &length) == 1;
    if (!good)
        return Error{ErrorKind::forbidden, "sealed_text_refused", "it was changed, or belongs to something else"};
    return Secret(std::move(plain));
}

bool Vault::stale(std::string_view sealed) const {
    const std::optional<Sealed> parts = split(sealed);
    return !parts || parts->key_id != keys_.front().id;
}

}  // namespace spillway::oauth
