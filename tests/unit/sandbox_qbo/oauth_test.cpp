#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sandbox_qbo/world.hpp"

namespace spillway::sandbox {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

std::string refresh_form(const std::string& value) {
    return encode_form({{"grant_type", "refresh_token"}, {"refresh_token", value}});
}

TEST(QboOAuth, ConsentPageListsTheDemoCompaniesAndRefusesUnknownClients) {
    World world;
    const Reply page = world.send(
        {"GET",
         "/connect/"
         "oauth2?client_id=sandbox-qbo-client&response_type=code&redirect_uri=http%3A%2F%2Fx%2F&scope=a&state=%22%3E"});
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.text, HasSubstr("Sandbox Company_UK_1"));
    EXPECT_THAT(page.text, HasSubstr("Sandbox Company_US_1"));
    EXPECT_THAT(page.text, HasSubstr("value=\"&quot;&gt;\""));
    EXPECT_EQ(world.send({"GET", "/connect/oauth2?client_id=nobody&redirect_uri=x"}).status, 400);
}

TEST(QboOAuth, DenyingGoesBackWithoutACode) {
    World world;
    const Reply reply = world.send(
        {"POST",
         "/connect/oauth2",
         {{"Content-Type", "application/x-www-form-urlencoded"}},
         "client_id=sandbox-qbo-client&redirect_uri=http%3A%2F%2Fx%2Fcb&state=q&realm=" + kUk + "&decision=deny"});
    EXPECT_EQ(reply.status, 302);
    EXPECT_EQ(reply.headers.find("Location"), "http://x/cb?error=access_denied&state=q");
}

TEST(QboOAuth, TokensHaveTheDocumentedLifetimes) {
    World world;
    const Reply reply = world.connect(kUk);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.json["expires_in"].int64_or(0), 3600);
    EXPECT_EQ(reply.json["x_refresh_token_expires_in"].int64_or(0), 8'726'400);
    EXPECT_TRUE(reply.json["x_refresh_token_hard_expires_in"].is_null());
    const Reply hard = world.token(refresh_form(reply.json["refresh_token"].string_or("")), {},
                                   {{"x-include-refresh-token-hard-expires-in", "true"}});
    EXPECT_GT(hard.json["x_refresh_token_hard_expires_in"].int64_or(0), 150'000'000);
}

TEST(QboOAuth, BadTokenRequestsAreRefused) {
    World world;
    const std::string code = world.consent(kUk);
    const auto exchange = [&](const std::string& uri, const std::string& basic = {}) {
        return world.token(encode_form({{"grant_type", "authorization_code"}, {"code", code}, {"redirect_uri", uri}}),
                           basic);
    };
    EXPECT_EQ(exchange("http://127.0.0.1/callback", "Basic eDp5").json["error"].text(), "invalid_client");
    EXPECT_EQ(exchange("http://127.0.0.1/other").json["error"].text(), "invalid_grant");
    EXPECT_EQ(exchange("http://127.0.0.1/callback").status, 200);
    EXPECT_EQ(exchange("http://127.0.0.1/callback").json["error"].text(), "invalid_grant");
    EXPECT_EQ(world.token(refresh_form("RT1-none")).status, 400);
    EXPECT_EQ(world.token("grant_type=password").json["error"].text(), "unsupported_grant_type");
}

TEST(QboOAuth, ASecondExchangeRevokesTheTokens) {
    World world;
    const std::string code = world.consent(kUk);
    const std::string form = encode_form(
        {{"grant_type", "authorization_code"}, {"code", code}, {"redirect_uri", "http://127.0.0.1/callback"}});
    world.use_token(kUk, world.token(form).json["access_token"].string_or(""));
    EXPECT_EQ(world.get("/preferences").status, 200);
    world.token(form);
    EXPECT_EQ(world.get("/preferences").status, 401);
}

