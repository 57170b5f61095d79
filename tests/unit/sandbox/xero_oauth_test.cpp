#include "services/sandbox/xero/signer.hpp"
#include "tests/unit/sandbox/xero_fixture.hpp"

using namespace spillway;
using namespace spillway::sandbox;
using namespace std::chrono_literals;

TEST(XeroOAuth, ConsentPageOffersTheOrganisationsAndEscapesWhatItEchoes) {
    Xero xero;
    const Answer page =
        xero.send("GET", "/identity/connect/authorize?response_type=code&" + Xero::consent({{"nonce", "\"><script>"}}));
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.text.find("Demo Company (UK)"), std::string::npos);
    EXPECT_NE(page.text.find("Demo Company (US)"), std::string::npos);
    EXPECT_NE(page.text.find("value=\"deny\""), std::string::npos);
    EXPECT_EQ(page.text.find("<script>"), std::string::npos);
    EXPECT_EQ(
        xero.send("GET", "/identity/connect/authorize?response_type=code&decision=allow&" + Xero::consent({})).status,
        200);
}

TEST(XeroOAuth, DenialAndBadRequestsGiveNoCode) {
    Xero xero;
    const Answer denied = xero.send("POST", "/identity/connect/authorize", Xero::consent({{"decision", "deny"}}));
    EXPECT_EQ(denied.status, 302);
    EXPECT_EQ(denied.header("Location"), std::string(Xero::kRedirect) + "?error=access_denied&state=s1");
    struct Case {
        std::string name, value;
    };
    for (const Case& bad :
         {Case{"client_id", "nobody"}, Case{"redirect_uri", "http://127.0.0.1:5/cb"},
          Case{"redirect_uri", "http://localhost.evil.example/cb"}, Case{"redirect_uri", "ftp://x"}}) {
        const Answer answer =
            xero.send("POST", "/identity/connect/authorize",
                      encode_form({{bad.name, bad.value}}) + "&" + Xero::consent({{"decision", "allow"}}));
        EXPECT_EQ(answer.status, 400) << bad.value;
    }
}

TEST(XeroOAuth, CodeWorksOnceForFiveMinutes) {
    Xero xero;
    const auto exchange = [&](const std::string& code) {
        return xero.token({{"grant_type", "authorization_code"}, {"code", code}, {"redirect_uri", Xero::kRedirect}});
    };
    const std::string once = xero.code("Demo Company (UK)");
    EXPECT_EQ(exchange(once).status, 200);
    EXPECT_EQ(exchange(once).json["error"].text(), "invalid_grant");
    const std::string late = xero.code("Demo Company (UK)");
    xero.pass(5min);
    EXPECT_EQ(exchange(late).json["error"].text(), "invalid_grant");
    EXPECT_EQ(xero.token({{"grant_type", "authorization_code"}, {"code", xero.code("")}, {"redirect_uri", "https://x"}})
                  .status,
              400);
}

