// The lives of records: changed, overtaken, voided and settled, at every moment that matters. Whatever the order, the
// books hold what the latest accepted version says, as one object.

#include <gtest/gtest.h>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

class Lives : public testing::TestWithParam<std::string> {
 protected:
    void SetUp() override { connection = world.connect(GetParam()); }

    /// From now on what is submitted goes out at once.
    void post_automatically() { world.ok("PATCH", "/v1/connections/" + connection, R"({"posting":"automatic"})"); }
    void start_with_contact_and_item() {
        post_automatically();
        apply("contact", "C1", a_contact("Customer 1"));
        apply("item", "IT1", an_item("IT1"));
    }
    void apply(const std::string& kind, const std::string& id, const std::string& body) {
        ASSERT_EQ(world.put(connection, kind, id, body), 202) << kind << "/" << id;
        ASSERT_TRUE(world.quiet(connection));
        ASSERT_EQ(state(kind, id), "applied") << why(kind, id);
    }
    void apply_invoice(const std::string& number, const std::string& total) {
        apply("invoice", number, invoice(number, total));
    }
    static std::string invoice(const std::string& number, const std::string& total) {
        return a_document("C1", number, "IT1", total);
    }
    std::string state(const std::string& kind, const std::string& id) { return world.state_of(connection, kind, id); }
    std::string why(const std::string& kind, const std::string& id) {
        return world.record(connection, kind, id)["job"]["why"].string_or("");
    }
    std::string cause(const std::string& kind, const std::string& id) {
        return world.record(connection, kind, id)["job"]["cause"].string_or("");
    }
    void expect_one(const std::string& number, const std::string& total) {
        const auto live = live_documents(world, GetParam(), number);
        ASSERT_EQ(live.size(), 1u) << number;
        EXPECT_EQ(live[0].total, *Decimal::parse(total)) << number;
    }
    std::size_t documents_ever(const std::string& number) {
        const auto all = world.documents(GetParam());
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [&](const auto& one) { return one.number == number; }));
    }
    bool xero() const { return GetParam() == "xero"; }

    World world{1};
    std::string connection;
};

TEST_P(Lives, UpdateChangesTheOneObject) {
    start_with_contact_and_item();
    apply_invoice("INV-1", "10.00");
    apply_invoice("INV-1", "12.50");
    expect_one("INV-1", "12.5");
    EXPECT_EQ(documents_ever("INV-1"), 1u);
    EXPECT_EQ(world.record(connection, "invoice", "INV-1")["applied_version"].int64_or(0), 2);
}

TEST_P(Lives, TheFirstBodyAgainIsAChangeOfItsOwn) {
    start_with_contact_and_item();
    apply_invoice("INV-1", "10.00");
    apply_invoice("INV-1", "20.00");
    apply_invoice("INV-1", "10.00");
    expect_one("INV-1", "10");
    // And without a pause between them.
    for (const auto* total : {"30.00", "10.00", "30.00", "10.00"})
        EXPECT_EQ(world.put(connection, "invoice", "INV-1", invoice("INV-1", total)), 202);
    ASSERT_TRUE(world.quiet(connection));
    expect_one("INV-1", "10");
    EXPECT_EQ(documents_ever("INV-1"), 1u);
}

TEST_P(Lives, TheSameBodyAgainIsNoWork) {
    start_with_contact_and_item();
    apply_invoice("INV-1", "10.00");
    const auto before = writes(world, GetParam());
    EXPECT_EQ(world.put(connection, "invoice", "INV-1", invoice("INV-1", "10.00")), 200);
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(writes(world, GetParam()), before);
}

