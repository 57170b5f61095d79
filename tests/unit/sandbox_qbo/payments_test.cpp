#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sandbox_qbo/world.hpp"

namespace spillway::sandbox {
namespace {

std::string link(const std::string& type, const std::string& id, const std::string& amount) {
    return R"({"Amount":)" + amount + R"(,"LinkedTxn":[{"TxnId":")" + id + R"(","TxnType":")" + type + "\"}]}";
}

class QboPayments : public testing::Test {
 protected:
    std::string payment(const std::string& total, const std::string& lines, const std::string& rest = {}) {
        return R"({"CustomerRef":{"value":")" + world.customer_id + R"("},"TxnDate":"2026-03-02","TotalAmt":)" + total +
               ",\"Line\":[" + lines + "]" + rest + "}";
    }
    std::string id_of(const Reply& reply) { return reply.json["Payment"]["Id"].string_or("none: " + reply.text); }
    std::string balance(const std::string& path, const std::string& id) {
        const Reply reply = world.get("/" + path + "/" + id);
        return reply.json[path == "invoice" ? "Invoice" : "CreditMemo"]["Balance"].string_or("none");
    }
    std::string token(const std::string& path, const std::string& id) {
        const Reply reply = world.get("/" + path + "/" + id);
        return reply.json[path == "invoice" ? "Invoice" : "Payment"]["SyncToken"].string_or("none");
    }

    World world;
};

TEST_F(QboPayments, LowersBalancesAndKeepsTheRestUnapplied) {
    const std::string invoice = world.invoice("P-1", "100.00");
    const Reply reply =
        world.post("/payment", payment("120.00", link("Invoice", invoice, "60.00"), R"(,"PaymentRefNum":"R1")"));
    EXPECT_EQ(reply.json["Payment"]["UnappliedAmt"].text(), "60.00") << reply.text;
    EXPECT_EQ(reply.json["Payment"]["DepositToAccountRef"]["value"].text(), "4");
    EXPECT_EQ(balance("invoice", invoice), "40.00");
    EXPECT_EQ(world.get("/invoice/" + invoice).json["Invoice"]["LinkedTxn"].items().at(0)["TxnId"].text(),
              id_of(reply));
    EXPECT_EQ(world.get("/customer/" + world.customer_id).json["Customer"]["Balance"].text(), "-20.00");
}

TEST_F(QboPayments, BadPaymentsAreRefused) {
    const std::string invoice = world.invoice("P-2", "100.00");
    const std::string paid = world.invoice("P-3", "10.00");
    world.post("/payment", payment("10.00", link("Invoice", paid, "10.00")));
    const std::string other = world.customer("Other");
    struct Row {
        std::string body, code;
    };
    const Row rows[] = {
        {R"({"TotalAmt":1})", "2020"},
        {R"({"CustomerRef":{"value":")" + world.customer_id + "\"}}", "2020"},
        {payment("-1.00", ""), "6000"},
        {payment("1.00", "", R"(,"DepositToAccountRef":{"value":"1"})"), "6430"},
        {payment("1.00", "", R"(,"PaymentRefNum":"1234567890123456789012")"), "2050"},
        {payment("1.00", link("Invoice", "999", "1.00")), "2500"},
        {payment("1.00", link("Bill", invoice, "1.00")), "2500"},
        {payment("1.00", link("Invoice", paid, "1.00")), "620"},
        {payment("200.00", link("Invoice", invoice, "100.01")), "6000"},
        {payment("200.00", link("Invoice", invoice, "60.00") + "," + link("Invoice", invoice, "60.00")), "6000"},
        {payment("50.00", link("Invoice", invoice, "60.00")), "6000"},
        {R"({"CustomerRef":{"value":")" + other + R"("},"TotalAmt":5,"Line":[)" + link("Invoice", invoice, "5.00") +
             "]}",
         "620"},
        {payment("1.00", R"({"LinkedTxn":[]})"), "2020"},
    };
    for (const Row& row : rows) {
        const Reply reply = world.post("/payment", row.body);
        EXPECT_EQ(reply.code(), row.code) << row.body << reply.text;
    }
    EXPECT_EQ(balance("invoice", invoice), "100.00");
}

TEST_F(QboPayments, ZeroPaymentAppliesACreditMemo) {
    const std::string invoice = world.invoice("P-4", "100.00");
    const std::string memo = world.credit_memo("CN-1", "30.00");
    const Reply reply = world.post(
        "/payment", payment("0", link("Invoice", invoice, "30.00") + "," + link("CreditMemo", memo, "30.00")));
    ASSERT_EQ(reply.status, 200) << reply.text;
    EXPECT_EQ(balance("invoice", invoice), "70.00");
    EXPECT_EQ(balance("creditmemo", memo), "0.00");
    const JsonValue ledger = world.ledger();
    const JsonValue& tenant = ledger["tenants"].items().at(0);
    EXPECT_EQ(write_json(tenant["allocations"]), R"([{"amount":"30.00","credit_note":"CN-1","invoice":"P-4"}])");
    EXPECT_EQ(tenant["payments"].items().size(), 0u);
    EXPECT_EQ(tenant["documents"].items().size(), 2u);
}

