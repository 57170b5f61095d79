// Payments and credit notes: what settles what, changed and taken back, and voids in reverse order.

#include <gtest/gtest.h>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

class Settling : public testing::TestWithParam<std::string> {
 protected:
    void SetUp() override {
        connection = world.connect(GetParam());
        world.ok("PATCH", "/v1/connections/" + connection, R"({"posting":"automatic"})");
        apply("contact", "C1", a_contact("Customer 1"));
        apply("item", "IT1", an_item("IT1"));
        for (const std::string number : {"INV-1", "INV-2", "INV-3"})
            apply("invoice", number, a_document("C1", number, "IT1", "100.00"));
    }
    void apply(const std::string& kind, const std::string& id, const std::string& body) {
        ASSERT_EQ(world.put(connection, kind, id, body), 202) << kind << "/" << id;
        ASSERT_TRUE(world.quiet(connection));
        expect_applied(kind, id);
    }
    void expect_applied(const std::string& kind, const std::string& id) {
        const auto job = world.record(connection, kind, id)["job"];
        ASSERT_EQ(job["state"].string_or(""), "applied") << kind << "/" << id << ": " << job["why"].string_or("");
    }
    void expect_paid(const std::map<std::string, std::string>& amounts, int payments) {
        auto paid = live_payments(world, GetParam());
        EXPECT_EQ(paid["count"], *Decimal::parse(std::to_string(payments)));
        paid.erase("count");
        EXPECT_EQ(paid.size(), amounts.size());
        for (const auto& [number, amount] : amounts) EXPECT_EQ(paid[number], *Decimal::parse(amount)) << number;
    }
    std::map<std::string, Decimal> allocated() {
        std::map<std::string, Decimal> out;
        const auto ledger = world.ledger(GetParam());
        for (const auto& one : ledger["allocations"].items())
            out[one["credit_note"].string_or("") + ">" + one["invoice"].string_or("")] += one["amount"].decimal_or({});
        return out;
    }
    bool xero() const { return GetParam() == "xero"; }

    World world{1};
    std::string connection;
};

TEST_P(Settling, APaymentOfOneInvoice) {
    apply("payment", "P1", a_payment("C1", "60.00", {{"INV-1", "60.00"}}));
    expect_paid({{"INV-1", "60"}}, 1);
}

TEST_P(Settling, APaymentOfThreeInvoices) {
    apply("payment", "P1", a_payment("C1", "180.00", {{"INV-1", "100.00"}, {"INV-2", "50.00"}, {"INV-3", "30.00"}}));
    expect_paid({{"INV-1", "100"}, {"INV-2", "50"}, {"INV-3", "30"}}, xero() ? 3 : 1);
}

TEST_P(Settling, APaymentOfThreeInvoicesWhoseAnswersAreLost) {
    world.faults(R"({"match":"write","answer_lost":0.5})");
    ASSERT_EQ(world.put(connection, "payment", "P1",
                        a_payment("C1", "180.00", {{"INV-1", "100.00"}, {"INV-2", "50.00"}, {"INV-3", "30.00"}})),
              202);
    ASSERT_TRUE(world.quiet(connection));
    expect_applied("payment", "P1");
    expect_paid({{"INV-1", "100"}, {"INV-2", "50"}, {"INV-3", "30"}}, xero() ? 3 : 1);
}

TEST_P(Settling, APaymentChange) {
    apply("payment", "P1", a_payment("C1", "60.00", {{"INV-1", "60.00"}}));
    apply("payment", "P1", a_payment("C1", "75.00", {{"INV-1", "40.00"}, {"INV-2", "35.00"}}));
    expect_paid({{"INV-1", "40"}, {"INV-2", "35"}}, xero() ? 2 : 1);
}

