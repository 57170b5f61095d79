#include "services/store/events.hpp"
#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {
namespace {

using Outcome = store::Accepted::Outcome;

struct Intake : BooksTest {};

TEST_F(Intake, MakesAVersionAndAJobThatWaitsForTheNextSync) {
    const auto accepted = accept(RecordKind::contact, "C1", a_contact());
    ASSERT_TRUE(accepted.ok()) << accepted.error().detail;
    EXPECT_EQ(accepted->outcome, Outcome::accepted);
    EXPECT_EQ(accepted->version, 1);
    const auto made = job(*accepted->job);
    EXPECT_EQ(made.lane, "con_a");
    EXPECT_EQ(made.kind, "push.contact");
    EXPECT_EQ(made.key, "contact/C1");
    EXPECT_EQ(made.body, std::to_string(accepted->record));
    EXPECT_EQ(waits_of(*accepted), "posting@1");
}

TEST_F(Intake, AutomaticPostingWaitsForNoSync) {
    set_posting("automatic");
    const auto accepted = accept(RecordKind::contact, "C1", a_contact());
    ASSERT_TRUE(accepted.ok());
    EXPECT_EQ(job(*accepted->job).state, queue::JobState::waiting);
}

TEST_F(Intake, TheSameBodyAgainIsNoNewWork) {
    const auto first = accept(RecordKind::contact, "C1", a_contact());
    const auto again = accept(RecordKind::contact, "C1", R"({ "customer": true, "name": "Acme" })");
    ASSERT_TRUE(first.ok() && again.ok());
    EXPECT_EQ(again->outcome, Outcome::unchanged);
    EXPECT_EQ(again->version, 1);
    EXPECT_EQ(again->job, first->job);
}

TEST_F(Intake, ComparesWithTheLatestAcceptedBodySoThatGoingBackIsAVersion) {
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact("A")).ok());
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact("B")).ok());
    const auto back = accept(RecordKind::contact, "C1", a_contact("A"));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->outcome, Outcome::accepted);
    EXPECT_EQ(back->version, 3);
}

TEST_F(Intake, AnOlderSourceVersionIsSuperseded) {
    ASSERT_TRUE(accept(RecordKind::contact, "C1", R"({"name":"New","customer":true,"source_version":7})").ok());
    const auto older = accept(RecordKind::contact, "C1", R"({"name":"Old","customer":true,"source_version":6})");
    ASSERT_TRUE(older.ok());
    EXPECT_EQ(older->outcome, Outcome::superseded);
    EXPECT_EQ(older->version, 1);
}

TEST_F(Intake, TheSameBodyUnderANewerSourceVersionMovesTheBar) {
    ASSERT_TRUE(accept(RecordKind::contact, "C1", R"({"name":"A","customer":true,"source_version":1})").ok());
    const auto same = accept(RecordKind::contact, "C1", R"({"name":"A","customer":true,"source_version":5})");
    ASSERT_TRUE(same.ok());
    EXPECT_EQ(same->outcome, Outcome::unchanged);
    const auto between = accept(RecordKind::contact, "C1", R"({"name":"B","customer":true,"source_version":3})");
    ASSERT_TRUE(between.ok());
    EXPECT_EQ(between->outcome, Outcome::superseded);
}

TEST_F(Intake, TwoRecordsOfAKindMayNotShareANumber) {
    ASSERT_TRUE(accept(RecordKind::invoice, "1", an_invoice("INV-1")).ok());
    const auto second = accept(RecordKind::invoice, "2", an_invoice("INV-1"));
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, "number_taken");
    EXPECT_TRUE(store::refused_cleanly(second.error()));
    EXPECT_TRUE(accept(RecordKind::invoice, "1", an_invoice("INV-1", "C2")).ok()) << "its own number is its own";
    EXPECT_TRUE(accept(RecordKind::invoice, "2", an_invoice("INV-1"), "con_b").ok()) << "other books, other numbers";
}

TEST_F(Intake, ADisconnectedConnectionTakesNothing) {
    auto ended = commit([](queue::Transaction& transaction) {
        auto& connection = queue::sqlite::connection_of(transaction);
        auto row = store::get_connection(connection, ConnectionId("con_a"));
        row->state = "disconnected";
        store::update_connection(connection, *row);
        return success();
    });
    ASSERT_TRUE(ended.ok());
    const auto refused = accept(RecordKind::contact, "C1", a_contact());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, "disconnected");
}

