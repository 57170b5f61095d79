#include "schema/date.hpp"
#include "tests/unit/sandbox/xero_fixture.hpp"

using namespace spillway;
using namespace spillway::sandbox;
using namespace std::chrono_literals;

namespace {
std::string numbers(const Answer& answer, const std::string& collection = "Invoices",
                    const std::string& member = "InvoiceNumber") {
    if (answer.status != 200) return std::to_string(answer.status);
    std::string list;
    for (const JsonValue& one : answer.json[collection].items())
        list += (list.empty() ? "" : " ") + one[member].string_or("?");
    return list;
}
}  // namespace

TEST(XeroReads, WhereTable) {
    Xero xero;
    xero.invoice("a1");
    xero.pass(1s);
    const std::string id = xero.invoice("a2", R"(,"Reference":"job 2")");
    xero.pass(1s);
    const std::string draft = R"({"Type":"ACCREC","InvoiceNumber":"b1","Date":"2011-01-15","Contact":{"Name":"Bob"}})";
    xero.api("PUT", "Invoices", draft);
    const std::string ann =
        xero.read("Contacts", xero.read("Invoices", id)["Contact"]["ContactID"].string_or(""))["ContactID"].string_or(
            "");
    struct Case {
        std::string where, found;
    };
    for (const Case& one :
         {Case{R"(Status=="AUTHORISED")", "a1 a2"}, Case{R"(InvoiceNumber=="a2")", "a2"},
          Case{R"(Reference=="job 2" AND Status=="AUTHORISED")", "a2"},
          Case{R"(Reference=="job 2" AND Status=="DRAFT")", ""},
          Case{R"(InvoiceNumber=="a1" OR InvoiceNumber=="b1")", "a1 b1"}, Case{"Date>=DateTime(2011,01,01)", "b1"},
          Case{"Date<DateTime(2011, 1, 15)", "a1 a2"}, Case{"Contact.ContactID==guid(\"" + ann + "\")", "a1 a2"},
          Case{R"(Contact.Name=="bob")", "b1"}, Case{"AmountDue>0", "a1 a2"},
          Case{"InvoiceID==guid(\"" + id + "\")", "a2"}, Case{R"(Status!="DRAFT" && Type=="ACCREC")", "a1 a2"},
          Case{R"(Nonsense=="x")", "400"}, Case{R"(Status==)", "400"}, Case{R"(Status=="A)", "400"},
          Case{R"(Reference.Contains("job"))", "400"}, Case{"Date>=DateTime(2011,13,01)", "400"}})
        EXPECT_EQ(numbers(xero.api("GET", "Invoices?where=" + percent_encode(one.where))), one.found) << one.where;
}

TEST(XeroReads, ListFilters) {
    Xero xero;
    const std::string one = xero.invoice("1");
    xero.pass(1s);
    const std::string two = xero.invoice("2");
    xero.api("POST", "Invoices/" + two, R"({"Status":"VOIDED"})");
    struct Case {
        std::string query, found;
    };
    for (const Case& filter :
         {Case{"InvoiceNumbers=2,9,1", "1 2"}, Case{"IDs=" + one, "1"}, Case{"Statuses=VOIDED,DRAFT", "2"},
          Case{"InvoiceNumbers=1,2&Statuses=AUTHORISED", "1"}, Case{"searchTerm=2", "2"},
          Case{"ContactIDs=11111111-1111-4111-8111-111111111111", ""}, Case{"order=InvoiceNumber%20DESC", "2 1"}})
        EXPECT_EQ(numbers(xero.api("GET", "Invoices?" + filter.query)), filter.found) << filter.query;
    EXPECT_EQ(xero.api("GET", "Invoices?IDs=" + std::string(2045, 'x')).status, 404) << "an over-long query";
    EXPECT_EQ(xero.api("GET", "Invoices?IDs=" + std::string(2044, 'x')).status, 200);
}

TEST(XeroReads, PagesAndSummaries) {
    Xero xero;
    xero.configure(R"({"limits":{"minute":1000}})");
    for (int at = 0; at < 5; ++at) {
        xero.invoice("n" + std::to_string(at));
        xero.pass(1s);
    }
    const Answer page = xero.api("GET", "Invoices?page=2&pageSize=2");
    EXPECT_EQ(numbers(page), "n2 n3");
    EXPECT_EQ(page.json["pagination"]["page"].text(), "2");
    EXPECT_EQ(page.json["pagination"]["pageSize"].text(), "2");
    EXPECT_EQ(page.json["pagination"]["pageCount"].text(), "3");
    EXPECT_EQ(page.json["pagination"]["itemCount"].text(), "5");
    EXPECT_EQ(page.json["Invoices"].items()[0]["LineItems"].items().size(), 1U);
    EXPECT_EQ(numbers(xero.api("GET", "Invoices?page=9&pageSize=2")), "");
    EXPECT_EQ(xero.api("GET", "Invoices?page=1&pageSize=5000").json["pagination"]["pageSize"].text(), "1000");
    EXPECT_EQ(xero.api("GET", "Invoices?page=1").json["pagination"]["pageSize"].text(), "100");
    const Answer summary = xero.api("GET", "Invoices");
    EXPECT_TRUE(summary.json["pagination"].is_null());
    EXPECT_TRUE(summary.json["Invoices"].items()[0]["LineItems"].is_null()) << "no lines without a page";
    EXPECT_TRUE(xero.api("GET", "Invoices?page=1&summaryOnly=true").json["Invoices"].items()[0]["LineItems"].is_null());
    EXPECT_TRUE(xero.api("GET", "Accounts?page=1").json["pagination"].is_null()) << "not paged";
}

