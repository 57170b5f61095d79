#include "connectors/http/redact.hpp"

#include <gmock/gmock.h>

namespace spillway::connectors {
namespace {

TEST(Redact, MasksCredentialsInHeaders) {
    const HttpHeaders headers = {
        {"authorization", "Bearer canary"}, {"Cookie", "canary"},          {"X-Api-Key", "canary"},
        {"intuit-signature", "canary"},     {"X-Refresh-Token", "canary"}, {"Accept", "text/plain"}};
    const auto shown = redact_headers(headers);
    EXPECT_EQ(shown.find("Authorization"), "Bearer ***");
    EXPECT_EQ(shown.find("Accept"), "text/plain");
    for (const auto& [name, value] : shown) EXPECT_EQ(value.find("canary"), std::string::npos) << name;
}

TEST(Redact, MasksSecretFieldsOfFormsAndTargets) {
    EXPECT_EQ(redact_form("grant_type=refresh_token&refresh_token=canary&client_secret=canary"),
              "grant_type=refresh_token&refresh_token=***&client_secret=***");
    EXPECT_EQ(redact_form("%63ode=canary&redirect_uri=x&token_type_hint=access_token"),
              "%63ode=***&redirect_uri=x&token_type_hint=access_token");
    EXPECT_EQ(redact_target("/callback?code=canary&state=canary&realmId=1"), "/callback?code=***&state=***&realmId=1");
    EXPECT_EQ(redact_target("/plain"), "/plain");
}

TEST(Redact, MasksSecretMembersOfJsonAlsoWhenItIsBroken) {
    EXPECT_EQ(redact_json(R"({"access_token":"can\"ary","expires_in":1800,"token_type":"Bearer"})"),
              R"({"access_token":"***","expires_in":1800,"token_type":"Bearer"})");
    EXPECT_EQ(redact_json(R"({"a":[{"id_token" : "canary"}],"b":"token"})"),
              R"({"a":[{"id_token" : "***"}],"b":"token"})");
    EXPECT_EQ(redact_json(R"({"refresh_token":"canary)"), R"({"refresh_token":"***")");
}

}  // namespace
}  // namespace spillway::connectors