TEST(XeroOAuth, ChecksTheProofKeyWhenAChallengeWasGiven) {
    Xero xero;
    const std::string verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    EXPECT_EQ(xero::pkce_challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");  // RFC 7636, appendix B
    const std::string more = "&code_challenge_method=S256&code_challenge=" + xero::pkce_challenge(verifier);
    for (const auto& [sent, status] : {std::pair<std::string, int>{verifier, 200}, {"wrong", 400}, {"", 400}}) {
        const Answer answer = xero.token({{"grant_type", "authorization_code"},
                                          {"code", xero.code("Demo Company (UK)", more)},
                                          {"redirect_uri", Xero::kRedirect},
                                          {"code_verifier", sent}});
        EXPECT_EQ(answer.status, status) << sent;
    }
}

TEST(XeroOAuth, RefreshRotatesAndTheOldTokenLivesThirtyMinutes) {
    Xero xero;
    const std::string first = xero.refresh;
    const auto refresh = [&](const std::string& token) {
        return xero.token({{"grant_type", "refresh_token"}, {"refresh_token", token}});
    };
    const Answer second = refresh(first);
    ASSERT_EQ(second.status, 200);
    EXPECT_NE(second.json["refresh_token"].text(), first);
    xero.pass(29min);
    EXPECT_EQ(refresh(first).status, 200);
    xero.pass(1min);
    EXPECT_EQ(refresh(first).json["error"].text(), "invalid_grant");
    EXPECT_EQ(refresh(second.json["refresh_token"].string_or("")).status, 200);
    xero.pass(60 * 24h);
    EXPECT_EQ(refresh(second.json["refresh_token"].string_or("")).status, 400);
    EXPECT_EQ(
        xero.send("POST", "/connect/token", "grant_type=refresh_token&client_id=sandbox-xero-client&client_secret=x")
            .json["error"]
            .text(),
        "invalid_client");
}

TEST(XeroOAuth, AccessTokenExpiresAfterThirtyMinutesAndSaysSo) {
    Xero xero;
    xero.pass(30min - 1ms);
    EXPECT_EQ(xero.api("GET", "Organisation").status, 200);
    xero.pass(1ms);
    const Answer late = xero.api("GET", "Organisation");
    EXPECT_EQ(late.status, 401);
    EXPECT_TRUE(late.json["Detail"].text().starts_with("TokenExpired: token expired at "));
}

TEST(XeroOAuth, OneUserConnectsSeveralOrganisationsAndDropsOne) {
    Xero xero;
    const std::string uk = xero.tenant;
    xero.connect("Demo Company (US)");
    const HttpHeaders bearer{{"Authorization", "Bearer " + xero.access}};
    const Answer both = xero.send("GET", "/connections", "", bearer);
    ASSERT_EQ(both.json.items().size(), 2U);
    const std::string id = both.json.items()[0]["id"].string_or("");
    EXPECT_EQ(xero.send("DELETE", "/connections/" + id, "", bearer).status, 204);
    EXPECT_EQ(xero.send("DELETE", "/connections/" + id, "", bearer).status, 404);
    EXPECT_EQ(xero.send("DELETE", "/connections", "", bearer).status, 404);
    EXPECT_EQ(xero.api("GET", "Organisation").status, 200);
    xero.tenant = uk;
    const Answer gone = xero.api("GET", "Organisation");
    EXPECT_EQ(gone.status, 403);
    EXPECT_EQ(gone.json["Detail"].text(), "AuthenticationUnsuccessful");
}

TEST(XeroOAuth, RevocationAndRevokedTokensEndTheGrant) {
    Xero revoked;
    EXPECT_EQ(revoked
                  .send("POST", "/connect/revocation",
                        encode_form({{"client_id", "sandbox-xero-client"},
                                     {"client_secret", "sandbox-xero-secret"},
                                     {"token", revoked.refresh}}))
                  .status,
              200);
    EXPECT_EQ(revoked.api("GET", "Organisation").status, 401);
    Xero pulled;
    pulled.configure(R"j({"revoke_tokens":"Demo Company (UK)"})j");
    EXPECT_EQ(pulled.api("GET", "Organisation").status, 401);
    EXPECT_EQ(pulled.token({{"grant_type", "refresh_token"}, {"refresh_token", pulled.refresh}}).status, 400);
    Xero expired;
    expired.configure(R"({"expire_access_tokens":true})");
    EXPECT_EQ(expired.api("GET", "Organisation").status, 401);
    expired.take(expired.token({{"grant_type", "refresh_token"}, {"refresh_token", expired.refresh}}));
    EXPECT_EQ(expired.api("GET", "Organisation").status, 200);
}

TEST(XeroOAuth, ScopesAreNeeded) {
    Xero xero;
    const Answer page = xero.send(
        "POST", "/identity/connect/authorize",
        encode_form({{"scope", "accounting.contacts.read"}, {"decision", "allow"}}) + "&" + Xero::consent({}));
    const auto query = parse_form(page.header("Location").substr(std::string(Xero::kRedirect).size() + 1));
    const Answer tokens = xero.token({{"grant_type", "authorization_code"},
                                      {"code", *form_value(*query, "code")},
                                      {"redirect_uri", Xero::kRedirect}});
    EXPECT_TRUE(tokens.json["refresh_token"].is_null()) << "offline_access was not asked for";
    EXPECT_TRUE(tokens.json["id_token"].is_null()) << "openid was not asked for";
    xero.take(tokens);
    EXPECT_EQ(xero.api("GET", "Contacts").status, 200);
    EXPECT_EQ(xero.api("PUT", "Contacts", R"({"Name":"A"})").status, 401);
    EXPECT_EQ(xero.api("GET", "Invoices").header("WWW-Authenticate"), "insufficient_scope");
}

TEST(XeroOAuth, DiscoveryNamesTheHostThatWasAsked) {
    Xero xero;
    EXPECT_EQ(xero.send("GET", "/.well-known/openid-configuration").json["token_endpoint"].text(),
              "http://localhost:9/connect/token");
    HttpRequest request{"GET", "/.well-known/openid-configuration", {{"Host", "identity.xero.com"}}, ""};
    EXPECT_NE(xero.model->handle(request, xero.now).body.find("https://login.xero.com/identity/connect/authorize"),
              std::string::npos);
    EXPECT_EQ(xero.send("GET", "/.well-known/openid-configuration/jwks").json["keys"].items().size(), 1U);
}
