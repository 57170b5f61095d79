// Every write, byte for byte, and every refusal that needs no look at the provider.
#include "tests/unit/connectors/xero_fixture.hpp"

namespace spillway {
namespace {

using namespace xero_test;

PreparedCall call_of(const std::vector<PreparedObject>& objects) { return provider().assemble(kTenant, objects, kKey); }
PreparedCall call_of(const PreparedObject& object) { return call_of(std::vector{object}); }

void expect_call(const PreparedCall& call, const std::string& line, const std::string& body) {
    EXPECT_EQ(call.method + " " + call.target, line);
    EXPECT_EQ(call.body, body);
    EXPECT_EQ(call.headers.find("xero-tenant-id"), kTenant);
    const bool deletes = call.method == "DELETE";
    EXPECT_EQ(call.headers.find("Content-Type").has_value(), !deletes);
    EXPECT_EQ(call.headers.find("Idempotency-Key").has_value(), !deletes) << "DELETE takes no key";
    if (!deletes) {
        EXPECT_EQ(*call.headers.find("Idempotency-Key"), kTenant + "-" + kKey);
        EXPECT_LE(call.headers.find("Idempotency-Key")->size(), 128u);
    }
    EXPECT_EQ(call.key, kKey);
    EXPECT_EQ(call.call_class, CallClass::write);
}

Contact full_contact() {
    Contact contact;
    contact.name = "Ann \"A\" Ltd";
    contact.email = "ann@example.com";
    contact.phone = "020 7946 0000";
    contact.tax_number = "GB123";
    contact.address =
        Address{.lines = {"1 High St", "Flat 2"}, .city = "York", .region = {}, .postal_code = "YO1", .country = "GB"};
    contact.currency = Currency{"GBP"};
    return contact;
}

const std::string kContactRest =
    "\"EmailAddress\":\"ann@example.com\",\"Phones\":[{\"PhoneType\":\"DEFAULT\",\"PhoneNumber\":\"020 7946 0000\"}],"
    "\"TaxNumber\":\"GB123\",\"Addresses\":[{\"AddressType\":\"POBOX\",\"AddressLine1\":\"1 High St\",\"AddressLine2\":"
    "\"Flat 2\",\"City\":\"York\",\"PostalCode\":\"YO1\",\"Country\":\"GB\"}],\"DefaultCurrency\":\"GBP\"}]}";

TEST(XeroRequests, CreatesAContactByPut) {
    expect_call(call_of(first_object(subject_of(full_contact(), "cust-1"))),
                "PUT /api.xro/2.0/Contacts?summarizeErrors=false",
                "{\"Contacts\":[{\"Name\":\"Ann \\\"A\\\" Ltd\",\"ContactNumber\":\"cust-1\"," + kContactRest);
}

TEST(XeroRequests, UpdatesAContactByPostWithItsIdAndWithoutItsNumber) {
    Subject subject = subject_of(full_contact(), "cust-1");
    subject.version = 2;
    subject.links = {link("contact", "Contacts", kContactId)};
    expect_call(call_of(first_object(subject)), "POST /api.xro/2.0/Contacts?summarizeErrors=false",
                "{\"Contacts\":[{\"ContactID\":\"" + kContactId + "\",\"Name\":\"Ann \\\"A\\\" Ltd\"," + kContactRest);
}

TEST(XeroRequests, ArchivesAVoidedContact) {
    Subject subject = subject_of(full_contact(), "cust-1");
    subject.voided = true;
    subject.links = {link("contact", "Contacts", kContactId)};
    expect_call(call_of(first_object(subject)), "POST /api.xro/2.0/Contacts?summarizeErrors=false",
                "{\"Contacts\":[{\"ContactID\":\"" + kContactId + "\",\"ContactStatus\":\"ARCHIVED\"}]}");
}

TEST(XeroRequests, GivesContactsTheirExternalIdAsNumberOrAMark) {
    struct Row {
        std::string external_id;
        bool kept;
    };
    for (const Row& row : {Row{"17850", true}, Row{"Cust-1a", true}, Row{std::string(50, 'x'), true},
                           Row{std::string(51, 'x'), false}, Row{"a:b", false}, Row{"a b", false}, Row{"\"", false}}) {
        const auto object = first_object(subject_of(full_contact(), row.external_id));
        EXPECT_EQ(object.marker == row.external_id, row.kept) << row.external_id;
        EXPECT_LE(object.marker.size(), 50u);
        EXPECT_NE(object.body.find("\"ContactNumber\":\"" + object.marker + "\""), std::string::npos);
    }
}

Item lantern() {
    Item item;
    item.code = "22423";
    item.name = "Lantern";
    item.unit_price = dec("2.55004");
    return item;
}

TEST(XeroRequests, CreatesAnItemByPut) {
    expect_call(call_of(first_object(subject_of(lantern(), "item-1"))),
                "PUT /api.xro/2.0/Items?summarizeErrors=false&unitdp=4",
                "{\"Items\":[{\"Code\":\"22423\",\"Name\":\"Lantern\",\"Description\":\"Lantern\",\"SalesDetails\":{"
                "\"UnitPrice\":2.55,"
                "\"AccountCode\":\"200\",\"TaxType\":\"OUTPUT2\"}}]}");
}

TEST(XeroRequests, UpdatesAnItemWithItsCodeWhichTheSchemaRequires) {
    Subject subject = subject_of(lantern(), "item-1");
    subject.version = 2;
    subject.links = {link("item", "Items", kItemId)};
    expect_call(call_of(first_object(subject)), "POST /api.xro/2.0/Items?summarizeErrors=false&unitdp=4",
                "{\"Items\":[{\"ItemID\":\"" + kItemId +
                    "\",\"Code\":\"22423\",\"Name\":\"Lantern\",\"Description\":\"Lantern\",\"SalesDetails\":{"
                    "\"UnitPrice\":2.55,"
                    "\"AccountCode\":\"200\",\"TaxType\":\"OUTPUT2\"}}]}");
}

TEST(XeroRequests, DeletesAVoidedItem) {
    Subject subject = subject_of(lantern(), "item-1");
    subject.voided = true;
    subject.links = {link("item", "Items", kItemId)};
    expect_call(call_of(first_object(subject)), "DELETE /api.xro/2.0/Items/" + kItemId, "");
}

TEST(XeroRequests, CutsALongItemNameAndKeepsItWholeInTheDescription) {
    Item item = lantern();
    item.name = std::string(49, 'a') + "\u00e9\u00e9";
    const auto object = first_object(subject_of(item, "item-1"));
    EXPECT_NE(object.body.find("\"Name\":\"" + std::string(49, 'a') + "\u00e9\","), std::string::npos);
    EXPECT_NE(object.body.find("\"Description\":\"" + item.name + "\""), std::string::npos);
}

TEST(XeroRequests, CreatesInvoicesByPutSeveralInACall) {
    Document second = document("INV-2");
    second.amounts = Amounts::none;
    second.due_date.reset();
    second.reference = "PO 9";
    second.lines[0].item = "item-1";
    second.total = dec("7.65");
    const auto call = call_of(std::vector{first_object(invoice_subject()), first_object(invoice_subject(second))});
    expect_call(
        call, "PUT /api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4",
        "{\"Invoices\":[{\"Type\":\"ACCREC\",\"Contact\":{\"ContactID\":\"" + kContactId +
            "\"},\"Date\":\"2010-12-01\",\"DueDate\":\"2010-12-31\",\"LineAmountTypes\":\"Exclusive\","
            "\"InvoiceNumber\":"
            "\"INV-1\",\"CurrencyCode\":\"GBP\",\"Status\":\"AUTHORISED\",\"LineItems\":[{\"Description\":\"Lantern\","
            "\"Quantity\":3,\"UnitAmount\":2.55,\"LineAmount\":7.65,\"AccountCode\":\"200\",\"TaxType\":\"OUTPUT2\"}]},"
            "{\"Type\":\"ACCREC\",\"Contact\":{\"ContactID\":\"" +
            kContactId +
            "\"},\"Date\":\"2010-12-01\",\"DueDate\":\"2010-12-01\",\"LineAmountTypes\":\"NoTax\",\"InvoiceNumber\":"
            "\"INV-2\","
            "\"Reference\":\"PO 9\",\"CurrencyCode\":\"GBP\",\"Status\":\"AUTHORISED\",\"LineItems\":[{\"Description\":"
            "\"Lantern\",\"Quantity\":3,\"UnitAmount\":2.55,\"LineAmount\":7.65,\"ItemCode\":\"22423\",\"AccountCode\":"
            "\"200\"}]}]}");
    EXPECT_EQ(call.operation, "PUT Invoices");
}

TEST(XeroRequests, UpdatesAnInvoiceByPostWithoutNumberTypeAndStatus) {
    Subject subject = invoice_subject();
    subject.version = 2;
    subject.links = {link("document", "Invoices", kInvoiceId)};
    expect_call(
        call_of(first_object(subject)), "POST /api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4",
        "{\"Invoices\":[{\"InvoiceID\":\"" + kInvoiceId + "\",\"Contact\":{\"ContactID\":\"" + kContactId +
            "\"},\"Date\":\"2010-12-01\",\"DueDate\":\"2010-12-31\",\"LineAmountTypes\":\"Exclusive\",\"CurrencyCode\":"
            "\"GBP\",\"LineItems\":[{\"Description\":\"Lantern\",\"Quantity\":3,\"UnitAmount\":2.55,\"LineAmount\":7."
            "65,"
            "\"AccountCode\":\"200\",\"TaxType\":\"OUTPUT2\"}]}]}");
}

TEST(XeroRequests, VoidsWhatIsApprovedAndDeletesDrafts) {
    Subject subject = invoice_subject();
    subject.voided = true;
    subject.links = {link("document", "Invoices", kInvoiceId)};
    const Step ends = step(Verb::void_, "document", "Invoices");
    struct Row {
        const char *status, *sent;
    };
    for (const Row& row :
         {Row{"AUTHORISED", "VOIDED"}, Row{"PAID", "VOIDED"}, Row{"DRAFT", "DELETED"}, Row{"SUBMITTED", "DELETED"}}) {
        RemoteObject current;
        current.body = std::string("{\"Status\":\"") + row.status + "\"}";
        const auto object = prepared(subject, ends, mapping(), books(), &current);
        ASSERT_TRUE(object);
        expect_call(call_of(*object), "POST /api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4",
                    "{\"Invoices\":[{\"InvoiceID\":\"" + kInvoiceId + "\",\"Status\":\"" + row.sent + "\"}]}");
    }
}

TEST(XeroRequests, CreatesACreditNoteAndItsAllocationInTwoCalls) {
    Subject subject = credit_subject();
    expect_call(call_of(first_object(subject)), "PUT /api.xro/2.0/CreditNotes?summarizeErrors=false&unitdp=4",
                "{\"CreditNotes\":[{\"Type\":\"ACCRECCREDIT\",\"Contact\":{\"ContactID\":\"" + kContactId +
                    "\"},\"Date\":\"2010-12-01\",\"LineAmountTypes\":\"Exclusive\",\"CreditNoteNumber\":\"CN-1\","
                    "\"CurrencyCode\":"
                    "\"GBP\",\"Status\":\"AUTHORISED\",\"LineItems\":[{\"Description\":\"Lantern\",\"Quantity\":3,"
                    "\"UnitAmount\":2.55,"
                    "\"LineAmount\":7.65,\"AccountCode\":\"200\",\"TaxType\":\"OUTPUT2\"}]}]}");
    subject.links = {link("document", "CreditNotes", kCreditId)};
    const auto allocation = first_object(subject);
    EXPECT_EQ(allocation.role, "allocation:inv-1");
    expect_call(call_of(allocation), "PUT /api.xro/2.0/CreditNotes/" + kCreditId + "/Allocations?summarizeErrors=false",
                "{\"Allocations\":[{\"Invoice\":{\"InvoiceID\":\"" + kInvoiceId +
                    "\"},\"Amount\":5.00,\"Date\":\"2010-12-01\"}]}");
}

TEST(XeroRequests, RemovesAnAllocationByTheIdThatTheCreditNoteShows) {
    Subject subject = credit_subject();
    subject.version = 2;
    subject.links = {link("document", "CreditNotes", kCreditId, 2),
                     link("allocation:inv-1", "Allocations", kCreditId + "/" + kInvoiceId, 1)};
    const Step removal = step(Verb::remove, "allocation:inv-1", "Allocations");
    EXPECT_EQ(provider().reads_before(subject, removal), std::vector<std::string>{"allocation:inv-1"});
    RemoteObject current;
    current.version = "a110c";
    current.body = "{}";
    const auto object = prepared(subject, removal, mapping(), books(), &current);
    ASSERT_TRUE(object);
    expect_call(call_of(*object), "DELETE /api.xro/2.0/CreditNotes/" + kCreditId + "/Allocations/a110c", "");
    EXPECT_EQ(code_of(prepared(subject, removal)), "already_gone");
}

TEST(XeroRequests, SendsANegativeInvoiceAsACreditNoteOfTheSameNumber) {
    Document negative = document("C536379");
    negative.lines[0].quantity = dec("-3");
    negative.tax_total = dec("-1.53");
    negative.total = dec("-9.18");
    const auto object = first_object(invoice_subject(negative));
    EXPECT_EQ(object.entity, "CreditNotes");
    EXPECT_NE(object.body.find("\"CreditNoteNumber\":\"C536379\""), std::string::npos);
    EXPECT_NE(object.body.find("\"LineAmount\":7.65"), std::string::npos);
    EXPECT_EQ(object.total, dec("9.18"));
}

TEST(XeroRequests, CreatesAPaymentPerInvoiceWithOurMarkFirst) {
    const auto object = first_object(payment_subject());
    EXPECT_TRUE(object.marker.starts_with("SW-"));
    expect_call(call_of(object), "PUT /api.xro/2.0/Payments?summarizeErrors=false",
                "{\"Payments\":[{\"Invoice\":{\"InvoiceID\":\"" + kInvoiceId +
                    "\"},\"Account\":{\"Code\":\"091\"},\"Date\":\"2010-12-05\",\"Amount\":9.18,\"Reference\":\"" +
                    object.marker + " BACS 77\"}]}");
}

TEST(XeroRequests, MarksEachVersionOfAPaymentAnew) {
    Subject subject = payment_subject();
    const auto first = first_object(subject);
    subject.version = 2;
    EXPECT_NE(first_object(subject).marker, first.marker)
        << "a payment removed for version 2 must not look like its successor";
}

TEST(XeroRequests, NamesABankAccountWithoutACodeByItsId) {
    Subject subject = payment_subject();
    std::get<Payment>(subject.record.body).account = "till";
    EXPECT_NE(first_object(subject).body.find("\"Account\":{\"AccountID\":\"a-bank\"}"), std::string::npos);
}

TEST(XeroRequests, RemovesAPaymentByStatus) {
    Subject subject = payment_subject();
    subject.voided = true;
    subject.links = {link("payment:inv-1", "Payments", kPaymentId)};
    expect_call(call_of(first_object(subject)), "POST /api.xro/2.0/Payments/" + kPaymentId, "{\"Status\":\"DELETED\"}");
}

TEST(XeroRequests, AddsTokenTenantAndAcceptOnTheWay) {
    const auto call = call_of(first_object(invoice_subject()));
    const auto request = provider().request(call, kTenant, Secret("tok"));
    EXPECT_EQ(request.headers.find("Authorization"), "Bearer tok");
    EXPECT_EQ(request.headers.find("Accept"), "application/json");
    EXPECT_EQ(request.headers.find("xero-tenant-id"), kTenant);
    EXPECT_EQ(request.body, call.body);
    EXPECT_EQ(request.target, call.target);
}

struct RefusalRow {
    const char* name;
    Subject (*subject)();
    const char* code;
};
template <class Change>
Subject changed(Change change) {
    Document body = document();
    change(body);
    return invoice_subject(body);
}
class XeroRefusal : public testing::TestWithParam<RefusalRow> {};
TEST_P(XeroRefusal, ComesBeforeAnythingIsSent) {
    const Subject subject = GetParam().subject();
    Books where = books();
    where.locked_until = day("2010-11-30");
    const auto object = prepared(subject, provider().plan(subject).front(), mapping(), where);
    ASSERT_FALSE(object);
    EXPECT_EQ(object.error().code, GetParam().code);
    EXPECT_EQ(object.error().kind, ErrorKind::rejected);
    EXPECT_FALSE(object.error().detail.empty());
}
INSTANTIATE_TEST_SUITE_P(
    Table, XeroRefusal,
    testing::Values(
        RefusalRow{"number", [] { return changed([](Document& d) { d.number = std::string(256, '9'); }); },
                   "number_too_long"},
        RefusalRow{"locked", [] { return changed([](Document& d) { d.date = day("2010-11-30"); }); }, "period_locked"},
        RefusalRow{"total", [] { return changed([](Document& d) { d.total = dec("9.20"); }); }, "total_mismatch"},
        RefusalRow{"tax_inside",
                   [] {
                       return changed([](Document& d) {
                           d.amounts = Amounts::inclusive;
                           d.lines = {line("Lantern", "1", "9.18")};
                           d.tax_total = dec("0.44");  // 20 % within 9.18 are 1.53
                       });
                   },
                   "tax_mismatch"},
        RefusalRow{"fils_of_a_line",
                   [] {
                       return changed([](Document& d) {
                           d.currency = Currency{"KWD"};
                           d.amounts = Amounts::none;
                           d.lines = {line("Lantern", "1", "1.234")};
                           d.total = dec("1.234");
                           d.tax_total = dec("0");
                       });
                   },
                   "currency_places"},
        RefusalRow{"fils_of_a_tax",
                   [] {
                       return changed([](Document& d) {
                           d.currency = Currency{"KWD"};
                           d.lines[0].tax = dec("1.531");
                       });
                   },
                   "currency_places"},
        RefusalRow{"fils_of_a_total",
                   [] {
                       return changed([](Document& d) {
                           d.currency = Currency{"KWD"};
                           d.total = dec("9.181");
                       });
                   },
                   "currency_places"},
        RefusalRow{"fils_of_a_payment",
                   [] {
                       Subject subject = payment_subject();
                       Payment& payment = std::get<Payment>(subject.record.body);
                       payment.currency = Currency{"KWD"};
                       payment.amount = payment.applies_to[0].amount = dec("9.181");
                       return subject;
                   },
                   "currency_places"},
        RefusalRow{"other_currency",
                   [] {
                       Subject subject = payment_subject();
                       subject.currencies[{RecordKind::invoice, "inv-1"}] = Currency{"EUR"};
                       return subject;
                   },
                   "currency_differs"},
        RefusalRow{"credit_of_other_currency",
                   [] {
                       Subject subject = credit_subject();
                       subject.links = {link("document", "CreditNotes", kCreditId)};
                       subject.currencies[{RecordKind::invoice, "inv-1"}] = Currency{"EUR"};
                       return subject;
                   },
                   "currency_differs"},
        RefusalRow{"word", [] { return changed([](Document& d) { d.lines[0].account = "who"; }); }, "unmapped_account"},
        RefusalRow{"closed", [] { return changed([](Document& d) { d.lines[0].account = "closed"; }); },
                   "unknown_account"},
        RefusalRow{"tax_word", [] { return changed([](Document& d) { d.lines[0].tax_code = "who"; }); },
                   "unmapped_tax_code"},
        RefusalRow{"tax_gone", [] { return changed([](Document& d) { d.lines[0].tax_code = "gone"; }); },
                   "unknown_tax_code"},
        RefusalRow{"contact", [] { return changed([](Document& d) { d.contact = "who"; }); }, "reference_missing"},
        RefusalRow{"item", [] { return changed([](Document& d) { d.lines[0].item = "who"; }); }, "reference_missing"},
        RefusalRow{"unapplied",
                   [] {
                       Subject subject = payment_subject();
                       std::get<Payment>(subject.record.body).amount = dec("10.00");
                       return subject;
                   },
                   "payment_unapplied"},
        RefusalRow{"paid_credit",
                   [] {
                       Subject subject = payment_subject();
                       subject.referents[{RecordKind::invoice, "inv-1"}] = {link("document", "CreditNotes", kCreditId)};
                       return subject;
                   },
                   "reference_of_other_kind"},
        RefusalRow{"item_code",
                   [] {
                       Item item = lantern();
                       item.code = std::string(31, 'x');
                       return subject_of(item, "item-1");
                   },
                   "number_too_long"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(XeroRequests, ShowsBothTotalsWhenTheyDiffer) {
    Document body = document();
    body.total = dec("9.20");
    const auto object = prepared(invoice_subject(body), step(Verb::create, "document", "Invoices"));
    EXPECT_NE(object.error().detail.find("9.20"), std::string::npos);
    EXPECT_NE(object.error().detail.find("9.18"), std::string::npos);
    body.total = dec("9.19");
    EXPECT_TRUE(prepared(invoice_subject(body), step(Verb::create, "document", "Invoices"))) << "within the bound";
}

TEST(XeroRequests, TakesATaxInsideThatRoundsOtherwise) {
    Document body = document();
    body.amounts = Amounts::inclusive;
    body.lines = {line("Lantern", "1", "9.18")};
    for (const char* tax : {"1.52", "1.53", "1.54"}) {
        body.tax_total = dec(tax);
        EXPECT_EQ(code_of(prepared(invoice_subject(body), step(Verb::create, "document", "Invoices"))), "ok") << tax;
    }
    body.tax_total = dec("1.55");
    const auto object = prepared(invoice_subject(body), step(Verb::create, "document", "Invoices"));
    ASSERT_FALSE(object);
    EXPECT_NE(object.error().detail.find("1.55"), std::string::npos);
    EXPECT_NE(object.error().detail.find("1.53"), std::string::npos);
}

TEST(XeroRequests, SendsFilsThatAreWholeCents) {
    Document body = document();
    body.currency = Currency{"KWD"};
    body.lines[0].unit_price = dec("2.550");
    body.total = dec("9.180");
    EXPECT_EQ(code_of(prepared(invoice_subject(body), step(Verb::create, "document", "Invoices"))), "ok");
}

TEST(XeroRequests, BatchesByVerbAndEntityWithinXerosAdvice) {
    const auto create = provider().batch_rule(step(Verb::create, "document", "Invoices"));
    EXPECT_EQ(create.size, 50u);
    EXPECT_LT(create.bytes_max, 3'500'000u);
    EXPECT_NE(create.word, provider().batch_rule(step(Verb::update, "document", "Invoices")).word);
    EXPECT_NE(create.word, provider().batch_rule(step(Verb::create, "document", "CreditNotes")).word);
    EXPECT_EQ(provider().batch_rule(step(Verb::create, "payment:x", "Payments")).size, 50u);
    EXPECT_EQ(provider().batch_rule(step(Verb::remove, "payment:x", "Payments")).size, 1u);
    EXPECT_EQ(provider().batch_rule(step(Verb::create, "allocation:x", "Allocations")).size, 1u);
    EXPECT_EQ(provider().batch_rule(step(Verb::remove, "item", "Items")).size, 1u);
}

}  // namespace
}  // namespace spillway
