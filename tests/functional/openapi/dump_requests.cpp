// Prints every kind of request that the Xero connector makes, one JSON object a line: {case, method, target, headers,
// body}. A table of records covers kinds, verbs, batches, look-ups, and what a record may leave out.

#include <cstdio>
#include <cstdlib>

#include "connectors/xero/xero.hpp"
#include "schema/json_text.hpp"
#include "schema/record_json.hpp"

namespace {

using namespace spillway;

constexpr const char* kTenant = "9f0d5a52-6f0c-4a2e-9f66-1f1f0f5a2a01";
constexpr const char* kContactId = "5b96e86b-418e-48e8-8949-308c14aec278";
constexpr const char* kInvoiceId = "b3c3f5b0-9a1f-4b8b-9a52-0a9a3c6a0b11";
constexpr const char* kOtherInvoiceId = "b3c3f5b0-9a1f-4b8b-9a52-0a9a3c6a0b12";
constexpr const char* kCreditNoteId = "7be578d8-3601-4cf9-b5a2-5c3e3a0f3c55";
constexpr const char* kPaymentId = "22974891-3689-4694-9ee7-fd2ba917af55";
constexpr const char* kItemId = "c8c54d65-f3f2-452d-926e-bf450b9fff07";
constexpr const char* kAllocationId = "d3c8e1f4-2f6f-4b1e-a1b7-0c0c5d5e7a21";

constexpr const char* kBankId = "ceef66a5-a545-413b-9312-78a53caadbc4";

constexpr const char* kLines = R"([{"description":"Widgets","quantity":3,"unit_price":19.99,"tax":11.99}])";

/// One row of the table: a record as it is submitted, and what of it is in the books already.
struct Row {
    const char* name;
    RecordKind kind;
    std::string record;
    std::vector<Link> links{};
    bool voided = false;
    std::string current{};  ///< the object as read before the step
};

[[noreturn]] void fail(const char* row, const std::string& why) {
    std::fprintf(stderr, "%s: %s\n", row, why.c_str());
    std::exit(1);
}

Link link_to(std::string role, std::string entity, std::string id, std::string version = {}) {
    Link link;
    link.role = std::move(role);
    link.entity = std::move(entity);
    link.id = std::move(id);
    link.version = std::move(version);
    link.record_version = 1;
    return link;
}

std::string document(const char* more) {
    return R"({"contact":"C-1","number":"INV-1","date":"2026-09-30","currency":"GBP","amounts":"exclusive",)" +
           std::string(more) + "}";
}

std::string invoice(const std::string& lines = kLines, const char* tax = "11.99", const char* total = "71.96") {
    return document((R"("due_date":"2026-10-30","reference":"PO 7","lines":)" + lines + R"(,"tax_total":)" + tax +
                     R"(,"total":)" + total)
                        .c_str());
}

std::string credit_note(const std::string& applies_to) {
    return document(
        (R"("lines":)" + std::string(kLines) + R"(,"tax_total":11.99,"total":71.96,"applies_to":)" + applies_to)
            .c_str());
}

const std::string kContact = R"({"name":"Harbour Lights Ltd","customer":true,"supplier":false,
  "email":"accounts@example.com","phone":"020 7946 0000","tax_number":"GB123456789","currency":"GBP",
  "address":{"lines":["1 Quay","Floor 2"],"city":"Hull","region":"Yorkshire","postal_code":"HU1 1AA","country":"GB"}})";
const std::string kItem =
    R"({"code":"W-1","name":"Widget","description":"A widget","unit_price":19.9950,"tax_code":"standard"})";
const std::string kPayment = R"({"contact":"C-1","date":"2026-09-30","currency":"GBP","amount":96.50,
  "applies_to":[{"invoice":"I-1","amount":90.25},{"invoice":"I-2","amount":6.25}],"reference":"BACS 11"})";

