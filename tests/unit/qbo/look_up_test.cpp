#include <gtest/gtest.h>

#include "connectors/qbo/words.hpp"
#include "tests/unit/qbo/builders.hpp"

namespace spillway {
namespace {

using namespace qbo_test;
using Kind = Verdict::Kind;

std::string statement_of(const PreparedCall& call) {
    const auto query = call.target.find("query=");
    const auto end = call.target.find("&minorversion=75");
    return percent_decode(std::string_view(call.target).substr(query + 6, end - query - 6)).value();
}

PreparedObject prepared(const Subject& subject, const Step& step) {
    return make_qbo()->prepare(subject, step, mapping(), uk_books(), {}).value();
}

std::vector<RemoteObject> rows(const std::string& response) {
    PreparedCall call;
    call.operation = "query";
    return make_qbo()->read_objects(call, answered(200, R"({"QueryResponse":)" + response + R"(,"time":"t"})")).value();
}

Verdict judge(const PreparedObject& object, const std::string& response) {
    return make_qbo()->judge(object, rows(response));
}

std::string invoices(const std::vector<std::string>& all) {
    std::string text = R"({"Invoice":[)";
    for (const std::string& one : all) text += (text.back() == '[' ? "" : ",") + one;
    return text + R"(],"startPosition":1,"maxResults":1})";
}

TEST(QboLookUp, SearchesDocumentsByNumberInOneQuery) {
    const std::vector objects{prepared_invoice("I-1", "INV-1"), prepared_invoice("I-2", "IN'V\\2")};
    const auto calls = make_qbo()->look_up("9130", objects);
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].method, "GET");
    EXPECT_EQ(calls[0].call_class, CallClass::read);
    EXPECT_EQ(statement_of(calls[0]),
              R"(select * from Invoice where DocNumber in ('IN\'V\\2', 'INV-1') maxresults 1000)");
    EXPECT_EQ(calls[0].target.find_first_of(" '\\"), std::string::npos);
}

TEST(QboLookUp, SplitsLongLists) {
    std::vector<PreparedObject> objects;
    for (int i = 0; i < 31; ++i) objects.push_back(prepared_invoice("I", "N" + std::to_string(i)));
    EXPECT_EQ(make_qbo()->look_up("9130", objects).size(), 2u);
    // Long names fill the request line before there are thirty of them.
    std::vector<PreparedObject> named;
    for (int i = 0; i < 10; ++i) {
        Item long_code = item();
        long_code.code = std::string(95, 'a') + std::to_string(i);
        named.push_back(prepared(subject(long_code, "S"), creation("item", "Item")));
        named.back().marker = std::string(900, 'a') + std::to_string(i);
    }
    const auto calls = make_qbo()->look_up("9130", named);
    EXPECT_EQ(calls.size(), 5u);
    for (const PreparedCall& call : calls) EXPECT_LT(call.target.size(), 6000u);
}

TEST(QboLookUp, SearchesNamesOverAllThreeListsAndAmongTheInactive) {
    const auto calls = make_qbo()->look_up(
        "9130", std::vector{prepared(subject(contact(true, false), "C"), creation("customer", "Customer"))});
    ASSERT_EQ(calls.size(), 3u);
    EXPECT_EQ(statement_of(calls[0]),
              R"(select * from Customer where DisplayName in ('O\'Neil \\ Sons', 'O\'Neil \\ Sons (deleted)'))"
              " and Active in (true, false) maxresults 1000");
    EXPECT_EQ(calls[1].operation, "query Employee");
    EXPECT_EQ(calls[2].operation, "query Vendor");
    const auto goods =
        make_qbo()->look_up("9130", std::vector{prepared(subject(item(), "S"), creation("item", "Item"))});
    ASSERT_EQ(goods.size(), 1u);
    EXPECT_EQ(
        statement_of(goods[0]),
        "select * from Item where Name in ('85123A', '85123A (deleted)') and Active in (true, false) maxresults 1000");
}

