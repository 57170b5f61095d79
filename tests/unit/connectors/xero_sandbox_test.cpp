// The connector against the Xero that the sandbox plays: every step that it plans is sent until none is left.
#include "schema/random.hpp"
#include "tests/unit/connectors/xero_fixture.hpp"
#include "tests/unit/sandbox/xero_fixture.hpp"

namespace spillway {
namespace {

using namespace xero_test;

class XeroAgainstSandbox : public testing::Test {
 protected:
    XeroAgainstSandbox() {
        books_ = *provider().read_books(world_.tenant, send_all(provider().books_calls(world_.tenant)));
        mapping_ = provider().propose(books_);
    }

    SendResult send(const PreparedCall& call) {
        HttpRequest request = provider().request(call, world_.tenant, Secret(world_.access));
        request.headers.add("Host", "localhost:9");
        world_.pass(Millis{2000});  // far below every limit
        return {.stage = Stage::answered, .response = world_.model->handle(request, world_.now), .failure = {}};
    }
    std::vector<SendResult> send_all(const std::vector<PreparedCall>& calls) {
        std::vector<SendResult> answers;
        for (const PreparedCall& call : calls) answers.push_back(send(call));
        return answers;
    }
    std::vector<RemoteObject> read(const std::vector<PreparedCall>& calls) {
        std::vector<RemoteObject> found;
        for (const PreparedCall& call : calls) {
            const auto objects = provider().read_objects(call, send(call));
            EXPECT_TRUE(objects) << call.target << " " << objects.error().code << " " << objects.error().detail;
            if (objects) found.insert(found.end(), objects->begin(), objects->end());
        }
        return found;
    }
    std::vector<RemoteObject> look_up(const PreparedObject& object) {
        return read(provider().look_up(world_.tenant, std::vector{object}));
    }

    /// Carries out one step and checks that a look-up before says absent and one after says ours.
    void carry_out(Subject& subject, const Step& wanted) {
        SCOPED_TRACE(std::string(to_string(wanted.verb)) + " " + wanted.role);
        std::vector<RemoteObject> before;
        const Link* known = nullptr;
        for (const Link& one : subject.links)
            if (one.role == wanted.role) known = &one;
        const bool reads = !provider().reads_before(subject, wanted).empty();
        if (reads) before = read(provider().read_by_id(world_.tenant, std::vector{*known}));
        const RemoteObject* current = nullptr;
        for (const RemoteObject& one : before)
            if (known && one.id == known->id && one.entity == known->entity) current = &one;
        ASSERT_EQ(current != nullptr, reads);
        const auto object = provider().prepare(subject, wanted, mapping_, books_, before);
        ASSERT_TRUE(object) << object.error().code << " " << object.error().detail;
        if (wanted.verb != Verb::update)
            EXPECT_EQ(provider().judge(*object, look_up(*object)).kind, Verdict::Kind::absent);

        const auto answer = send(provider().assemble(world_.tenant, std::vector{*object}, world_.key()));
        const auto outcome = provider().read_answer(std::vector{*object}, answer)[0];
        ASSERT_EQ(outcome.kind, ElementOutcome::Kind::applied) << outcome.error.code << " " << outcome.error.detail;
        const Verdict verdict = provider().judge(*object, look_up(*object));
        EXPECT_EQ(verdict.kind, Verdict::Kind::ours) << verdict.detail;
        EXPECT_TRUE(verdict.holds) << object->body;
        if (object->total && outcome.total) EXPECT_EQ(*object->total, *outcome.total) << "predicted as computed";
        if (outcome.link && verdict.link) EXPECT_EQ(outcome.link->id, verdict.link->id);
        if (outcome.link && verdict.link)
            EXPECT_EQ(outcome.link->owned_hash, verdict.link->owned_hash) << "as written, as read";

        std::erase_if(subject.links, [&](const Link& one) { return one.role == wanted.role; });
        if (!outcome.link) return;
        subject.links.push_back(*outcome.link);
        subject.links.back().record_version = subject.version;
    }
    void push(Subject& subject) {
        for (int steps = 0; steps < 9; ++steps) {
            const auto plan = provider().plan(subject);
            if (plan.empty()) return;
            carry_out(subject, plan.front());
            if (HasFatalFailure()) return;
        }
        FAIL() << "the plan never ends";
    }
    void renew(Subject& subject) { ++subject.version; }
    void end(Subject& subject) {
        ++subject.version;
        subject.voided = true;
        push(subject);
        EXPECT_TRUE(provider().plan(subject).empty());
    }

