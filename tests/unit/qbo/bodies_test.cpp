// Byte-exact requests for each kind and verb.
#include <gtest/gtest.h>

#include "connectors/qbo/words.hpp"
#include "tests/unit/qbo/builders.hpp"

namespace spillway {
namespace {

using namespace qbo_test;

std::string body_of(const Subject& subject, const Step& step, const Books& books = uk_books(),
                    const RemoteObject* current = nullptr) {
    const Result<PreparedObject> object =
        make_qbo()->prepare(subject, step, mapping(), books, as_read(subject, step, current));
    return object ? object->body : "refused: " + object.error().code + ": " + object.error().detail;
}

const std::string kLine = R"({"Amount":10.00,"Description":"Lantern","DetailType":"SalesItemLineDetail",)"
                          R"("SalesItemLineDetail":{"ItemRef":{"value":"7"},"Qty":2,"UnitPrice":5}})";

TEST(QboBodies, OfAnInvoiceWithoutTax) {
    Document content = document();
    content.due_date = day("2010-12-31");
    content.memo = "for the shop";
    content.reference = "PO 7";
    EXPECT_EQ(
        body_of(an_invoice(content), the_document(Verb::create)),
        R"({"DocNumber":"INV-1","TxnDate":"2010-12-01","DueDate":"2010-12-31","CustomerRef":{"value":"58"},)"
        R"("CurrencyRef":{"value":"GBP"},"GlobalTaxCalculation":"NotApplicable","PrivateNote":"for the shop\nPO 7\n[spillway:I-1]",)"
        R"("Line":[)" +
            kLine + "]}");
}

TEST(QboBodies, OfALineCarryTheTaxCodeAndLeaveOutWhatDoesNotMultiply) {
    Document content = document();
    content.amounts = Amounts::exclusive;
    content.lines = {line("3", "0.333"), line("1", "4")};
    content.lines[0].amount = dec("1.05");
    content.lines[1].tax_code = "reduced";
    content.tax_total = dec("0.41");
    content.total = dec("5.46");
    EXPECT_EQ(
        body_of(an_invoice(content), the_document(Verb::create)),
        R"({"DocNumber":"INV-1","TxnDate":"2010-12-01","CustomerRef":{"value":"58"},"CurrencyRef":{"value":"GBP"},)"
        R"("GlobalTaxCalculation":"TaxExcluded","PrivateNote":"[spillway:I-1]","Line":[)"
        R"({"Amount":1.05,"Description":"Lantern","DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"7"},)"
        R"("TaxCodeRef":{"value":"1"}}},{"Amount":4.00,"Description":"Lantern","DetailType":"SalesItemLineDetail",)"
        R"("SalesItemLineDetail":{"ItemRef":{"value":"7"},"Qty":1,"UnitPrice":4,"TaxCodeRef":{"value":"2"}}}]})");
}

TEST(QboBodies, OfInclusiveAmountsStateNetAndGross) {
    Document content = document();
    content.amounts = Amounts::inclusive;
    content.lines = {line("1", "12.00")};
    content.tax_total = dec("2.00");
    content.total = dec("12.00");
    EXPECT_NE(
        body_of(an_invoice(content), the_document(Verb::create))
            .find(
                R"("GlobalTaxCalculation":"TaxInclusive","PrivateNote":"[spillway:I-1]","Line":[{"Amount":10.00,"Description":"Lantern",)"
                R"("DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"7"},"TaxCodeRef":{"value":"1"},)"
                R"("TaxInclusiveAmt":12.00}}])"),
        std::string::npos);
}

TEST(QboBodies, OfTheUnitedStatesSayTaxOrNonAndSendTheStatedTax) {
    Document content = document();
    content.currency = Currency{"USD"};
    content.amounts = Amounts::exclusive;
    content.tax_total = dec("0.80");
    content.total = dec("10.80");
    content.lines[0].tax_code = "taxed";
    Mapping words = mapping();
    words.tax_codes["taxed"] = "TAX";
    const auto object = make_qbo()->prepare(an_invoice(content), the_document(Verb::create), words, us_books(), {});
    ASSERT_TRUE(object.ok()) << object.error().detail;
    EXPECT_EQ(
        object->body,
        R"({"DocNumber":"INV-1","TxnDate":"2010-12-01","CustomerRef":{"value":"58"},"CurrencyRef":{"value":"USD"},)"
        R"("PrivateNote":"[spillway:I-1]","Line":[{"Amount":10.00,"Description":"Lantern","DetailType":"SalesItemLineDetail",)"
        R"("SalesItemLineDetail":{"ItemRef":{"value":"7"},"Qty":2,"UnitPrice":5,"TaxCodeRef":{"value":"TAX"}}}],)"
        R"("TxnTaxDetail":{"TotalTax":0.80}})");
    EXPECT_EQ(object->total, dec("10.80"));

    content.amounts = Amounts::none;
    content.tax_total = {};
    content.total = dec("10.00");
    EXPECT_NE(body_of(an_invoice(content), the_document(Verb::create), us_books())
                  .find(R"("TaxCodeRef":{"value":"NON"}}}]})"),
              std::string::npos);
}