struct References : BooksTest {
    void SetUp() override { set_posting("automatic"); }
};

TEST_F(References, WaitForAReferentThatIsNotThereYet) {
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    ASSERT_TRUE(invoice.ok());
    EXPECT_EQ(waits_of(*invoice), "contact/C1@1");
}

TEST_F(References, WaitForTheVersionThatWasAcceptedBefore) {
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact("A")).ok());
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact("B")).ok());
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    ASSERT_TRUE(invoice.ok());
    EXPECT_EQ(waits_of(*invoice), "contact/C1@2");
}

TEST_F(References, DoNotWaitForWhatIsInTheBooks) {
    const auto contact = accept(RecordKind::contact, "C1", a_contact());
    ASSERT_TRUE(contact.ok());
    apply(*contact);
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    ASSERT_TRUE(invoice.ok());
    EXPECT_EQ(job(*invoice->job).state, queue::JobState::waiting);
}

TEST_F(References, AreFreedWhenTheReferentIsApplied) {
    const auto contact = accept(RecordKind::contact, "C1", a_contact());
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    ASSERT_TRUE(contact.ok() && invoice.ok());
    ASSERT_EQ(job(*invoice->job).state, queue::JobState::blocked);
    apply(*contact);
    EXPECT_EQ(job(*invoice->job).state, queue::JobState::waiting);
}

TEST_F(References, DoNotWaitForACancelledVersionOfWhatIsInTheBooks) {
    const auto contact = accept(RecordKind::contact, "C1", a_contact("A"));
    ASSERT_TRUE(contact.ok());
    apply(*contact);
    const auto newer = accept(RecordKind::contact, "C1", a_contact("B"));
    ASSERT_TRUE(newer.ok());
    ASSERT_TRUE(commit([&](queue::Transaction& transaction) { return transaction.cancel(*newer->job); }).ok());
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    ASSERT_TRUE(invoice.ok());
    EXPECT_EQ(waits_of(*invoice), "");
}

struct Voids : BooksTest {
    void SetUp() override { set_posting("automatic"); }
};

TEST_F(Voids, AreVersionsWithThePreviousBody) {
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact()).ok());
    const auto voided = accept_void(RecordKind::contact, "C1");
    ASSERT_TRUE(voided.ok());
    EXPECT_EQ(voided->version, 2);
    const auto latest = read<std::optional<store::VersionRow>>(
        [&](store::Connection& connection) { return store::get_version(connection, voided->record); });
    EXPECT_TRUE(latest->voided);
    EXPECT_NE(latest->body.find("Acme"), std::string::npos);
    const auto again = accept_void(RecordKind::contact, "C1");
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->outcome, Outcome::unchanged);
}

TEST_F(Voids, OfAnUnknownRecordAreNotFound) {
    const auto voided = accept_void(RecordKind::contact, "C9");
    ASSERT_FALSE(voided.ok());
    EXPECT_EQ(voided.error().kind, ErrorKind::not_found);
}

TEST_F(Voids, GoAfterTheVoidsOfWhatNamesThem) {
    apply(*accept(RecordKind::contact, "C1", a_contact()));
    apply(*accept(RecordKind::invoice, "1", an_invoice("INV-1")));
    apply(*accept(RecordKind::payment, "P1", a_payment("1")));
    const auto payment = accept_void(RecordKind::payment, "P1");
    ASSERT_TRUE(payment.ok());
    const auto invoice = accept_void(RecordKind::invoice, "1");
    ASSERT_TRUE(invoice.ok());
    EXPECT_EQ(waits_of(*payment), "");
    EXPECT_EQ(waits_of(*invoice), "payment/P1@2");
    apply(*payment);
    EXPECT_EQ(job(*invoice->job).state, queue::JobState::waiting);
}