const std::string kTillPayment = R"({"contact":"C-1","date":"2026-09-30","currency":"GBP","amount":1,
  "applies_to":[{"invoice":"I-1","amount":1}],"account":"till"})";

std::vector<Row> documents() {
    const std::string with_item =
        R"([{"item":"S-1","description":"Widgets","quantity":1.5,"unit_price":10.00005,"amount":15,"tax":3},
            {"description":"Return","quantity":-1,"unit_price":5,"tax_code":"standard","account":"shop","tax":-1}])";
    const Link in_books = link_to("document", "Invoices", kInvoiceId);
    const Link credited = link_to("document", "CreditNotes", kCreditNoteId);
    const std::string live = R"({"Status":"AUTHORISED"})";
    const std::string negative = R"([{"description":"Refund","quantity":-1,"unit_price":50,"tax":-10}])";
    return {
        {"invoice", RecordKind::invoice, invoice()},
        {"invoice with items", RecordKind::invoice, invoice(with_item, "2", "12")},
        {"negative invoice", RecordKind::invoice, invoice(negative, "-10", "-60")},
        {"changed invoice", RecordKind::invoice, invoice(), {in_books}, false, live},
        {"void invoice", RecordKind::invoice, invoice(), {in_books}, true, live},
        {"void draft invoice", RecordKind::invoice, invoice(), {in_books}, true, R"({"Status":"DRAFT"})"},
        {"credit note", RecordKind::credit_note, credit_note("[]")},
        {"changed credit note", RecordKind::credit_note, credit_note("[]"), {credited}, false, live},
        {"void credit note", RecordKind::credit_note, credit_note("[]"), {credited}, true, live},
    };
}

std::vector<Row> others() {
    const std::string applied = R"([{"invoice":"I-1","amount":24.5}])";
    Link document = link_to("document", "CreditNotes", kCreditNoteId);
    document.record_version = 2;
    const std::string allocation = std::string(kCreditNoteId) + "/" + kInvoiceId;
    return {
        {"contact", RecordKind::contact, kContact},
        {"bare contact", RecordKind::contact, R"({"name":"Cash sales"})"},
        {"changed contact", RecordKind::contact, kContact, {link_to("contact", "Contacts", kContactId)}},
        {"archived contact", RecordKind::contact, kContact, {link_to("contact", "Contacts", kContactId)}, true},
        {"item", RecordKind::item, kItem},
        {"bare item", RecordKind::item, R"({"code":"W-2","name":"Bolt"})"},
        {"changed item", RecordKind::item, kItem, {link_to("item", "Items", kItemId, "W-1")}},
        {"deleted item", RecordKind::item, kItem, {link_to("item", "Items", kItemId, "W-1")}, true},
        {"allocation", RecordKind::credit_note, credit_note(applied), {document}},
        {"allocation taken back",
         RecordKind::credit_note,
         credit_note(applied),
         {document, link_to("allocation:I-1", "Allocations", allocation, kAllocationId)},
         true},
        {"payment of two invoices", RecordKind::payment, kPayment},
        {"payment to an account without a code", RecordKind::payment, kTillPayment},
        {"deleted payment", RecordKind::payment, kPayment, {link_to("payment:I-1", "Payments", kPaymentId)}, true},
    };
}

Subject subject_of(const Row& row) {
    Result<Record> record = read_record(row.kind, row.record);
    if (!record) fail(row.name, record.error().code + " " + record.error().detail);
    Subject subject{row.kind, "R-1", 2, std::move(*record), row.voided, row.links, {}};
    subject.referents[{RecordKind::contact, "C-1"}] = {link_to("contact", "Contacts", kContactId)};
    subject.referents[{RecordKind::item, "S-1"}] = {link_to("item", "Items", kItemId, "W-1")};
    subject.referents[{RecordKind::invoice, "I-1"}] = {link_to("document", "Invoices", kInvoiceId)};
    subject.referents[{RecordKind::invoice, "I-2"}] = {link_to("document", "Invoices", kOtherInvoiceId)};
    return subject;
}