TEST(QboLookUp, SearchesPaymentsByTheirMarkAndReadsKnownObjectsById) {
    PreparedObject update = prepared_invoice();
    update.verb = Verb::update;
    update.provider_id = "130";
    const PreparedObject paid = prepared(a_payment(), creation("payment", "Payment"));
    const auto calls = make_qbo()->look_up("9130", std::vector{paid, update, update});
    ASSERT_EQ(calls.size(), 2u);
    EXPECT_EQ(calls[0].target, "/v3/company/9130/invoice/130?minorversion=75");
    EXPECT_EQ(statement_of(calls[1]),
              "select * from Payment where PaymentRefNum in ('" + paid.marker + "') maxresults 1000");
}

TEST(QboLookUp, ReadsRows) {
    const auto found = rows(invoices({invoice_json("130", "2", "INV-1", "10.50", "x")}));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].entity, "Invoice");
    EXPECT_EQ(found[0].id, "130");
    EXPECT_EQ(found[0].version, "2");
    EXPECT_EQ(found[0].marker, "INV-1");
    EXPECT_EQ(found[0].counterparty, "58");
    EXPECT_EQ(found[0].total, dec("10.5"));
    EXPECT_EQ(found[0].date, day("2010-12-01"));
    EXPECT_TRUE(found[0].live);
    EXPECT_EQ(rows("{}").size(), 0u);
}

TEST(QboLookUp, ReadsNothingOutOfAnswersThatDecideNothing) {
    struct Case {
        SendResult answer;
        ErrorKind kind;
    };
    const std::string throttled =
        R"(<Fault type="SERVICE"><Error code="3001"><Message>ThrottleExceeded</Message></Error></Fault>)";
    const Case cases[] = {
        {{Stage::not_sent, {}, "refused"}, ErrorKind::unavailable},
        {{Stage::sending, {}, "lost"}, ErrorKind::unavailable},
        {answered(401, ""), ErrorKind::unauthorised},
        {answered(403, "{}"), ErrorKind::unauthorised},
        {answered(403, throttled), ErrorKind::throttled},
        {answered(429, throttled), ErrorKind::throttled},
        {answered(429, ""), ErrorKind::throttled},
        {answered(503, "<html/>"), ErrorKind::unavailable},
        {answered(200, "<html/>"), ErrorKind::unavailable},
        {answered(200, "{}"), ErrorKind::unavailable},
        {answered(200, R"({"Fault":{"Error":[{"code":"10000"}],"type":"SystemFault"}})"), ErrorKind::unavailable},
        {answered(400, R"({"Fault":{"Error":[{"code":"4001"}]}})"), ErrorKind::unavailable}};
    const auto call = make_qbo()->look_up("9130", std::vector{prepared_invoice()})[0];
    for (const Case& one : cases) {
        const auto found = make_qbo()->read_objects(call, one.answer);
        ASSERT_FALSE(found.ok()) << one.answer.response.status << one.answer.response.body;
        EXPECT_EQ(found.error().kind, one.kind) << one.answer.response.status << one.answer.response.body;
    }
}

TEST(QboLookUp, RefusesToCallAFullPageComplete) {
    std::vector<std::string> many(1000, R"({"Id":"1"})");
    PreparedCall call;
    call.operation = "query Invoice";
    const auto found = make_qbo()->read_objects(call, answered(200, R"({"QueryResponse":)" + invoices(many) + "}"));
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, "answer_truncated");
}

TEST(QboLookUp, ReadsADeletedObjectAsGone) {
    const auto call = make_qbo()->read_by_id("9130", std::vector{link("document", "CreditMemo", "140")})[0];
    const auto found = make_qbo()->read_objects(
        call, answered(400, R"({"Fault":{"Error":[{"Message":"Object Not Found","code":"610"}]}})"));
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->at(0).entity, "CreditMemo");
    EXPECT_EQ(found->at(0).id, "140");
    EXPECT_FALSE(found->at(0).live);
}

