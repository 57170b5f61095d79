// Connections in trouble, and their neighbours: consent withdrawn, paused, disconnected, in an outage.

#include <gtest/gtest.h>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

class ConnectionTrouble : public testing::TestWithParam<std::string> {
 protected:
    [[nodiscard]] std::string other() const { return GetParam() == "xero" ? "qbo" : "xero"; }
    std::string state(const std::string& connection) {
        return world.ok("GET", "/v1/connections/" + connection)["state"].string_or("");
    }
    std::size_t calls(const std::string& provider) {
        return static_cast<std::size_t>(std::count_if(world.seen().begin(), world.seen().end(),
                                                      [&](const auto& call) { return call.provider == provider; }));
    }
    /// Writes are slow enough, and documents many enough, that a month is caught in the middle.
    void slow_down() { world.faults(R"({"match":"write","latency_ms":[3000,4000]})"); }
    [[nodiscard]] int many() const { return GetParam() == "xero" ? 600 : 200; }
    /// Some of the month's documents are in the books, and some are not.
    void expect_in_mid_drain() {
        const auto booked = world.documents(GetParam()).size();
        EXPECT_GT(booked, 0u);
        EXPECT_LT(booked, static_cast<std::size_t>(many()));
    }

    World world{1};
};

TEST_P(ConnectionTrouble, ARevokedConsentStopsItsLaneAloneAndReconnectingResumes) {
    const auto mine = world.connect(GetParam());
    const auto theirs = world.connect(other());
    const auto my_source = submit_month(world, mine, many());
    const auto their_source = submit_month(world, theirs, 120);
    slow_down();
    const auto my_sync = world.start_sync(mine);
    const auto their_sync = world.start_sync(theirs);
    world.clock().run_for(std::chrono::seconds(10));
    expect_in_mid_drain();
    world.configure(GetParam(), R"({"revoke_tokens":")" + world.ledger(GetParam())["id"].string_or("") + "\"}");
    world.clock().run_for(std::chrono::minutes(3));
    EXPECT_EQ(state(mine), "needs_reauth");
    EXPECT_FALSE(world.sync_done(mine, my_sync));
    const auto before = calls(GetParam());
    ASSERT_TRUE(world.finish(theirs, their_sync));
    expect_books(world, other(), their_source);
    world.clock().run_for(std::chrono::minutes(30));
    EXPECT_EQ(calls(GetParam()), before) << "calls without consent";
    world.connect(GetParam(), "", mine);
    EXPECT_EQ(state(mine), "active");
    ASSERT_TRUE(world.finish(mine, my_sync));
    expect_books(world, GetParam(), my_source);
}

TEST_P(ConnectionTrouble, APauseInMidDrainSendsNothingAndResumeGoesOn) {
    const auto mine = world.connect(GetParam());
    const auto source = submit_month(world, mine, many());
    slow_down();
    const auto sync = world.start_sync(mine);
    world.clock().run_for(std::chrono::seconds(10));
    expect_in_mid_drain();
    world.ok("POST", "/v1/connections/" + mine + "/pause", R"({"reason":"month end"})");
    const auto before = calls(GetParam());
    world.clock().run_for(std::chrono::minutes(10));
    EXPECT_EQ(calls(GetParam()), before) << "calls while paused";
    expect_in_mid_drain();
    EXPECT_FALSE(world.sync_done(mine, sync));
    // A pause outlives the process.
    world.crash();
    world.clock().run_for(std::chrono::minutes(10));
    EXPECT_EQ(calls(GetParam()), before) << "calls while paused, after a restart";
    world.ok("POST", "/v1/connections/" + mine + "/resume");
    ASSERT_TRUE(world.finish(mine, sync));
    expect_books(world, GetParam(), source);
}

