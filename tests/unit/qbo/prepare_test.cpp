// Refusals that need no look at the provider, and drift.
#include "connectors/qbo/prepare.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "schema/json_value.hpp"
#include "tests/unit/qbo/builders.hpp"

namespace spillway {
namespace {

using namespace qbo_test;

struct Work {
    Subject subject = an_invoice();
    Step step = the_document(Verb::create);
    Mapping mapping = qbo_test::mapping();
    Books books = uk_books();

    Document& content() { return std::get<Invoice>(subject.record.body).document; }
    Result<PreparedObject> prepare(const RemoteObject* current = nullptr) const {
        return make_qbo()->prepare(subject, step, mapping, books, as_read(subject, step, current));
    }
};

struct Case {
    const char* code;
    std::function<void(Work&)> spoil;
};

void as_item(Work& work, std::string code) {
    Item spoilt = item();
    spoilt.code = std::move(code);
    work.subject = subject(spoilt, "SKU-1");
    work.step = creation("item", "Item");
}

void as_customer(Work& work, std::string name) {
    Contact spoilt = contact(true, false);
    spoilt.name = std::move(name);
    work.subject = subject(spoilt, "C-1");
    work.step = creation("customer", "Customer");
}

void as_payment(Work& work) {
    work.subject = a_payment();
    work.step = creation("payment", "Payment");
}

const Case kCases[] = {
    {"number_too_long", [](Work& w) { w.content().number = "1234567890123456789012"; }},
    {"custom_numbers_off", [](Work& w) { w.books.custom_numbers = false; }},
    {"period_locked", [](Work& w) { w.books.locked_until = day("2010-12-01"); }},
    {"exchange_rate_missing", [](Work& w) { w.content().currency = Currency{"EUR"}; }},
    {"total_mismatch", [](Work& w) { w.content().total = dec("10.02"); }},
    {"tax_mismatch",
     [](Work& w) {
         w.content().amounts = Amounts::inclusive;
         w.content().tax_total = dec("0.44");  // 20 % within 10.00 are 1.67
     }},
    {"tax_mismatch",
     [](Work& w) {
         w.content().amounts = Amounts::inclusive;
         w.content().lines[0].tax = w.content().tax_total = dec("0.44");
     }},
    {"too_many_lines",
     [](Work& w) {
         w.content().amounts = Amounts::exclusive;
         w.content().lines.assign(751, line("1", "1"));
     }},
    {"memo_too_long", [](Work& w) { w.content().memo = std::string(4000, 'x'); }},
    {"reference_missing", [](Work& w) { w.content().contact = "C-9"; }},
    {"reference_missing", [](Work& w) { w.content().lines[0].item = "SKU-9"; }},
    {"contact_not_customer",
     [](Work& w) { w.subject.referents[{RecordKind::contact, "C-1"}] = {link("vendor", "Vendor", "59")}; }},
    {"line_needs_item", [](Work& w) { w.content().lines[0].item.reset(); }},
    {"account_unmapped",
     [](Work& w) {
         w.content().lines[0].item.reset();
         w.content().lines[0].account = "unheard of";
     }},
    {"account_not_an_item",
     [](Work& w) {
         w.content().lines[0].item.reset();
         w.content().lines[0].account = "bank";
     }},
    {"tax_code_unmapped",
     [](Work& w) {
         w.content().amounts = Amounts::exclusive;
         w.content().lines[0].tax_code = "unheard of";
     }},
    {"tax_code_unmapped",
     [](Work& w) {
         w.content().amounts = Amounts::exclusive;
         w.mapping.tax_code.clear();
     }},
    {"tax_code_unknown",
     [](Work& w) {
         w.content().amounts = Amounts::exclusive;
         w.content().lines[0].tax_code = "lost";
     }},
    {"inclusive_not_in_us",
     [](Work& w) {
         w.books = us_books();
         w.content().currency = Currency{"USD"};
         w.content().amounts = Amounts::inclusive;
     }},
    {"voided_in_books",
     [](Work& w) {
         w.step.verb = Verb::update;
         w.subject.links = {link("document", "Invoice", "130")};
         w.subject.links[0].voided = true;
     }},
    {"code_not_allowed", [](Work& w) { as_item(w, "A:1"); }},
    {"code_too_long", [](Work& w) { as_item(w, std::string(101, 'A')); }},
    {"account_unmapped",
     [](Work& w) {
         as_item(w, "A1");
         w.mapping.sales_account.clear();
     }},
    {"account_unmapped",
     [](Work& w) {
         as_item(w, "A1");
         std::get<Item>(w.subject.record.body).account = "consulting";
     }},
    {"name_not_allowed", [](Work& w) { as_customer(w, "Acme: Leeds"); }},
    {"name_not_allowed", [](Work& w) { as_customer(w, "Acme\tLeeds"); }},
    {"name_too_long", [](Work& w) { as_customer(w, std::string(501, 'A')); }},
    {"invoice_is_credit",
     [](Work& w) {
         as_payment(w);
         w.subject.referents[{RecordKind::invoice, "I-2"}] = {link("document", "CreditMemo", "131")};
     }},
    {"reference_missing",
     [](Work& w) {
         as_payment(w);
         w.subject.referents.erase({RecordKind::invoice, "I-2"});
     }},
    {"period_locked",
     [](Work& w) {
         as_payment(w);
         w.books.locked_until = day("2010-12-31");
     }},
    {"account_unmapped",
     [](Work& w) {
         as_payment(w);
         std::get<Payment>(w.subject.record.body).account = "till";
     }},
};

TEST(QboPrepare, RefusesWhatCannotBeWritten) {
    for (const Case& one : kCases) {
        Work work;
        ASSERT_TRUE(work.prepare().ok()) << work.prepare().error().detail;
        one.spoil(work);
        const Result<PreparedObject> object = work.prepare();
        ASSERT_FALSE(object.ok()) << one.code;
        EXPECT_EQ(object.error().code, one.code) << object.error().detail;
        EXPECT_EQ(object.error().kind, ErrorKind::rejected) << one.code;
        EXPECT_FALSE(object.error().detail.empty()) << one.code;
    }
}

TEST(QboPrepare, ShowsBothTotals) {
    Work work;
    work.content().total = dec("11.00");
    EXPECT_EQ(work.prepare().error().detail, "stated total 11.00, QuickBooks would compute 10.00");
}

TEST(QboPrepare, TakesATotalWithinTheBound) {
    Work work;
    work.content().total = dec("10.01");
    ASSERT_TRUE(work.prepare().ok());
    EXPECT_EQ(work.prepare()->total, dec("10.00"));
}

TEST(QboPrepare, TakesATaxInsideThatRoundsOtherwise) {
    Work work;
    work.content().amounts = Amounts::inclusive;
    for (const char* tax : {"1.66", "1.67", "1.68"}) {
        work.content().tax_total = dec(tax);
        EXPECT_TRUE(work.prepare().ok()) << tax;
        work.content().lines[0].tax = dec(tax);
        EXPECT_TRUE(work.prepare().ok()) << tax;
        work.content().lines[0].tax.reset();
    }
    work.content().tax_total = dec("1.69");
    EXPECT_EQ(work.prepare().error().detail, "stated tax 1.69, QuickBooks would compute 1.67 within 10.00");
    work.content().lines.assign(2, line("1", "5.00"));
    work.content().tax_total = dec("1.68");
    EXPECT_TRUE(work.prepare().ok()) << "two lines may each round otherwise: 0.83 + 0.83";
}

TEST(QboPrepare, TakesTheLongestNumberInCharactersNotBytes) {
    Work work;
    work.content().number = "ÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜ";  // 21 characters, 42 bytes
    EXPECT_TRUE(work.prepare().ok());
}

TEST(QboPrepare, KeepsWhatALookUpNeeds) {
    const PreparedObject object = Work{}.prepare().value();
    EXPECT_EQ(object.marker, "INV-1");
    EXPECT_EQ(object.counterparty, "58");
    EXPECT_EQ(object.total, dec("10"));
    EXPECT_EQ(object.date, day("2010-12-01"));
    EXPECT_EQ(object.extra, R"({"tag":"[spillway:I-1]","bound":0.01})");
    EXPECT_EQ(qbo::read_extra(object.extra).bound, dec("0.01"));
}

TEST(QboPrepare, PostsALineWithoutItemThroughTheMappedService) {
    Work work;
    work.content().lines[0].item.reset();
    work.content().lines[0].account = "consulting";
    EXPECT_NE(work.prepare()->body.find(R"("ItemRef":{"value":"9"})"), std::string::npos);
    work.content().lines[0].account.reset();
    work.mapping.accounts["line_without_item"] = "item:12";
    EXPECT_NE(work.prepare()->body.find(R"("ItemRef":{"value":"12"})"), std::string::npos);
}

TEST(QboPrepare, CutsWhatAnItemHasTooMuchOfAndSaysSo) {
    Item long_item = item();
    long_item.description = std::string(3999, 'x') + "\u00e9\u00e9";
    long_item.unit_price = dec("0.0000125");
    const Subject made = subject(long_item, "S");
    const auto object = make_qbo()->prepare(made, creation("item", "Item"), mapping(), uk_books(), {}).value();
    const JsonValue body = parse_json(object.body).value();
    EXPECT_EQ(body["Description"].text(), long_item.name + "\n" + std::string(4000 - long_item.name.size() - 1, 'x'));
    EXPECT_EQ(body["UnitPrice"].decimal_or({}), dec("0.00001"));
    const auto outcome =
        make_qbo()->read_answer(std::span(&object, 1), answered(200, R"({"BatchItemResponse":[{"bId":"0","Item":)" +
                                                                         object.body.substr(0, object.body.size() - 1) +
                                                                         R"(,"Id":"7","SyncToken":"0"}}]})"));
    ASSERT_EQ(outcome[0].kind, ElementOutcome::Kind::applied) << outcome[0].error.detail;
    EXPECT_EQ(outcome[0].warnings,
              (std::vector<std::string>{
                  "the description was cut to 4000 characters; the price 0.0000125 was rounded to five places"}));
}

class QboDrift : public testing::Test {
 protected:
    QboDrift() {
        work.step = the_document(Verb::update);
        work.subject.version = 2;
        work.content().memo = "changed";
        written = read(invoice_json("130", "0", "INV-1", "10.00", "[spillway:I-1]"));
        work.subject.links = {link("document", "Invoice", "130")};
        work.subject.links[0].owned_hash = written.owned_hash;
    }
    static RemoteObject read(const std::string& json) {
        const auto provider = make_qbo();
        const auto calls = provider->read_by_id("9130", std::vector{link("document", "Invoice", "130")});
        return provider->read_objects(calls[0], answered(200, R"({"Invoice":)" + json + "}")).value().at(0);
    }
    Work work;
    RemoteObject written;
};

TEST_F(QboDrift, IsNotWhatQuickBooksAddsItself) {
    // Paid meanwhile, a note added, amounts in another spelling, lines with other ids.
    std::string later = invoice_json("130", "3", "INV-1", "10", "[spillway:I-1] called");
    later.replace(later.find("10.00"), 5, "10");
    later.replace(later.find(R"("Id":"1")"), 8, R"("Id":"8")");
    const RemoteObject current = read(later);
    const auto object = work.prepare(&current);
    ASSERT_TRUE(object.ok()) << object.error().detail;
    EXPECT_EQ(object->provider_version, "3");
}

TEST_F(QboDrift, NamesTheFieldsThatPeopleChanged) {
    std::string later = invoice_json("130", "3", "INV-1X", "10.00", "");
    later.replace(later.find("Lantern"), 7, "Lamp");
    const RemoteObject current = read(later);
    const auto object = work.prepare(&current);
    ASSERT_FALSE(object.ok());
    EXPECT_EQ(object.error().kind, ErrorKind::conflict);
    EXPECT_EQ(object.error().code, "drift");
    EXPECT_EQ(object.error().detail, "changed in QuickBooks since we wrote it: DocNumber, Line");
}

TEST_F(QboDrift, IsALineOrAMemberOfALineThatPeopleAdded) {
    const std::string later = invoice_json("130", "3", "INV-1", "10.00", "[spillway:I-1]");
    std::string discounted = later;
    discounted.insert(
        discounted.find(R"(,{"Amount":10.00,"DetailType":"SubTotal)"),
        R"(,{"Amount":1.00,"DetailType":"DiscountLineDetail","DiscountLineDetail":{"PercentBased":true}})");
    std::string more = discounted;
    more.replace(more.find("true"), 4, "false");
    std::string classed = later;
    classed.insert(classed.find(R"("Qty":2)"), R"("ClassRef":{"value":"200"},)");
    std::string dated = later;
    dated.insert(dated.find(R"("Qty":2)"), R"("ServiceDate":"2010-11-30",)");
    const RemoteObject plain = read(later);
    ASSERT_TRUE(work.prepare(&plain).ok());
    for (const std::string& changed : {discounted, classed, dated}) {
        const RemoteObject current = read(changed);
        const auto object = work.prepare(&current);
        ASSERT_FALSE(object.ok()) << changed;
        EXPECT_EQ(object.error().detail, "changed in QuickBooks since we wrote it: Line");
    }
    EXPECT_NE(read(discounted).owned_hash, read(more).owned_hash);
}

TEST_F(QboDrift, IsAnObjectThatWasVoidedOrDeletedThere) {
    const RemoteObject voided = read(invoice_json("130", "3", "INV-1", "0", "Voided - [spillway:I-1]"));
    EXPECT_EQ(work.prepare(&voided).error().code, "drift");
    RemoteObject gone;
    gone.entity = "Invoice";
    gone.id = "130";
    gone.live = false;
    EXPECT_EQ(work.prepare(&gone).error().code, "drift");
}

TEST_F(QboDrift, LeavesAloneWhatTheUpdateDoesNotWrite) {
    Contact plain = contact(true, false);
    Subject changed = subject(plain, "C-1", 2);
    const auto provider = make_qbo();
    const auto as_read = [&](const std::string& json) {
        const auto calls = provider->read_by_id("9130", std::vector{link("customer", "Customer", "58")});
        return provider->read_objects(calls[0], answered(200, R"({"Customer":)" + json + "}")).value().at(0);
    };
    changed.links = {link("customer", "Customer", "58")};
    changed.links[0].owned_hash = as_read(R"({"Id":"58","SyncToken":"0","DisplayName":"x"})").owned_hash;
    const RemoteObject phoned =
        as_read(R"({"Id":"58","SyncToken":"1","DisplayName":"x","PrimaryPhone":{"FreeFormNumber":"1"}})");
    EXPECT_TRUE(
        provider->prepare(changed, {Verb::update, "customer", "Customer"}, mapping(), uk_books(), {&phoned, 1}).ok());
    const RemoteObject renamed = as_read(R"({"Id":"58","SyncToken":"1","DisplayName":"y"})");
    EXPECT_EQ(provider->prepare(changed, {Verb::update, "customer", "Customer"}, mapping(), uk_books(), {&renamed, 1})
                  .error()
                  .code,
              "drift");
}

// What replaces an object takes it away first, so the refusals of the new one come before that.

RemoteObject as_in_books(const Link& link, const std::string& json) {
    const auto provider = make_qbo();
    const auto calls = provider->read_by_id("9130", std::span(&link, 1));
    return provider->read_objects(calls[0], answered(200, "{\"" + link.entity + "\":" + json + "}")).value().at(0);
}

class QboReplacement : public testing::Test {
 protected:
    QboReplacement() {
        paid.version = 2;
        paid.links = {link("payment", "Payment", "160")};
        credit = a_credit_note({{"I-1", dec("4.00")}});
        credit.version = 2;
        credit.links = {link("document", "CreditMemo", "140"), link("allocation:I-1", "Payment", "150")};
        const RemoteObject memo = as_in_books(credit.links[0], memo_json("2010-12-01", "PO 7"));
        credit.links[0].owned_hash = memo.owned_hash;
        read = {memo, as_in_books(credit.links[1], R"({"Id":"150","SyncToken":"0","TxnDate":"2010-12-01"})"),
                as_in_books(paid.links[0], R"({"Id":"160","SyncToken":"0","TxnDate":"2010-12-24"})")};
    }
    static std::string memo_json(const std::string& date, const std::string& text) {
        return R"({"Id":"140","SyncToken":"0","DocNumber":"CN-1","TxnDate":")" + date +
               R"(","Line":[{"Amount":10,"Description":")" + text + R"(","DetailType":"SalesItemLineDetail"}]})";
    }
    std::string first(const Subject& subject) const {
        const Step step = make_qbo()->plan(subject).front();
        EXPECT_EQ(step.verb, Verb::remove);
        const auto object = make_qbo()->prepare(subject, step, mapping(), where, read);
        return object.ok() ? "ok" : object.error().code;
    }
    Payment& payment() { return std::get<Payment>(paid.record.body); }
    CreditNote& note() { return std::get<CreditNote>(credit.record.body); }
    Subject paid = a_payment(), credit;
    Books where = uk_books();
    std::vector<RemoteObject> read;
};

