#include "tests/unit/sandbox/xero_fixture.hpp"

using namespace spillway;
using namespace spillway::sandbox;

namespace {
constexpr const char* kWrongStep = "Invoice not of valid status for modification";
constexpr const char* kAllocated = "This document cannot be edited as it has a payment or credit note allocated to it.";

Answer with_lines(Xero& xero, const std::string& types, const std::string& lines,
                  const std::string& query = "&unitdp=4") {
    return xero.api("PUT", "Invoices?summarizeErrors=false" + query,
                    R"({"Type":"ACCREC","Contact":{"Name":"Ann"},"Status":"AUTHORISED","LineAmountTypes":")" + types +
                        R"(","LineItems":[)" + lines + "]}");
}
std::string one_line(const std::string& quantity, const std::string& unit, const std::string& more = "") {
    return R"({"Description":"d","AccountCode":"200","Quantity":)" + quantity + R"(,"UnitAmount":)" + unit + more + "}";
}
}  // namespace

TEST(XeroDocuments, TaxIsRoundedPerLineThenSummed) {
    Xero xero;
    struct Case {
        std::string types, lines, net, tax, total;
    };
    for (const Case& one :
         {Case{"Exclusive", one_line("1", "0.03") + "," + one_line("1", "0.03"), "0.06", "0.02",
               "0.08"},  // 0.006 -> 0.01 each
          Case{"Exclusive", one_line("1", "0.02") + "," + one_line("1", "0.02"), "0.04", "0.00", "0.04"},
          Case{"Exclusive", one_line("3", "1.2345"), "3.70", "0.74", "4.44"},
          Case{"Inclusive", one_line("1", "1.00"), "0.83", "0.17", "1.00"},
          Case{"Inclusive", one_line("1", "120", R"(,"TaxType":"RROUTPUT")"), "114.29", "5.71", "120.00"},
          Case{"NoTax", one_line("2", "5.05"), "10.10", "0.00", "10.10"},
          Case{"Exclusive", one_line("1", "100", R"(,"TaxAmount":19.99)"), "100.00", "19.99", "119.99"},
          Case{"Exclusive", one_line("1", "100", R"(,"TaxType":"ZERORATEDOUTPUT")"), "100.00", "0.00", "100.00"},
          Case{"Exclusive", one_line("2", "100", R"(,"DiscountRate":10)"), "180.00", "36.00", "216.00"},
          Case{"Exclusive", R"({"Description":"d","AccountCode":"200","LineAmount":33.33})", "33.33", "6.67",
               "40.00"}}) {
        const Answer answer = with_lines(xero, one.types, one.lines);
        const JsonValue& invoice = answer.json["Invoices"].items()[0];
        EXPECT_EQ(invoice["SubTotal"].text(), one.net) << answer.text;
        EXPECT_EQ(invoice["TotalTax"].text(), one.tax) << one.lines;
        EXPECT_EQ(invoice["Total"].text(), one.total) << one.lines;
        EXPECT_EQ(invoice["AmountDue"].text(), one.total);
    }
}

TEST(XeroDocuments, UnitPricesHaveFourPlacesOnlyWhenAsked) {
    Xero xero;
    const Answer two = with_lines(xero, "Exclusive", one_line("1000", "0.0155"), "");
    EXPECT_EQ(two.json["Invoices"].items()[0]["SubTotal"].text(), "20.00")
        << "0.0155 was cut to 0.02 before multiplying";
    const Answer four = with_lines(xero, "Exclusive", one_line("1000", "0.0155"));
    EXPECT_EQ(four.json["Invoices"].items()[0]["SubTotal"].text(), "15.50");
    const std::string id = four.json["Invoices"].items()[0]["InvoiceID"].string_or("");
    EXPECT_EQ(xero.read("Invoices", id)["LineItems"].items()[0]["UnitAmount"].text(), "0.02");
    EXPECT_EQ(xero.api("GET", "Invoices/" + id + "?unitdp=4")
                  .json["Invoices"]
                  .items()[0]["LineItems"]
                  .items()[0]["UnitAmount"]
                  .text(),
              "0.0155");
}

