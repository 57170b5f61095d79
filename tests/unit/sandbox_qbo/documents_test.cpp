#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sandbox_qbo/world.hpp"

namespace spillway::sandbox {
namespace {

using testing::HasSubstr;

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), with);
}

TEST(QboDocuments, CreateAnswersWithTheComputedInvoice) {
    World world;
    const Reply reply = world.post("/invoice", world.document("INV-1", "100.00"));
    const JsonValue& invoice = reply.json["Invoice"];
    ASSERT_EQ(reply.status, 200) << reply.text;
    EXPECT_EQ(invoice["TotalAmt"].text(), "120.00");
    EXPECT_EQ(invoice["Balance"].text(), "120.00");
    EXPECT_EQ(invoice["TxnTaxDetail"]["TotalTax"].text(), "20.00");
    EXPECT_EQ(invoice["TxnTaxDetail"]["TaxLine"].items().at(0)["TaxLineDetail"]["NetAmountTaxable"].text(), "100.00");
    EXPECT_EQ(invoice["Line"].items().size(), 2u);
    EXPECT_EQ(invoice["Line"].items().at(0)["Id"].text(), "1");
    EXPECT_EQ(invoice["Line"].items().at(1)["DetailType"].text(), "SubTotalLineDetail");
    EXPECT_EQ(invoice["CustomerRef"]["name"].text(), "Acme");
    EXPECT_EQ(invoice["CurrencyRef"]["value"].text(), "GBP");
    EXPECT_EQ(world.get("/invoice/" + invoice["Id"].string_or("")).json["Invoice"], invoice);
}

TEST(QboDocuments, BadDocumentsAreRefused) {
    World world;
    const std::string good = world.document("D-1", "10.00");
    const std::string line = R"("SalesItemLineDetail":{)";
    struct Row {
        std::string what, with, code;
    };
    const Row rows[] = {
        {R"("CustomerRef":{"value":")" + world.customer_id + "\"},", "", "2020"},
        {R"("CustomerRef":{"value":")" + world.customer_id + "\"}", R"("CustomerRef":{"value":"99"})", "2500"},
        {R"("GlobalTaxCalculation":"TaxExcluded",)", "", "2020"},
        {"TaxExcluded", "TaxSomehow", "2170"},
        {"D-1", "1234567890123456789012", "2050"},
        {"2026-03-01", "2026-02-30", "2060"},
        {"\"DocNumber\"", "\"DocNo\"", "2010"},
        {"\"Amount\"", "\"Amout\"", "2010"},
        {"\"Amount\":10.00,", "", "2020"},
        {"10.00", "\"ten\"", "2090"},
        {"10.00", "-10.00", "6000"},
        {"\"DetailType\":\"SalesItemLineDetail\",", "", "2020"},
        {line, line + "\"Qty\":3,\"UnitPrice\":3.33,", "6070"},
        {"\"ItemRef\":{\"value\":\"" + world.item_id + "\"},", "", "6440"},
        {"\"ItemRef\":{\"value\":\"" + world.item_id + "\"}", "\"ItemRef\":{\"value\":\"77\"}", "2500"},
        {",\"TaxCodeRef\":{\"value\":\"1\"}", "", "6000"},
        {"\"TaxCodeRef\":{\"value\":\"1\"}", "\"TaxCodeRef\":{\"value\":\"TAX\"}", "2500"},
        {"\"DocNumber\"", "\"CurrencyRef\":{\"value\":\"USD\"},\"DocNumber\"", "2220"},
    };
    for (const Row& row : rows) {
        const Reply reply = world.post("/invoice", replaced(good, row.what, row.with));
        EXPECT_EQ(reply.code(), row.code) << row.what << " -> " << row.with << ": " << reply.text;
    }
    EXPECT_EQ(world
                  .post("/invoice", R"({"CustomerRef":{"value":")" + world.customer_id +
                                        R"("},"GlobalTaxCalculation":"TaxExcluded","Line":[]})")
                  .code(),
              "2250");
    EXPECT_EQ(world.post("/invoice", replaced(good, line, line + "\"Qty\":3,\"UnitPrice\":3.3333,")).code(), "");
}