Books books() {
    Books books;
    books.tenant_id = kTenant;
    books.country = "GB";
    // A bank account without a code is named by its id.
    for (const char* code : {"200", "090", kBankId}) {
        Account account;
        account.id = kBankId;
        account.code = account.name = code;
        account.takes_sales = account.takes_payments = true;
        books.accounts.push_back(std::move(account));
    }
    TaxRate rate;
    rate.code = rate.name = "OUTPUT2";
    rate.percent = Decimal(20, 0);
    books.tax_rates.push_back(std::move(rate));
    return books;
}

Mapping mapping() {
    Mapping mapping;
    mapping.sales_account = "200";
    mapping.payment_account = "090";
    mapping.tax_code = "OUTPUT2";
    mapping.tax_codes["standard"] = "OUTPUT2";
    mapping.accounts["shop"] = "200";
    mapping.accounts["till"] = kBankId;
    return mapping;
}

/// `name` is one word of ours for the case; the rest is as the transport would get it.
void print(const Provider& xero, const std::string& name, const PreparedCall& call) {
    const HttpRequest request = xero.request(call, kTenant, Secret("token"));
    JsonText json;
    json.object().member("case", name).member("method", request.method).member("target", request.target);
    json.key("headers").object();
    for (const char* header : {"Accept", "Content-Type", "Idempotency-Key", "xero-tenant-id"})
        if (const auto value = request.headers.find(header)) json.member(header, *value);
    json.close().member("body", request.body).close();
    std::printf("%s\n", std::move(json).take().c_str());
}

/// The writes of one record, each alone and twice in one call where calls take several, and what would look for them.
void print_row(const Provider& xero, const Row& row) {
    const Subject subject = subject_of(row);
    const std::vector<Step> steps = xero.plan(subject);
    if (steps.empty()) fail(row.name, "nothing to do");
    for (const Step& step : steps) {
        RemoteObject current;
        current.entity = step.entity;
        for (const Link& link : subject.links)
            if (link.role == step.role) current.id = link.id;
        current.version = kAllocationId;
        current.body = row.current.empty() ? "{}" : row.current;
        std::vector<RemoteObject> read;
        if (!xero.reads_before(subject, step).empty()) read.push_back(current);
        const Result<PreparedObject> object = xero.prepare(subject, step, mapping(), books(), read);
        if (!object) fail(row.name, object.error().code + " " + object.error().detail);
        std::vector<PreparedObject> members{*object};
        print(xero, row.name, xero.assemble(kTenant, members, "00112233445566778899aabbccddeeff"));
        for (const PreparedCall& call : xero.look_up(kTenant, members))
            print(xero, std::string(row.name) + ", looked up", call);
        if (xero.batch_rule(step).size < 2) continue;
        members.push_back(*object);
        print(xero, std::string(row.name) + ", twice",
              xero.assemble(kTenant, members, "ffeeddccbbaa99887766554433221100"));
    }
}

}  // namespace

int main() {
    const std::unique_ptr<Provider> xero = make_xero();
    for (const std::vector<Row>& rows : {documents(), others()})
        for (const Row& row : rows) print_row(*xero, row);
    const std::vector<Link> links{
        link_to("contact", "Contacts", kContactId),
        link_to("item", "Items", kItemId, "W-1"),
        link_to("document", "Invoices", kInvoiceId),
        link_to("document", "CreditNotes", kCreditNoteId),
        link_to("payment:I-1", "Payments", kPaymentId),
        link_to("allocation:I-1", "Allocations", std::string(kCreditNoteId) + "/" + kInvoiceId)};
    for (const PreparedCall& call : xero->read_by_id(kTenant, links)) print(*xero, "read by id", call);
    for (const PreparedCall& call : xero->books_calls(kTenant)) print(*xero, "books", call);
    return 0;
}