TEST_F(QboReplacement, OfAPaymentIsRefusedBeforeTheOldOneGoes) {
    EXPECT_EQ(first(paid), "ok");
    payment().account = "till";
    EXPECT_EQ(first(paid), "account_unmapped");
    payment() = std::get<Payment>(a_payment().record.body);
    payment().applies_to[0].invoice = "I-9";
    EXPECT_EQ(first(paid), "reference_missing");
    payment() = std::get<Payment>(a_payment().record.body);
    payment().date = day("2011-01-05");
    where.locked_until = day("2010-12-31");
    EXPECT_EQ(first(paid), "period_locked") << "the old one is dated in the closed period";
}

TEST_F(QboReplacement, OfACreditNotesAllocationsIsRefusedBeforeTheyGo) {
    EXPECT_EQ(make_qbo()->reads_before(credit, make_qbo()->plan(credit).front()),
              (std::vector<std::string>{"allocation:I-1", "document"}));
    EXPECT_EQ(first(credit), "ok");
    note().document.total = dec("10.50");
    EXPECT_EQ(first(credit), "total_mismatch");
    note() = CreditNote{document(), {{"I-1", dec("4.00")}, {"I-9", dec("1.00")}}};
    EXPECT_EQ(first(credit), "reference_missing");
    note() = CreditNote{document(), {{"I-1", dec("4.00")}}};
    read[0] = as_in_books(credit.links[0], memo_json("2010-12-01", "a person's"));
    EXPECT_EQ(first(credit), "drift");
    read[0] = as_in_books(credit.links[0], memo_json("2010-11-01", "PO 7"));
    where.locked_until = day("2010-11-30");
    credit.voided = true;
    EXPECT_EQ(first(credit), "period_locked") << "as the memo is dated in the books";
}

TEST_F(QboReplacement, OfAnInvoiceThatTurnsNegativeIsRefusedBeforeItGoes) {
    Document negative = document();
    negative.lines = {line("-2", "5.00")};
    negative.total = dec("-10.00");
    Subject turned = an_invoice(negative);
    turned.version = 2;
    turned.links = {link("document", "Invoice", "130")};
    EXPECT_EQ(first(turned), "ok");
    std::get<Invoice>(turned.record.body).document.total = dec("-11.00");
    EXPECT_EQ(first(turned), "total_mismatch");
}

}  // namespace
}  // namespace spillway
