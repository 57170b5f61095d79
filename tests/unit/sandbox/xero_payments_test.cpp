#include "tests/unit/sandbox/xero_fixture.hpp"

using namespace spillway;
using namespace spillway::sandbox;

TEST(XeroPayments, PayInPartsThenPaidAndNoMore) {
    Xero xero;
    const std::string id = xero.invoice("1");
    ASSERT_EQ(message(xero.pay(id, "50.00"), "Payments"), "");
    JsonValue invoice = xero.read("Invoices", id);
    EXPECT_EQ(invoice["AmountPaid"].text(), "50.00");
    EXPECT_EQ(invoice["AmountDue"].text(), "70.00");
    EXPECT_EQ(invoice["Status"].text(), "AUTHORISED");
    EXPECT_EQ(message(xero.pay(id, "70.01"), "Payments"),
              "Payment amount exceeds the amount outstanding on this document");
    ASSERT_EQ(message(xero.pay(id, "70.00"), "Payments"), "");
    invoice = xero.read("Invoices", id);
    EXPECT_EQ(invoice["Status"].text(), "PAID");
    EXPECT_EQ(invoice["FullyPaidOnDate"].text(), "/Date(1291593600000+0000)/");
    EXPECT_EQ(invoice["Payments"].items().size(), 2U);
    EXPECT_EQ(message(xero.pay(id, "1"), "Payments"), "Payments can only be made against Authorised documents");
}

TEST(XeroPayments, RefusesWhatTheLedgerCannotTake) {
    Xero xero;
    const std::string id = xero.invoice("1");
    struct Case {
        std::string amount, account, message;
    };
    for (const Case& one :
         {Case{"0", "090", "positive"}, Case{"-1", "090", "positive"}, Case{"1.001", "090", "positive"},
          Case{"1", "999", "Account could not be found"}, Case{"1", "200", "payments enabled"}})
        EXPECT_NE(message(xero.pay(id, one.amount, one.account), "Payments").find(one.message), std::string::npos)
            << one.amount << one.account;
    EXPECT_EQ(message(xero.pay(id, "1", "855"), "Payments"), "") << "an account with payments enabled will do";
    EXPECT_EQ(message(xero.pay("11111111-1111-4111-8111-111111111111", "1"), "Payments"),
              "The document with the supplied id was not found for this endpoint.");
    const std::string body =
        R"({"Invoice":{"InvoiceID":"11111111-1111-4111-8111-111111111111"},"Account":{"Code":"090"},"Amount":1})";
    EXPECT_EQ(xero.api("POST", "Payments", body).status, 404);
    xero.configure(R"({"unknown_reference_404":false})");
    EXPECT_EQ(xero.api("POST", "Payments", body).status, 400);
    xero.configure(R"j({"tenants":{"Demo Company (UK)":{"period_lock_date":"2010-12-06"}}})j");
    EXPECT_NE(message(xero.pay(id, "1"), "Payments").find("period lock date"), std::string::npos);
}

TEST(XeroPayments, DeletingReopensTheInvoiceAndWorksOnce) {
    Xero xero;
    const std::string id = xero.invoice("1");
    const std::string payment = xero.pay(id, "120").json["Payments"].items()[0]["PaymentID"].string_or("");
    EXPECT_EQ(message(xero.api("POST", "Payments/" + payment, R"({"Status":"AUTHORISED"})"), "Payments"),
              "Payment not of valid status for modification");
    const Answer gone = xero.api("POST", "Payments/" + payment, R"({"Status":"DELETED"})");
    EXPECT_EQ(gone.json["Payments"].items()[0]["Status"].text(), "DELETED");
    EXPECT_EQ(xero.read("Invoices", id)["Status"].text(), "AUTHORISED");
    EXPECT_EQ(xero.read("Invoices", id)["AmountDue"].text(), "120.00");
    EXPECT_EQ(xero.api("POST", "Payments/" + payment, R"({"Status":"DELETED"})").status, 400);
    EXPECT_EQ(xero.api("POST", "Invoices/" + id, R"({"Status":"VOIDED"})").status, 200);
}

TEST(XeroPayments, TwoInOneCallShareWhatIsOutstanding) {
    Xero xero;
    const std::string id = xero.invoice("1");
    const std::string one =
        R"({"Invoice":{"InvoiceID":")" + id + R"("},"Account":{"Code":"090"},"Date":"2010-12-06","Amount":80})";
    const Answer answer =
        xero.api("PUT", "Payments?summarizeErrors=false", R"({"Payments":[)" + one + "," + one + "]}");
    EXPECT_EQ(answer.json["Payments"].items()[0]["StatusAttributeString"].text(), "OK");
    EXPECT_EQ(answer.json["Payments"].items()[1]["ValidationErrors"].items()[0]["Message"].text(),
              "Payment amount exceeds the amount outstanding on this document");
    EXPECT_EQ(xero.api("PUT", "Payments",
                       R"({"Payments":[{"Invoice":{"InvoiceNumber":"1"},"Account":{"Code":"090"},"Amount":40}]})")
                  .status,
              200)
        << "by number too";
}