TEST(QboDocuments, TaxFollowsTheCalculationAndTheRoundingSwitch) {
    struct Row {
        const char *mode, *settings, *lines, *tax, *total;
    };
    // Three lines of 0.12 at 20 %: 0.072 on the sum, 0.02 three times by line.
    const char* kThree = "0.12 0.12 0.12";
    const Row rows[] = {
        {"TaxExcluded", R"({"tax_rounding":"per_rate"})", kThree, "0.07", "0.43"},
        {"TaxExcluded", R"({"tax_rounding":"per_line"})", kThree, "0.06", "0.42"},
        {"NotApplicable", "{}", kThree, "0.00", "0.36"},
        {"TaxInclusive", R"({"inclusive_amount":"net"})", "10.00", "2.00", "12.00"},
        {"TaxInclusive", R"({"inclusive_amount":"gross"})", "10.00", "1.67", "10.00"},
    };
    for (const Row& row : rows) {
        World world;
        ASSERT_EQ(world.set(row.settings), "");
        std::string lines;
        std::string amounts = row.lines;
        for (std::size_t at = 0; at < amounts.size(); at += 5)
            lines += std::string(lines.empty() ? "" : ",") + R"({"DetailType":"SalesItemLineDetail","Amount":)" +
                     amounts.substr(at, amounts.size() > 5 ? 4 : 5) +
                     R"(,"SalesItemLineDetail":{"ItemRef":{"value":"1"},"TaxCodeRef":{"value":"1"}}})";
        const Reply reply =
            world.post("/invoice", R"({"CustomerRef":{"value":")" + world.customer_id +
                                       R"("},"GlobalTaxCalculation":")" + row.mode + R"(","Line":[)" + lines + "]}");
        EXPECT_EQ(reply.json["Invoice"]["TotalAmt"].text(), row.total) << row.mode << row.settings << reply.text;
        EXPECT_EQ(reply.json["Invoice"]["TxnTaxDetail"]["TotalTax"].decimal_or({}), Decimal::parse(row.tax).value())
            << row.mode;
    }
}

TEST(QboDocuments, TaxInclusiveAmtIsTheGrossOfItsLine) {
    World world;
    std::string body = replaced(world.document("G-1", "8.33"), "TaxExcluded", "TaxInclusive");
    body = replaced(body, "\"TaxCodeRef\"", "\"TaxInclusiveAmt\":10.00,\"TaxCodeRef\"");
    const Reply reply = world.post("/invoice", body);
    EXPECT_EQ(reply.json["Invoice"]["TotalAmt"].text(), "10.00") << reply.text;
    EXPECT_EQ(reply.json["Invoice"]["TxnTaxDetail"]["TotalTax"].text(), "1.67");
}

TEST(QboDocuments, StatedTaxIsHonouredOrNotAndRefusedWhereNoneApplies) {
    World world;
    const auto with_tax = [&](const char* number) {
        return world.document(number, "100.00", "1", R"(,"TxnTaxDetail":{"TotalTax":20.01})");
    };
    EXPECT_EQ(world.post("/invoice", with_tax("T-1")).json["Invoice"]["TotalAmt"].text(), "120.01");
    EXPECT_EQ(world.set(R"({"explicit_tax_honoured":false})"), "");
    EXPECT_EQ(world.post("/invoice", with_tax("T-2")).json["Invoice"]["TotalAmt"].text(), "120.00");
    EXPECT_EQ(world.post("/invoice", replaced(with_tax("T-3"), "TaxExcluded", "NotApplicable")).code(), "6170");
}

