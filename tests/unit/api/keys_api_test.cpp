#include "services/api/key_cache.hpp"
#include "tests/unit/api/api_fixture.hpp"

namespace spillway::test {
namespace {

struct Keys : ApiTest {
    JsonValue make(const std::string& body, const std::string& by = kAdmin) {
        const auto made = send("POST", "/v1/keys", by, body);
        EXPECT_EQ(made.status, 201) << made.body;
        return json(made);
    }
};

TEST_F(Keys, ASecretIsShownOnceAndWorks) {
    const auto key = make(R"({"name":"ci","scope":"partner","partner_id":"par_a"})");
    const std::string secret = key["secret"].string_or("");
    EXPECT_EQ(get("/v1/connections/con_a", secret).status, 200);
    const auto listed = get("/v1/keys");
    EXPECT_NE(listed.body.find(key["id"].string_or("?")), std::string::npos);
    EXPECT_EQ(listed.body.find(secret), std::string::npos);
    EXPECT_EQ(listed.body.find("hash"), std::string::npos);
}

TEST_F(Keys, ARevokedKeyEndsAtOnceThoughItWasInMemory) {
    ASSERT_EQ(get("/v1/connections", kPartnerA).status, 200);
    ASSERT_EQ(send("POST", "/v1/keys/key_a/revoke", kAdmin).status, 200);
    EXPECT_EQ(get("/v1/connections", kPartnerA).status, 401);
    EXPECT_EQ(send("POST", "/v1/keys/key_a/revoke", kAdmin).status, 409);
}

TEST(KeyCache, ARowReadBeforeARevocationDoesNotOutliveIt) {
    api::KeyCache cache("");
    store::ApiKeyRow row;
    row.id = "key_1";
    row.hash = std::string(64, 'a');
    auto revoked = row;
    revoked.revoked = from_ms(1);
    cache.put(revoked);  // while the row was being read
    cache.learn(row);
    ASSERT_NE(cache.find(row.hash), nullptr);
    EXPECT_TRUE(cache.find(row.hash)->revoked);
}

TEST_F(Keys, AnExpiredKeyIsRefused) {
    const auto key = make(R"({"name":"short","scope":"admin","expires_at":"2026-01-05T10:00:00Z"})");
    const std::string secret = key["secret"].string_or("");
    EXPECT_EQ(get("/v1/keys", secret).status, 200);
    clock->advance(std::chrono::hours(1));
    EXPECT_EQ(get("/v1/keys", secret).status, 401);
}

TEST_F(Keys, RotationLetsBothKeysWorkDuringTheOverlap) {
    const auto rotated = send("POST", "/v1/keys/key_a/rotate", kAdmin, R"({"overlap_seconds":3600})");
    ASSERT_EQ(rotated.status, 201) << rotated.body;
    const std::string next = json(rotated)["secret"].string_or("");
    EXPECT_EQ(json(rotated)["partner_id"].text(), "par_a");
    EXPECT_EQ(get("/v1/connections/con_a", kPartnerA).status, 200);
    EXPECT_EQ(get("/v1/connections/con_a", next).status, 200);
    clock->advance(std::chrono::hours(1));
    EXPECT_EQ(get("/v1/connections/con_a", kPartnerA).status, 401);
    EXPECT_EQ(get("/v1/connections/con_a", next).status, 200);
}

TEST_F(Keys, APlatformKeyMakesNoKeyThatReachesFurtherThanItself) {
    EXPECT_EQ(send("POST", "/v1/keys", kPlatform, R"({"name":"x","scope":"admin"})").status, 403);
    EXPECT_EQ(send("POST", "/v1/keys", kPlatform, R"({"name":"x","scope":"platform"})").status, 403);
    EXPECT_EQ(send("POST", "/v1/keys/key_platform/rotate", kPlatform).status, 403);
    make(R"({"name":"x","scope":"partner","partner_id":"par_b"})", kPlatform);
}

TEST_F(Keys, AKeyOfAPartnerNamesOneThatExists) {
    const std::pair<const char*, int> cases[] = {{R"({"name":"x","scope":"partner"})", 400},
                                                 {R"({"name":"x","scope":"partner","partner_id":"par_x"})", 404},
                                                 {R"({"name":"x","scope":"admin","partner_id":"par_a"})", 400},
                                                 {R"({"name":"x","scope":"king"})", 400},
                                                 {R"({"name":"","scope":"admin"})", 400}};
    for (const auto& [body, status] : cases) EXPECT_EQ(send("POST", "/v1/keys", kAdmin, body).status, status) << body;
}

TEST_F(Keys, TheLastUseIsWrittenButNotAtEveryRequest) {
    const auto last_use = [&] {
        std::string found;
        const auto keys = json(get("/v1/keys"));
        for (const JsonValue& key : keys["items"].items())
            if (key["id"].text() == "key_a") found = key["last_used_at"].string_or("");
        return found;
    };
    EXPECT_EQ(last_use(), "");
    get("/v1/connections", kPartnerA);
    const std::string first = last_use();
    EXPECT_NE(first, "");
    clock->advance(std::chrono::minutes(5));
    get("/v1/connections", kPartnerA);
    EXPECT_EQ(last_use(), first);
    clock->advance(std::chrono::minutes(6));
    get("/v1/connections", kPartnerA);
    EXPECT_NE(last_use(), first);
}

}  // namespace
}  // namespace spillway::test
