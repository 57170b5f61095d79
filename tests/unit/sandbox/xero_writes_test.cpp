#include "tests/unit/sandbox/xero_fixture.hpp"

using namespace spillway;
using namespace spillway::sandbox;

namespace {
const std::string kGoodAndBad = R"({"Contacts":[{"Name":"Good"},{"Name":"Bad","EmailAddress":"x"}]})";
}

TEST(XeroWrites, SummarizeErrorsFalseAnswersPerElement) {
    Xero xero;
    const Answer answer = xero.api("PUT", "Contacts?summarizeErrors=False", kGoodAndBad);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.json["Status"].text(), "OK");
    const auto& list = answer.json["Contacts"].items();
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0]["StatusAttributeString"].text(), "OK");
    EXPECT_FALSE(list[0]["HasValidationErrors"].bool_or(true));
    EXPECT_EQ(list[1]["StatusAttributeString"].text(), "ERROR");
    EXPECT_TRUE(list[1]["HasValidationErrors"].bool_or(false));
    EXPECT_EQ(list[1]["EmailAddress"].text(), "x") << "the sent object comes back";
}

TEST(XeroWrites, OtherwiseOneErrorFailsTheCallInBothPositionsOfItsAtomicity) {
    for (const bool atomic : {true, false}) {
        Xero xero;
        xero.configure(atomic ? "{}" : R"({"whole_call_400_atomic":false})");
        const Answer answer = xero.api("PUT", "Contacts", kGoodAndBad);
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(answer.json["ErrorNumber"].text(), "10");
        EXPECT_EQ(answer.json["Type"].text(), "ValidationException");
        ASSERT_EQ(answer.json["Elements"].items().size(), 1U);
        EXPECT_EQ(answer.json["Elements"].items()[0]["Name"].text(), "Bad");
        EXPECT_EQ(xero.model->ledger()["tenants"][0]["contacts"].size(), atomic ? 0U : 1U);
        if (atomic)
            EXPECT_EQ(xero.api("PUT", "Contacts", R"({"Name":"Good"})").status, 200) << "the name is free again";
    }
}

TEST(XeroWrites, DefaultOfSummarizeErrorsIsASwitch) {
    Xero xero;
    xero.configure(R"({"summarize_errors_default":false})");
    EXPECT_EQ(xero.api("PUT", "Contacts", kGoodAndBad).status, 200);
    EXPECT_EQ(xero.api("PUT", "Contacts?summarizeErrors=true", kGoodAndBad).status, 400);
}

TEST(XeroWrites, AFailedElementLeavesNothingBehind) {
    Xero xero;
    xero.api(
        "PUT", "Invoices?summarizeErrors=false",
        R"({"Type":"ACCREC","Contact":{"Name":"New"},"Status":"AUTHORISED","LineItems":[{"Description":"d","UnitAmount":1,"AccountCode":"999"}]})");
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["contacts"].size(), 0U) << "nor the contact that it would have made";
}

TEST(XeroWrites, PostMatchesANumberAndPutRefusesIt) {
    Xero xero;
    const std::string id = xero.invoice("1");
    EXPECT_EQ(message(xero.api("PUT", "Invoices", Xero::invoice_body("1")), "Invoices"), "Invoice # must be unique.");
    const Answer post = xero.api("POST", "Invoices", Xero::invoice_body("1", R"(,"Reference":"again")"));
    EXPECT_EQ(post.json["Invoices"].items()[0]["InvoiceID"].text(), id);
    EXPECT_EQ(xero.read("Invoices", id)["Reference"].text(), "again");
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["documents"].size(), 1U);
}

TEST(XeroWrites, NumbersAreGivenWhereNoneIsSent) {
    Xero xero;
    xero.invoice("INV-0001");
    xero.invoice("");
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["documents"][1]["number"], "INV-0002");
}

TEST(XeroWrites, BodiesThatAreNoRequest) {
    Xero xero;
    struct Case {
        std::string method, path, body;
        int status;
    };
    for (const Case& one :
         {Case{"PUT", "Invoices", "{", 400}, Case{"PUT", "Invoices", "", 400}, Case{"PUT", "Invoices", "[1]", 400},
          Case{"PUT", "Invoices", R"({"Invoices":[]})", 200}, Case{"PATCH", "Invoices", "{}", 501},
          Case{"DELETE", "Invoices", "", 501}, Case{"PUT", "Nothing", "{}", 404}, Case{"GET", "Invoices/%zz", "", 404},
          Case{"PUT", "Currencies", R"({"Currencies":[]})", 400}, Case{"PUT", "TaxRates", "{}", 501}})
        EXPECT_EQ(xero.api(one.method, one.path, one.body).status, one.status) << one.method << one.path << one.body;
    EXPECT_EQ(xero.api("PUT", "Contacts", std::string((10u << 20) + 1, ' ')).status, 413);
}

TEST(XeroWrites, AnOfflineOrganisationAnswersPlainText) {
    Xero xero;
    xero.configure(R"j({"tenants":{"Demo Company (UK)":{"online" : false}}})j");
    const Answer answer = xero.api("GET", "Invoices");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.text, "The Organisation is offline");
    xero.connect("Demo Company (US)");
    EXPECT_EQ(xero.api("GET", "Invoices").status, 200);
}

TEST(XeroControl, RefusesUnknownSettingsAndResetsToTheSeed) {
    Xero xero;
    const std::string tenant = xero.tenant;
    for (const char* bad : {R"({"nonsense":1})", R"({"window":"round"})", R"({"limits":{"hour":1}})",
                            R"({"tenants":{"?":{}}})", R"({"whole_call_400_atomic":"yes"})",
                            R"j({"tenants":{"Demo Company (UK)" : {"period_lock_date" : "soon"}}})j", "[]"})
        EXPECT_NE(xero.model->configure(nlohmann::json::parse(bad)), "") << bad;
    xero.invoice("1");
    xero.model->reset();
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["documents"].size(), 0U);
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["id"], tenant);
    EXPECT_EQ(xero.api("GET", "Organisation").status, 401) << "no token survives";
}

TEST(XeroControl, LedgerShowsExactAmounts) {
    Xero xero;
    xero.pay(xero.invoice("1"), "0.10");
    const auto tenant = xero.model->ledger()["tenants"][0];
    const auto& document = tenant["documents"][0];
    EXPECT_EQ(document["type"], "invoice");
    EXPECT_EQ(document["contact"], "Ann");
    EXPECT_EQ(document["date"], "2010-12-01");
    EXPECT_EQ(document["net"], "100.00");
    EXPECT_EQ(document["tax"], "20.00");
    EXPECT_EQ(document["total"], "120.00");
    EXPECT_EQ(document["lines"], 1);
    EXPECT_EQ(tenant["payments"][0]["applied"][0]["document"], "1");
    EXPECT_EQ(tenant["payments"][0]["amount"], "0.10");
}
