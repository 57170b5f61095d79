// Which steps a record still needs, and what somebody's changes in the books do to them.
#include "connectors/xero/remote.hpp"
#include "tests/unit/connectors/xero_fixture.hpp"

namespace spillway {
namespace {

using namespace xero_test;

std::string words(const Subject& subject) {
    std::string text;
    for (const Step& step : provider().plan(subject))
        text += (text.empty() ? "" : ", ") + std::string(to_string(step.verb)) + " " + step.role + " " + step.entity;
    return text;
}

struct Row {
    const char* name;
    Subject (*record)();
    std::vector<Link> links;
    std::int64_t version;
    bool voided;
    const char* steps;
};
Subject contact() {
    Contact contact;
    contact.name = "Ann";
    return subject_of(contact, "cust-1");
}
Subject item() {
    Item item;
    item.code = item.name = "X";
    return subject_of(item, "item-1");
}
Subject invoice() { return invoice_subject(); }
Link ended(Link link) {
    link.voided = true;
    return link;
}

const Link kDocument1 = link("document", "CreditNotes", kCreditId, 1);
const Link kDocument2 = link("document", "CreditNotes", kCreditId, 2);
const Link kAllocation1 = link("allocation:inv-1", "Allocations", "x/y", 1);
const Link kOther1 = link("allocation:inv-9", "Allocations", "x/z", 1);
const Link kPayment1 = link("payment:inv-1", "Payments", kPaymentId, 1);

class XeroPlan : public testing::TestWithParam<Row> {};
TEST_P(XeroPlan, NamesTheOutstandingStepsInOrder) {
    Subject subject = GetParam().record();
    subject.links = GetParam().links;
    subject.version = GetParam().version;
    subject.voided = GetParam().voided;
    EXPECT_EQ(words(subject), GetParam().steps);
}
INSTANTIATE_TEST_SUITE_P(
    Table, XeroPlan,
    testing::Values(
        Row{"contact_new", contact, {}, 1, false, "create contact Contacts"},
        Row{"contact_done", contact, {link("contact", "Contacts", "c")}, 1, false, ""},
        Row{"contact_newer", contact, {link("contact", "Contacts", "c")}, 2, false, "update contact Contacts"},
        Row{"contact_void", contact, {link("contact", "Contacts", "c")}, 2, true, "void contact Contacts"},
        Row{"contact_voided", contact, {ended(link("contact", "Contacts", "c"))}, 2, true, ""},
        Row{"contact_void_never_sent", contact, {}, 1, true, ""},
        Row{"item_void", item, {link("item", "Items", "i")}, 2, true, "remove item Items"},
        Row{"invoice_new", invoice, {}, 1, false, "create document Invoices"},
        Row{"invoice_newer", invoice, {link("document", "Invoices", "d")}, 2, false, "update document Invoices"},
        Row{"invoice_void", invoice, {link("document", "Invoices", "d")}, 2, true, "void document Invoices"},
        Row{"invoice_again", invoice, {ended(link("document", "Invoices", "d"))}, 3, false, "create document Invoices"},
        Row{"invoice_was_credit",
            invoice,
            {link("document", "CreditNotes", "d")},
            2,
            false,
            "void document CreditNotes, create document Invoices"},
        Row{"credit_new",
            credit_subject,
            {},
            1,
            false,
            "create document CreditNotes, create allocation:inv-1 Allocations"},
        Row{"credit_half", credit_subject, {kDocument1}, 1, false, "create allocation:inv-1 Allocations"},
        Row{"credit_done", credit_subject, {kDocument1, kAllocation1}, 1, false, ""},
        Row{"credit_newer",
            credit_subject,
            {kDocument1, kAllocation1, kOther1},
            2,
            false,
            "remove allocation:inv-1 Allocations, remove allocation:inv-9 Allocations, update document CreditNotes, "
            "create allocation:inv-1 Allocations"},
        Row{"credit_newer_half", credit_subject, {kDocument2}, 2, false, "create allocation:inv-1 Allocations"},
        Row{"credit_void",
            credit_subject,
            {kDocument1, kAllocation1},
            2,
            true,
            "remove allocation:inv-1 Allocations, void document CreditNotes"},
        Row{"payment_new", payment_subject, {}, 1, false, "create payment:inv-1 Payments"},
        Row{"payment_done", payment_subject, {kPayment1}, 1, false, ""},
        Row{"payment_newer",
            payment_subject,
            {kPayment1},
            2,
            false,
            "remove payment:inv-1 Payments, create payment:inv-1 Payments"},
        Row{"payment_void", payment_subject, {kPayment1}, 2, true, "remove payment:inv-1 Payments"}),
    [](const auto& info) { return std::string(info.param.name); });

// An invoice as Xero gives it back, with what a bookkeeper may have done to it.
std::string invoice_json(const std::string& reference, const std::string& price, const std::string& extra = "") {
    return "{\"InvoiceID\":\"" + kInvoiceId +
           "\",\"Type\":\"ACCREC\",\"Status\":\"AUTHORISED\",\"InvoiceNumber\":\"INV-1\"," + extra +
           "\"Contact\":{\"ContactID\":\"" + kContactId +
           "\",\"Name\":\"Ann\"},\"DateString\":\"2010-12-01T00:00:00\",\"DueDateString\":\"2010-12-31T00:00:00\","
           "\"Reference\":\"" +
           reference +
           "\",\"LineAmountTypes\":\"Exclusive\",\"CurrencyCode\":\"GBP\",\"LineItems\":[{\"Description\":\"Lantern\","
           "\"Quantity\":3.0000,\"UnitAmount\":" +
           price +
           ",\"LineAmount\":7.65,\"AccountCode\":\"200\",\"TaxType\":\"OUTPUT2\",\"LineItemID\":\"l-1\"}],\"Total\":9."
           "18}";
}
RemoteObject remote(const std::string& element) {
    const auto read = provider().read_objects({}, answered(200, "{\"Invoices\":[" + element + "]}"));
    EXPECT_TRUE(read && read->size() == 1);
    return read->front();
}

class XeroDrift : public testing::Test {
 protected:
    XeroDrift() {
        PreparedObject sent = first_object(subject_);
        const auto outcome = provider().read_answer(
            std::vector{sent}, answered(200, "{\"Invoices\":[" + invoice_json("", "2.5500") + "]}"));
        EXPECT_TRUE(outcome.at(0).link);
        subject_.links = {*outcome.at(0).link};
        subject_.links[0].record_version = 1;
        subject_.version = 2;
    }
    std::string update_onto(const std::string& element) {
        const RemoteObject current = remote(element);
        return code_of(prepared(subject_, step(Verb::update, "document", "Invoices"), mapping(), books(), &current));
    }
    Subject subject_ = invoice_subject();
};

TEST_F(XeroDrift, LetsAnUpdateThroughWhenNothingOfOursChanged) {
    EXPECT_EQ(update_onto(invoice_json("", "2.55")), "ok") << "numbers compare by value";
    EXPECT_EQ(update_onto(invoice_json("a person's", "2.55", "\"SentToContact\":true,")), "ok")
        << "the record states no reference";
}

TEST_F(XeroDrift, StopsAnUpdateOverLinesThatSomebodyChanged) {
    EXPECT_EQ(update_onto(invoice_json("", "2.56")), "drift");
}

TEST_F(XeroDrift, StopsAnUpdateThatWouldWipeWhatSomebodyAddedToALine) {
    const std::string plain = invoice_json("", "2.55");
    const auto with = [&](const std::string& members) {
        std::string element = plain;
        element.insert(element.find("\"LineItemID\""), members);
        return element;
    };
    EXPECT_EQ(update_onto(with("\"Tracking\":[],")), "ok");
    EXPECT_EQ(update_onto(with("\"Tracking\":[{\"Name\":\"Region\",\"Option\":\"North\"}],")), "drift");
    EXPECT_EQ(update_onto(with("\"TaxAmount\":1.50,")), "drift");
    // A hash from before taxes and numbers counted says nothing of them.
    std::string& stored = subject_.links[0].owned_hash;
    stored = xero::owned_hash("Invoices", *parse_json(plain), "CDUAYL");
    EXPECT_EQ(update_onto(with("\"TaxAmount\":1.50,")), "ok");
    EXPECT_EQ(update_onto(with("\"Tracking\":[{\"Name\":\"Region\",\"Option\":\"North\"}],")), "drift");
}

TEST_F(XeroDrift, IsANumberThatSomebodyChanged) {
    std::string element = invoice_json("", "2.55");
    element.replace(element.find("INV-1"), 5, "INV-9");
    EXPECT_EQ(update_onto(element), "drift");
}

TEST_F(XeroDrift, IsNotANumberThatTheRecordChanges) {
    std::get<Invoice>(subject_.record.body).document.number = "INV-2";
    const RemoteObject current = remote(invoice_json("", "2.55"));
    const auto object = prepared(subject_, step(Verb::update, "document", "Invoices"), mapping(), books(), &current);
    ASSERT_TRUE(object) << object.error().detail;
    EXPECT_NE(object->body.find("\"InvoiceNumber\":\"INV-2\""), std::string::npos) << object->body;
    std::get<Invoice>(subject_.record.body).document.number = "INV-1";
    const auto same = prepared(subject_, step(Verb::update, "document", "Invoices"), mapping(), books(), &current);
    ASSERT_TRUE(same);
    EXPECT_EQ(same->body.find("InvoiceNumber"), std::string::npos) << same->body;
}

TEST_F(XeroDrift, ReportsAnObjectThatSomebodyEnded) {
    std::string element = invoice_json("", "2.55");
    element.replace(element.find("AUTHORISED"), 10, "VOIDED");
    EXPECT_EQ(update_onto(element), "gone");
    const RemoteObject current = remote(element);
    subject_.voided = true;
    EXPECT_EQ(code_of(prepared(subject_, step(Verb::void_, "document", "Invoices"), mapping(), books(), &current)),
              "already_gone");
}

// What replaces an object takes it away first, so the refusals of the new one come before that.

struct ReplacementRow {
    const char* name;
    Subject (*subject)();
    const char* code;
};
Subject replaced(Subject subject, std::vector<Link> links) {
    subject.version = 2;
    subject.links = std::move(links);
    return subject;
}
Subject changed_payment(void (*change)(Payment&)) {
    Subject subject = replaced(payment_subject(), {link("payment:inv-1", "Payments", kPaymentId)});
    change(std::get<Payment>(subject.record.body));
    return subject;
}
Subject changed_credit(void (*change)(CreditNote&)) {
    Link allocation = link("allocation:inv-1", "Allocations", kCreditId + "/" + kInvoiceId);
    allocation.version = "al";
    Subject subject = replaced(credit_subject(), {link("document", "CreditNotes", kCreditId), allocation});
    change(std::get<CreditNote>(subject.record.body));
    return subject;
}
Subject turned_invoice(std::string_view total) {
    Document negative = document();
    negative.lines[0].quantity = dec("-3");
    negative.tax_total = dec("-1.53");
    negative.total = dec(total);
    return replaced(invoice_subject(negative), {link("document", "Invoices", kInvoiceId)});
}
std::vector<RemoteObject> books_of_credit(const std::string& reference, const std::string& date = "2010-12-01") {
    const auto read = provider().read_objects(
        {}, answered(200, "{\"CreditNotes\":[{\"CreditNoteID\":\"" + kCreditId +
                              "\",\"Status\":\"PAID\",\"DateString\":\"" + date + "T00:00:00\",\"Reference\":\"" +
                              reference +
                              "\",\"Allocations\":[{\"AllocationID\":\"al\",\"Amount\":5.00,\"Invoice\":{"
                              "\"InvoiceID\":\"" +
                              kInvoiceId + "\"}}]}]}"));
    EXPECT_TRUE(read && read->size() == 2);
    return *read;
}

class XeroReplacement : public testing::TestWithParam<ReplacementRow> {};
TEST_P(XeroReplacement, IsRefusedBeforeTheOldOneGoes) {
    const Subject subject = GetParam().subject();
    Books where = books();
    where.locked_until = day("2010-11-30");
    const Step first = provider().plan(subject).front();
    ASSERT_TRUE(first.verb == Verb::remove || first.verb == Verb::void_);
    const auto object = provider().prepare(subject, first, mapping(), where, books_of_credit("PO 9"));
    EXPECT_EQ(code_of(object), GetParam().code);
}
INSTANTIATE_TEST_SUITE_P(
    Table, XeroReplacement,
    testing::Values(
        ReplacementRow{"payment", [] { return changed_payment([](Payment&) {}); }, "ok"},
        ReplacementRow{"payment_word", [] { return changed_payment([](Payment& p) { p.account = "who"; }); },
                       "unmapped_account"},
        ReplacementRow{"payment_unapplied", [] { return changed_payment([](Payment& p) { p.amount = dec("10.00"); }); },
                       "payment_unapplied"},
        ReplacementRow{"payment_locked", [] { return changed_payment([](Payment& p) { p.date = day("2010-11-30"); }); },
                       "period_locked"},
        ReplacementRow{"payment_invoice",
                       [] { return changed_payment([](Payment& p) { p.applies_to[0].invoice = "inv-9"; }); },
                       "reference_missing"},
        ReplacementRow{"credit", [] { return changed_credit([](CreditNote&) {}); }, "ok"},
        ReplacementRow{"credit_total",
                       [] { return changed_credit([](CreditNote& n) { n.document.total = dec("9.30"); }); },
                       "total_mismatch"},
        ReplacementRow{
            "credit_invoice",
            [] { return changed_credit([](CreditNote& n) { n.applies_to.push_back({"inv-9", dec("1.00")}); }); },
            "reference_missing"},
        ReplacementRow{"turned", [] { return turned_invoice("-9.18"); }, "ok"},
        ReplacementRow{"turned_total", [] { return turned_invoice("-9.30"); }, "total_mismatch"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(XeroCredit, ShowsItsDriftBeforeItsFirstAllocationGoes) {
    Subject subject = changed_credit([](CreditNote& n) { n.document.reference = "PO 10"; });
    subject.links[0].owned_hash = books_of_credit("PO 9")[0].owned_hash;
    const Step removal = provider().plan(subject).front();
    EXPECT_EQ(code_of(provider().prepare(subject, removal, mapping(), books(), books_of_credit("PO 9"))), "ok");
    EXPECT_EQ(code_of(provider().prepare(subject, removal, mapping(), books(), books_of_credit("a person's"))),
              "drift");
}

TEST(XeroCredit, IsNotRenumbered) {
    Subject subject = changed_credit([](CreditNote& n) { n.document.number = "CN-2"; });
    std::vector<RemoteObject> read = books_of_credit("PO 9");
    read[0].marker = "CN-1";
    const Step removal = provider().plan(subject).front();
    EXPECT_EQ(code_of(provider().prepare(subject, removal, mapping(), books(), read)), "number_changed");
    std::get<CreditNote>(subject.record.body).document.number = "CN-1";
    EXPECT_EQ(code_of(provider().prepare(subject, removal, mapping(), books(), read)), "ok");
}

TEST(XeroCredit, KeepsItsAllocationsInALockedPeriod) {
    Subject subject = changed_credit([](CreditNote&) {});
    subject.voided = true;
    const Step removal = provider().plan(subject).front();
    EXPECT_EQ(removal.entity, "Allocations");
    Books where = books();
    where.locked_until = day("2010-12-01");
    EXPECT_EQ(code_of(provider().prepare(subject, removal, mapping(), where, books_of_credit("PO 9"))),
              "period_locked");
    where.locked_until = day("2010-11-30");
    EXPECT_EQ(code_of(provider().prepare(subject, removal, mapping(), where, books_of_credit("PO 9"))), "ok");
    EXPECT_EQ(code_of(provider().prepare(subject, removal, mapping(), where, books_of_credit("PO 9", "2010-11-29"))),
              "period_locked")
        << "as it is dated in the books";
}

// The credit note of the books with these allocations to our invoice, as (AllocationID, amount).
std::vector<RemoteObject> allocations(const std::vector<std::pair<std::string, std::string>>& all) {
    std::string text;
    for (const auto& [id, amount] : all)
        text += (text.empty() ? "" : ",") + ("{\"AllocationID\":\"" + id) + "\",\"Amount\":" + amount +
                ",\"Invoice\":{\"InvoiceID\":\"" + kInvoiceId + "\"}}";
    return *provider().read_objects({}, answered(200, "{\"CreditNotes\":[{\"CreditNoteID\":\"" + kCreditId +
                                                          "\",\"Allocations\":[" + text + "]}]}"));
}

TEST(XeroCredit, TakesOnlyItsOwnAllocationOff) {
    Subject subject = changed_credit([](CreditNote&) {});
    Link& ours = subject.links[1];
    const Step removal = provider().plan(subject).front();
    const auto removed = [&](const std::vector<std::pair<std::string, std::string>>& all) {
        const auto object = provider().prepare(subject, removal, mapping(), books(), allocations(all));
        return object ? object->provider_version : object.error().code;
    };
    EXPECT_EQ(removed({{"other", "5.00"}, {"al", "5.00"}}), "al") << "known by its id";
    EXPECT_EQ(removed({{"other", "5.00"}}), "already_gone");
    // The answer to its creation named no id, or one of zeros.
    ours.owned_hash = allocations({{"al", "5.00"}})[1].owned_hash;
    ours.version = kNoId;
    EXPECT_EQ(removed({{"other", "2.00"}, {"al", "5.00"}}), "al") << "known by what it is";
    ours.version.clear();
    EXPECT_EQ(removed({{"other", "2.00"}, {"al", "5.00"}}), "al") << "known by what it is";
    EXPECT_EQ(removed({{"other", "5.00"}, {"al", "5.00"}}), "allocation_unclear");
    EXPECT_EQ(removed({{"other", "2.00"}}), "allocation_unclear");
    EXPECT_EQ(removed({}), "already_gone");
}

TEST(XeroCredit, JudgesARemovalByItsOwnAllocation) {
    Subject subject = changed_credit([](CreditNote&) {});
    const auto object = provider().prepare(subject, provider().plan(subject).front(), mapping(), books(),
                                           allocations({{"other", "2.00"}, {"al", "5.00"}}));
    ASSERT_TRUE(object);
    EXPECT_EQ(provider().judge(*object, allocations({{"other", "2.00"}})).kind, Verdict::Kind::ours);
    EXPECT_EQ(provider().judge(*object, allocations({{"other", "2.00"}, {"al", "5.00"}})).kind, Verdict::Kind::absent);
}

TEST(XeroCredit, FindsItsAllocationBesideAPersons) {
    Subject subject = credit_subject();
    subject.links = {link("document", "CreditNotes", kCreditId)};
    const PreparedObject made = first_object(subject);
    const Verdict verdict = provider().judge(made, allocations({{"other", "2.00"}, {"al", "5.00"}}));
    ASSERT_EQ(verdict.kind, Verdict::Kind::ours) << verdict.detail;
    EXPECT_EQ(verdict.link->version, "al");
    EXPECT_EQ(provider().judge(made, allocations({{"a", "5.00"}, {"b", "5.00"}})).kind, Verdict::Kind::ambiguous);
    EXPECT_EQ(provider().judge(made, allocations({{"other", "2.00"}})).kind, Verdict::Kind::foreign);
}

TEST(XeroDates, ReadsEveryShapeAsAPlainDay) {
    for (const char* text : {"\"DateString\":\"2010-12-01T00:00:00\"", "\"Date\":\"2010-12-01\"",
                             "\"Date\":\"2010-12-01T00:00:00\"", "\"Date\":\"/Date(1291161600000+0000)/\"",
                             "\"Date\":\"/Date(1291161600000)/\"", "\"Date\":\"/Date(1291161600000+1300)/\""}) {
        const RemoteObject object = remote("{\"InvoiceID\":\"i\",\"Type\":\"ACCREC\"," + std::string(text) + "}");
        EXPECT_EQ(object.date, day("2010-12-01")) << text;
    }
}

}  // namespace
}  // namespace spillway