TEST_P(Lives, ANewerVersionWaitsForTheCallInFlight) {
    start_with_contact_and_item();
    world.faults(R"({"match":"write","latency_after_ms":8000})");
    const auto before = writes(world, GetParam()) + 1;
    ASSERT_EQ(world.put(connection, "invoice", "INV-1", invoice("INV-1", "10.00")), 202);
    ASSERT_TRUE(world.clock().run_until([&] { return writes(world, GetParam()) == before; }, std::chrono::seconds(5)));
    ASSERT_EQ(world.put(connection, "invoice", "INV-1", invoice("INV-1", "11.00")), 202);
    world.clock().run_for(Millis{2'000});
    EXPECT_EQ(writes(world, GetParam()), before) << "the newer version raced the older one";
    ASSERT_TRUE(world.quiet(connection));
    expect_one("INV-1", "11");
    EXPECT_EQ(documents_ever("INV-1"), 1u);
}

TEST_P(Lives, ANewerVersionWaitsForTheUnknownOutcome) {
    for (const bool crashed : {false, true}) {
        const std::string number = crashed ? "INV-2" : "INV-1";
        if (!crashed) start_with_contact_and_item();
        world.faults(R"({"match":"write","answer_lost":1})");
        ASSERT_EQ(world.put(connection, "invoice", number, invoice(number, "10.00")), 202);
        ASSERT_TRUE(world.reaches(connection, "invoice", number, "unknown"));
        ASSERT_EQ(world.put(connection, "invoice", number, invoice(number, "11.00")), 202);
        if (crashed) world.crash();
        world.faults("");
        ASSERT_TRUE(world.quiet(connection));
        EXPECT_EQ(state("invoice", number), "applied") << why("invoice", number);
        expect_one(number, "11");
        EXPECT_EQ(documents_ever(number), 1u);
    }
}

TEST_P(Lives, ANewerVersionAfterALostUpdateIsNoDrift) {
    start_with_contact_and_item();
    apply_invoice("INV-1", "10.00");
    world.faults(R"({"match":"write","answer_lost":1})");
    ASSERT_EQ(world.put(connection, "invoice", "INV-1", invoice("INV-1", "11.00")), 202);
    ASSERT_TRUE(world.reaches(connection, "invoice", "INV-1", "unknown"));
    ASSERT_EQ(world.put(connection, "invoice", "INV-1", invoice("INV-1", "12.00")), 202);
    world.crash();
    world.faults("");
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(state("invoice", "INV-1"), "applied") << why("invoice", "INV-1");
    expect_one("INV-1", "12");
}

/// Refused beforehand by both providers: nobody mapped the account, and no item says it.
std::string unmapped(const std::string& number, const std::string& total) {
    return R"({"contact":"C1","number":")" + number +
           R"(","date":"2026-01-31","currency":"GBP","amounts":"none","lines":[{"account":"nowhere",)"
           R"("description":"Service","quantity":1,"unit_price":)" +
           total + R"(}],"total":)" + total + "}";
}

TEST_P(Lives, ANewerVersionUnparks) {
    start_with_contact_and_item();
    ASSERT_EQ(world.put(connection, "invoice", "INV-1", unmapped("INV-1", "10.00")), 202);
    ASSERT_TRUE(world.quiet(connection));
    ASSERT_EQ(state("invoice", "INV-1"), "parked") << why("invoice", "INV-1");
    EXPECT_FALSE(cause("invoice", "INV-1").empty());
    EXPECT_EQ(documents_ever("INV-1"), 0u);
    apply_invoice("INV-1", "10.00");
    expect_one("INV-1", "10");
}

TEST_P(Lives, VoidOfAnAppliedInvoice) {
    start_with_contact_and_item();
    apply_invoice("INV-1", "10.00");
    ASSERT_EQ(world.void_record(connection, "invoice", "INV-1"), 202);
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(state("invoice", "INV-1"), "applied") << why("invoice", "INV-1");
    EXPECT_TRUE(live_documents(world, GetParam(), "INV-1").empty());
    EXPECT_EQ(documents_ever("INV-1"), 1u) << "a void leaves the document, voided";
}

TEST_P(Lives, VoidOfANeverSentInvoiceMakesNoCall) {
    world.put(connection, "contact", "C1", a_contact("Customer 1"));
    world.put(connection, "item", "IT1", an_item("IT1"));
    ASSERT_TRUE(world.finish(connection, world.start_sync(connection)));
    const auto before = world.seen().size();
    ASSERT_EQ(world.put(connection, "invoice", "INV-1", invoice("INV-1", "10.00")), 202);
    ASSERT_EQ(world.void_record(connection, "invoice", "INV-1"), 202);
    ASSERT_TRUE(world.finish(connection, world.start_sync(connection)));
    EXPECT_EQ(world.seen().size(), before);
    EXPECT_EQ(documents_ever("INV-1"), 0u);
    EXPECT_EQ(state("invoice", "INV-1"), "applied") << why("invoice", "INV-1");
}

TEST_P(Lives, VoidOfAnUnknownCreateIsResolvedFirst) {
    for (const bool effect : {true, false}) {
        const std::string number = effect ? "INV-1" : "INV-2";
        if (effect) start_with_contact_and_item();
        world.faults(effect ? R"({"match":"write","answer_lost":1})" : R"({"match":"write","cut":1})");
        ASSERT_EQ(world.put(connection, "invoice", number, invoice(number, "10.00")), 202);
        ASSERT_TRUE(world.reaches(connection, "invoice", number, "unknown"));
        ASSERT_EQ(world.void_record(connection, "invoice", number), 202);
        world.faults("");
        ASSERT_TRUE(world.quiet(connection));
        EXPECT_EQ(state("invoice", number), "applied") << why("invoice", number);
        EXPECT_TRUE(live_documents(world, GetParam(), number).empty());
        EXPECT_LE(documents_ever(number), 1u);
    }
}

TEST_P(Lives, NegativeInvoiceBecomesACreditNote) {
    start_with_contact_and_item();
    ASSERT_EQ(world.put(connection, "invoice", "INV-1", invoice("INV-1", "-12.00")), 202);
    ASSERT_TRUE(world.quiet(connection));
    ASSERT_EQ(state("invoice", "INV-1"), "applied") << why("invoice", "INV-1");
    const auto live = live_documents(world, GetParam(), "INV-1");
    ASSERT_EQ(live.size(), 1u);
    EXPECT_EQ(live[0].type, "credit_note");
    EXPECT_EQ(live[0].total.abs(), *Decimal::parse("12"));
}

TEST_P(Lives, AnInvoiceWaitsForItsContactAndItem) {
    post_automatically();
    ASSERT_EQ(world.put(connection, "invoice", "INV-1", invoice("INV-1", "10.00")), 202);
    world.clock().run_for(std::chrono::minutes(3));
    EXPECT_EQ(state("invoice", "INV-1"), "blocked");
    EXPECT_EQ(writes(world, GetParam()), 0u);
    apply("contact", "C1", a_contact("Customer 1"));
    EXPECT_EQ(state("invoice", "INV-1"), "blocked") << "the item is still missing";
    apply("item", "IT1", an_item("IT1"));
    EXPECT_EQ(state("invoice", "INV-1"), "applied") << why("invoice", "INV-1");
    expect_one("INV-1", "10");
}

TEST_P(Lives, AParkedContactKeepsItsInvoicesWaitingAndTheyResume) {
    post_automatically();
    apply("item", "IT1", an_item("IT1"));
    // Each refused for good: by our own check of Xero's length, by QuickBooks for the colon.
    const std::string bad = xero() ? R"({"name":"Customer 1","customer":true,"phone":")" + std::string(60, '5') + "\"}"
                                   : a_contact("Customer: 1");
    ASSERT_EQ(world.put(connection, "contact", "C1", bad), 202);
    ASSERT_EQ(world.put(connection, "invoice", "INV-1", invoice("INV-1", "10.00")), 202);
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(state("contact", "C1"), "parked") << why("contact", "C1");
    EXPECT_EQ(state("invoice", "INV-1"), "blocked");
    apply("contact", "C1", a_contact("Customer 1"));
    EXPECT_EQ(state("invoice", "INV-1"), "applied") << why("invoice", "INV-1");
    expect_one("INV-1", "10");
}

TEST_P(Lives, AnOlderSourceVersionIsSuperseded) {
    start_with_contact_and_item();
    apply("invoice", "INV-1", with_source_version(invoice("INV-1", "10.00"), 7));
    const auto before = writes(world, GetParam());
    const auto answer = world.api("PUT", "/v1/connections/" + connection + "/records/invoice/INV-1",
                                  with_source_version(invoice("INV-1", "99.00"), 6));
    EXPECT_LT(answer.status, 300);
    EXPECT_NE(answer.body.find("\"superseded\""), std::string::npos) << answer.body;
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(writes(world, GetParam()), before);
    expect_one("INV-1", "10");
}

TEST_P(Lives, WhatABookkeeperChangedIsNotOverwritten) {
    start_with_contact_and_item();
    apply_invoice("INV-1", "1234.56");
    const auto id = world.record(connection, "invoice", "INV-1")["links"].items().at(0)["provider_id"].string_or("");
    const std::string collection =
        xero() ? "/api.xro/2.0/Invoices" : "/v3/company/" + world.ledger("qbo")["id"].string_or("") + "/invoice";
    auto read = world.by_hand(GetParam(), "GET", collection + "/" + id);
    ASSERT_EQ(read.status, 200) << read.body;
    std::string changed = xero() ? read.body : write_json((*parse_json(read.body))["Invoice"]);
    for (auto at = changed.find("1234.56"); at != std::string::npos; at = changed.find("1234.56", at))
        changed.replace(at, 7, "1200.00");
    // A form without tax may carry no tax detail, as read as it was.
    if (const auto tax = changed.find("\"TxnTaxDetail\""); tax != std::string::npos)
        changed.erase(tax, changed.find("\"TotalAmt\"") - tax);
    const auto written = world.by_hand(GetParam(), "POST", collection, changed);
    ASSERT_EQ(written.status, 200) << changed << written.body;
    expect_one("INV-1", "1200");

    ASSERT_EQ(world.put(connection, "invoice", "INV-1", invoice("INV-1", "1300.00")), 202);
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(state("invoice", "INV-1"), "parked") << why("invoice", "INV-1");
    EXPECT_EQ(cause("invoice", "INV-1"), "drift");
    expect_one("INV-1", "1200");
}

TEST_P(Lives, AnItemThatThePriceOfIsAnotherInTheBooksGetsTheRecordsPrice) {
    const auto tenant = world.ledger(GetParam());
    const auto made =
        xero() ? world.by_hand("xero", "PUT", "/api.xro/2.0/Items",
                               R"({"Code":"IT1","Name":"Theirs","SalesDetails":{"UnitPrice":1}})")
               : world.by_hand("qbo", "POST", "/v3/company/" + tenant["id"].string_or("") + "/item",
                               R"({"Name":"IT1","Type":"Service","UnitPrice":1,"IncomeAccountRef":{"value":"1"}})");
    ASSERT_EQ(made.status, 200) << made.body;
    post_automatically();
    apply("item", "IT1", R"({"code":"IT1","name":"Item 1","unit_price":2})");
    const auto link = world.record(connection, "item", "IT1")["links"].items().at(0);
    const std::string where = xero() ? "/api.xro/2.0/Items/" : "/v3/company/" + tenant["id"].string_or("") + "/item/";
    const auto read =
        world.by_hand(GetParam(), "GET", where + link["provider_id"].string_or("") + (xero() ? "?unitdp=4" : ""));
    ASSERT_EQ(read.status, 200) << read.body;
    const auto body = *parse_json(read.body);
    const auto price = xero() ? body["Items"].items().at(0)["SalesDetails"]["UnitPrice"] : body["Item"]["UnitPrice"];
    EXPECT_EQ(price.decimal_or({}), Decimal(2, 0)) << read.body;
}

INSTANTIATE_TEST_SUITE_P(Providers, Lives, testing::Values("xero", "qbo"), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
