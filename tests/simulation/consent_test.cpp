// Whose organisation a consent opens, and what becomes of it when something else happens meanwhile.

#include <gtest/gtest.h>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

class Consents : public testing::Test {
 protected:
    std::string state(const std::string& connection) {
        return world.ok("GET", "/v1/connections/" + connection)["state"].string_or("");
    }
    std::vector<JsonValue> connections_of(const std::string& partner) {
        std::vector<JsonValue> found;
        const auto list = world.ok("GET", "/v1/connections?limit=200");
        for (const auto& [name, value] : list.members())
            for (const auto& connection : value.items())
                if (connection["partner_id"].text() == partner) found.push_back(connection);
        return found;
    }
    std::string realm(std::size_t company) { return world.ledger("qbo", company)["id"].string_or(""); }
    /// The callback after a consent for one company, as somebody changed it to name another.
    std::string callback_with(const std::string& partner, std::size_t company, const std::string& realm_named) {
        auto callback = world.consent("qbo", partner, "", company);
        const auto at = callback.find("realmId=" + realm(company));
        if (at == std::string::npos) throw std::runtime_error("no realmId in " + callback);
        return callback.replace(at, ("realmId=" + realm(company)).size(), "realmId=" + realm_named);
    }
    void expect_it_works(const std::string& connection, const std::string& record) {
        ASSERT_EQ(world.put(connection, "contact", record, a_contact("Customer " + record)), 202);
        ASSERT_TRUE(world.finish(connection, world.start_sync(connection), std::chrono::minutes(10)));
        EXPECT_EQ(world.state_of(connection, "contact", record), "applied");
    }

    World world{1};
    std::string one = world.make_partner("One"), two = world.make_partner("Two");
};

TEST_F(Consents, ACallbackThatNamesSomebodyElsesCompanyChangesNothing) {
    const auto mine = world.connect("qbo", one, "", 0);
    EXPECT_EQ(world.api("GET", callback_with(two, 1, realm(0))).status, 403);
    EXPECT_TRUE(connections_of(two).empty());
    expect_it_works(mine, "A");
    world.crash();  // and what the disk holds are my tokens still
    world.clock().run_for(std::chrono::minutes(40));
    expect_it_works(mine, "B");
    EXPECT_EQ(state(mine), "active");
}

TEST_F(Consents, ACallbackCannotTakeACompanyBeforeItsOwner) {
    EXPECT_EQ(world.api("GET", callback_with(two, 0, realm(1))).status, 403);
    EXPECT_EQ(world.api("GET", callback_with(two, 0, "1%2F..%2F" + realm(0))).status, 400);
    EXPECT_EQ(world.api("GET", callback_with(two, 0, "")).status, 400);
    EXPECT_TRUE(connections_of(two).empty());
    expect_it_works(world.connect("qbo", one, "", 1), "A");
}

TEST_F(Consents, AConsentForACompanyThatIsLinkedElsewhereLeavesThatLinkAsItIs) {
    const auto mine = world.connect("qbo", one, "", 0);
    EXPECT_EQ(world.api("GET", world.consent("qbo", two, "", 0)).status, 409);
    EXPECT_TRUE(connections_of(two).empty());
    // What the other one consented to is withdrawn by them; my consent stands.
    expect_it_works(mine, "A");
    const auto theirs = world.connect("qbo", two, "", 1);
    EXPECT_EQ(world.api("GET", world.consent("qbo", two, theirs, 0)).status, 409);
    expect_it_works(mine, "B");
    expect_it_works(theirs, "C");
}

TEST_F(Consents, ACompanyThatCannotBeReadIsNotLinked) {
    world.faults(R"({"path_regex":"/companyinfo/","outage":true})");
    EXPECT_EQ(world.api("GET", world.consent("qbo", one, "", 0)).status, 503);
    EXPECT_TRUE(connections_of(one).empty());
    world.faults("");
    expect_it_works(world.connect("qbo", one, "", 0), "A");
}

TEST_F(Consents, TheCallThatProvesAConsentCountsInTheLimits) {
    const auto mine = world.connect("qbo", one, "", 0);
    const auto submit_and_sync = [&](const std::string& prefix) {
        for (int i = 0; i < 150; ++i)
            world.put(mine, "contact", prefix + std::to_string(i), a_contact(prefix + std::to_string(i)));
        world.start_sync(mine);
    };
    submit_and_sync("A");
    world.clock().run_for(std::chrono::seconds(30));
    EXPECT_EQ(most_within(world.seen(), "qbo", std::chrono::seconds(1), false), 10) << "a busy second";
    world.configure("qbo", R"({"revoke_tokens":")" + realm(0) + "\"}");
    submit_and_sync("B");
    world.clock().run_for(std::chrono::minutes(3));
    ASSERT_EQ(state(mine), "needs_reauth");
    world.connect("qbo", "", mine);
    world.clock().run_for(std::chrono::seconds(30));
    EXPECT_EQ(most_within(world.seen(), "qbo", std::chrono::seconds(1), false), 10);
}