TEST(QboBodies, OfANegativeInvoiceAreACreditMemo) {
    Document content = document();
    content.lines = {line("-2", "5.00")};
    content.total = dec("-10.00");
    EXPECT_EQ(
        body_of(an_invoice(content), the_document(Verb::create, "CreditMemo")),
        R"({"DocNumber":"INV-1","TxnDate":"2010-12-01","CustomerRef":{"value":"58"},"CurrencyRef":{"value":"GBP"},)"
        R"("GlobalTaxCalculation":"NotApplicable","PrivateNote":"[spillway:I-1]","Line":[)" +
            kLine + "]}");
}

TEST(QboBodies, OfAnUpdateAreSparseAtTheVersionJustRead) {
    Subject changed = an_invoice();
    changed.version = 2;
    changed.links = {link("document", "Invoice", "130")};
    RemoteObject current;
    current.entity = "Invoice";
    current.id = "130";
    current.version = "4";
    current.body = R"({"PrivateNote":"[spillway:I-1]\ncalled them"})";
    EXPECT_EQ(
        body_of(changed, the_document(Verb::update), uk_books(), &current),
        R"({"sparse":true,"Id":"130","SyncToken":"4","DocNumber":"INV-1","TxnDate":"2010-12-01","CustomerRef":{"value":"58"},)"
        R"("GlobalTaxCalculation":"NotApplicable","Line":[)" +
            kLine + "]}");
    // What people wrote behind our mark stays when the note itself must change.
    std::get<Invoice>(changed.record.body).document.memo = "new";
    EXPECT_NE(body_of(changed, the_document(Verb::update), uk_books(), &current)
                  .find(R"("PrivateNote":"new\n[spillway:I-1]\ncalled them")"),
              std::string::npos);
}

TEST(QboBodies, OfAnUpdateWriteAMemoThatIsTheTailOfTheOldOne) {
    Subject changed = an_invoice();
    changed.version = 2;
    changed.links = {link("document", "Invoice", "130")};
    std::get<Invoice>(changed.record.body).document.memo = "the shop";
    RemoteObject current;
    current.version = "4";
    current.body = R"({"PrivateNote":"for\nthe shop\n[spillway:I-1]\ncalled them"})";
    EXPECT_NE(body_of(changed, the_document(Verb::update), uk_books(), &current)
                  .find(R"("PrivateNote":"the shop\n[spillway:I-1]\ncalled them")"),
              std::string::npos);
    current.body = R"({"PrivateNote":"the shop\n[spillway:I-1]\ncalled them"})";
    EXPECT_EQ(body_of(changed, the_document(Verb::update), uk_books(), &current).find("PrivateNote"),
              std::string::npos);
}

TEST(QboBodies, OfAnUpdateInTheUnitedStatesTakeTheTaxAway) {
    Document content = document();
    content.currency = Currency{"USD"};
    Subject changed = an_invoice(content);
    changed.version = 2;
    changed.links = {link("document", "Invoice", "130")};
    EXPECT_NE(body_of(changed, the_document(Verb::update), us_books()).find(R"("TxnTaxDetail":{"TotalTax":0.00})"),
              std::string::npos);
    changed.links.clear();
    EXPECT_EQ(body_of(changed, the_document(Verb::create), us_books()).find("TxnTaxDetail"), std::string::npos);
}

TEST(QboBodies, OfVoidsAndDeletesNameTheVersion) {
    Subject ended = an_invoice();
    ended.voided = true;
    ended.links = {link("document", "Invoice", "130"), link("payment", "Payment", "150"),
                   link("customer", "Customer", "58")};
    EXPECT_EQ(body_of(ended, the_document(Verb::void_)), R"({"Id":"130","SyncToken":"0"})");
    EXPECT_EQ(body_of(ended, {Verb::void_, "payment", "Payment"}), R"({"sparse":true,"Id":"150","SyncToken":"0"})");
    EXPECT_EQ(body_of(ended, {Verb::remove, "payment", "Payment"}), R"({"Id":"150","SyncToken":"0"})");
    EXPECT_EQ(body_of(ended, {Verb::void_, "customer", "Customer"}),
              R"({"sparse":true,"Id":"58","SyncToken":"0","Active":false})");
}