TEST(XeroDocuments, RefusesWhatTheLedgerCannotTake) {
    Xero xero;
    xero.invoice("taken");
    struct Case {
        std::string more, lines, message;
    };
    const std::string line = Xero::line();
    for (const Case& one :
         {Case{R"("InvoiceNumber":"taken")", line, "Invoice # must be unique."},
          Case{R"("CurrencyCode":"NZD")", line, "Organisation is not subscribed to currency NZD"},
          Case{R"("Status":"PAID")", line, kWrongStep},
          Case{R"("Date":"2010-02-30")", line, "Date is not a valid date"},
          Case{R"("Contact":{})", line, "The Contact must contain at least 1"},
          Case{R"("Reference":"no lines")", "", "line items"},
          Case{"", one_line("1", "1", R"(,"AccountCode2":1,"TaxType":"GST")"),
               "The TaxType code 'GST' cannot be used with account code '200'."},
          Case{"", one_line("1", "1", R"(,"TaxType":"INPUT2")"),
               "The TaxType code 'INPUT2' cannot be used with account code '200'."},
          Case{"", R"({"Description":"d","UnitAmount":1,"AccountCode":"999"})",
               "Account code '999' is not a valid code for this document."},
          Case{"", R"({"Description":"d","UnitAmount":1,"AccountCode":"610"})",
               "Account code '610' is not a valid code"},
          Case{"", R"({"Description":"d","UnitAmount":1,"AccountCode":"090"})",
               "Account code '090' is not a valid code"},
          Case{"", R"({"Description":"d","UnitAmount":1})", "Account code"},
          Case{"", R"({"UnitAmount":1,"AccountCode":"200"})", "Description"},
          Case{"", R"({"ItemCode":"nope","Description":"d","UnitAmount":1,"AccountCode":"200"})", "Item code 'nope'"},
          Case{"", one_line("2", "1.00", R"(,"LineAmount":2.01)"),
               "The line total 2.01 does not match the expected line total 2.00"},
          Case{"", one_line("1", "99999999999999"), "UnitAmount is not a valid amount"},
          Case{"", one_line("9999999999", "9999999999"), "9,999,999,999.99"},
          Case{"", one_line("-1", "5"), "must not be negative"}}) {
        const std::string status = one.more.find("Status") == std::string::npos ? R"("Status":"AUTHORISED",)" : "";
        const std::string contact = one.more.find("Contact") == std::string::npos ? R"("Contact":{"Name":"Ann"},)" : "";
        const Answer answer = xero.api("PUT", "Invoices?summarizeErrors=false",
                                       R"({"Type":"ACCREC",)" + status + contact + one.more +
                                           (one.more.empty() ? "" : ",") + R"("LineItems":[)" + one.lines + "]}");
        EXPECT_NE(message(answer, "Invoices").find(one.message), std::string::npos)
            << one.more << one.lines << " -> " << answer.text;
    }
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["documents"].size(), 1U);
}

TEST(XeroDocuments, DraftLosesAnUnknownAccountWithAWarning) {
    Xero xero;
    const Answer answer = xero.api(
        "PUT", "Invoices?summarizeErrors=false",
        R"({"Type":"ACCREC","Contact":{"Name":"Ann"},"LineItems":[{"Description":"d","UnitAmount":1,"AccountCode":"476"}]})");
    const JsonValue& invoice = answer.json["Invoices"].items()[0];
    EXPECT_EQ(invoice["StatusAttributeString"].text(), "WARNING");
    EXPECT_EQ(invoice["Warnings"].items()[0]["Message"].text(),
              "Account code '476' has been removed as it does not match a recognised account.");
    EXPECT_EQ(invoice["Status"].text(), "DRAFT");
}

