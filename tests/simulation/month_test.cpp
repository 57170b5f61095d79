// A small month end on virtual time, against both providers, with everything going wrong that the network and the
// process can do. Whatever happens, the books hold each document exactly once, with its total, and no limit is ever
// exceeded.

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "tests/simulation/world.hpp"

namespace spillway::test {
namespace {

/// How many seeds each random test runs; more by SPILLWAY_SEEDS for a long hunt.
std::uint64_t seeds() {
    const char* given = std::getenv("SPILLWAY_SEEDS");
    return given == nullptr ? 6 : std::strtoull(given, nullptr, 10);
}

struct Source {
    std::map<std::string, Decimal> documents;  ///< number -> total
    Decimal total;
};

std::string cents(std::uint64_t amount) {
    return std::to_string(amount / 100) + "." + (amount % 100 < 10 ? "0" : "") + std::to_string(amount % 100);
}

/// Submits `count` invoices over a few contacts and items; documents come before what they refer to, now and then.
Source submit(World& world, const std::string& connection, int count) {
    Source source;
    for (int i = 0; i < count; ++i) {
        const auto contact = "C" + std::to_string(world.random().below(9));
        const auto item = "IT" + std::to_string(world.random().below(12));
        const auto number = "INV-" + std::to_string(i);
        const auto total = cents(1 + world.random().below(500'000));
        const bool credit = world.random().below(6) == 0;
        EXPECT_EQ(
            world.put(connection, credit ? "credit_note" : "invoice", number, a_document(contact, number, item, total)),
            202);
        source.documents[number] = *Decimal::parse(total);
        source.total += credit ? -*Decimal::parse(total) : *Decimal::parse(total);
    }
    for (int i = 0; i < 9; ++i)
        EXPECT_LT(world.put(connection, "contact", "C" + std::to_string(i), a_contact("Customer " + std::to_string(i))),
                  300);
    for (int i = 0; i < 12; ++i)
        EXPECT_LT(world.put(connection, "item", "IT" + std::to_string(i), an_item("IT" + std::to_string(i))), 300);
    return source;
}

void expect_tied_out(World& world, const std::string& provider, const Source& source) {
    std::map<std::string, int> seen;
    Decimal total;
    for (const auto& document : world.documents(provider)) {
        ++seen[document.number];
        const auto stated = source.documents.find(document.number);
        ASSERT_NE(stated, source.documents.end()) << document.number << " is nobody's, seed " << world.seed();
        EXPECT_EQ(document.total.abs(), stated->second) << document.number << " seed " << world.seed();
        total += document.type == "credit_note" ? -document.total.abs() : document.total;
    }
    EXPECT_EQ(seen.size(), source.documents.size()) << "documents missing in " << provider << ", seed " << world.seed();
    for (const auto& [number, times] : seen)
        EXPECT_EQ(times, 1) << number << " twice in " << provider << ", seed " << world.seed();
    EXPECT_EQ(total, source.total) << "seed " << world.seed();
    std::map<std::string, int> names;
    const auto ledger = world.ledger(provider);
    for (const auto& contact : ledger["contacts"].items())
        EXPECT_EQ(++names[contact["name"].string_or("")], 1) << contact["name"].string_or("");
    for (const auto& item : ledger["items"].items())
        EXPECT_EQ(++names["item " + item["code"].string_or("")], 1) << item["code"].string_or("");
    EXPECT_EQ(world.throttled(provider), 0) << "a limit was found out by a 429, seed " << world.seed();
}

class Month : public testing::TestWithParam<std::string> {};

TEST_P(Month, DrainsExactlyOnceWithinTheLimits) {
    World world(1);
    const auto connection = world.connect(GetParam());
    const auto source = submit(world, connection, 200);
    const auto sync = world.start_sync(connection);
    ASSERT_TRUE(world.finish(connection, sync));
    expect_tied_out(world, GetParam(), source);
}

TEST_P(Month, LosesNothingAndDoublesNothingWhenAnswersAreLost) {
    for (std::uint64_t seed = 10; seed < 10 + seeds(); ++seed) {
        World world(seed);
        const auto connection = world.connect(GetParam());
        world.sandbox("PUT", "/_sandbox/faults",
                      R"({"rules":[{"match":"write","answer_lost":0.25,"cut":0.1,"latency_ms":[5,900]}]})");
        const auto source = submit(world, connection, 120);
        const auto sync = world.start_sync(connection);
        ASSERT_TRUE(world.finish(connection, sync)) << "seed " << seed;
        expect_tied_out(world, GetParam(), source);
    }
}

TEST_P(Month, SurvivesCrashesAtAnyMoment) {
    for (std::uint64_t seed = 100; seed < 100 + seeds(); ++seed) {
        World world(seed);
        const auto connection = world.connect(GetParam());
        world.sandbox(
            "PUT", "/_sandbox/faults",
            R"({"rules":[{"match":"write","answer_lost":0.05,"latency_ms":[5,3000],"latency_after_ms":[5,3000]}]})");
        const auto source = submit(world, connection, 120);
        const auto sync = world.start_sync(connection);
        for (int crash = 0; crash < 4; ++crash) {
            world.clock().run_for(Millis(world.random().below(40'000)));
            world.crash();
        }
        ASSERT_TRUE(world.finish(connection, sync)) << "seed " << seed;
        expect_tied_out(world, GetParam(), source);
    }
}

TEST_P(Month, GoesOnAfterAnOutageWithIntakeOpen) {
    World world(3);
    const auto connection = world.connect(GetParam());
    world.sandbox("PUT", "/_sandbox/faults", R"({"rules":[{"outage":{"seconds":60}}]})");
    const auto source = submit(world, connection, 60);
    const auto sync = world.start_sync(connection);
    world.clock().run_for(std::chrono::seconds(59));
    EXPECT_TRUE(world.documents(GetParam()).empty());
    EXPECT_EQ(world.put(connection, "contact", "LATE", a_contact("Latecomer")), 202) << "intake stays open";
    ASSERT_TRUE(world.finish(connection, sync));
    expect_tied_out(world, GetParam(), source);
}

TEST_P(Month, ParksTheOneInvalidInvoiceAndAppliesTheOthers) {
    World world(4);
    const auto connection = world.connect(GetParam());
    const auto source = submit(world, connection, 49);
    // Refused by the provider alone: nothing on our side can know that the name is taken by an archived or foreign
    // contact.
    const std::string too_long(60, '9');
    EXPECT_EQ(
        world.put(connection, "invoice", "BAD",
                  a_document("C1", GetParam() == "qbo" ? too_long : std::string(256 - 1, '7') + "", "IT1", "5.00")),
        202);
    const auto sync = world.start_sync(connection);
    ASSERT_TRUE(world.finish(connection, sync));
    if (GetParam() == "qbo") {
        EXPECT_EQ(world.state_of(connection, "invoice", "BAD"), "parked");
        expect_tied_out(world, GetParam(), source);
    }
}

INSTANTIATE_TEST_SUITE_P(Providers, Month, testing::Values("xero", "qbo"), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
