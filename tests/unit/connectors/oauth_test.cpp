#include <gtest/gtest.h>

#include "connectors/oauth/oauth.hpp"
#include "schema/sha256.hpp"

namespace spillway::oauth {
namespace {

OAuthApp app_of(std::string provider, Mark mark = Mark::live) {
    OAuthApp app = *default_app(provider);
    app.client_id = "client 1";
    app.client_secret = Secret("s:cret");
    app.redirect_uri = "https://spillway.example/callback";
    app.mark = mark;
    return app;
}

TEST(OAuth, BuildsTheConsentAddressOfAConfidentialClient) {
    EXPECT_EQ(consent_url(app_of("qbo"), "st&1", "unused"),
              "https://appcenter.intuit.com/connect/oauth2?response_type=code&client_id=client%201&redirect_uri="
              "https%3A%2F%2Fspillway.example%2Fcallback&scope=com.intuit.quickbooks.accounting&state=st%261");
}

TEST(OAuth, ProvesAPublicClientByPkce) {
    OAuthApp app = app_of("xero");
    app.client_secret = Secret();
    // RFC 7636 appendix B
    const std::string verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    EXPECT_EQ(challenge_of(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    EXPECT_NE(consent_url(app, "s", verifier)
                  .find("code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"),
              std::string::npos);
    const auto exchange = exchange_request(app, "c0de", verifier);
    ASSERT_TRUE(exchange);
    EXPECT_EQ(exchange->request.body,
              "grant_type=authorization_code&code=c0de&redirect_uri=https%3A%2F%2Fspillway.example%2Fcallback&"
              "code_verifier=" +
                  verifier + "&client_id=client%201");
    EXPECT_FALSE(exchange->request.headers.find("Authorization"));
}

TEST(OAuth, BuildsTokenRequestsByteForByte) {
    const auto refresh = refresh_request(app_of("xero"), Secret("r+1"));
    ASSERT_TRUE(refresh);
    EXPECT_EQ(refresh->origin, "https://identity.xero.com");
    EXPECT_EQ(refresh->request.method, "POST");
    EXPECT_EQ(refresh->request.target, "/connect/token");
    EXPECT_EQ(refresh->request.body, "grant_type=refresh_token&refresh_token=r%2B1");
    EXPECT_EQ(refresh->request.headers.find("Authorization"), "Basic " + base64_encode("client%201:s%3Acret"));
    const auto revoke = revoke_request(app_of("qbo"), Secret("r"));
    ASSERT_TRUE(revoke);
    EXPECT_EQ(revoke->origin + revoke->request.target, "https://developer.api.intuit.com/v2/oauth2/tokens/revoke");
    EXPECT_EQ(revoke->request.body, "token=r");
}

struct HostRow {
    const char* provider;
    Mark mark;
    const char* origin;
    bool may;
};
TEST(OAuth, SendsLiveCredentialsOnlyToTheProvidersOwnHosts) {
    const HostRow rows[] = {{"xero", Mark::live, "https://api.xero.com", true},
                            {"xero", Mark::live, "https://identity.xero.com", true},
                            {"xero", Mark::live, "http://identity.xero.com", false},
                            {"xero", Mark::live, "https://identity.xero.com:8443", false},
                            {"xero", Mark::live, "https://identity.xero.com.evil.example", false},
                            {"xero", Mark::live, "https://quickbooks.api.intuit.com", false},
                            {"xero", Mark::live, "http://127.0.0.1:8080", false},
                            {"xero", Mark::sandbox, "http://127.0.0.1:8080", true},
                            {"qbo", Mark::live, "https://oauth.platform.intuit.com", true},
                            {"qbo", Mark::live, "https://api.xero.com", false},
                            {"other", Mark::live, "https://api.xero.com", false}};
    for (const HostRow& row : rows) EXPECT_EQ(may_send(row.provider, row.mark, row.origin), row.may) << row.origin;
}

TEST(OAuth, RefusesToBuildARequestThatTakesLiveCredentialsElsewhere) {
    OAuthApp app = app_of("xero");
    for (const char* url : {"http://127.0.0.1:9/connect/token", "https://identity.xero.com@evil.example/connect/token",
                            "https://evil.example/identity.xero.com"}) {
        app.token_url = url;
        const auto request = refresh_request(app, Secret("r"));
        ASSERT_FALSE(request) << url;
        EXPECT_TRUE(request.error().code == "live_credentials_elsewhere" || request.error().code == "bad_url") << url;
        EXPECT_EQ(request.error().detail.find("s:cret"), std::string::npos);
    }
    app.mark = Mark::sandbox;
    app.token_url = "http://127.0.0.1:9/connect/token";
    EXPECT_TRUE(refresh_request(app, Secret("r")));
}

SendResult answered(int status, std::string body, HttpHeaders headers = {}) {
    HttpResponse response{.status = status, .headers = std::move(headers), .body = std::move(body)};
    return {.stage = Stage::answered, .response = std::move(response)};
}
SendResult unanswered(Stage stage) { return {.stage = stage, .response = {}, .failure = "connection reset"}; }

TEST(OAuth, ReadsTokensAndTheUserOfXero) {
    const std::string claims = base64url_encode("{\"xero_userid\":\"u-1\",\"authentication_event_id\":\"e-1\"}");
    const auto tokens =
        read_tokens(app_of("xero"),
                    answered(200, "{\"access_token\":\"h." + claims +
                                      ".s\",\"refresh_token\":\"r1\",\"expires_in\":1799,\"token_type\":\"Bearer\"}"));
    ASSERT_TRUE(tokens);
    EXPECT_EQ(tokens->user_id, "u-1");
    EXPECT_EQ(tokens->event_id, "e-1");
    EXPECT_EQ(tokens->refresh.reveal(), "r1");
    EXPECT_EQ(tokens->access_life, std::chrono::seconds(1799));
    EXPECT_EQ(tokens->refresh_life, std::chrono::days(60));
}

TEST(OAuth, ReadsTheRefreshLifeThatIntuitNames) {
    const auto tokens =
        read_tokens(app_of("qbo"), answered(200,
                                            "{\"access_token\":\"opaque\",\"refresh_token\":\"r\",\"expires_in\":3600,"
                                            "\"x_refresh_token_expires_in\":8726400}"));
    ASSERT_TRUE(tokens);
    EXPECT_EQ(tokens->refresh_life, std::chrono::seconds(8'726'400));
    EXPECT_EQ(tokens->user_id, "");
}

struct RefusalRow {
    const char* name;
    SendResult answer;
    ErrorKind kind;
    const char* code;
};
class OAuthRefusal : public testing::TestWithParam<RefusalRow> {};
TEST_P(OAuthRefusal, SaysWhatToDoNext) {
    const auto tokens = read_tokens(app_of("xero"), GetParam().answer);
    ASSERT_FALSE(tokens);
    EXPECT_EQ(tokens.error().kind, GetParam().kind);
    EXPECT_EQ(tokens.error().code, GetParam().code);
}
INSTANTIATE_TEST_SUITE_P(
    Table, OAuthRefusal,
    testing::Values(
        RefusalRow{"dead", answered(400, "{\"error\":\"invalid_grant\"}"), ErrorKind::unauthorised, "invalid_grant"},
        RefusalRow{"client", answered(400, "{\"error\":\"invalid_client\"}"), ErrorKind::rejected, "invalid_client"},
        RefusalRow{"scope", answered(400, "{\"error\":\"invalid_scope\"}"), ErrorKind::rejected, "invalid_scope"},
        RefusalRow{"no_words", answered(403, ""), ErrorKind::rejected, "token_request_refused"},
        RefusalRow{"throttled", answered(429, "", {{"Retry-After", "7"}}), ErrorKind::throttled,
                   "token_endpoint_throttled"},
        RefusalRow{"offline", answered(503, ""), ErrorKind::unavailable, "token_endpoint_unavailable"},
        RefusalRow{"broken", answered(500, "oops"), ErrorKind::unknown, "token_answer_lost"},
        RefusalRow{"empty", answered(200, "{}"), ErrorKind::unknown, "token_answer_lost"},
        RefusalRow{"no_refresh", answered(200, "{\"access_token\":\"a\"}"), ErrorKind::rejected, "no_refresh_token"},
        RefusalRow{"never_sent", unanswered(Stage::not_sent), ErrorKind::unavailable, "token_endpoint_unreachable"},
        RefusalRow{"lost", unanswered(Stage::sending), ErrorKind::unknown, "token_answer_lost"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace spillway::oauth