TEST(QboJudge, AdoptsATransactionOnlyWithTagTotalAndCustomer) {
    const PreparedObject object = prepared_invoice();
    const std::string tag = "[spillway:I-1]";
    std::string other_customer = invoice_json("130", "0", "INV-1", "10.00", tag);
    other_customer.replace(other_customer.find("\"58\""), 4, "\"60\"");
    std::string other_day = invoice_json("130", "0", "INV-1", "10.00", tag);
    other_day.replace(other_day.find("2010-12-01"), 10, "2010-12-02");
    struct Case {
        std::string rows;
        Kind kind;
    };
    const Case cases[] = {
        {"{}", Kind::absent},
        {invoices({invoice_json("130", "0", "INV-2", "10.00", tag)}), Kind::absent},
        {invoices({invoice_json("130", "0", "INV-1", "10.00", "x " + tag)}), Kind::ours},
        {invoices({invoice_json("130", "0", "INV-1", "10.01", tag)}), Kind::ours},
        {invoices({invoice_json("130", "0", "INV-1", "10.02", tag)}), Kind::foreign},
        {invoices({invoice_json("130", "0", "INV-1", "10.00", "")}), Kind::foreign},
        {invoices({invoice_json("130", "0", "INV-1", "10.00", "[spillway:I-10]")}), Kind::foreign},
        {invoices({invoice_json("130", "0", "INV-1", "0", "Voided - " + tag)}), Kind::foreign},
        {invoices({other_customer}), Kind::foreign},
        {invoices({other_day}), Kind::foreign},
        {invoices({invoice_json("130", "0", "INV-1", "10.00", tag), invoice_json("131", "0", "INV-1", "10.00", "")}),
         Kind::ours},
        {invoices({invoice_json("130", "0", "INV-1", "10.00", tag), invoice_json("131", "0", "INV-1", "10.00", tag)}),
         Kind::ambiguous},
        {R"({"CreditMemo":[{"Id":"1","DocNumber":"INV-1","TotalAmt":10}]})", Kind::absent}};
    for (const Case& one : cases) EXPECT_EQ(judge(object, one.rows).kind, one.kind) << one.rows;

    const Verdict ours = judge(object, cases[2].rows);
    EXPECT_EQ(ours.link->id, "130");
    EXPECT_EQ(ours.link->role, "document");
    EXPECT_EQ(ours.total, dec("10"));
    EXPECT_FALSE(ours.link->owned_hash.empty());
    EXPECT_EQ(judge(object, cases[4].rows).detail,
              "sent: Invoice 'INV-1', total 10.00, dated 2010-12-01, customer 58; in the books: Invoice 130 'INV-1', "
              "total 10.02, dated "
              "2010-12-01, customer 58");
}

TEST(QboJudge, KnowsAPaymentByItsMark) {
    const PreparedObject paid = prepared(a_payment(), creation("payment", "Payment"));
    const auto row = [&](const std::string& marker, const std::string& total) {
        return R"({"Payment":[{"Id":"160","SyncToken":"0","PaymentRefNum":")" + marker + R"(","TotalAmt":)" + total +
               R"(,"TxnDate":"2010-12-24","CustomerRef":{"value":"58"},"PrivateNote":"CHQ\n[spillway:P-1]"}]})";
    };
    EXPECT_EQ(judge(paid, row(paid.marker, "25.00")).kind, Kind::ours);
    EXPECT_EQ(judge(paid, row(paid.marker, "26.00")).kind, Kind::foreign);
    EXPECT_EQ(judge(paid, row("SPOTHER", "25.00")).kind, Kind::absent);
}