TEST(QboDocuments, UsCompaniesTakeTaxOrNon) {
    World world;
    const std::string customer = world.customer("US one", kUs);
    const std::string item = world.item("Thing", kUs);
    const auto body = [&](const std::string& code, const std::string& rest) {
        return R"({"CustomerRef":{"value":")" + customer +
               R"("},"Line":[{"Amount":100,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":")" +
               item + R"("},"TaxCodeRef":{"value":")" + code + "\"}}}]" + rest + "}";
    };
    const std::string california = R"(,"TxnTaxDetail":{"TxnTaxCodeRef":{"value":"1"}})";
    EXPECT_EQ(world.post("/invoice", body("TAX", california), kUs).json["Invoice"]["TotalAmt"].text(), "108.00");
    EXPECT_EQ(world.post("/invoice", body("NON", california), kUs).json["Invoice"]["TotalAmt"].text(), "100.00");
    EXPECT_EQ(world.post("/invoice", body("TAX", ""), kUs).json["Invoice"]["TotalAmt"].text(), "100.00");
    EXPECT_EQ(world.post("/invoice", body("1", ""), kUs).code(), "6100");
}

TEST(QboDocuments, ATakenNumberNamesItsHolder) {
    World world;
    const std::string id = world.invoice("N-1", "10.00");
    const Reply taken = world.post("/invoice", world.document("N-1", "11.00"));
    EXPECT_EQ(taken.code(), "6140");
    EXPECT_THAT(taken.detail(), HasSubstr("DocNumber=N-1 is assigned to TxnType=Invoice with TxnId=" + id));
    EXPECT_EQ(world.post("/creditmemo", world.document("N-1", "1.00")).code(), "6140");
    EXPECT_EQ(world.post("/invoice?include=allowduplicatedocnum", world.document("N-1", "1.00")).code(), "");
    EXPECT_EQ(world.set(R"({"doc_number_scope":"type"})"), "");
    EXPECT_EQ(world.post("/creditmemo", world.document("N-1", "1.00")).code(), "");
    EXPECT_EQ(world.set(R"({"doc_number_check":false})"), "");
    EXPECT_EQ(world.post("/invoice", world.document("N-1", "1.00")).code(), "");
}

TEST(QboDocuments, NumbersAreTheCallersUnlessTheCompanySaysOtherwise) {
    World world;
    const std::string none = replaced(world.document("X", "1.00"), "\"DocNumber\":\"X\",", "");
    EXPECT_TRUE(world.post("/invoice", none).json["Invoice"]["DocNumber"].is_null());
    EXPECT_EQ(world.post("/invoice", world.document("AUTO_GENERATE", "1.00")).json["Invoice"]["DocNumber"].text(),
              "1001");
    EXPECT_EQ(world.set("{\"companies\":{\"" + kUk + R"(":{"custom_txn_numbers":false}}})"), "");
    EXPECT_EQ(world.post("/invoice", none).json["Invoice"]["DocNumber"].text(), "1002");
    EXPECT_EQ(world.post("/invoice", world.document("mine", "1.00")).json["Invoice"]["DocNumber"].text(), "mine");
}

TEST(QboDocuments, ClosedPeriodIsRefusedInEachForm) {
    for (const std::string code : {"6210", "6200", "5010"}) {
        World world;
        const std::string id = world.invoice("C-1", "10.00");
        ASSERT_EQ(world.set("{\"closed_period_code\":\"" + code + "\",\"companies\":{\"" + kUk +
                            R"(":{"book_close_date":"2026-03-01"}}})"),
                  "");
        EXPECT_EQ(world.post("/invoice", world.document("C-2", "1.00")).code(), code);
        EXPECT_EQ(world.post("/invoice?operation=delete", R"({"SyncToken":"0","Id":")" + id + "\"}").code(), code);
        EXPECT_EQ(world.post("/invoice", replaced(world.document("C-3", "1.00"), "2026-03-01", "2026-03-02")).code(),
                  "");
        EXPECT_EQ(world.get("/preferences").json["Preferences"]["AccountingInfoPrefs"]["BookCloseDate"].text(),
                  "2026-03-01");
    }
}