TEST_F(Voids, GoAfterAVoidThatAnOlderJobCarries) {
    apply(*accept(RecordKind::contact, "C1", a_contact()));
    apply(*accept(RecordKind::invoice, "1", an_invoice("INV-1")));
    const auto payment = accept(RecordKind::payment, "P1", a_payment("1"));
    ASSERT_TRUE(payment.ok());
    const auto sending = claim(*payment->job);
    const auto voided = accept_void(RecordKind::payment, "P1");
    ASSERT_TRUE(voided.ok());
    ASSERT_NE(voided->job, payment->job) << "it follows the one being sent";
    settle(sending, queue::Settlement::again());
    ASSERT_EQ(job(*voided->job).cause, "folded");
    const auto invoice = accept_void(RecordKind::invoice, "1");
    ASSERT_TRUE(invoice.ok());
    EXPECT_EQ(waits_of(*invoice), "payment/P1@2");
}

TEST_F(Voids, OfWhatNeverGoesAnyMoreHoldNothingBack) {
    apply(*accept(RecordKind::contact, "C1", a_contact()));
    apply(*accept(RecordKind::invoice, "1", an_invoice("INV-1")));
    apply(*accept(RecordKind::payment, "P1", a_payment("1")));
    const auto payment = accept_void(RecordKind::payment, "P1");
    ASSERT_TRUE(payment.ok());
    ASSERT_TRUE(commit([&](queue::Transaction& transaction) { return transaction.cancel(*payment->job); }).ok());
    const auto invoice = accept_void(RecordKind::invoice, "1");
    ASSERT_TRUE(invoice.ok());
    EXPECT_EQ(waits_of(*invoice), "");
}

struct Posting : BooksTest {};

TEST_F(Posting, AVersionThatFollowsOneBeingSentRidesAlong) {
    const auto first = accept(RecordKind::contact, "C1", a_contact("A"));
    ASSERT_TRUE(first.ok());
    release_posting();
    const auto sending = claim(*first->job);
    begin_effect(sending);
    ASSERT_EQ(job(*first->job).state, queue::JobState::unknown);
    const auto second = accept(RecordKind::contact, "C1", a_contact("B"));
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(waits_of(*second), "");
    settle(sending, queue::Settlement::again());
    EXPECT_EQ(job(*first->job).state, queue::JobState::waiting) << "folded, it needs no other sync";
}

TEST_F(Posting, AVersionThatReplacesAReleasedOneRidesAlong) {
    const auto first = accept(RecordKind::contact, "C1", a_contact("A"));
    ASSERT_TRUE(first.ok());
    ASSERT_TRUE(
        commit([](queue::Transaction& transaction) { return transaction.release("con_a", "posting", 1); }).ok());
    const auto second = accept(RecordKind::contact, "C1", a_contact("B"));
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(second->job, first->job);
    EXPECT_EQ(job(*second->job).state, queue::JobState::waiting);
}

TEST_F(Posting, AVersionThatReplacesAnUnreleasedOneWaitsUnderItsOwnNumber) {
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact("A")).ok());
    const auto second = accept(RecordKind::contact, "C1", a_contact("B"));
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(waits_of(*second), "posting@2");
}

TEST_F(Posting, ACorrectionOfAParkedRecordWaitsForTheNextSync) {
    const auto first = accept(RecordKind::contact, "C1", a_contact("A"));
    ASSERT_TRUE(first.ok());
    park(*first->job);
    const auto second = accept(RecordKind::contact, "C1", a_contact("B"));
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(job(*second->job).state, queue::JobState::blocked);
    EXPECT_EQ(waits_of(*second), "posting@2");
}

TEST_F(Intake, ALineThatIsRefusedLeavesItsTransactionUsable) {
    const store::Intake intake{ConnectionId("con_a"), "key:test", clock->wall_now(), queue::Priority::bulk};
    auto done = commit([&](queue::Transaction& transaction) -> Result<void> {
        EXPECT_FALSE(store::accept_void(transaction, intake, RecordKind::item, ExternalId("none")).ok());
        Record record;
        std::get<Contact>(record.body).name = "Acme";
        EXPECT_TRUE(store::accept_record(transaction, intake, ExternalId("C1"), record).ok());
        return success();
    });
    ASSERT_TRUE(done.ok());
    const auto events = read<std::vector<store::EventRow>>(
        [](store::Connection& connection) { return store::list_events(connection, {}, 0, 10); });
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].event.type, "record.accepted");
    EXPECT_EQ(events[0].event.partner.value, "par_a");
}

}  // namespace
}  // namespace spillway::test