TEST(QboJudge, TakesAnActiveNameOfTheSameListAsTheRecord) {
    const PreparedObject customer = prepared(subject(contact(true, false), "C"), creation("customer", "Customer"));
    const auto row = [](const std::string& entity, const std::string& rest) {
        return "{\"" + entity + R"(":[{"Id":"58","SyncToken":"0",)" + rest + "}]}";
    };
    const std::string name = R"("DisplayName":"O'NEIL \\ sons")";
    EXPECT_EQ(judge(customer, "{}").kind, Kind::absent);
    EXPECT_EQ(judge(customer, row("Customer", name + R"(,"Active":true)")).kind, Kind::ours);
    EXPECT_EQ(judge(customer, row("Vendor", name)).kind, Kind::foreign);
    EXPECT_EQ(judge(customer, row("Employee", name)).kind, Kind::foreign);
    EXPECT_EQ(judge(customer, row("Customer", R"x("DisplayName":"O'Neil \\ Sons (deleted)","Active":false)x")).kind,
              Kind::foreign);
    EXPECT_EQ(judge(customer, row("Customer", R"("DisplayName":"Somebody")")).kind, Kind::absent);

    Contact euro = contact(true, false);
    euro.currency = Currency{"EUR"};
    const PreparedObject foreign_currency = prepared(subject(euro, "C"), creation("customer", "Customer"));
    EXPECT_EQ(judge(foreign_currency, row("Customer", name + R"(,"CurrencyRef":{"value":"GBP"})")).kind, Kind::foreign);

    const PreparedObject goods = prepared(subject(item(), "S"), creation("item", "Item"));
    EXPECT_EQ(judge(goods, row("Item", R"("Name":"85123a","Type":"Service")")).kind, Kind::ours);
    EXPECT_EQ(judge(goods, row("Item", R"("Name":"85123A","Type":"Category")")).kind, Kind::foreign);
}

TEST(QboJudge, SaysWhetherWhatItFoundHoldsTheRecord) {
    Item priced = item();
    priced.unit_price = dec("2");
    const PreparedObject goods = prepared(subject(priced, "S"), creation("item", "Item"));
    const auto at = [](const std::string& price) {
        return R"({"Item":[{"Id":"7","SyncToken":"0","Name":"85123A","Sku":"85123A","Type":"Service","Active":true,)"
               R"("Description":"WHITE HANGING HEART","IncomeAccountRef":{"value":"1"},"UnitPrice":)" +
               price + "}]}";
    };
    EXPECT_EQ(judge(goods, at("1")).kind, Kind::ours);
    EXPECT_FALSE(judge(goods, at("1")).holds);
    EXPECT_TRUE(judge(goods, at("2.00")).holds);

    const std::string tag = "[spillway:I-1]";
    EXPECT_TRUE(judge(prepared_invoice(), invoices({invoice_json("130", "0", "INV-1", "10.00", tag)})).holds);
    std::string other = invoice_json("130", "0", "INV-1", "10.00", tag);
    other.replace(other.find("Lantern"), 7, "Lamp");
    EXPECT_EQ(judge(prepared_invoice(), invoices({other})).kind, Kind::ours);
    EXPECT_FALSE(judge(prepared_invoice(), invoices({other})).holds) << "of the same total";
}

class QboJudgeOfKnown : public testing::Test {
 protected:
    static PreparedObject object(Verb verb, std::string version) {
        PreparedObject object = prepared_invoice();
        object.verb = verb;
        object.provider_id = "130";
        object.provider_version = std::move(version);
        return object;
    }
    static std::string row(const std::string& token, const std::string& number, const std::string& note = "") {
        return invoices({note.empty() ? invoice_json("130", token, number, "10.00", "[spillway:I-1]")
                                      : invoice_json("130", token, number, "0", note)});
    }
    static std::vector<RemoteObject> gone() {
        RemoteObject object;
        object.entity = "Invoice";
        object.id = "130";
        object.live = false;
        return {object};
    }
};

TEST_F(QboJudgeOfKnown, AnUpdateByContentThenByVersion) {
    EXPECT_EQ(judge(object(Verb::update, "0"), row("1", "INV-1")).kind, Kind::ours);
    EXPECT_EQ(judge(object(Verb::update, "0"), row("1", "INV-1")).link->version, "1");
    EXPECT_EQ(judge(object(Verb::update, "0"), row("0", "INV-1")).kind, Kind::ours);  // a change of nothing
    EXPECT_EQ(judge(object(Verb::update, "0"), row("0", "OLD")).kind, Kind::absent);
    EXPECT_EQ(judge(object(Verb::update, "0"), row("2", "OTHER")).kind, Kind::foreign);
    EXPECT_EQ(judge(object(Verb::update, "0"), "{}").kind, Kind::inconclusive);
    EXPECT_EQ(make_qbo()->judge(object(Verb::update, "0"), gone()).kind, Kind::foreign);
}

TEST_F(QboJudgeOfKnown, AnUpdateOfTheMemoByTheNote) {
    PreparedObject changed = object(Verb::update, "0");
    changed.body = R"({"sparse":true,"Id":"130","SyncToken":"0","PrivateNote":"new\n[spillway:I-1]"})";
    const auto noted = [](const std::string& token, const std::string& note) {
        return invoices({invoice_json("130", token, "INV-1", "10.00", note)});
    };
    EXPECT_EQ(judge(changed, noted("0", "[spillway:I-1]")).kind, Kind::absent);
    EXPECT_EQ(judge(changed, noted("1", "new\\n[spillway:I-1]")).kind, Kind::ours);
    EXPECT_EQ(judge(changed, noted("2", "new\\n[spillway:I-1]\\ncalled them")).kind, Kind::ours);
    EXPECT_EQ(judge(changed, noted("1", "[spillway:I-1]")).kind, Kind::foreign);
}

TEST_F(QboJudgeOfKnown, AnUpdateOfTheTaxByTheTotalTax) {
    PreparedObject changed = object(Verb::update, "0");
    changed.body = R"({"sparse":true,"Id":"130","SyncToken":"0","TxnTaxDetail":{"TotalTax":1.20}})";
    const auto taxed = [](const std::string& token, const std::string& tax) {
        return invoices({R"({"Id":"130","SyncToken":")" + token + R"(","TxnTaxDetail":{"TotalTax":)" + tax + "}}"});
    };
    EXPECT_EQ(judge(changed, taxed("0", "0.80")).kind, Kind::absent);
    EXPECT_EQ(judge(changed, taxed("1", "1.2")).kind, Kind::ours);
    changed.body = R"({"TxnTaxDetail":{"TotalTax":0.00}})";
    EXPECT_EQ(judge(changed, invoices({R"({"Id":"130","SyncToken":"1"})"})).kind, Kind::ours) << "no tax, no detail";
}

TEST_F(QboJudgeOfKnown, AnUpdateThatCannotBeComparedByTheVersion) {
    PreparedObject changed = object(Verb::update, "0");
    changed.entity = "Customer";
    changed.body = R"({"DisplayName":"A","BillAddr":{"Line1":"1 High St","Country":"GB"}})";
    const auto row = [](const std::string& token) {
        return R"({"Customer":[{"Id":"130","SyncToken":")" + token +
               R"(","DisplayName":"A","BillAddr":{"Line1":"1 High St","Country":"GBR"}}]})";
    };
    EXPECT_EQ(judge(changed, row("0")).kind, Kind::absent) << "the country may be the change";
    EXPECT_EQ(judge(changed, row("1")).kind, Kind::ours);
    changed.body = R"({"DisplayName":"A","BillAddr":{"Line1":"1 High St"}})";
    EXPECT_EQ(judge(changed, row("0")).kind, Kind::ours);
}

TEST_F(QboJudgeOfKnown, AVoidOrDeleteByWhatIsLeft) {
    EXPECT_EQ(judge(object(Verb::void_, "0"), row("0", "INV-1")).kind, Kind::absent);
    const Verdict voided = judge(object(Verb::void_, "0"), row("1", "INV-1", "Voided"));
    EXPECT_EQ(voided.kind, Kind::ours);
    EXPECT_TRUE(voided.link->voided);
    EXPECT_EQ(judge(object(Verb::remove, "0"), row("0", "INV-1")).kind, Kind::absent);
    const Verdict removed = make_qbo()->judge(object(Verb::remove, "0"), gone());
    EXPECT_EQ(removed.kind, Kind::ours);
    EXPECT_FALSE(removed.link);
    EXPECT_EQ(make_qbo()->judge(object(Verb::void_, "0"), gone()).kind, Kind::ours);
}

}  // namespace
}  // namespace spillway