TEST(QboBodies, OfAContactAreACustomerAndAVendorOfAnotherName) {
    Contact both = contact(true, true);
    both.email = "a@b.example";
    both.phone = "+44 1";
    both.tax_number = "GB1";
    both.currency = Currency{"GBP"};
    both.address = Address{{"1 High St", "Flat \"2\""}, "Leeds", "West Yorkshire", "LS1", "GB"};
    const std::string rest =
        R"("PrimaryEmailAddr":{"Address":"a@b.example"},"PrimaryPhone":{"FreeFormNumber":"+44 1"},"BillAddr":{)"
        R"("Line1":"1 High St","Line2":"Flat \"2\"","City":"Leeds","CountrySubDivisionCode":"West Yorkshire",)"
        R"("PostalCode":"LS1","Country":"GB"},)";
    EXPECT_EQ(body_of(subject(both, "C-1"), creation("customer", "Customer")),
              R"({"DisplayName":"O'Neil \\ Sons",)" + rest +
                  R"("PrimaryTaxIdentifier":"GB1","CurrencyRef":{"value":"GBP"}})");
    EXPECT_EQ(body_of(subject(both, "C-1"), creation("vendor", "Vendor")),
              R"x({"DisplayName":"O'Neil \\ Sons (supplier)",)x" + rest +
                  R"("TaxIdentifier":"GB1","CurrencyRef":{"value":"GBP"}})");
    EXPECT_EQ(body_of(subject(contact(false, true), "C-1"), creation("vendor", "Vendor")),
              R"({"DisplayName":"O'Neil \\ Sons"})");
}

TEST(QboBodies, OfAReactivatedContactSayActive) {
    Subject again = subject(contact(true, false), "C-1", 3);
    again.links = {link("customer", "Customer", "58", 2)};
    again.links[0].voided = true;
    EXPECT_EQ(body_of(again, {Verb::update, "customer", "Customer"}),
              R"({"sparse":true,"Id":"58","SyncToken":"0","Active":true,"DisplayName":"O'Neil \\ Sons"})");
}

TEST(QboBodies, OfAnItemAreAServiceNamedByItsCode) {
    Item described = item();
    EXPECT_EQ(
        body_of(subject(described, "SKU-1"), creation("item", "Item")),
        R"({"Name":"85123A","Sku":"85123A","Description":"WHITE HANGING HEART","Type":"Service","UnitPrice":2.55,)"
        R"("IncomeAccountRef":{"value":"1"}})");
    described.description = "T-light holder";
    described.unit_price.reset();
    Subject changed = subject(described, "SKU-1", 2);
    changed.links = {link("item", "Item", "7")};
    EXPECT_EQ(
        body_of(changed, {Verb::update, "item", "Item"}),
        R"({"sparse":true,"Id":"7","SyncToken":"0","Name":"85123A","Sku":"85123A","Description":"WHITE HANGING HEART\nT-light holder",)"
        R"("IncomeAccountRef":{"value":"1"}})");
}

TEST(QboBodies, OfAPaymentLinkEveryInvoice) {
    const Subject paid = a_payment();
    const std::string marker = qbo::payment_marker(paid, "payment");
    EXPECT_EQ(
        body_of(paid, creation("payment", "Payment")),
        R"({"TotalAmt":25.00,"CustomerRef":{"value":"58"},"CurrencyRef":{"value":"GBP"},"TxnDate":"2010-12-24","PaymentRefNum":")" +
            marker +
            R"(","PrivateNote":"CHQ 100012\n[spillway:P-1]","DepositToAccountRef":{"value":"4"},"Line":[)"
            R"({"Amount":10.00,"LinkedTxn":[{"TxnId":"130","TxnType":"Invoice"}]},)"
            R"({"Amount":12.50,"LinkedTxn":[{"TxnId":"131","TxnType":"Invoice"}]}]})");
}

TEST(QboBodies, OfAnAllocationAreAPaymentOfNothing) {
    Subject note = a_credit_note({{"I-1", dec("4")}, {"I-2", dec("6.00")}});
    note.links = {link("document", "CreditMemo", "140")};
    const std::string marker = qbo::payment_marker(note, "allocation:I-2");
    EXPECT_EQ(
        body_of(note, creation("allocation:I-2", "Payment")),
        R"({"TotalAmt":0,"CustomerRef":{"value":"58"},"CurrencyRef":{"value":"GBP"},"TxnDate":"2010-12-01","PaymentRefNum":")" +
            marker +
            R"(","PrivateNote":"[spillway:CN-1]","Line":[{"Amount":6.00,"LinkedTxn":[{"TxnId":"131","TxnType":"Invoice"}]},)"
            R"({"Amount":6.00,"LinkedTxn":[{"TxnId":"140","TxnType":"CreditMemo"}]}]})");
}