TEST_F(Consents, AConsentLinksWhatItNamesAndNotWhatItsUserOpenedBefore) {
    const auto left = world.connect("xero", one, "", 0);
    world.answer_instead([](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (request.method != "DELETE") return std::nullopt;
        HttpResponse broken;
        broken.status = 500;
        return broken;
    });
    world.ok("POST", "/v1/connections/" + left + "/disconnect");
    world.answer_instead({});
    const auto theirs = world.connect("xero", two, "", 1);
    const auto linked = connections_of(two);
    ASSERT_EQ(linked.size(), 1u) << "an organisation that the other partner had left";
    EXPECT_EQ(linked.front()["tenant_id"].string_or(""), world.ledger("xero", 1)["id"].string_or(""));
    expect_it_works(theirs, "A");
    // It has kept its first consent's mark at Xero, so that the new consent's list is empty; its partner gets it back.
    const auto again = world.connect("xero", one, "", 0);
    EXPECT_NE(again, left);
    world.clock().run_for(std::chrono::minutes(2));  // what the connection before it sent counts for a minute
    expect_it_works(again, "B");
    EXPECT_EQ(connections_of(two).size(), 1u);
}

TEST_F(Consents, AConsentGivenWhileADisconnectEndsStands) {
    const auto left = world.connect("qbo", one, "", 0);
    world.faults(R"({"path_regex":"/tokens/revoke","latency_ms":8000})");
    HttpRequest leave;
    leave.method = "POST";
    leave.target = "/v1/connections/" + left + "/disconnect";
    int status = 0;
    world.send(std::move(leave), [&](const HttpResponse* answer) { status = answer ? answer->status : -1; });
    world.clock().run_for(std::chrono::seconds(2));
    EXPECT_EQ(status, 0);
    const auto again = world.connect("qbo", one, "", 0);
    world.clock().run_for(std::chrono::minutes(3));
    EXPECT_LT(status, 300);
    EXPECT_NE(again, left);
    EXPECT_EQ(state(again), "active");
    expect_it_works(again, "A");
    world.crash();
    world.clock().run_for(std::chrono::hours(2));
    expect_it_works(again, "B");
}

TEST_F(Consents, ASuspendedPartnerStaysSuspended) {
    const auto mine = world.connect("xero", one, "", 0);
    const auto anew = world.consent("qbo", one, "", 0);
    const auto again = world.consent("xero", one, mine, 0);
    world.ok("POST", "/v1/partners/" + one + "/suspend");
    EXPECT_EQ(world.api("GET", anew).status, 409);
    EXPECT_EQ(world.api("GET", again).status, 409);
    EXPECT_EQ(world.api("POST", "/v1/connections/" + mine + "/resume").status, 409);
    EXPECT_EQ(world.api("POST", "/v1/connections/" + mine + "/reconnect", "{}").status, 409);
    EXPECT_EQ(state(mine), "paused");
    EXPECT_EQ(connections_of(one).size(), 1u);
    world.ok("POST", "/v1/partners/" + one + "/resume");
    expect_it_works(mine, "A");
}

TEST_F(Consents, ASuspendedPartnersLostConsentIsNotRenewed) {
    const auto mine = world.connect("xero", one, "", 0);
    world.configure("xero", R"({"revoke_tokens":")" + world.ledger("xero")["id"].string_or("") + "\"}");
    world.put(mine, "contact", "A", a_contact("Customer A"));
    world.start_sync(mine);
    world.clock().run_for(std::chrono::minutes(3));
    ASSERT_EQ(state(mine), "needs_reauth");
    const auto again = world.consent("xero", one, mine, 0);
    world.ok("POST", "/v1/partners/" + one + "/suspend");
    EXPECT_EQ(world.api("GET", again).status, 409);
    EXPECT_EQ(state(mine), "needs_reauth");
}

TEST_F(Consents, AResumedConnectionWithoutAMappingIsInSetup) {
    world.faults(R"({"path_regex":"^/api.xro/","outage":true})");
    const auto mine = world.connect("xero", one, "", 0);
    ASSERT_EQ(state(mine), "setup");
    world.ok("POST", "/v1/connections/" + mine + "/pause", R"({"reason":"month end"})");
    world.ok("POST", "/v1/connections/" + mine + "/resume");
    EXPECT_EQ(state(mine), "setup");
    world.faults("");
    world.clock().run_for(std::chrono::minutes(10));
    EXPECT_EQ(state(mine), "active");
}

}  // namespace
}  // namespace spillway::test
