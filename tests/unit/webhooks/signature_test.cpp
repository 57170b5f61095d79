#include <gtest/gtest.h>

#include "schema/sha256.hpp"
#include "services/webhooks/filter.hpp"
#include "services/webhooks/signature.hpp"

namespace spillway::test {
namespace {

using namespace webhooks;

const Secret kPublished("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

TEST(Signature, IsTheOneOfTheTestVectorThatStandardWebhooksPublishes) {
    const auto made =
        signature({kPublished}, "msg_p5jXN8AQM9LWM0D4loKWxJek", from_ms(1'614'265'330'999), R"({"test": 2432232314})");
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(*made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    EXPECT_EQ(timestamp(from_ms(1'614'265'330'999)), "1614265330");
}

TEST(Signature, DuringARotationBothSecretsSign) {
    SeededRandom random(1);
    const Secret next = new_signing_secret(random);
    const auto both = signature({next, kPublished}, "msg_1", from_ms(0), "{}");
    const auto first = signature({next}, "msg_1", from_ms(0), "{}");
    const auto second = signature({kPublished}, "msg_1", from_ms(0), "{}");
    ASSERT_TRUE(both.ok() && first.ok() && second.ok());
    EXPECT_EQ(*both, *first + " " + *second);
    EXPECT_NE(*first, *second);
}

TEST(Signature, ASecretIs32RandomBytes) {
    SeededRandom random(1);
    const Secret one = new_signing_secret(random), other = new_signing_secret(random);
    ASSERT_TRUE(one.reveal().starts_with("whsec_"));
    const auto bytes = base64_decode(one.reveal().substr(6));
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ(bytes->size(), 32u);
    EXPECT_NE(one.reveal(), other.reveal());
}

TEST(Filter, TakesExactTypesFamiliesAndAll) {
    EXPECT_TRUE(wants("*", "sync.done"));
    EXPECT_TRUE(wants("sync.done record.*", "record.applied"));
    EXPECT_TRUE(wants("sync.done record.*", "sync.done"));
    EXPECT_FALSE(wants("sync.done record.*", "sync.started"));
    EXPECT_FALSE(wants("record.*", "records.lost"));
    EXPECT_FALSE(wants("record.applied", "record.applied_with_difference"));
    EXPECT_FALSE(wants("record.*", "record"));
}

TEST(Filter, RefusesWhatIsNoPattern) {
    for (const char* bad :
         {R"([])", R"("record.*")", R"([""])", R"(["Record.*"])", R"(["a b"])", R"(["rec*"])", R"([".x"])", R"([7])"}) {
        const auto value = parse_json(bad);
        ASSERT_TRUE(value.ok());
        EXPECT_FALSE(read_types(&*value).ok()) << bad;
    }
    const auto good = parse_json(R"(["record.*","sync.done","*"])");
    ASSERT_TRUE(good.ok());
    const auto types = read_types(&*good);
    ASSERT_TRUE(types.ok());
    EXPECT_EQ(*types, "record.* sync.done *");
}

}  // namespace
}  // namespace spillway::test