    struct World : sandbox::Xero {
        std::string key() { return random.hex128(); }
        SeededRandom random{1};
    } world_;
    Books books_;
    Mapping mapping_;
};

TEST_F(XeroAgainstSandbox, CarriesEveryKindThroughItsWholeLife) {
    Contact body;
    body.name = "Ann's Lamps";
    body.email = "ann@example.com";
    body.phone = "020 7946 0000";
    body.address = Address{.lines = {"1 High St"}, .city = "York", .region = {}, .postal_code = "YO1", .country = "GB"};
    Subject contact = subject_of(body, "cust-1");
    push(contact);
    Item thing;
    thing.code = "22423";
    thing.name = "Lantern";
    thing.unit_price = dec("2.5512");
    Subject item = subject_of(thing, "item-1");
    push(item);
    ASSERT_FALSE(HasFatalFailure());

    Document lines = document();
    lines.reference = "PO 9";
    lines.lines = {line("Lantern", "3", "2.55"), line("Wire", "1000", "0.12345")};
    lines.lines[0].item = "item-1";
    lines.tax_total = dec("26.22");
    lines.total = dec("157.32");
    Subject invoice = subject_of(Invoice{lines}, "inv-1");
    const auto refer = [&](Subject& subject) {
        subject.referents[{RecordKind::contact, "cust-1"}] = contact.links;
        subject.referents[{RecordKind::item, "item-1"}] = item.links;
        subject.referents[{RecordKind::invoice, "inv-1"}] = invoice.links;
    };
    refer(invoice);
    push(invoice);
    ASSERT_FALSE(HasFatalFailure());

    renew(contact);
    std::get<Contact>(contact.record.body).email = "ann@lamps.example";
    push(contact);
    renew(item);
    std::get<Item>(item.record.body).unit_price = dec("3");
    push(item);
    renew(invoice);
    std::get<Invoice>(invoice.record.body).document.lines[0].description = "Lantern, red";
    push(invoice);

    Subject credit = credit_subject();
    refer(credit);
    push(credit);
    renew(credit);
    push(credit);
    Subject payment = payment_subject();
    refer(payment);
    push(payment);
    renew(payment);
    push(payment);
    ASSERT_FALSE(HasFatalFailure());

    end(payment);
    end(credit);
    end(invoice);
    end(item);
    end(contact);
}

TEST_F(XeroAgainstSandbox, SeparatesTheOneThatIsRefusedFromItsNeighbours) {
    Contact body;
    body.name = "Ann";
    Subject contact = subject_of(body, "cust-1");
    push(contact);
    std::vector<PreparedObject> objects;
    for (const char* number : {"A-1", "A-2", "A-3"}) {
        Subject subject = invoice_subject(document(number));
        subject.referents[{RecordKind::contact, "cust-1"}] = contact.links;
        objects.push_back(*provider().prepare(subject, provider().plan(subject)[0], mapping_, books_, {}));
    }
    const auto first = send(provider().assemble(world_.tenant, std::vector{objects[1]}, world_.key()));
    EXPECT_EQ(provider().read_answer(std::vector{objects[1]}, first)[0].kind, ElementOutcome::Kind::applied);
    const auto outcomes =
        provider().read_answer(objects, send(provider().assemble(world_.tenant, objects, world_.key())));
    EXPECT_EQ(outcomes[0].kind, ElementOutcome::Kind::applied);
    EXPECT_EQ(outcomes[1].kind, ElementOutcome::Kind::rejected);
    EXPECT_TRUE(outcomes[1].taken);
    EXPECT_EQ(outcomes[2].kind, ElementOutcome::Kind::applied);
    EXPECT_EQ(provider().judge(objects[1], look_up(objects[1])).kind, Verdict::Kind::ours) << "taken by us";
}

}  // namespace
}  // namespace spillway
