// The provider against the sandbox's model of QuickBooks Online: whole records through plan, prepare, send and settle,
// in memory.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "schema/json_value.hpp"
#include "services/sandbox/qbo/qbo_model.hpp"
#include "tests/unit/qbo/builders.hpp"

namespace spillway {
namespace {

using namespace qbo_test;

const std::string kUk = "9341452000000001", kUs = "9341452000000002";

class QboInSandbox : public testing::Test {
 protected:
    QboInSandbox() { connect(kUk); }

    void connect(const std::string& realm) {
        tenant = realm;
        const std::string redirect = "http://127.0.0.1/callback";
        const HttpResponse consent = handle({"POST",
                                             "/connect/oauth2",
                                             {{"Content-Type", "application/x-www-form-urlencoded"}},
                                             encode_form({{"client_id", "sandbox-qbo-client"},
                                                          {"redirect_uri", redirect},
                                                          {"scope", "com.intuit.quickbooks.accounting"},
                                                          {"state", "s"},
                                                          {"realm", realm},
                                                          {"decision", "allow"}})});
        const std::string location(consent.headers.find("Location").value_or(""));
        const std::string code = form_value(*parse_form(location.substr(location.find('?') + 1)), "code").value_or("");
        const HttpResponse tokens =
            handle({"POST",
                    "/oauth2/v1/tokens/bearer",
                    {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Authorization", "Basic c2FuZGJveC1xYm8tY2xpZW50OnNhbmRib3gtcWJvLXNlY3JldA=="}},
                    encode_form({{"grant_type", "authorization_code"}, {"code", code}, {"redirect_uri", redirect}})});
        token = Secret(parse_json(tokens.body).value()["access_token"].string_or(""));
        std::vector<SendResult> answers;
        for (const PreparedCall& call : provider->books_calls(tenant)) answers.push_back(send(call));
        books = provider->read_books(tenant, answers).value();
        words = provider->propose(books);
    }

    HttpResponse handle(const HttpRequest& request) {
        now.wall += Millis(200);
        now.steady += Millis(200);
        return model->handle(request, now);
    }
    SendResult send(const PreparedCall& call) {
        return {Stage::answered, handle(provider->request(call, tenant, token)), {}};
    }
    std::string next_key() {
        std::string key = std::to_string(++keys);
        return std::string(32 - key.size(), '0') + key;
    }
    std::vector<RemoteObject> read_all(const std::vector<PreparedCall>& calls) {
        std::vector<RemoteObject> found;
        for (const PreparedCall& call : calls) {
            const auto objects = provider->read_objects(call, send(call));
            EXPECT_TRUE(objects.ok()) << objects.error().detail;
            if (objects.ok()) found.insert(found.end(), objects->begin(), objects->end());
        }
        return found;
    }
    Result<PreparedObject> prepare(const Subject& subject, const Step& step) {
        std::vector<Link> links;
        const auto roles = provider->reads_before(subject, step);
        for (const Link& link : subject.links)
            if (std::ranges::find(roles, link.role) != roles.end()) links.push_back(link);
        return provider->prepare(subject, step, words, books, read_all(provider->read_by_id(tenant, links)));
    }

    /// Writes one step and keeps its link as the caller would; afterwards a look-up must know the write as ours.
    void write(Subject& subject, const Step& step) {
        const Result<PreparedObject> object = prepare(subject, step);
        ASSERT_TRUE(object.ok()) << step.role << ": " << object.error().code << " " << object.error().detail;
        const SendResult answer = send(provider->assemble(tenant, std::span(&*object, 1), next_key()));
        const ElementOutcome outcome = provider->read_answer(std::span(&*object, 1), answer).at(0);
        ASSERT_EQ(outcome.kind, ElementOutcome::Kind::applied)
            << outcome.error.code << ": " << outcome.error.detail << "\n"
            << object->body;
        EXPECT_EQ(outcome.warnings, std::vector<std::string>{}) << object->body << "\n" << answer.response.body;
        if (object->total && outcome.total) EXPECT_EQ(*outcome.total, *object->total);
        std::erase_if(subject.links, [&](const Link& old) { return old.role == step.role; });
        if (outcome.link && step.verb != Verb::remove) {
            subject.links.push_back(*outcome.link);
            subject.links.back().record_version = subject.version;
        }
        const std::vector<RemoteObject> found = read_all(provider->look_up(tenant, std::span(&*object, 1)));
        const Verdict verdict = provider->judge(*object, found);
        EXPECT_EQ(verdict.kind, Verdict::Kind::ours) << verdict.detail;
        EXPECT_TRUE(verdict.holds) << object->body;
        EXPECT_EQ(verdict.link.has_value(), step.verb != Verb::remove);
        if (verdict.link && outcome.link) EXPECT_EQ(verdict.link->owned_hash, outcome.link->owned_hash);
    }
    /// Brings a record into the books; what refers to it then finds its links.
    void push(Subject& subject) {
        subject.referents = links;
        for (int steps = 0; steps < 10; ++steps) {
            const std::vector<Step> plan = provider->plan(subject);
            if (plan.empty()) break;
            write(subject, plan.front());
            if (testing::Test::HasFatalFailure()) return;
        }
        EXPECT_TRUE(provider->plan(subject).empty());
        links[{subject.kind, subject.external_id}] = subject.links;
    }
    Subject pushed(RecordBody body, std::string external_id) {
        Subject made = subject(std::move(body), std::move(external_id));
        push(made);
        return made;
    }
    void push_names() {
        pushed(contact(true, true), "C-1");
        pushed(item(), "SKU-1");
    }
    JsonValue read(const Link& link) {
        const auto found = read_all(provider->read_by_id(tenant, std::span(&link, 1)));
        return found.at(0).body.empty() ? JsonValue() : parse_json(found.at(0).body).value();
    }
    Document taxed(std::string number) {
        Document content = document();
        content.number = std::move(number);
        content.amounts = Amounts::exclusive;
        content.lines = {line("3", "0.33"), line("7", "1.115"), line("-1", "0.50")};
        content.lines[0].tax_code = "standard";
        content.lines[1].tax_code = "reduced";
        content.lines[2].tax_code = "standard";
        words.tax_codes = {{"standard", "1"}, {"reduced", "2"}};
        content.tax_total = dec("0.49");
        content.total = dec("8.79");
        return content;
    }

    std::unique_ptr<Provider> provider = make_qbo();
    std::unique_ptr<sandbox::ProviderModel> model = sandbox::make_qbo_model(7);
    sandbox::Now now{parse_utc("2026-03-02T12:00:00Z").value(), SteadyTime{}};
    std::string tenant;
    Secret token;
    Books books;
    Mapping words;
    std::map<Reference, std::vector<Link>> links;
    int keys = 0;
};

TEST_F(QboInSandbox, ReadsTheCompanyAndProposesAMappingThatHolds) {
    EXPECT_EQ(books.name, "Sandbox Company_UK_1");
    EXPECT_EQ(books.base_currency.code, "GBP");
    EXPECT_TRUE(books.custom_numbers);
    EXPECT_EQ(words.sales_account, "1");
    EXPECT_EQ(words.payment_account, "4");
    EXPECT_TRUE(provider->check(words, books).empty());
    connect(kUs);
    EXPECT_TRUE(books.us_sales_tax);
    EXPECT_EQ(books.base_currency.code, "USD");
    EXPECT_TRUE(provider->check(words, books).empty());
}

TEST_F(QboInSandbox, WritesContactsAndItemsThroughTheirLives) {
    Subject both = pushed(contact(true, true), "C-1");
    ASSERT_EQ(both.links.size(), 2u);
    Subject goods = pushed(item(), "SKU-1");
    std::get<Contact>(both.record.body).phone = "+44 20";
    std::get<Contact>(both.record.body).supplier = false;
    both.version = 2;
    push(both);
    EXPECT_EQ(read(both.links.at(0))["PrimaryPhone"]["FreeFormNumber"].string_or(""), "+44 20");
    both.voided = goods.voided = true;
    both.version = goods.version = 3;
    push(both);
    push(goods);
    EXPECT_FALSE(read(goods.links.at(0))["Active"].bool_or(true));
    goods.voided = false;
    goods.version = 4;
    push(goods);
    EXPECT_TRUE(read(goods.links.at(0))["Active"].bool_or(false));
}

TEST_F(QboInSandbox, PredictsTheTotalsOfEveryTaxTreatment) {
    push_names();
    pushed(Invoice{document()}, "none");
    pushed(Invoice{taxed("INV-2")}, "exclusive");
    Document inclusive = taxed("INV-3");
    inclusive.amounts = Amounts::inclusive;
    inclusive.lines.pop_back();
    inclusive.tax_total = dec("0.54");
    inclusive.total = dec("8.80");
    pushed(Invoice{inclusive}, "inclusive");
    Document negative = document();
    negative.number = "INV-4";
    negative.lines = {line("-2", "5.00")};
    negative.total = dec("-10.00");
    EXPECT_EQ(pushed(Invoice{negative}, "negative").links.at(0).entity, "CreditMemo");
}

TEST_F(QboInSandbox, WritesAndChangesAnInvoiceAndVoidsIt) {
    push_names();
    Subject invoice = pushed(Invoice{document()}, "I-1");
    std::get<Invoice>(invoice.record.body).document.lines.push_back(line("1", "2.50"));
    std::get<Invoice>(invoice.record.body).document.total = dec("12.50");
    invoice.version = 2;
    push(invoice);
    EXPECT_EQ(read(invoice.links.at(0))["TotalAmt"].decimal_or({}), dec("12.5"));
    invoice.voided = true;
    invoice.version = 3;
    push(invoice);
    EXPECT_TRUE(invoice.links.at(0).voided);
}

TEST_F(QboInSandbox, AppliesChangesAndVoidsCredits) {
    push_names();
    Document first = document(), second = document();
    second.number = "INV-2";
    const Subject one = pushed(Invoice{first}, "I-1"), two = pushed(Invoice{second}, "I-2");
    CreditNote note{document(), {{"I-1", dec("4.00")}, {"I-2", dec("6.00")}}};
    note.document.number = "CN-1";
    Subject credit = pushed(note, "CN-1");
    ASSERT_EQ(credit.links.size(), 3u);
    EXPECT_EQ(read(one.links.at(0))["Balance"].decimal_or({}), dec("6"));
    EXPECT_EQ(read(two.links.at(0))["Balance"].decimal_or({}), dec("4"));
    std::get<CreditNote>(credit.record.body).applies_to = {{"I-1", dec("1.00")}};
    credit.version = 2;
    push(credit);
    EXPECT_EQ(read(one.links.at(0))["Balance"].decimal_or({}), dec("9"));
    EXPECT_EQ(read(two.links.at(0))["Balance"].decimal_or({}), dec("10"));
    credit.voided = true;
    credit.version = 3;
    push(credit);
    EXPECT_TRUE(credit.links.empty());
    EXPECT_EQ(read(one.links.at(0))["Balance"].decimal_or({}), dec("10"));
}

TEST_F(QboInSandbox, PaysChangesAndVoidsPayments) {
    push_names();
    Document second = document();
    second.number = "INV-2";
    second.lines = {line("5", "2.50")};
    second.total = dec("12.50");
    const Subject one = pushed(Invoice{document()}, "I-1");
    pushed(Invoice{second}, "I-2");
    Subject paid = a_payment();
    push(paid);
    EXPECT_EQ(read(one.links.at(0))["Balance"].decimal_or({}), dec("0"));
    std::get<Payment>(paid.record.body).applies_to = {{"I-1", dec("7.00")}};
    paid.version = 2;
    push(paid);
    EXPECT_EQ(read(one.links.at(0))["Balance"].decimal_or({}), dec("3"));
    paid.voided = true;
    paid.version = 3;
    push(paid);
    EXPECT_TRUE(paid.links.at(0).voided);
    EXPECT_EQ(read(one.links.at(0))["Balance"].decimal_or({}), dec("10"));
}

TEST_F(QboInSandbox, ReadsABatchWithOneBadInvoiceElementByElement) {
    push_names();
    std::vector<PreparedObject> objects;
    for (int i = 0; i < 15; ++i) {
        Document content = document();
        content.number = "B-" + std::to_string(i);
        Subject made = subject(Invoice{content}, "B-" + std::to_string(i));
        made.referents = links;
        if (i == 7) made.referents[{RecordKind::item, "SKU-1"}][0].id = "987654";
        objects.push_back(prepare(made, the_document(Verb::create)).value());
    }
    const PreparedCall call = provider->assemble(tenant, objects, next_key());
    const auto outcomes = provider->read_answer(objects, send(call));
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        EXPECT_EQ(outcomes[i].kind, i == 7 ? ElementOutcome::Kind::rejected : ElementOutcome::Kind::applied) << i;
    EXPECT_EQ(outcomes[7].error.code, "bad_reference");
    EXPECT_FALSE(outcomes[7].error.request_id.empty());
    // The same bytes again: nothing is made twice.
    const auto again = provider->read_answer(objects, send(call));
    EXPECT_EQ(again[3].link->id, outcomes[3].link->id);
    // Under another key the numbers are taken, and the look-up finds our own.
    const auto taken = provider->read_answer(objects, send(provider->assemble(tenant, objects, next_key())));
    EXPECT_TRUE(taken[3].taken);
    const auto found = read_all(provider->look_up(tenant, objects));
    EXPECT_EQ(provider->judge(objects[3], found).link->id, outcomes[3].link->id);
    EXPECT_EQ(provider->judge(objects[7], found).kind, Verdict::Kind::absent);
}

TEST_F(QboInSandbox, KnowsAStaleVersionAForeignNumberAndATakenName) {
    push_names();
    Subject invoice = pushed(Invoice{document()}, "I-1");
    Subject stranger = subject(Invoice{document()}, "I-9");
    stranger.referents = links;
    const PreparedObject twin = prepare(stranger, the_document(Verb::create)).value();
    const auto outcome =
        provider->read_answer(std::span(&twin, 1), send(provider->assemble(tenant, std::span(&twin, 1), next_key())));
    EXPECT_TRUE(outcome[0].taken);
    EXPECT_EQ(provider->judge(twin, read_all(provider->look_up(tenant, std::span(&twin, 1)))).kind,
              Verdict::Kind::foreign);

    invoice.version = 2;
    PreparedObject update = prepare(invoice, the_document(Verb::update)).value();
    update.body.replace(update.body.find(R"("SyncToken":"0")"), 15, R"("SyncToken":"7")");
    EXPECT_TRUE(
        provider
            ->read_answer(std::span(&update, 1), send(provider->assemble(tenant, std::span(&update, 1), next_key())))[0]
            .stale);

    Contact namesake = contact(false, true);
    const PreparedObject vendor = prepare(subject(namesake, "C-2"), creation("vendor", "Vendor")).value();
    EXPECT_TRUE(
        provider
            ->read_answer(std::span(&vendor, 1), send(provider->assemble(tenant, std::span(&vendor, 1), next_key())))[0]
            .taken);
    EXPECT_EQ(provider->judge(vendor, read_all(provider->look_up(tenant, std::span(&vendor, 1)))).kind,
              Verdict::Kind::foreign);
}

TEST_F(QboInSandbox, SeesDriftInTheBooks) {
    push_names();
    Subject invoice = pushed(Invoice{document()}, "I-1");
    PreparedCall edit;
    edit.method = "POST";
    edit.target = "/v3/company/" + tenant + "/invoice?minorversion=75";
    edit.headers.add("Content-Type", "application/json");
    edit.body = R"({"sparse":true,"Id":")" + invoice.links[0].id + R"(","SyncToken":"0","TxnDate":"2010-12-09"})";
    ASSERT_EQ(send(edit).response.status, 200);
    invoice.version = 2;
    const auto refused = prepare(invoice, the_document(Verb::update));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().detail, "changed in QuickBooks since we wrote it: TxnDate");
}

TEST_F(QboInSandbox, SendsTheStatedTaxInTheUnitedStates) {
    connect(kUs);
    push_names();
    Document content = document();
    content.currency = Currency{"USD"};
    pushed(Invoice{content}, "none");
    content.number = "INV-2";
    content.amounts = Amounts::exclusive;
    content.lines[0].tax_code = "taxed";
    content.tax_total = dec("0.83");
    content.total = dec("10.83");
    words.tax_codes["taxed"] = "TAX";
    pushed(Invoice{content}, "taxed");
}

}  // namespace
}  // namespace spillway