TEST(XeroReads, ModifiedSinceToTheSecondInBothPositions) {
    for (const bool inclusive : {true, false}) {
        Xero xero;
        xero.configure(inclusive ? "{}" : R"({"modified_since_inclusive":false})");
        xero.invoice("old");
        xero.pass(10s);
        xero.invoice("new");
        const std::string at = format_utc(xero.now.wall).substr(0, 19);
        EXPECT_EQ(numbers(xero.api("GET", "Invoices", "", {{"If-Modified-Since", at}})), inclusive ? "new" : "");
        EXPECT_EQ(xero.api("GET", "Invoices", "", {{"If-Modified-Since", "yesterday"}}).status, 412);
    }
    Xero empty;
    empty.configure(R"({"modified_since_empty_304":true})");
    EXPECT_EQ(empty.api("GET", "Invoices", "", {{"If-Modified-Since", "2030-01-01T00:00:00"}}).status, 304);
    EXPECT_EQ(empty.api("GET", "Invoices").status, 200);
}

TEST(XeroReads, FreshObjectsCanBeHiddenForAWhile) {
    Xero xero;
    xero.configure(R"({"read_after_write_ms":2000})");
    xero.invoice("1");
    EXPECT_EQ(numbers(xero.api("GET", "Invoices?InvoiceNumbers=1")), "");
    xero.pass(2s);
    EXPECT_EQ(numbers(xero.api("GET", "Invoices?InvoiceNumbers=1")), "1");
}

TEST(XeroReads, DatesAndIdsAreInXerosShapes) {
    Xero xero;
    const JsonValue invoice = xero.read("Invoices", xero.invoice("1", R"(,"DueDate":"/Date(1293753600000+0000)/")"));
    EXPECT_EQ(invoice["Date"].text(), "/Date(1291161600000+0000)/");
    EXPECT_EQ(invoice["DateString"].text(), "2010-12-01T00:00:00");
    EXPECT_EQ(invoice["DueDateString"].text(), "2010-12-31T00:00:00");
    EXPECT_EQ(invoice["UpdatedDateUTC"].text(), "/Date(1795000000000+0000)/");
    EXPECT_EQ(invoice["UpdatedDateUTCString"].text(), "2026-11-18T11:06:40Z");
    EXPECT_EQ(invoice["InvoiceID"].text().size(), 36U);
    EXPECT_EQ(numbers(xero.api("GET", "Invoices/1")), "1") << "a number in the path";
}

TEST(XeroReads, ReferenceListsOfTheDemoCompany) {
    Xero xero;
    EXPECT_EQ(numbers(xero.api("GET", "Accounts?where=" + percent_encode(R"(SystemAccount=="ROUNDING")")), "Accounts",
                      "Code"),
              "860");
    EXPECT_EQ(numbers(xero.api("GET", "TaxRates/OUTPUT2"), "TaxRates", "EffectiveRate"), "20");
    EXPECT_EQ(xero.api("GET", "TaxRates/NOPE").status, 404);
    EXPECT_EQ(numbers(xero.api("GET", "Organisation"), "Organisations", "BaseCurrency"), "GBP");
    EXPECT_NE(numbers(xero.api("GET", "Organisation/Actions"), "Actions", "Name").find("UseMulticurrency"),
              std::string::npos);
    EXPECT_EQ(xero.api("PUT", "Accounts", R"({"Code":"201","Name":"Web sales","Type":"REVENUE"})").status, 200);
    EXPECT_EQ(xero.api("PUT", "Accounts", R"({"Code":"201","Name":"Again","Type":"REVENUE"})").status, 400);
    EXPECT_EQ(numbers(xero.api("PUT", "Currencies", R"({"Code":"NZD"})"), "Currencies", "Code"), "GBP EUR USD NZD");
}

TEST(XeroReads, PaymentsOfOneInvoice) {
    Xero xero;
    const std::string one = xero.invoice("1"), two = xero.invoice("2");
    xero.pay(one, "1");
    xero.pay(two, "2");
    EXPECT_EQ(numbers(xero.api("GET", "Payments?where=" + percent_encode("Invoice.InvoiceID==guid(\"" + two + "\")")),
                      "Payments", "Amount"),
              "2.00");
    xero.credit_note("C1");
    EXPECT_EQ(numbers(xero.api("GET", "CreditNotes?where=" + percent_encode(R"(CreditNoteNumber=="C1")")),
                      "CreditNotes", "CreditNoteNumber"),
              "C1");
}