TEST_P(Settling, APaymentChangeOverCrashesAndLostAnswers) {
    apply("payment", "P1", a_payment("C1", "60.00", {{"INV-1", "60.00"}}));
    world.faults(R"({"match":"write","answer_lost":0.4,"latency_ms":[100,2000],"latency_after_ms":[100,2000]})");
    ASSERT_EQ(
        world.put(connection, "payment", "P1", a_payment("C1", "75.00", {{"INV-1", "40.00"}, {"INV-2", "35.00"}})),
        202);
    for (int crash = 0; crash < 3; ++crash) {
        world.clock().run_for(Millis(world.random().below(70'000)));
        world.crash();
    }
    world.faults("");
    ASSERT_TRUE(world.quiet(connection));
    expect_applied("payment", "P1");
    expect_paid({{"INV-1", "40"}, {"INV-2", "35"}}, xero() ? 2 : 1);
}

TEST_P(Settling, APaymentThatCannotBeReplacedStaysAsItIs) {
    apply("payment", "P1", a_payment("C1", "60.00", {{"INV-1", "60.00"}}));
    std::string changed = a_payment("C1", "75.00", {{"INV-1", "75.00"}});
    changed.insert(changed.rfind('}'), R"(,"account":"an account that nobody mapped")");
    ASSERT_EQ(world.put(connection, "payment", "P1", changed), 202);
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(world.state_of(connection, "payment", "P1"), "parked");
    expect_paid({{"INV-1", "60"}}, 1);
    apply("payment", "P1", a_payment("C1", "75.00", {{"INV-1", "75.00"}}));
    expect_paid({{"INV-1", "75"}}, 1);
}

TEST_P(Settling, APaymentVoid) {
    apply("payment", "P1", a_payment("C1", "150.00", {{"INV-1", "100.00"}, {"INV-2", "50.00"}}));
    ASSERT_EQ(world.void_record(connection, "payment", "P1"), 202);
    ASSERT_TRUE(world.quiet(connection));
    expect_applied("payment", "P1");
    expect_paid({}, 0);
}

TEST_P(Settling, AnInvoiceIsVoidedAfterItsPayment) {
    apply("payment", "P1", a_payment("C1", "100.00", {{"INV-1", "100.00"}}));
    // Held back until both voids are accepted, so that the order is the service's own doing.
    world.ok("PATCH", "/v1/connections/" + connection, R"({"posting":"on_sync"})");
    ASSERT_EQ(world.void_record(connection, "payment", "P1"), 202);
    ASSERT_EQ(world.void_record(connection, "invoice", "INV-1"), 202);
    ASSERT_TRUE(world.finish(connection, world.start_sync(connection)));
    expect_applied("payment", "P1");
    expect_applied("invoice", "INV-1");
    expect_paid({}, 0);
    EXPECT_TRUE(live_documents(world, GetParam(), "INV-1").empty());
}

TEST_P(Settling, ACreditNoteThatSettlesInvoices) {
    apply("credit_note", "CN-1", a_credit_note("C1", "CN-1", "IT1", "80.00", {{"INV-1", "30.00"}, {"INV-2", "50.00"}}));
    const auto made = allocated();
    EXPECT_EQ(made.size(), 2u);
    EXPECT_EQ(made.at("CN-1>INV-1"), *Decimal::parse("30"));
    EXPECT_EQ(made.at("CN-1>INV-2"), *Decimal::parse("50"));
    EXPECT_EQ(live_documents(world, GetParam(), "CN-1").size(), 1u);
    expect_paid({}, 0);
}

TEST_P(Settling, ACreditNoteThatSettlesInvoicesOverCrashesAndLostAnswers) {
    world.faults(R"({"match":"write","answer_lost":0.4,"latency_ms":[100,2000],"latency_after_ms":[100,2000]})");
    ASSERT_EQ(world.put(connection, "credit_note", "CN-1",
                        a_credit_note("C1", "CN-1", "IT1", "80.00", {{"INV-1", "30.00"}, {"INV-2", "50.00"}})),
              202);
    for (int crash = 0; crash < 3; ++crash) {
        world.clock().run_for(Millis(world.random().below(70'000)));
        world.crash();
    }
    world.faults("");
    ASSERT_TRUE(world.quiet(connection));
    expect_applied("credit_note", "CN-1");
    const auto made = allocated();
    EXPECT_EQ(made.size(), 2u);
    EXPECT_EQ(made.at("CN-1>INV-1"), *Decimal::parse("30"));
    EXPECT_EQ(made.at("CN-1>INV-2"), *Decimal::parse("50"));
    EXPECT_EQ(live_documents(world, GetParam(), "CN-1").size(), 1u);
}

TEST_P(Settling, ACreditNoteChangeKeepsItsAllocations) {
    apply("credit_note", "CN-1", a_credit_note("C1", "CN-1", "IT1", "80.00", {{"INV-1", "30.00"}}));
    apply("credit_note", "CN-1", a_credit_note("C1", "CN-1", "IT1", "90.00", {{"INV-1", "20.00"}, {"INV-3", "70.00"}}));
    const auto made = allocated();
    EXPECT_EQ(made.size(), 2u);
    EXPECT_EQ(made.at("CN-1>INV-1"), *Decimal::parse("20"));
    EXPECT_EQ(made.at("CN-1>INV-3"), *Decimal::parse("70"));
    const auto live = live_documents(world, GetParam(), "CN-1");
    ASSERT_EQ(live.size(), 1u);
    EXPECT_EQ(live[0].total.abs(), *Decimal::parse("90"));
}

INSTANTIATE_TEST_SUITE_P(Providers, Settling, testing::Values("xero", "qbo"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