TEST(XeroDocuments, StepsOfAnInvoicesLife) {
    struct Case {
        std::string from, to;
        bool allowed;
    };
    for (const Case& one :
         {Case{"DRAFT", "SUBMITTED", true}, Case{"SUBMITTED", "DRAFT", true}, Case{"DRAFT", "AUTHORISED", true},
          Case{"SUBMITTED", "AUTHORISED", true}, Case{"DRAFT", "DELETED", true}, Case{"SUBMITTED", "DELETED", true},
          Case{"AUTHORISED", "VOIDED", true}, Case{"AUTHORISED", "DRAFT", false}, Case{"AUTHORISED", "DELETED", false},
          Case{"DRAFT", "VOIDED", false}, Case{"DRAFT", "PAID", false}}) {
        Xero xero;
        const std::string id = xero.api("PUT", "Invoices",
                                        R"({"Type":"ACCREC","Contact":{"Name":"A"},"Status":")" + one.from +
                                            R"(","LineItems":[)" + Xero::line() + "]}")
                                   .json["Invoices"]
                                   .items()[0]["InvoiceID"]
                                   .string_or("");
        const Answer answer = xero.api("POST", "Invoices/" + id, R"({"Status":")" + one.to + "\"}");
        EXPECT_EQ(message(answer, "Invoices"), one.allowed ? "" : kWrongStep) << one.from << " -> " << one.to;
        EXPECT_EQ(xero.read("Invoices", id)["Status"].text(), one.allowed ? one.to : one.from);
        if (one.to == "VOIDED" && one.allowed)
            EXPECT_EQ(message(xero.api("POST", "Invoices/" + id, R"({"Status":"AUTHORISED"})"), "Invoices"),
                      kWrongStep);
    }
}

TEST(XeroDocuments, LinesAreReplacedOnUpdate) {
    Xero xero;
    const std::string id = xero.invoice("1");
    const std::string line_id = xero.read("Invoices", id)["LineItems"].items()[0]["LineItemID"].string_or("");
    xero.api("POST", "Invoices/" + id,
             R"({"LineItems":[{"LineItemID":")" + line_id + R"(","UnitAmount":50},)" + Xero::line() + "]}");
    JsonValue invoice = xero.read("Invoices", id);
    ASSERT_EQ(invoice["LineItems"].items().size(), 2U);
    EXPECT_EQ(invoice["LineItems"].items()[0]["LineItemID"].text(), line_id);
    EXPECT_EQ(invoice["LineItems"].items()[0]["Description"].text(), "Hours")
        << "what is not sent of a kept line stays";
    EXPECT_EQ(invoice["SubTotal"].text(), "150.00");
    xero.api("POST", "Invoices/" + id, R"({"LineItems":[)" + Xero::line() + "]}");
    invoice = xero.read("Invoices", id);
    ASSERT_EQ(invoice["LineItems"].items().size(), 1U);
    EXPECT_NE(invoice["LineItems"].items()[0]["LineItemID"].text(), line_id);
    xero.api("POST", "Invoices/" + id, R"({"Reference":"only this"})");
    EXPECT_EQ(xero.read("Invoices", id)["SubTotal"].text(), "100.00");
}

TEST(XeroDocuments, PaidInPartOnlyWordsMayChange) {
    Xero xero;
    const std::string id = xero.invoice("1");
    const std::string line_id = xero.read("Invoices", id)["LineItems"].items()[0]["LineItemID"].string_or("");
    ASSERT_EQ(message(xero.pay(id, "20"), "Payments"), "");
    const std::string line = R"({"LineItems":[{"LineItemID":")" + line_id + "\",";
    for (const auto& [body, wanted] :
         {std::pair<std::string, std::string>{R"({"Reference":"r","DueDate":"2011-01-01"})", ""},
          {line + R"("Description":"other words","AccountCode":"260"}]})", ""},
          {line + R"("UnitAmount":101}]})", kAllocated},
          {R"({"LineItems":[)" + Xero::line() + "," + Xero::line() + "]}", kAllocated},
          {R"({"CurrencyCode":"EUR"})", kAllocated},
          {R"({"Date":"2010-12-02"})", kAllocated},
          {R"({"Status":"VOIDED"})",
           "The status VOIDED cannot be applied to the invoice because it has payments or credit notes allocated to "
           "it."}})
        EXPECT_EQ(message(xero.api("POST", "Invoices/" + id, body), "Invoices"), wanted) << body;
    EXPECT_EQ(xero.read("Invoices", id)["Total"].text(), "120.00");
}

