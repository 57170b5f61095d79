// Look-ups: their addresses, whether an answer is complete, and the verdicts.
#include "tests/unit/connectors/xero_fixture.hpp"

namespace spillway {
namespace {

using namespace xero_test;
using Kind = Verdict::Kind;

PreparedObject invoice(const std::string& number = "INV-1") { return first_object(invoice_subject(document(number))); }
PreparedObject allocation() {
    Subject subject = credit_subject();
    subject.links = {link("document", "CreditNotes", kCreditId)};
    return first_object(subject);
}
PreparedObject contact(const std::string& name = "Ann's") {
    Contact contact;
    contact.name = name;
    return first_object(subject_of(contact, "cust-1"));
}
PreparedObject item() {
    Item item;
    item.code = item.name = "22423";
    return first_object(subject_of(item, "item-1"));
}
PreparedObject numbered_credit(const std::string& number) {
    Subject subject = credit_subject();
    std::get<CreditNote>(subject.record.body).document.number = number;
    return first_object(subject);
}

std::vector<std::string> targets(const std::vector<PreparedObject>& objects) {
    std::vector<std::string> out;
    for (const PreparedCall& call : provider().look_up(kTenant, objects)) {
        EXPECT_EQ(call.method, "GET");
        EXPECT_TRUE(call.key.empty());
        EXPECT_EQ(call.headers.find("xero-tenant-id"), kTenant);
        out.push_back(*percent_decode(call.target));
    }
    return out;
}

TEST(XeroLookUp, SearchesForEachKindByWhatTellsItApart) {
    const std::string api = "/api.xro/2.0/";
    EXPECT_EQ(targets({invoice("INV-1"), invoice("INV-2")}),
              std::vector{api + "Invoices?InvoiceNumbers=INV-1,INV-2&page=1&pageSize=200&unitdp=4"});
    EXPECT_EQ(
        targets({numbered_credit("CN-1"), numbered_credit("CN-2")}),
        std::vector{
            api +
            "CreditNotes?where=CreditNoteNumber==\"CN-1\" OR CreditNoteNumber==\"CN-2\"&page=1&pageSize=200&unitdp=4"});
    EXPECT_EQ(
        targets({contact()}),
        std::vector{
            api +
            "Contacts?where=ContactNumber==\"cust-1\" OR Name==\"Ann's\"&includeArchived=true&page=1&pageSize=200"});
    EXPECT_EQ(targets({item()}), std::vector{api + "Items?where=Code==\"22423\"&unitdp=4"});
    EXPECT_EQ(targets({first_object(payment_subject())}),
              std::vector{api + "Payments?where=Invoice.InvoiceID==guid(\"" + kInvoiceId + "\")&page=1&pageSize=1000"});
    EXPECT_EQ(targets({allocation(), allocation()}), std::vector{api + "CreditNotes/" + kCreditId + "?unitdp=4"});
}

TEST(XeroLookUp, NeverPutsAQuoteIntoAnExpression) {
    for (const std::string number : {"a\"b", "a\\b", "a\" OR Status==\"PAID"}) {
        for (const std::string& target : targets({numbered_credit(number)}))
            EXPECT_EQ(target, "/api.xro/2.0/CreditNotes?where=Contact.ContactID==guid(\"" + kContactId +
                                  "\") AND Date==DateTime(2010,12,1)&page=1&pageSize=1000&unitdp=4");
    }
    EXPECT_EQ(targets({contact("A \"B\"")}),
              std::vector<std::string>{
                  "/api.xro/2.0/Contacts?where=ContactNumber==\"cust-1\"&includeArchived=true&page=1&pageSize=200"});
    EXPECT_EQ(targets({invoice("1,2")}).at(0).find("InvoiceNumbers="), std::string::npos) << "a comma would part it";
}

TEST(XeroLookUp, SearchesOtherwiseForWhatIsTooLongForAnAddress) {
    std::string wide;  // three bytes a character, nine in an address
    for (int i = 0; i < 255; ++i) wide += "\u20ac";
    const std::string by_day = "where=Contact.ContactID==guid(\"" + kContactId +
                               "\") AND Date==DateTime(2010,12,1)&page=1&pageSize=1000&unitdp=4";
    EXPECT_EQ(targets({invoice(wide)}), std::vector{"/api.xro/2.0/Invoices?" + by_day});
    EXPECT_EQ(targets({numbered_credit(wide)}), std::vector{"/api.xro/2.0/CreditNotes?" + by_day});
    EXPECT_EQ(targets({contact(wide)}),
              std::vector<std::string>{
                  "/api.xro/2.0/Contacts?where=ContactNumber==\"cust-1\"&includeArchived=true&page=1&pageSize=200"});
    const std::string fits(150, 'x');
    EXPECT_EQ(targets({invoice(wide), invoice(fits)}).size(), 2u) << "and takes no other along";
}

TEST(XeroLookUp, KeepsEveryAddressShortAndEveryListBelowFortyIds) {
    std::vector<PreparedObject> objects;
    for (int i = 0; i < 50; ++i) objects.push_back(invoice("INV-" + std::string(60, 'x') + std::to_string(i)));
    for (int i = 0; i < 50; ++i) objects.push_back(numbered_credit("\u00e9\u00e9\u00e9" + std::to_string(i)));
    std::size_t found = 0;
    for (const PreparedCall& call : provider().look_up(kTenant, objects)) {
        EXPECT_LE(call.target.size(), 2000u);
        const std::string target = *percent_decode(call.target);
        std::size_t terms = 1;
        for (std::size_t at = 0; (at = target.find_first_of(",", at)) != std::string::npos; ++at) ++terms;
        EXPECT_LE(terms, 40u);
        for (const PreparedObject& object : objects)
            found += target.find(object.marker + ",") != std::string::npos ||
                     target.find(object.marker + "&") != std::string::npos ||
                     target.find(object.marker + "\"") != std::string::npos;
    }
    EXPECT_EQ(found, objects.size()) << "each is searched for once";
    std::vector<Link> links;
    for (int i = 0; i < 90; ++i)
        links.push_back(link("document", "Invoices", kInvoiceId.substr(2) + std::to_string(10 + i)));
    const auto calls = provider().read_by_id(kTenant, links);
    EXPECT_EQ(calls.size(), 3u);
    for (const PreparedCall& call : calls) EXPECT_LE(call.target.size(), 2000u);
}

TEST(XeroLookUp, ReadsKnownObjectsByTheirIds) {
    std::vector<std::string> out;
    const std::vector<Link> links{link("document", "Invoices", "i1"),  link("document", "CreditNotes", "n1"),
                                  link("contact", "Contacts", "c1"),   link("item", "Items", "t1"),
                                  link("payment:x", "Payments", "p1"), link("allocation:x", "Allocations", "n2/i2")};
    for (const PreparedCall& call : provider().read_by_id(kTenant, links)) out.push_back(*percent_decode(call.target));
    const std::string api = "/api.xro/2.0/";
    EXPECT_EQ(out, (std::vector{api + "CreditNotes/n1?unitdp=4", api + "Items/t1?unitdp=4", api + "Payments/p1",
                                api + "CreditNotes/n2?unitdp=4", api + "Invoices?IDs=i1&page=1&pageSize=200&unitdp=4",
                                api + "Contacts?IDs=c1&includeArchived=true&page=1&pageSize=200"}));
}

struct ReadRow {
    const char* name;
    const char* target;
    SendResult answer;
    const char* result;  // a code, or the number of objects
};
class XeroRead : public testing::TestWithParam<ReadRow> {};
TEST_P(XeroRead, SaysHowMuchIsProven) {
    PreparedCall call;
    call.target = GetParam().target;
    const auto objects = provider().read_objects(call, GetParam().answer);
    EXPECT_EQ(objects ? std::to_string(objects->size()) : objects.error().code, GetParam().result);
    if (!objects) {
        EXPECT_TRUE(objects.error().kind == ErrorKind::unavailable || objects.error().kind == ErrorKind::throttled ||
                    objects.error().kind == ErrorKind::unauthorised);
    }
}
const char* const kList = "/api.xro/2.0/Invoices?InvoiceNumbers=1&page=1&pageSize=2";
const char* const kSingle = "/api.xro/2.0/CreditNotes/x?unitdp=4";
INSTANTIATE_TEST_SUITE_P(
    Table, XeroRead,
    testing::Values(ReadRow{"empty", kList, answered(200, "{\"Invoices\":[]}"), "0"},
                    ReadRow{"one", kList,
                            answered(200, "{\"pagination\":{\"pageCount\":1},\"Invoices\":[{\"Type\":\"ACCREC\"}]}"),
                            "1"},
                    ReadRow{"bill", kList, answered(200, "{\"Invoices\":[{\"Type\":\"ACCPAY\"}]}"), "0"},
                    ReadRow{"more_pages", kList, answered(200, "{\"pagination\":{\"pageCount\":2},\"Invoices\":[]}"),
                            "incomplete_list"},
                    ReadRow{"full_page", kList, answered(200, "{\"Invoices\":[{},{}]}"), "incomplete_list"},
                    ReadRow{"list_404", kList, answered(404, ""), "object_missing"},
                    ReadRow{"single_404", kSingle, answered(404, "<html>"), "0"},
                    ReadRow{"allocations", kSingle,
                            answered(200,
                                     "{\"CreditNotes\":[{\"CreditNoteID\":\"x\",\"Allocations\":[{\"Amount\":1,"
                                     "\"Invoice\":{\"InvoiceID\":\"i\"}},"
                                     "{\"IsDeleted\":true}]}]}"),
                            "2"},
                    ReadRow{"broken", kList, answered(500, ""), "provider_error"},
                    ReadRow{"high_volume", kList, answered(400, "{\"Type\":\"HighVolumeException\"}"), "bad_request"},
                    ReadRow{"throttled", kList, answered(429, ""), "throttled"},
                    ReadRow{"expired", kList, answered(401, "{\"Detail\":\"TokenExpired\"}"), "token_expired"},
                    ReadRow{"lost", kList, {.stage = Stage::sending, .response = {}, .failure = "x"}, "answer_lost"}),
    [](const auto& info) { return std::string(info.param.name); });

// Verdicts ------------------------------------------------------------------------------------------------------------

std::vector<RemoteObject> found(const std::string& body) {
    PreparedCall call;
    call.target = "/api.xro/2.0/X";
    const auto objects = provider().read_objects(call, answered(200, body));
    EXPECT_TRUE(objects);
    return *objects;
}
std::string wire_invoice(const std::string& number, const std::string& status, const std::string& total,
                         const std::string& contact, const std::string& id = kInvoiceId,
                         const std::string& date = "2010-12-01") {
    return "{\"Type\":\"ACCREC\",\"InvoiceID\":\"" + id + "\",\"InvoiceNumber\":\"" + number + "\",\"Status\":\"" +
           status + "\",\"Total\":" + total + ",\"DateString\":\"" + date +
           "T00:00:00\",\"Contact\":{\"ContactID\":\"" + contact + "\"}}";
}
std::string wire_contact(const std::string& number, const std::string& name, const std::string& status) {
    return "{\"ContactID\":\"" + kContactId + "\",\"ContactNumber\":\"" + number + "\",\"Name\":\"" + name +
           "\",\"ContactStatus\":\"" + status + "\"}";
}
std::string wire_payment(const std::string& reference, const std::string& status, const std::string& amount,
                         const std::string& id = kPaymentId) {
    return "{\"PaymentID\":\"" + id + "\",\"Reference\":\"" + reference + "\",\"Status\":\"" + status +
           "\",\"Amount\":" + amount + ",\"Date\":\"/Date(1291507200000+0000)/\"}";
}
std::string wire_credit(const std::string& id, const std::string& allocations) {
    return "{\"CreditNotes\":[{\"Type\":\"ACCRECCREDIT\",\"CreditNoteID\":\"" + id +
           "\",\"CreditNoteNumber\":\"CN-1\",\"Allocations\":[" + allocations + "]}]}";
}
std::string wire_allocation(const std::string& amount) {
    return "{\"AllocationID\":\"al\",\"Amount\":" + amount + ",\"Invoice\":{\"InvoiceID\":\"" + kInvoiceId + "\"}}";
}

struct VerdictRow {
    const char* name;
    PreparedObject object;
    std::string body;
    Kind kind;
};
PreparedObject change(Verb verb, const Subject& record, Link known, const std::string& role,
                      const std::string& entity) {
    Subject subject = record;
    subject.version = 2;
    known.role = role;
    subject.links = {link("document", "CreditNotes", kCreditId), known};
    if (role == "document") subject.links = {known};
    RemoteObject current;
    current.version = "al";
    current.body = "{\"Status\":\"AUTHORISED\"}";
    const auto object = prepared(subject, step(verb, role, entity), mapping(), books(), &current);
    EXPECT_TRUE(object);
    return *object;
}
std::string invoices(const std::string& elements) { return "{\"Invoices\":[" + elements + "]}"; }

class XeroVerdict : public testing::TestWithParam<VerdictRow> {};
TEST_P(XeroVerdict, JudgesByEverythingThatWasFound) {
    const Verdict verdict = provider().judge(GetParam().object, found(GetParam().body));
    EXPECT_EQ(verdict.kind, GetParam().kind) << verdict.detail;
    const bool speaks = verdict.kind == Kind::foreign || verdict.kind == Kind::ambiguous;
    EXPECT_EQ(speaks, !verdict.detail.empty());
    if (verdict.kind == Kind::ours && GetParam().object.verb != Verb::remove) {
        ASSERT_TRUE(verdict.link);
        EXPECT_EQ(verdict.link->role, GetParam().object.role);
        EXPECT_EQ(verdict.link->voided, GetParam().object.verb == Verb::void_);
        EXPECT_FALSE(verdict.link->id.empty());
    }
}

const PreparedObject kPay = first_object(payment_subject());
const std::string kOther = "c0000000-0000-4000-8000-00000000beef";
INSTANTIATE_TEST_SUITE_P(
    Invoices, XeroVerdict,
    testing::Values(
        VerdictRow{"absent", invoice(), invoices(""), Kind::absent},
        VerdictRow{"other_number", invoice(), invoices(wire_invoice("INV-10", "AUTHORISED", "9.18", kContactId)),
                   Kind::absent},
        VerdictRow{"ours", invoice(), invoices(wire_invoice("INV-1", "AUTHORISED", "9.18", kContactId)), Kind::ours},
        VerdictRow{"ours_paid", invoice(), invoices(wire_invoice("INV-1", "PAID", "9.18", kContactId)), Kind::ours},
        VerdictRow{"ours_within_bound", invoice(), invoices(wire_invoice("INV-1", "AUTHORISED", "9.19", kContactId)),
                   Kind::ours},
        VerdictRow{"twice_the_same", invoice(),
                   invoices(wire_invoice("INV-1", "PAID", "9.18", kContactId) + "," +
                            wire_invoice("INV-1", "PAID", "9.18", kContactId)),
                   Kind::ours},
        VerdictRow{"other_total", invoice(), invoices(wire_invoice("INV-1", "AUTHORISED", "9.20", kContactId)),
                   Kind::foreign},
        VerdictRow{"other_contact", invoice(), invoices(wire_invoice("INV-1", "AUTHORISED", "9.18", kOther)),
                   Kind::foreign},
        VerdictRow{"other_day", invoice(),
                   invoices(wire_invoice("INV-1", "AUTHORISED", "9.18", kContactId, kInvoiceId, "2010-12-02")),
                   Kind::foreign},
        VerdictRow{"voided", invoice(), invoices(wire_invoice("INV-1", "VOIDED", "9.18", kContactId)), Kind::ambiguous},
        VerdictRow{"two", invoice(),
                   invoices(wire_invoice("INV-1", "AUTHORISED", "9.18", kContactId) + "," +
                            wire_invoice("INV-1", "AUTHORISED", "9.18", kContactId, "another")),
                   Kind::ambiguous},
        VerdictRow{"void_done",
                   change(Verb::void_, invoice_subject(), link("", "Invoices", kInvoiceId), "document", "Invoices"),
                   invoices(wire_invoice("INV-1", "VOIDED", "9.18", kContactId)), Kind::ours},
        VerdictRow{"void_not_done",
                   change(Verb::void_, invoice_subject(), link("", "Invoices", kInvoiceId), "document", "Invoices"),
                   invoices(wire_invoice("INV-1", "AUTHORISED", "9.18", kContactId)), Kind::absent},
        VerdictRow{"void_unseen",
                   change(Verb::void_, invoice_subject(), link("", "Invoices", kInvoiceId), "document", "Invoices"),
                   invoices(""), Kind::inconclusive}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Contacts, XeroVerdict,
    testing::Values(VerdictRow{"absent", contact(), "{\"Contacts\":[]}", Kind::absent},
                    VerdictRow{"ours", contact(),
                               "{\"Contacts\":[" + wire_contact("cust-1", "Renamed", "ACTIVE") + "]}", Kind::ours},
                    VerdictRow{"archived", contact(),
                               "{\"Contacts\":[" + wire_contact("cust-1", "Ann's", "ARCHIVED") + "]}", Kind::ambiguous},
                    VerdictRow{"name_taken", contact(), "{\"Contacts\":[" + wire_contact("", "Ann's", "ACTIVE") + "]}",
                               Kind::foreign},
                    VerdictRow{"archived_name", contact(),
                               "{\"Contacts\":[" + wire_contact("", "Ann's", "ARCHIVED") + "]}", Kind::absent},
                    VerdictRow{"another", contact(),
                               "{\"Contacts\":[" + wire_contact("cust-10", "Bob", "ACTIVE") + "]}", Kind::absent}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Items, XeroVerdict,
    testing::Values(VerdictRow{"absent", item(), "{\"Items\":[{\"ItemID\":\"i\",\"Code\":\"22423A\"}]}", Kind::absent},
                    VerdictRow{"ours", item(), "{\"Items\":[{\"ItemID\":\"i\",\"Code\":\"22423\"}]}", Kind::ours}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Payments, XeroVerdict,
    testing::Values(
        VerdictRow{"absent", kPay, "{\"Payments\":[" + wire_payment("BACS 77", "AUTHORISED", "9.18") + "]}",
                   Kind::absent},
        VerdictRow{"ours", kPay,
                   "{\"Payments\":[" + wire_payment(kPay.marker + " BACS 77", "AUTHORISED", "9.18") + "]}", Kind::ours},
        VerdictRow{"longer_mark", kPay,
                   "{\"Payments\":[" + wire_payment(kPay.marker + "0", "AUTHORISED", "9.18") + "]}", Kind::absent},
        VerdictRow{"other_amount", kPay, "{\"Payments\":[" + wire_payment(kPay.marker, "AUTHORISED", "9.17") + "]}",
                   Kind::foreign},
        VerdictRow{"deleted", kPay, "{\"Payments\":[" + wire_payment(kPay.marker, "DELETED", "9.18") + "]}",
                   Kind::ambiguous},
        VerdictRow{"deleted_and_live", kPay,
                   "{\"Payments\":[" + wire_payment(kPay.marker, "DELETED", "9.18", "old") + "," +
                       wire_payment(kPay.marker, "AUTHORISED", "9.18") + "]}",
                   Kind::ours},
        VerdictRow{"two", kPay,
                   "{\"Payments\":[" + wire_payment(kPay.marker, "AUTHORISED", "9.18", "a") + "," +
                       wire_payment(kPay.marker, "AUTHORISED", "9.18", "b") + "]}",
                   Kind::ambiguous},
        VerdictRow{
            "removed",
            change(Verb::remove, payment_subject(), link("", "Payments", kPaymentId), "payment:inv-1", "Payments"),
            "{\"Payments\":[" + wire_payment("x", "DELETED", "9.18") + "]}", Kind::ours},
        VerdictRow{
            "not_removed",
            change(Verb::remove, payment_subject(), link("", "Payments", kPaymentId), "payment:inv-1", "Payments"),
            "{\"Payments\":[" + wire_payment("x", "AUTHORISED", "9.18") + "]}", Kind::absent},
        VerdictRow{
            "removed_unfindable",
            change(Verb::remove, payment_subject(), link("", "Payments", kPaymentId), "payment:inv-1", "Payments"),
            "{}", Kind::ours}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Allocations, XeroVerdict,
    testing::Values(
        VerdictRow{"absent", allocation(), wire_credit(kCreditId, ""), Kind::absent},
        VerdictRow{"ours", allocation(), wire_credit(kCreditId, wire_allocation("5.0")), Kind::ours},
        VerdictRow{"other_amount", allocation(), wire_credit(kCreditId, wire_allocation("4.0")), Kind::foreign},
        VerdictRow{"credit_note_unseen", allocation(), wire_credit("other", ""), Kind::inconclusive},
        VerdictRow{"removed",
                   change(Verb::remove, credit_subject(), link("", "Allocations", kCreditId + "/" + kInvoiceId),
                          "allocation:inv-1", "Allocations"),
                   wire_credit(kCreditId, ""), Kind::ours},
        VerdictRow{"not_removed",
                   change(Verb::remove, credit_subject(), link("", "Allocations", kCreditId + "/" + kInvoiceId),
                          "allocation:inv-1", "Allocations"),
                   wire_credit(kCreditId, wire_allocation("5.0")), Kind::absent},
        VerdictRow{"removal_unseen",
                   change(Verb::remove, credit_subject(), link("", "Allocations", kCreditId + "/" + kInvoiceId),
                          "allocation:inv-1", "Allocations"),
                   "{}", Kind::inconclusive}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(XeroLookUp, SaysWhetherWhatItFoundHoldsTheRecord) {
    Item priced;
    priced.code = priced.name = "22423";
    priced.unit_price = dec("2");
    const auto item_at = [](const std::string& price) {
        return "{\"Items\":[{\"ItemID\":\"" + kItemId +
               "\",\"Code\":\"22423\",\"Name\":\"22423\",\"Description\":\"22423\",\"SalesDetails\":{\"UnitPrice\":" +
               price + ",\"AccountCode\":\"200\",\"TaxType\":\"OUTPUT2\"}}]}";
    };
    const PreparedObject sent = first_object(subject_of(priced, "item-1"));
    EXPECT_EQ(provider().judge(sent, found(item_at("1.0000"))).kind, Kind::ours);
    EXPECT_FALSE(provider().judge(sent, found(item_at("1.0000"))).holds);
    EXPECT_TRUE(provider().judge(sent, found(item_at("2.0000"))).holds);

    const auto lines = [](const std::string& description) {
        return "{\"Type\":\"ACCREC\",\"InvoiceID\":\"" + kInvoiceId +
               "\",\"InvoiceNumber\":\"INV-1\",\"Status\":\"PAID\",\"Total\":9.18,\"DateString\":\"2010-12-01T00:00:"
               "00\","
               "\"DueDateString\":\"2010-12-31T00:00:00\",\"Contact\":{\"ContactID\":\"" +
               kContactId +
               "\"},\"LineAmountTypes\":\"Exclusive\",\"CurrencyCode\":\"GBP\",\"LineItems\":[{\"Description\":\"" +
               description +
               "\",\"Quantity\":3.0,\"UnitAmount\":2.55,\"LineAmount\":7.65,\"AccountCode\":\"200\",\"TaxType\":"
               "\"OUTPUT2\"}]}";
    };
    EXPECT_TRUE(provider().judge(invoice(), found(invoices(lines("Lantern")))).holds) << "paid meanwhile";
    EXPECT_FALSE(provider().judge(invoice(), found(invoices(lines("Lamp")))).holds) << "of the same total";
    EXPECT_TRUE(
        provider().judge(kPay, found("{\"Payments\":[" + wire_payment(kPay.marker, "AUTHORISED", "9.18") + "]}")).holds)
        << "a payment is not updated";
}

TEST(XeroLookUp, KnowsAnUpdateByItsFieldsNotByItsTotal) {
    Subject subject = invoice_subject();
    subject.version = 2;
    subject.links = {link("document", "Invoices", kInvoiceId)};
    const PreparedObject update = first_object(subject);
    const std::string head =
        "{\"Type\":\"ACCREC\",\"InvoiceID\":\"" + kInvoiceId +
        "\",\"Status\":\"AUTHORISED\",\"Contact\":{\"ContactID\":\"" + kContactId +
        "\",\"Name\":\"Ann\"},\"DateString\":\"2010-12-01T00:00:00\",\"DueDateString\":"
        "\"2010-12-31T00:00:00\",\"LineAmountTypes\":\"Exclusive\",\"CurrencyCode\":\"GBP\",\"LineItems\":[";
    const std::string tail =
        ",\"Quantity\":3.0000,\"UnitAmount\":2.5500,\"LineAmount\":7.65,\"AccountCode\":\"200\",\"TaxType\":"
        "\"OUTPUT2\","
        "\"TaxAmount\":1.53}],\"Total\":9.18}";
    EXPECT_EQ(provider().judge(update, found(invoices(head + "{\"Description\":\"Lantern\"" + tail))).kind, Kind::ours);
    EXPECT_EQ(provider().judge(update, found(invoices(head + "{\"Description\":\"Lamp\"" + tail))).kind, Kind::absent);
    EXPECT_EQ(provider().judge(update, found(invoices(""))).kind, Kind::inconclusive);
}

}  // namespace
}  // namespace spillway
