// Power cuts: what was not synced is dropped or torn, at random moments of a month. What was acknowledged before the
// cut is in the books exactly once in the end; what was not, the caller submits again.

#include <gtest/gtest.h>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

class Power : public testing::TestWithParam<std::string> {};

TEST_P(Power, CutsDuringTheDrainLoseAndDoubleNothing) {
    for (std::uint64_t seed = 300; seed < 300 + seed_count(6); ++seed) {
        World world(seed, Disk::losing);
        const auto connection = world.connect(GetParam());
        world.faults(R"({"match":"write","answer_lost":0.05,"latency_ms":[5,3000],"latency_after_ms":[5,3000]})");
        const auto source = submit_month(world, connection, 60);
        const auto sync = world.start_sync(connection);
        for (int cut = 0; cut < 4; ++cut) world.cut_power_after(1 + world.random().below(60), std::chrono::seconds(90));
        ASSERT_TRUE(world.finish(connection, sync)) << "seed " << seed;
        expect_books(world, GetParam(), source);
        EXPECT_EQ(world.jobs(connection, "parked"), 0u) << "seed " << seed;
        EXPECT_EQ(world.throttled(GetParam()), 0) << "seed " << seed;
    }
}

TEST_P(Power, CutsDuringIntakeLoseNothingAcknowledged) {
    for (std::uint64_t seed = 400; seed < 400 + seed_count(6); ++seed) {
        World world(seed, Disk::losing);
        const auto connection = world.connect(GetParam());
        world.ok("PATCH", "/v1/connections/" + connection, R"({"posting":"automatic"})");
        int cuts = 0;
        world.cut_power_in(20 + world.random().below(80));
        const auto source = submit_month(world, connection, 60, [&] {
            ++cuts;
            world.power_on();
            if (cuts < 4) world.cut_power_in(20 + world.random().below(200));
        });
        EXPECT_GT(cuts, 0) << "seed " << seed;
        if (world.is_cut() || cuts < 4) world.power_on();
        ASSERT_TRUE(world.quiet(connection)) << "seed " << seed;
        EXPECT_EQ(world.jobs(connection, "blocked,parked"), 0u) << "seed " << seed;
        expect_books(world, GetParam(), source);
    }
}

/// Every step of one invoice's way, one after another: intake, intent, call, settle.
TEST_P(Power, ACutAtEachStepOfOneInvoice) {
    for (std::uint64_t step = 1; step <= 24; ++step) {
        World world(500 + step, Disk::losing);
        const auto connection = world.connect(GetParam());
        world.ok("PATCH", "/v1/connections/" + connection, R"({"posting":"automatic"})");
        world.put(connection, "contact", "C1", a_contact("Customer 1"));
        world.put(connection, "item", "IT1", an_item("IT1"));
        ASSERT_TRUE(world.quiet(connection));
        world.cut_power_in(step);
        const int status = world.put(connection, "invoice", "INV-1", a_document("C1", "INV-1", "IT1", "10.00"));
        world.clock().run_until([&] { return world.is_cut(); }, std::chrono::seconds(30));
        world.power_on();
        if (status == 202) {
            EXPECT_EQ(world.record(connection, "invoice", "INV-1")["version"].int64_or(0), 1) << "step " << step;
        } else {
            world.put(connection, "invoice", "INV-1", a_document("C1", "INV-1", "IT1", "10.00"));
        }
        ASSERT_TRUE(world.quiet(connection)) << "step " << step;
        Source source;
        source.documents["INV-1"] = *Decimal::parse("10");
        expect_books(world, GetParam(), source);
        EXPECT_EQ(world.state_of(connection, "invoice", "INV-1"), "applied") << "step " << step;
    }
}

INSTANTIATE_TEST_SUITE_P(Providers, Power, testing::Values("xero", "qbo"), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
