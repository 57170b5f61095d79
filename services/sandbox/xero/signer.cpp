#include "services/sandbox/xero/signer.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>

#include "schema/assert.hpp"
#include "schema/json_text.hpp"

namespace spillway::sandbox::xero {

namespace {

constexpr std::string_view kKeyId = "sandbox-1";

struct FreeBignum {
    void operator()(BIGNUM* number) const { BN_free(number); }
};

std::string base64(std::string_view bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3), '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size()));
    return out;
}

std::string sha256(std::string_view bytes) {
    std::string digest(32, '\0');
    EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha256(),
               nullptr);
    return digest;
}

}  // namespace

std::string base64url(std::string_view bytes) {
    std::string text = base64(bytes);
    while (!text.empty() && text.back() == '=') text.pop_back();
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text;
}

std::string base64_decode(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) return {};
    std::string out(text.size() / 4 * 3, '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return {};
    out.resize(static_cast<std::size_t>(size) - (text.ends_with("==") ? 2U : text.ends_with('=') ? 1U : 0U));
    return out;
}

std::string sha256_hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (const char c : sha256(bytes)) {
        const auto byte = static_cast<unsigned char>(c);
        hex += kDigits[byte >> 4];
        hex += kDigits[byte & 15];
    }
    return hex;
}

std::string pkce_challenge(std::string_view verifier) { return base64url(sha256(verifier)); }

struct Signer::Key {
    EVP_PKEY* pkey = EVP_RSA_gen(2048);
    Key() { SPILLWAY_ASSERT(pkey != nullptr); }
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
    ~Key() { EVP_PKEY_free(pkey); }

    [[nodiscard]] std::string parameter(const char* name) const {
        BIGNUM* raw = nullptr;
        SPILLWAY_ASSERT(EVP_PKEY_get_bn_param(pkey, name, &raw) == 1);
        const std::unique_ptr<BIGNUM, FreeBignum> number(raw);
        std::string bytes(static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
        BN_bn2bin(raw, reinterpret_cast<unsigned char*>(bytes.data()));
        return base64url(bytes);
    }
};

Signer::Key& Signer::key() {
    static Key shared;  // making one takes a good part of a second; no two models need to be told apart by it
    return shared;
}

std::string Signer::sign(std::string_view claims) {
    const std::string head = R"({"alg":"RS256","kid":")" + std::string(kKeyId) + R"(","typ":"JWT"})";
    const std::string input = base64url(head) + "." + base64url(claims);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::size_t size = 0;
    bool done = EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key().pkey) == 1 &&
                EVP_DigestSign(context, nullptr, &size, reinterpret_cast<const unsigned char*>(input.data()),
                               input.size()) == 1;
    std::string signature(size, '\0');
    done = done && EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                                  reinterpret_cast<const unsigned char*>(input.data()), input.size()) == 1;
    EVP_MD_CTX_free(context);
    SPILLWAY_ASSERT(done);
    signature.resize(size);
    return input + "." + base64url(signature);
}

std::string Signer::key_set() {
    JsonText json;
    json.object().key("keys").array().object();
    json.member("kty", "RSA").member("use", "sig").member("alg", "RS256").member("kid", kKeyId);
    json.member("n", key().parameter(OSSL_PKEY_PARAM_RSA_N)).member("e", key().parameter(OSSL_PKEY_PARAM_RSA_E));
    json.close().close().close();
    return std::move(json).take();
}

}  // namespace spillway::sandbox::xero
