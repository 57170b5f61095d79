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

TEST_F(XeroDrift, ReportsAnObjectThatSomebodyEnded) {
    std::string element = invoice_json("", "2.55");
    element.replace(element.find("AUTHORISED"), 10, "VOIDED");
    EXPECT_EQ(update_onto(element), "gone");
    const RemoteObject current = remote(element);
    subject_.voided = true;
    EXPECT_EQ(code_of(prepared(subject_, step(Verb::void_, "document", "Invoices"), mapping(), books(), &current)),
              "already_gone");
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
