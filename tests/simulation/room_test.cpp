// A disk that runs full: what is in flight is settled, and nothing new is begun until there is room again.

#include <gtest/gtest.h>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Room : public testing::TestWithParam<std::string> {};

TEST_P(Room, BelowTheMarkWhatIsInFlightIsSettledAndNothingElseIsSent) {
    World world(1);
    const auto connection = world.connect(GetParam());
    world.ok("PATCH", "/v1/connections/" + connection, R"({"posting":"automatic"})");
    world.faults(R"({"match":"write","latency_after_ms":5000})");
    ASSERT_EQ(world.put(connection, "contact", "C1", a_contact("Customer 1")), 202);
    ASSERT_TRUE(world.clock().run_until([&] { return writes(world, GetParam()) == 1; }, seconds(90)));
    // Accepted while there was room, and not sent yet.
    world.ok("POST", "/v1/connections/" + connection + "/pause", R"({"reason":"test"})");
    ASSERT_EQ(world.put(connection, "contact", "C2", a_contact("Customer 2")), 202);
    world.set_free_bytes(std::int64_t{255} << 20);
    world.ok("POST", "/v1/connections/" + connection + "/resume");
    world.clock().run_for(minutes(10));
    EXPECT_EQ(world.state_of(connection, "contact", "C1"), "applied");
    EXPECT_EQ(world.state_of(connection, "contact", "C2"), "waiting");
    EXPECT_EQ(writes(world, GetParam()), 1u);
    const auto lane = world.ok("GET", "/v1/connections/" + connection)["lane"];
    EXPECT_EQ(lane["doing"].text(), "waiting");
    EXPECT_EQ(lane["waits_for"].text(), "disk");
    EXPECT_EQ(world.put(connection, "contact", "C3", a_contact("Customer 3")), 503);
    // Room enough to send, not yet to take in.
    world.set_free_bytes(std::int64_t{300} << 20);
    EXPECT_TRUE(world.reaches(connection, "contact", "C2", "applied", seconds(30)));
    EXPECT_EQ(world.put(connection, "contact", "C3", a_contact("Customer 3")), 503);
    world.set_free_bytes(std::int64_t{600} << 20);
    ASSERT_EQ(world.put(connection, "contact", "C3", a_contact("Customer 3")), 202);
    EXPECT_TRUE(world.reaches(connection, "contact", "C3", "applied", seconds(30)));
}

INSTANTIATE_TEST_SUITE_P(Providers, Room, testing::Values("xero", "qbo"), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
