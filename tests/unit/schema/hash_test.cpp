#include <gtest/gtest.h>

#include "schema/random.hpp"
#include "schema/secret.hpp"
#include "schema/sha256.hpp"

namespace spillway {
namespace {

TEST(Hash, Sha256OfKnownTexts) {  // FIPS 180-2, appendix B
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256("abc").size(), 32u);
}

TEST(Hash, HmacOfKnownTexts) {  // RFC 4231, cases 1, 2 and 6
    EXPECT_EQ(hex_encode(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(
        hex_encode(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    EXPECT_EQ(hex_encode(hmac_sha256("", "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Base64, EncodesKnownTexts) {  // RFC 4648, section 10
    const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                        {"f", "Zg=="},
                                                        {"fo", "Zm8="},
                                                        {"foo", "Zm9v"},
                                                        {"foob", "Zm9vYg=="},
                                                        {"fooba", "Zm9vYmE="},
                                                        {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : rows) {
        EXPECT_EQ(base64_encode(bytes), text);
        EXPECT_EQ(*base64_decode(text), bytes);
    }
    EXPECT_EQ(base64_encode("\xfb\xff"), "+/8=");
    EXPECT_EQ(base64url_encode("\xfb\xff"), "-_8");
}

TEST(Base64, RefusesWhatNoEncoderWrites) {
    for (const char* text : {"Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v\n", "Zm 9", "Zh==", "Zm9=", "Zm-v", "=Zm9"})
        EXPECT_FALSE(base64_decode(text).ok()) << text;
    for (const char* text : {"Z", "Zg==", "Zh", "Zm9+", "Zm9/"}) EXPECT_FALSE(base64url_decode(text).ok()) << text;
}

TEST(Base64Property, DecodesWhatItEncoded) {
    SeededRandom random(64);
    for (int round = 0; round < 2'000; ++round) {
        std::string bytes;
        for (auto length = random.below(40); length > 0; --length)
            bytes.push_back(static_cast<char>(random.below(256)));
        ASSERT_EQ(*base64_decode(base64_encode(bytes)), bytes);
        ASSERT_EQ(*base64url_decode(base64url_encode(bytes)), bytes);
    }
}

TEST(ConstantTimeEqual, ComparesWholeTexts) {
    EXPECT_TRUE(constant_time_equal("", ""));
    EXPECT_TRUE(constant_time_equal("same", "same"));
    EXPECT_FALSE(constant_time_equal("same", "sama"));
    EXPECT_FALSE(constant_time_equal("same", "same "));
}

TEST(Secret, PrintsAsAMaskOnly) {
    const Secret secret("canary");
    EXPECT_EQ(testing::PrintToString(secret), "***");
    EXPECT_EQ(secret.reveal(), "canary");
}

}  // namespace
}  // namespace spillway
