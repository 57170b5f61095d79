#include <gtest/gtest.h>

#include "connectors/oauth/vault.hpp"
#include "schema/sha256.hpp"

namespace spillway::oauth {
namespace {

const std::string kHexKey(64, 'a');
const std::string kBase64Key = base64_encode(std::string(32, 'k'));

Vault vault_of(const std::string& text) {
    auto vault = Vault::from_text(text);
    EXPECT_TRUE(vault);
    return std::move(*vault);
}

TEST(Vault, OpensWhatItSealed) {
    SeededRandom random(1);
    const Vault vault = vault_of("# keys\n\nk1:" + kHexKey + "\n");
    for (const std::string& secret : {std::string("refresh token"), std::string(), std::string(5000, '\0')}) {
        const std::string sealed = vault.seal(Secret(secret), "grt_1", random);
        EXPECT_TRUE(sealed.starts_with("v1.k1."));
        const auto opened = vault.open(sealed, "grt_1");
        ASSERT_TRUE(opened);
        EXPECT_EQ(opened->reveal(), secret);
    }
}

TEST(Vault, NeverSealsTheSameTwice) {
    SeededRandom random(1);
    const Vault vault = vault_of("k1:" + kHexKey);
    EXPECT_NE(vault.seal(Secret("x"), "c", random), vault.seal(Secret("x"), "c", random));
}

TEST(Vault, RefusesEveryChangedByteAndEveryOtherContext) {
    SeededRandom random(1);
    const Vault vault = vault_of("k1:" + kHexKey);
    const std::string sealed = vault.seal(Secret("token"), "grt_1", random);
    EXPECT_EQ(vault.open(sealed, "grt_2").error().code, "sealed_text_refused");
    const std::string prefix = "v1.k1.";
    const std::string raw = *base64url_decode(sealed.substr(prefix.size()));
    for (std::size_t i = 0; i < raw.size(); ++i) {
        std::string changed = raw;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        const auto opened = vault.open(prefix + base64url_encode(changed), "grt_1");
        ASSERT_FALSE(opened) << i;
        EXPECT_EQ(opened.error().code, "sealed_text_refused") << i;
    }
}

TEST(Vault, RefusesATextThatClaimsAnotherKeyOfTheSameBytes) {
    SeededRandom random(1);
    const Vault vault = vault_of("k1:" + kHexKey + "\nk2:" + kHexKey);
    std::string sealed = vault.seal(Secret("token"), "c", random);
    sealed.replace(3, 2, "k2");
    EXPECT_EQ(vault.open(sealed, "c").error().code, "sealed_text_refused");
}

TEST(Vault, RotatesByPuttingANewKeyFirst) {
    SeededRandom random(1);
    const std::string old_text = vault_of("old:" + kHexKey).seal(Secret("token"), "c", random);
    const Vault both = vault_of("new:" + kBase64Key + "\nold:" + kHexKey);
    ASSERT_TRUE(both.open(old_text, "c"));
    EXPECT_TRUE(both.stale(old_text));
    const std::string new_text = both.seal(*both.open(old_text, "c"), "c", random);
    EXPECT_FALSE(both.stale(new_text));
    const Vault only_new = vault_of("new:" + kBase64Key);
    EXPECT_EQ(only_new.open(new_text, "c")->reveal(), "token");
    EXPECT_EQ(only_new.open(old_text, "c").error().code, "sealing_key_missing");
}

TEST(Vault, RefusesBadKeyFilesWithoutShowingThem) {
    for (const std::string& text :
         {std::string(), std::string("# nothing\n"), std::string("k1"), "k1:" + kHexKey.substr(1), ":" + kHexKey,
          "k 1:" + kHexKey, "k1:" + std::string(64, 'g'), "k1:" + kHexKey + "\nk1:" + kBase64Key}) {
        const auto vault = Vault::from_text(text);
        ASSERT_FALSE(vault) << text;
        EXPECT_EQ(vault.error().code, "bad_key_file");
        EXPECT_EQ(vault.error().detail.find("aaaa"), std::string::npos);
    }
}

TEST(Vault, RefusesMalformedTexts) {
    const Vault vault = vault_of("k1:" + kHexKey);
    for (const char* text :
         {"", "v1.", "v1.k1", "v1.k1.", "v1.k1.AAAA", "v1.k1.!!", "v2.k1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
        EXPECT_EQ(vault.open(text, "c").error().code, "sealed_text_malformed") << text;
}

}  // namespace
}  // namespace spillway::oauth