TEST(QboMarkers, FitPaymentRefNumAndDifferByRecordRoleAndVersion) {
    Subject paid = a_payment();
    const std::string first = qbo::payment_marker(paid, "payment");
    EXPECT_EQ(first.size(), 20u);
    EXPECT_EQ(first.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), std::string::npos);
    EXPECT_EQ(first, qbo::payment_marker(paid, "payment"));
    EXPECT_NE(first, qbo::payment_marker(paid, "allocation:I-1"));
    paid.version = 2;
    EXPECT_NE(first, qbo::payment_marker(paid, "payment"));
    paid.version = 1;
    paid.external_id = "P-2";
    EXPECT_NE(first, qbo::payment_marker(paid, "payment"));
}

TEST(QboMarkers, TagsOfDifferentIdsNeverContainEachOther) {
    EXPECT_EQ(qbo::tag_of("INV-1"), "[spillway:INV-1]");
    EXPECT_EQ(qbo::tag_of("a]b%c"), "[spillway:a%5Db%25c]");
    EXPECT_EQ(qbo::tag_of("a]b").find(qbo::tag_of("a")), std::string::npos);
}

TEST(QboCalls, OfWritesAreBatchesWithTheKeyAsRequestId) {
    const std::string key = "00112233445566778899aabbccddeeff";
    PreparedObject update = prepared_invoice();
    update.verb = Verb::update;
    update.body = "{}";
    PreparedObject item_off = update;
    item_off.verb = Verb::void_;
    item_off.entity = "Item";
    PreparedObject removal = update;
    removal.verb = Verb::remove;
    removal.entity = "CreditMemo";
    const std::vector objects{prepared_invoice(), update, item_off, removal};
    const PreparedCall call = make_qbo()->assemble("9130", objects, key);
    EXPECT_EQ(call.method, "POST");
    EXPECT_EQ(call.target, "/v3/company/9130/batch?minorversion=75&requestid=" + key);
    EXPECT_EQ(call.body,
              R"({"BatchItemRequest":[{"bId":"0","operation":"create","Invoice":)" + prepared_invoice().body +
                  R"(},{"bId":"1","operation":"update","Invoice":{}},{"bId":"2","operation":"update","Item":{}},)"
                  R"({"bId":"3","operation":"delete","CreditMemo":{}}]})");
    EXPECT_EQ(call.headers.find("content-type"), "application/json");
    EXPECT_EQ(call.key, key);
    EXPECT_EQ(call.operation, "batch");
    EXPECT_EQ(call.call_class, CallClass::batch);
}

TEST(QboCalls, OfVoidsGoAlone) {
    PreparedObject voided = prepared_invoice();
    voided.verb = Verb::void_;
    voided.body = R"({"Id":"130","SyncToken":"0"})";
    const PreparedCall invoice = make_qbo()->assemble("9130", std::span(&voided, 1), "ab");
    EXPECT_EQ(invoice.target, "/v3/company/9130/invoice?operation=void&minorversion=75&requestid=ab");
    EXPECT_EQ(invoice.body, voided.body);
    EXPECT_EQ(invoice.call_class, CallClass::write);
    voided.entity = "Payment";
    EXPECT_EQ(make_qbo()->assemble("9130", std::span(&voided, 1), "ab").target,
              "/v3/company/9130/payment?operation=update&include=void&minorversion=75&requestid=ab");
}

TEST(QboCalls, OfWordsSayWhatMayShareABatch) {
    const auto rule = [](Verb verb, std::string entity) {
        return make_qbo()->batch_rule({verb, "r", std::move(entity)});
    };
    EXPECT_EQ(rule(Verb::create, "Invoice").word, rule(Verb::update, "Payment").word);
    EXPECT_EQ(rule(Verb::create, "Customer").word, rule(Verb::void_, "Item").word);
    EXPECT_NE(rule(Verb::create, "Customer").word, rule(Verb::create, "Invoice").word);
    EXPECT_NE(rule(Verb::remove, "Payment").word, rule(Verb::create, "Payment").word);
    EXPECT_EQ(rule(Verb::create, "Invoice").size, 15u);
    EXPECT_EQ(rule(Verb::void_, "Invoice").size, 1u);
    EXPECT_EQ(rule(Verb::void_, "Payment").size, 1u);
    EXPECT_NE(rule(Verb::void_, "Invoice").word, rule(Verb::void_, "Payment").word);
}

}  // namespace
}  // namespace spillway