TEST(QboDocuments, UpdatesReplaceLinesAndRecompute) {
    World world;
    const std::string id = world.invoice("U-1", "10.00", "1");
    const std::string line =
        R"([{"Id":"1","Amount":20.00,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"1"},"TaxCodeRef":{"value":"1"}}},{"Amount":1.00,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"1"},"TaxCodeRef":{"value":"3"}}}])";
    const Reply reply = world.post("/invoice?operation=update",
                                   R"({"sparse":true,"SyncToken":"0","Line":)" + line + ",\"Id\":\"" + id + "\"}");
    EXPECT_EQ(reply.json["Invoice"]["TotalAmt"].text(), "25.00") << reply.text;
    EXPECT_EQ(reply.json["Invoice"]["DocNumber"].text(), "U-1");
    EXPECT_EQ(reply.json["Invoice"]["Line"].items().at(0)["Id"].text(), "1");
    EXPECT_EQ(reply.json["Invoice"]["Line"].items().at(1)["Id"].text(), "2");
    const Reply note =
        world.post("/invoice", R"({"sparse":true,"SyncToken":"1","PrivateNote":"n","Id":")" + id + "\"}");
    EXPECT_EQ(note.json["Invoice"]["TotalAmt"].text(), "25.00");
    EXPECT_EQ(note.json["Invoice"]["SyncToken"].text(), "2");
    EXPECT_EQ(world.post("/invoice", R"({"SyncToken":"2","PrivateNote":"n","Id":")" + id + "\"}").code(), "2020");
}

TEST(QboDocuments, DeletedOnesAreGoneAndVoidedOnesAreZero) {
    World world;
    const std::string gone = world.invoice("V-1", "10.00");
    const Reply deleted = world.post("/invoice?operation=delete", R"({"SyncToken":"0","Id":")" + gone + "\"}");
    EXPECT_EQ(deleted.json["Invoice"]["status"].text(), "Deleted");
    EXPECT_EQ(world.get("/invoice/" + gone).code(), "610");
    EXPECT_EQ(world.post("/invoice?operation=delete", R"({"SyncToken":"0","Id":")" + gone + "\"}").code(), "610");
    const std::string id = world.post("/invoice", world.document("V-1", "10.00", "1", R"(,"PrivateNote":"tag")"))
                               .json["Invoice"]["Id"]
                               .string_or("");
    const Reply voided = world.post("/invoice?operation=void", R"({"SyncToken":"0","Id":")" + id + "\"}");
    EXPECT_EQ(voided.json["Invoice"]["TotalAmt"].text(), "0.00");
    EXPECT_EQ(voided.json["Invoice"]["PrivateNote"].text(), "Voided - tag");
    EXPECT_EQ(voided.json["Invoice"]["Line"].items().at(0)["Amount"].text(), "0");
    const std::string memo = world.credit_memo("V-2", "1.00");
    EXPECT_EQ(world.post("/creditmemo?operation=void", R"({"SyncToken":"0","Id":")" + memo + "\"}").code(), "500");
}

TEST(QboDocuments, LapsedPlanRefusesWritesOnly) {
    World world;
    ASSERT_EQ(world.set("{\"companies\":{\"" + kUk + R"(":{"subscription_status":"EXPIRED"}}})"), "");
    EXPECT_EQ(world.post("/customer", R"({"DisplayName":"late"})").status, 400);
    EXPECT_EQ(world.get("/preferences").status, 200);
    ASSERT_EQ(world.set("{\"companies\":{\"" + kUk + R"(":{"lapsed_plan_answers_200":true}}})"), "");
    const Reply reply = world.post("/customer", R"({"DisplayName":"late"})");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.code(), "6190");
}

TEST(QboDocuments, MultiCurrencyNeedsTheCustomersCurrency) {
    World world;
    ASSERT_EQ(world.set("{\"companies\":{\"" + kUk + R"(":{"multi_currency":true}}})"), "");
    const std::string good = world.document("M-1", "1.00");
    EXPECT_EQ(world.post("/invoice", good).code(), "2020");
    EXPECT_EQ(
        world.post("/invoice", replaced(good, "\"DocNumber\"", "\"CurrencyRef\":{\"value\":\"USD\"},\"DocNumber\""))
            .code(),
        "6000");
    EXPECT_EQ(
        world.post("/invoice", replaced(good, "\"DocNumber\"", "\"CurrencyRef\":{\"value\":\"GBP\"},\"DocNumber\""))
            .code(),
        "");
}

}  // namespace
}  // namespace spillway::sandbox