TEST_F(QboPayments, DeletingAndVoidingRestoreTheBalances) {
    for (const std::string form : {"operation=delete", "operation=void", "operation=update&include=void"}) {
        const std::string invoice = world.invoice("V-" + form.substr(form.size() - 6), "100.00");
        const std::string id = id_of(world.post("/payment", payment("100.00", link("Invoice", invoice, "100.00"))));
        EXPECT_EQ(balance("invoice", invoice), "0.00");
        EXPECT_EQ(world.post("/invoice?operation=delete", R"({"SyncToken":"1","Id":")" + invoice + "\"}").code(),
                  "800");
        const Reply reply = world.post("/payment?" + form, R"({"sparse":true,"SyncToken":"0","Id":")" + id + "\"}");
        EXPECT_EQ(reply.status, 200) << reply.text;
        EXPECT_EQ(balance("invoice", invoice), "100.00") << form;
        if (form == "operation=delete") continue;
        EXPECT_EQ(reply.json["Payment"]["TotalAmt"].text(), "0");
        EXPECT_EQ(reply.json["Payment"]["PrivateNote"].text(), "Voided");
    }
    EXPECT_EQ(world.set(R"({"payment_void_by_operation":false})"), "");
    const std::string id = id_of(world.post("/payment", payment("1.00", "")));
    EXPECT_EQ(world.post("/payment?operation=void", R"({"SyncToken":"0","Id":")" + id + "\"}").code(), "500");
}

TEST_F(QboPayments, VoidingAnInvoicePutsTheMoneyBackAsUnapplied) {
    const std::string invoice = world.invoice("P-5", "100.00");
    const std::string id = id_of(world.post("/payment", payment("100.00", link("Invoice", invoice, "100.00"))));
    world.post("/invoice?operation=void",
               R"({"SyncToken":")" + token("invoice", invoice) + R"(","Id":")" + invoice + "\"}");
    const Reply reply = world.get("/payment/" + id);
    EXPECT_EQ(reply.json["Payment"]["UnappliedAmt"].text(), "100.00");
    EXPECT_EQ(reply.json["Payment"]["Line"].items().size(), 0u);
}

TEST_F(QboPayments, LinesAreReplacedAsAWhole) {
    const std::string a = world.invoice("P-6", "10.00");
    const std::string b = world.invoice("P-7", "10.00");
    const std::string id = id_of(world.post("/payment", payment("10.00", link("Invoice", a, "10.00"))));
    const auto update = [&](const std::string& token, const std::string& rest) {
        return world.post("/payment",
                          R"({"sparse":true,"SyncToken":")" + token + R"(","Id":")" + id + "\"," + rest + "}");
    };
    EXPECT_EQ(update("0", "\"Line\":[" + link("Invoice", b, "4.00") + "]").status, 200);
    EXPECT_EQ(balance("invoice", a), "10.00");
    EXPECT_EQ(balance("invoice", b), "6.00");
    EXPECT_EQ(update("1", R"("PrivateNote":"n")").json["Payment"]["Line"].items().size(), 1u);
    EXPECT_EQ(update("2", R"("Line":[])").json["Payment"]["UnappliedAmt"].text(), "10.00");
    EXPECT_EQ(balance("invoice", b), "10.00");
}

TEST_F(QboPayments, LinkingBumpsTheInvoicesTokenOrNot) {
    for (const bool bump : {true, false}) {
        EXPECT_EQ(world.set(bump ? R"({"linking_bumps_sync_token":true})" : R"({"linking_bumps_sync_token":false})"),
                  "");
        const std::string invoice = world.invoice(bump ? "B-1" : "B-2", "10.00");
        world.post("/payment", payment("10.00", link("Invoice", invoice, "10.00")));
        EXPECT_EQ(token("invoice", invoice), bump ? "1" : "0");
    }
}

TEST_F(QboPayments, PaidInvoiceCannotShrinkBelowWhatIsPaid) {
    const std::string invoice = world.invoice("P-8", "10.00");
    world.post("/payment", payment("8.00", link("Invoice", invoice, "8.00")));
    const auto update = [&](const std::string& amount) {
        return world.post(
            "/invoice",
            R"({"sparse":true,"SyncToken":"1","Id":")" + invoice + R"(","Line":[{"Amount":)" + amount +
                R"(,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"1"},"TaxCodeRef":{"value":"3"}}}]})");
    };
    EXPECT_EQ(update("7.99").code(), "6000");
    EXPECT_EQ(update("9.00").json["Invoice"]["Balance"].text(), "1.00");
}

TEST_F(QboPayments, LedgerShowsExactBooks) {
    const std::string invoice =
        world.post("/invoice", world.document("L-1", "10.01", "1")).json["Invoice"]["Id"].string_or("");
    world.post("/payment", payment("5.00", link("Invoice", invoice, "5.00"), R"(,"PaymentRefNum":"ref")"));
    const JsonValue ledger = world.ledger();
    const JsonValue& tenant = ledger["tenants"].items().at(0);
    EXPECT_EQ(ledger["provider"].text(), "qbo");
    EXPECT_EQ(
        write_json(tenant["documents"]),
        R"([{"contact":"Acme","currency":"GBP","date":"2026-03-01","id":")" + invoice +
            R"(","lines":1,"net":"10.01","number":"L-1","status":"open","tax":"2.00","total":"12.01","type":"invoice"}])");
    EXPECT_EQ(write_json(tenant["payments"].items().at(0)["applied"]), R"([{"amount":"5.00","document":"L-1"}])");
    EXPECT_EQ(tenant["contacts"].items().at(0)["name"].text(), "Acme");
    EXPECT_EQ(ledger["calls"]["by_operation"]["POST payment"].int64_or(0), 1);
    world.model->reset();
    EXPECT_EQ(world.ledger()["tenants"].items().at(0)["documents"].items().size(), 0u);
    EXPECT_EQ(world.get("/preferences").status, 401);
}

}  // namespace
}  // namespace spillway::sandbox