TEST(XeroDocuments, LockedPeriodsTakeNoDocument) {
    Xero xero;
    const std::string id = xero.invoice("1");
    for (const auto& [setting, words] :
         {std::pair{"period_lock_date", "period lock date, currently set at 1 December 2010"},
          std::pair{"end_of_year_lock_date", "end of year lock date, currently set at 1 December 2010"}}) {
        xero.configure(std::string(R"j({"tenants":{"Demo Company (UK)":{")j") + setting + R"(":"2010-12-01"}}})");
        for (const Answer& answer : {xero.api("PUT", "Invoices", Xero::invoice_body("2")),
                                     xero.api("POST", "Invoices/" + id, R"({"Reference":"r"})"),
                                     xero.api("POST", "Invoices/" + id, R"({"Status":"VOIDED"})")}) {
            EXPECT_EQ(answer.status, 400);
            EXPECT_NE(answer.text.find(words), std::string::npos) << answer.text;
        }
        xero.configure(std::string(R"j({"tenants":{"Demo Company (UK)":{")j") + setting + R"(":null}}})");
    }
    xero.configure(R"j({"tenants":{"Demo Company (UK)":{"period_lock_date":"2010-11-30"}}})j");
    EXPECT_EQ(xero.api("PUT", "Invoices", Xero::invoice_body("2")).status, 200);
}

TEST(XeroDocuments, NumbersOfVoidedAndDeletedDocuments) {
    for (const bool frees : {false, true}) {
        Xero xero;
        xero.configure(frees ? R"({"void_frees_number":true})" : "{}");
        xero.api("POST", "Invoices/" + xero.invoice("v"), R"({"Status":"VOIDED"})");
        EXPECT_EQ(xero.api("PUT", "Invoices", Xero::invoice_body("v")).status, frees ? 200 : 400);
        const Answer draft =
            xero.api("PUT", "Invoices", R"({"Type":"ACCREC","InvoiceNumber":"d","Contact":{"Name":"A"}})");
        xero.api("POST", "Invoices/" + draft.json["Invoices"].items()[0]["InvoiceID"].string_or(""),
                 R"({"Status":"DELETED"})");
        EXPECT_EQ(xero.api("PUT", "Invoices", Xero::invoice_body("d")).status, 200);
    }
}

TEST(XeroDocuments, BillsMayShareANumberAndPostOverwritesByDefault) {
    const auto bill = [](const char* contact) {
        return std::string(R"({"Type":"ACCPAY","InvoiceNumber":"B1","Contact":{"Name":")") + contact +
               R"("},"LineItems":[{"Description":"d","UnitAmount":1,"AccountCode":"429"}]})";
    };
    Xero xero;
    EXPECT_EQ(xero.api("PUT", "Invoices", bill("Sup")).status, 200);
    EXPECT_EQ(xero.api("PUT", "Invoices", bill("Sup")).status, 200);
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["documents"].size(), 2U);
    EXPECT_EQ(xero.api("POST", "Invoices", bill("Other")).status, 200);
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["documents"].size(), 2U);
    xero.configure(R"({"post_bill_overwrites":false})");
    EXPECT_EQ(xero.api("POST", "Invoices", bill("Other")).status, 200);
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["documents"].size(), 3U);
}
