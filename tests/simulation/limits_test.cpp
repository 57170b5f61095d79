// The limits as the wire sees them, over restarts: no window of any length that the provider counts ever holds more
// calls than it allows, and no 429 is ever needed to find that out. Each run comes close to its limit, so that a slot
// too many would show.

#include <gtest/gtest.h>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

using std::chrono::seconds;

void crash_now_and_then(World& world, int times) {
    for (int crash = 0; crash < times; ++crash) {
        world.clock().run_for(Millis(10'000 + world.random().below(80'000)));
        world.crash();
    }
}

TEST(Limits, XeroAllocationsOneACallStayWithinTheMinuteOverRestarts) {
    for (std::uint64_t seed = 600; seed < 600 + seed_count(2); ++seed) {
        World world(seed);
        const auto connection = world.connect("xero");
        world.put(connection, "contact", "C1", a_contact("Customer 1"));
        world.put(connection, "item", "IT1", an_item("IT1"));
        for (int i = 0; i < 150; ++i) {
            const auto number = std::to_string(i);
            ASSERT_EQ(world.put(connection, "invoice", "I" + number, a_document("C1", "I" + number, "IT1", "9.00")),
                      202);
            ASSERT_EQ(world.put(connection, "credit_note", "N" + number,
                                a_credit_note("C1", "N" + number, "IT1", "5.00", {{"I" + number, "5.00"}})),
                      202);
        }
        const auto sync = world.start_sync(connection);
        crash_now_and_then(world, 4);
        ASSERT_TRUE(world.finish(connection, sync)) << "seed " << seed;
        EXPECT_EQ(world.throttled("xero"), 0) << "seed " << seed;
        const int most = most_within(world.seen(), "xero", seconds(60), /*batches_only=*/false);
        EXPECT_LE(most, 60) << "seed " << seed;
        EXPECT_GE(most, 50) << "the run never came near the limit, seed " << seed;
        EXPECT_EQ(world.ledger("xero")["allocations"].items().size(), 150u) << "seed " << seed;
    }
}

TEST(Limits, QuickBooksBatchesStayWithinTheMinuteOverRestarts) {
    for (std::uint64_t seed = 700; seed < 700 + seed_count(2); ++seed) {
        World world(seed);
        const auto connection = world.connect("qbo");
        for (int i = 0; i < 900; ++i) {
            const auto number = std::to_string(i);
            ASSERT_EQ(world.put(connection, "contact", "C" + number, a_contact("Customer " + number)), 202);
        }
        const auto sync = world.start_sync(connection);
        world.clock().run_for(seconds(1));
        crash_now_and_then(world, 4);
        ASSERT_TRUE(world.finish(connection, sync)) << "seed " << seed;
        EXPECT_EQ(world.throttled("qbo"), 0) << "seed " << seed;
        const int most = most_within(world.seen(), "qbo", seconds(60), /*batches_only=*/true);
        EXPECT_LE(most, 40) << "seed " << seed;
        EXPECT_GE(most, 30) << "the run never came near the limit, seed " << seed;
        EXPECT_LE(most_within(world.seen(), "qbo", seconds(60), /*batches_only=*/false), 500) << "seed " << seed;
        EXPECT_LE(most_within(world.seen(), "qbo", seconds(1), /*batches_only=*/false), 10) << "seed " << seed;
        EXPECT_EQ(world.ledger("qbo")["contacts"].items().size(), 900u) << "seed " << seed;
    }
}

TEST(Limits, QuickBooksVoidsOneACallStayWithinTheSecond) {
    World world(800);
    const auto connection = world.connect("qbo");
    world.put(connection, "contact", "C1", a_contact("Customer 1"));
    world.put(connection, "item", "IT1", an_item("IT1"));
    for (int i = 0; i < 100; ++i) {
        const auto number = "I" + std::to_string(i);
        ASSERT_EQ(world.put(connection, "invoice", number, a_document("C1", number, "IT1", "9.00")), 202);
    }
    ASSERT_TRUE(world.finish(connection, world.start_sync(connection)));
    for (int i = 0; i < 100; ++i) ASSERT_EQ(world.void_record(connection, "invoice", "I" + std::to_string(i)), 202);
    const auto sync = world.start_sync(connection);
    world.clock().run_for(seconds(5));
    world.crash();
    ASSERT_TRUE(world.finish(connection, sync));
    EXPECT_EQ(world.throttled("qbo"), 0);
    const int most = most_within(world.seen(), "qbo", seconds(1), /*batches_only=*/false);
    EXPECT_LE(most, 10);
    EXPECT_GE(most, 8) << "the run never came near the limit";
    EXPECT_LE(most_within(world.seen(), "qbo", seconds(60), /*batches_only=*/false), 500);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(live_documents(world, "qbo", "I" + std::to_string(i)).empty());
}

}  // namespace
}  // namespace spillway::test