TEST(QboOAuth, RefreshValueStaysForADayThenRotates) {
    for (const bool grace : {false, true}) {
        World world;
        EXPECT_EQ(world.set(grace ? R"({"refresh_grace_seconds":86400})" : R"({"refresh_grace_seconds":0})"), "");
        const std::string first = world.connect(kUk).json["refresh_token"].string_or("");
        world.pass(hours(23));
        EXPECT_EQ(world.token(refresh_form(first)).json["refresh_token"].text(), first);
        world.pass(hours(2));
        const std::string second = world.token(refresh_form(first)).json["refresh_token"].string_or("");
        EXPECT_NE(second, first);
        const Reply old = world.token(refresh_form(first));
        EXPECT_EQ(old.status, grace ? 200 : 400);
        if (grace) EXPECT_EQ(old.json["refresh_token"].text(), second);
        world.pass(hours(25));
        EXPECT_EQ(world.token(refresh_form(first)).json["error"].text(), "invalid_grant");
        EXPECT_EQ(world.token(refresh_form(second)).status, 200);
    }
}

TEST(QboOAuth, UnusedRefreshTokenRunsOut) {
    World world;
    const std::string value = world.connect(kUk).json["refresh_token"].string_or("");
    world.pass(hours(24 * 102));
    EXPECT_EQ(world.token(refresh_form(value)).json["error"].text(), "invalid_grant");
}

TEST(QboOAuth, ExpiredTokenGetsTheGatewaysLowerCaseFault) {
    World world;
    world.pass(hours(2));
    const Reply reply = world.get("/preferences");
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(reply.json["fault"]["type"].text(), "AUTHENTICATION");
    EXPECT_EQ(reply.code(), "3200");
    EXPECT_TRUE(reply.json["time"].is_number());
    EXPECT_THAT(std::string(*reply.headers.find("WWW-Authenticate")), HasSubstr("invalid_token"));
    EXPECT_TRUE(reply.headers.find("Intuit-Tid").has_value() || reply.headers.find("intuit_tid").has_value());
}

TEST(QboOAuth, TokenOfAnotherCompanyIsForbidden) {
    World world;
    const Reply uk = world.connect(kUk);
    world.use_token(kUs, uk.json["access_token"].string_or(""));
    const Reply reply = world.get("/preferences", kUs);
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(reply.code(), "3100");
}

TEST(QboOAuth, RevokeTakesFormAndJsonAndKillsBothTokens) {
    for (const bool json : {false, true}) {
        World world;
        const Reply grant = world.connect(kUk);
        world.use_token(kUk, grant.json["access_token"].string_or(""));
        const std::string value = grant.json["refresh_token"].string_or("");
        HttpRequest request{"POST",
                            "/v2/oauth2/tokens/revoke",
                            {{"Authorization", kBasic},
                             {"Content-Type", json ? "application/json" : "application/x-www-form-urlencoded"}},
                            json ? "{\"token\":\"" + value + "\"}" : "token=" + value};
        EXPECT_EQ(world.send(request).status, 200);
        EXPECT_EQ(world.get("/preferences").status, 401);
        EXPECT_EQ(world.token(refresh_form(value)).json["error"].text(), "invalid_grant");
    }
}

TEST(QboOAuth, ControlRevokesAndExpiresTheTokensOfARealm) {
    World world;
    const std::string value = world.connect(kUk).json["refresh_token"].string_or("");
    EXPECT_EQ(world.set("{\"expire_access_tokens\":\"" + kUk + "\"}"), "");
    EXPECT_EQ(world.get("/preferences").status, 401);
    EXPECT_EQ(world.token(refresh_form(value)).status, 200);
    EXPECT_EQ(world.set("{\"revoke_tokens\":\"" + kUk + "\"}"), "");
    EXPECT_EQ(world.token(refresh_form(value)).json["error"].text(), "invalid_grant");
    EXPECT_EQ(world.get("/preferences", kUs).status, 200);
    EXPECT_NE(world.set(R"({"revoke_tokens":"1"})"), "");
}

TEST(QboOAuth, DiscoveryNamesTheHostThatWasAsked) {
    World world;
    const Reply reply = world.send({"GET", "/.well-known/openid_sandbox_configuration/", {{"Host", "127.0.0.1:99"}}});
    EXPECT_EQ(reply.json["token_endpoint"].text(), "http://127.0.0.1:99/oauth2/v1/tokens/bearer");
    EXPECT_TRUE(world.model->owns({"GET", "/v3/company/1/invoice"}));
    EXPECT_FALSE(world.model->owns({"GET", "/connect/token"}));
    EXPECT_FALSE(world.model->owns({"GET", "/.well-known/openid-configuration"}));
}

}  // namespace
}  // namespace spillway::sandbox