TEST(XeroAllocations, BoundedByBothSidesAndAdditive) {
    Xero xero;
    const std::string id = xero.invoice("1"), note = xero.credit_note("C1");
    ASSERT_EQ(message(xero.allocate(note, id, "50"), "Allocations"), "");
    ASSERT_EQ(message(xero.allocate(note, id, "50"), "Allocations"), "") << "sent again it allocates again";
    EXPECT_EQ(xero.read("CreditNotes", note)["RemainingCredit"].text(), "20.00");
    EXPECT_EQ(xero.read("CreditNotes", note)["Allocations"].items().size(), 2U);
    EXPECT_EQ(xero.read("Invoices", id)["AmountCredited"].text(), "100.00");
    EXPECT_EQ(message(xero.allocate(note, id, "20.01"), "Allocations"),
              "Credit Note cannot be allocated as amount is greater than amount outstanding");
    ASSERT_EQ(message(xero.allocate(note, id, "20"), "Allocations"), "");
    EXPECT_EQ(xero.read("CreditNotes", note)["Status"].text(), "PAID");
    EXPECT_EQ(xero.read("Invoices", id)["Status"].text(), "PAID");
    const std::string other = xero.credit_note("C2");
    EXPECT_EQ(message(xero.allocate(other, id, "1"), "Allocations"),
              "The invoice you are trying to allocate to has already been paid off");
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["allocations"].size(), 3U);
}

TEST(XeroAllocations, TakingOneBackReopensBothSides) {
    Xero xero;
    const std::string id = xero.invoice("1"), note = xero.credit_note("C1");
    const Answer made = xero.allocate(note, id, "120");
    EXPECT_EQ(made.json["Allocations"].items()[0]["Date"].text(), "/Date(1291507200000+0000)/")
        << "the later of both documents' dates";
    const std::string allocation = made.json["Allocations"].items()[0]["AllocationID"].string_or("");
    EXPECT_EQ(message(xero.api("POST", "CreditNotes/" + note, R"({"Status":"VOIDED"})"), "CreditNotes")
                  .find("The status VOIDED cannot be applied"),
              0U);
    const Answer gone = xero.api("DELETE", "CreditNotes/" + note + "/Allocations/" + allocation);
    EXPECT_EQ(gone.status, 200);
    EXPECT_TRUE(gone.json["IsDeleted"].bool_or(false));
    EXPECT_EQ(xero.read("Invoices", id)["Status"].text(), "AUTHORISED");
    EXPECT_EQ(xero.read("CreditNotes", note)["RemainingCredit"].text(), "120.00");
    EXPECT_EQ(xero.api("DELETE", "CreditNotes/" + note + "/Allocations/" + allocation).status, 404);
    EXPECT_EQ(xero.api("PUT", "CreditNotes/" + id + "/Allocations", "{}").json["Message"].text(),
              "An existing Credit Note with the specified CreditNoteID could not be found");
}

TEST(XeroAllocations, DraftsAndMissingDates) {
    Xero xero;
    const std::string id = xero.invoice("1");
    const Answer draft = xero.api(
        "PUT", "CreditNotes", R"({"Type":"ACCRECCREDIT","Contact":{"Name":"Ann"},"LineItems":[)" + Xero::line() + "]}");
    const std::string note = draft.json["CreditNotes"].items()[0]["CreditNoteID"].string_or("");
    EXPECT_NE(message(xero.allocate(note, id, "1"), "Allocations"), "");
    const std::string body = R"({"Invoice":{"InvoiceID":")" + id + R"("},"Amount":1})";
    const std::string path = "CreditNotes/" + xero.credit_note("C2") + "/Allocations";
    EXPECT_EQ(xero.api("PUT", path, body).status, 200);
    xero.configure(R"({"allocation_date_required":true})");
    EXPECT_EQ(xero.api("PUT", path, body).status, 400);
}

TEST(XeroPayments, RefundOfACreditNote) {
    Xero xero;
    const std::string note = xero.credit_note("C1");
    const Answer answer = xero.api("PUT", "Payments",
                                   R"({"CreditNote":{"CreditNoteID":")" + note +
                                       R"("},"Account":{"Code":"090"},"Date":"2010-12-06","Amount":120})");
    EXPECT_EQ(answer.json["Payments"].items()[0]["PaymentType"].text(), "ARCREDITPAYMENT");
    EXPECT_EQ(xero.read("CreditNotes", note)["Status"].text(), "PAID");
}