TEST_P(ConnectionTrouble, ADisconnectInMidDrainSendsNothingMore) {
    const auto mine = world.connect(GetParam());
    submit_month(world, mine, many());
    slow_down();
    world.start_sync(mine);
    world.clock().run_for(std::chrono::seconds(10));
    expect_in_mid_drain();
    world.ok("POST", "/v1/connections/" + mine + "/disconnect");
    EXPECT_EQ(state(mine), "disconnected");
    const auto before = calls(GetParam());
    world.clock().run_for(std::chrono::minutes(10));
    world.crash();
    world.clock().run_for(std::chrono::minutes(10));
    EXPECT_EQ(calls(GetParam()), before) << "calls after the disconnect";
    EXPECT_EQ(world.put(mine, "contact", "LATE", a_contact("Latecomer")), 409);
}

/// When the second partner's sync is done, with or without an outage of the first partner's provider.
Millis drain_time(const std::string& provider, const std::string& neighbour, bool outage) {
    World world(5);
    const auto mine = world.connect(provider, world.make_partner("One"), "");
    const auto theirs = world.connect(neighbour, world.make_partner("Two"), "");
    if (outage) world.faults(R"({"provider":")" + provider + R"(","outage":true})");
    submit_month(world, mine, 100);
    const auto source = submit_month(world, theirs, 100);
    world.start_sync(mine);
    const auto begun = world.clock().steady_now();
    EXPECT_TRUE(world.finish(theirs, world.start_sync(theirs)));
    expect_books(world, neighbour, source);
    if (outage) EXPECT_TRUE(world.documents(provider).empty());
    return world.clock().steady_now() - begun;
}

TEST_P(ConnectionTrouble, AConsentIsAnsweredBeforeTheListsAreReadAndTheListsFollow) {
    world.faults(R"({"path_regex":"^/(api.xro|v3)/(?!.*companyinfo/).*","latency_ms":20000})");
    const auto asked = world.clock().steady_now();
    const auto mine = world.connect(GetParam());
    EXPECT_LT(world.clock().steady_now() - asked, std::chrono::seconds(5)) << "somebody sits before that browser";
    const auto fresh = world.ok("GET", "/v1/connections/" + mine);
    EXPECT_EQ(fresh["state"].text(), "setup");
    EXPECT_NE(fresh["state_reason"].text().find("being read"), std::string_view::npos) << fresh["state_reason"].text();
    EXPECT_EQ(world.api("POST", "/v1/connections/" + mine + "/syncs").status, 409);
    // Killed meanwhile: the next process reads them, as soon as the limits let it.
    world.crash();
    EXPECT_EQ(state(mine), "setup");
    world.clock().run_for(std::chrono::minutes(4));
    EXPECT_EQ(state(mine), "active");
    world.faults("");
    ASSERT_EQ(world.put(mine, "contact", "C1", a_contact("Customer 1")), 202);
    ASSERT_TRUE(world.finish(mine, world.start_sync(mine)));
    EXPECT_EQ(world.state_of(mine, "contact", "C1"), "applied");
}

TEST_P(ConnectionTrouble, ListsThatCannotBeReadAreReadLaterAndTheConnectionSaysWhy) {
    world.faults(R"({"path_regex":"^/(api.xro|v3)/(?!.*companyinfo/).*","outage":true})");
    const auto mine = world.connect(GetParam());
    world.clock().run_for(std::chrono::seconds(30));
    EXPECT_EQ(state(mine), "setup");
    world.faults("");
    world.clock().run_for(std::chrono::minutes(6));
    EXPECT_EQ(state(mine), "active");
}

TEST_P(ConnectionTrouble, AnOutageOfOneProviderDoesNotSlowTheOther) {
    const auto usual = drain_time(GetParam(), other(), /*outage=*/false);
    const auto beside_an_outage = drain_time(GetParam(), other(), /*outage=*/true);
    EXPECT_LE(beside_an_outage, usual + std::chrono::seconds(4));
}

INSTANTIATE_TEST_SUITE_P(Providers, ConnectionTrouble, testing::Values("xero", "qbo"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
