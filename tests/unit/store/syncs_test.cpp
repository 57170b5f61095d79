#include "services/store/syncs.hpp"

#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {
namespace {

struct Syncs : BooksTest {
    store::SyncRow begin() {
        store::SyncRow sync;
        sync.id = SyncId("syn_1");
        sync.connection = ConnectionId("con_a");
        sync.created = clock->wall_now();
        auto begun = commit([&](queue::Transaction& transaction) {
            sync.total = store::insert_sync(queue::sqlite::connection_of(transaction), sync);
            return transaction.release("con_a", "posting", 1'000'000);
        });
        EXPECT_TRUE(begun.ok());
        return sync;
    }
    store::SyncProgress progress(const store::SyncRow& sync) {
        const auto found = read<store::SyncProgress>(
            [&](store::Connection& connection) { return store::sync_progress(connection, sync); });
        const bool done = read<bool>([&](store::Connection& connection) { return store::sync_done(connection, sync); });
        EXPECT_EQ(done, found.done()) << "the cheap test and the full one say the same";
        return found;
    }
};

TEST_F(Syncs, TakeEveryOpenJobOfTheirConnectionAndNoLaterOne) {
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact("A")).ok());
    ASSERT_TRUE(accept(RecordKind::contact, "B1", a_contact("B"), "con_b").ok());
    const auto sync = begin();
    EXPECT_EQ(sync.total, 1);
    ASSERT_TRUE(accept(RecordKind::contact, "C2", a_contact("C")).ok());
    EXPECT_EQ(progress(sync).left, 1);
}

TEST_F(Syncs, CountWhatIsInTheirScopeAndNothingElse) {
    const auto earlier = accept(RecordKind::contact, "C0", a_contact("Earlier"));
    const auto other = accept(RecordKind::contact, "B1", a_contact("B"), "con_b");
    release_posting();
    apply(*earlier);  // in the very millisecond in which the sync begins
    const auto first = accept(RecordKind::contact, "C1", a_contact("First"));
    const auto second = accept(RecordKind::contact, "C2", a_contact("Second"));
    const auto sync = begin();
    ASSERT_EQ(sync.total, 2);
    const auto later = accept(RecordKind::contact, "C3", a_contact("Later"));
    ASSERT_TRUE(other.ok() && second.ok() && later.ok());
    release_posting();
    apply(*first);
    apply(*later);
    const auto now = progress(sync);
    EXPECT_EQ(now.ended, 1);
    EXPECT_EQ(now.left, 1);
    using State = queue::JobState;
    EXPECT_EQ(now.by_state, (std::vector<std::pair<State, std::int64_t>>{{State::waiting, 1}, {State::applied, 1}}));
}

TEST_F(Syncs, AreDoneWhenTheRestIsParkedOrBlockedByIt) {
    const auto contact = accept(RecordKind::contact, "C1", a_contact());
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    const auto payment = accept(RecordKind::payment, "P1", a_payment("1"));
    const auto other = accept(RecordKind::contact, "C2", a_contact("Other"));
    ASSERT_TRUE(contact.ok() && invoice.ok() && payment.ok() && other.ok());
    const auto sync = begin();
    ASSERT_EQ(sync.total, 4);
    park(*contact->job);
    auto now = progress(sync);
    EXPECT_EQ(now.parked, 1);
    EXPECT_EQ(now.blocked_by_parked, 0) << "not asked while something still moves";
    EXPECT_EQ(now.left, 3);
    apply(*other);
    now = progress(sync);
    EXPECT_EQ(now.blocked_by_parked, 2) << "the invoice, and the payment behind it";
    EXPECT_EQ(now.ended, 1);
    EXPECT_TRUE(now.done());
}

TEST_F(Syncs, AreDoneWhenTheRestWaitsForWhatNobodySubmitted) {
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    const auto payment = accept(RecordKind::payment, "P1", a_payment("1"));
    ASSERT_TRUE(invoice.ok() && payment.ok());
    const auto sync = begin();
    ASSERT_EQ(waits_of(*invoice), "contact/C1@1");
    EXPECT_TRUE(progress(sync).done()) << "there is no contact, so neither can go";
    EXPECT_EQ(progress(sync).blocked_by_parked, 2);
}

TEST_F(Syncs, AreDoneWhenTheRestWaitsForTheNextSync) {
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    ASSERT_TRUE(invoice.ok());
    const auto sync = begin();
    const auto late = accept(RecordKind::contact, "C1", a_contact());
    ASSERT_TRUE(late.ok());
    ASSERT_EQ(waits_of(*late), "posting@2");
    EXPECT_TRUE(progress(sync).done()) << "the contact came after the sync began and waits for the next one";
    release_posting();
    EXPECT_EQ(progress(sync).left, 1) << "let go by the next sync, it frees the invoice";
}

TEST_F(Syncs, AreDoneThoughAParkedRecordGotACorrection) {
    const auto contact = accept(RecordKind::contact, "C1", a_contact("A"));
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    ASSERT_TRUE(contact.ok() && invoice.ok());
    const auto sync = begin();
    park(*contact->job);
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact("B")).ok());
    ASSERT_EQ(waits_of(*contact), "posting@3");
    EXPECT_TRUE(progress(sync).done());
}

TEST_F(Syncs, AreDoneWhenAJobWaitsForOneOnItsWayAndForAParkedOne) {
    const auto contact = accept(RecordKind::contact, "C1", a_contact("A"));
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    const auto payment = accept(RecordKind::payment, "P1", a_payment("2"));
    ASSERT_TRUE(contact.ok() && invoice.ok() && payment.ok());
    const auto sync = begin();
    park(*contact->job);
    const auto late = accept(RecordKind::contact, "C2", a_contact("B"));
    const auto other = accept(RecordKind::invoice, "2", an_invoice("INV-2", "C2"));
    ASSERT_TRUE(late.ok() && other.ok());
    release_posting();
    ASSERT_EQ(job(*late->job).state, queue::JobState::waiting);
    ASSERT_EQ(waits_of(*payment), "contact/C1@1,invoice/2@1");
    EXPECT_TRUE(progress(sync).done()) << "the payment's invoice is on its way, its contact is parked";
    EXPECT_EQ(progress(sync).blocked_by_parked, 2);
}

TEST_F(Syncs, AreNotDoneWhileAReferentIsBeingSentThoughItsFollowUpWaits) {
    const auto contact = accept(RecordKind::contact, "C1", a_contact("A"));
    ASSERT_TRUE(contact.ok());
    const auto sync = begin();
    const auto sending = claim(*contact->job);
    begin_effect(sending);
    const auto newer = accept(RecordKind::contact, "C1", a_contact("B"));
    ASSERT_TRUE(newer.ok());
    EXPECT_EQ(progress(sync).left, 1);
    settle(sending, queue::Settlement::applied(1));
    EXPECT_TRUE(progress(sync).done()) << "the follow-up came after the sync began";
}

TEST_F(Syncs, AreNotDoneWhileAJobOfTheirsIsOnItsWayInAnyState) {
    const auto contact = accept(RecordKind::contact, "C1", a_contact());
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    ASSERT_TRUE(contact.ok() && invoice.ok());
    const auto sync = begin();
    EXPECT_EQ(progress(sync).left, 2) << "waiting";
    settle(claim(*contact->job),
           queue::Settlement::retry_at(clock->wall_now() + std::chrono::minutes(1), "down", "503"));
    EXPECT_EQ(progress(sync).left, 2) << "scheduled";
    ASSERT_TRUE(commit([&](queue::Transaction& transaction) { return transaction.cancel(*contact->job); }).ok());
    EXPECT_EQ(progress(sync).left, 1) << "the invoice finds out by itself";
    const auto sending = claim(*invoice->job);
    begin_effect(sending);
    EXPECT_EQ(progress(sync).left, 1) << "unknown";
    settle(sending, queue::Settlement::applied(1));
    EXPECT_TRUE(progress(sync).done());
}

TEST_F(Syncs, EndOnceWithOneEvent) {
    const auto sync = begin();
    const auto finish_once = [&] {
        return *commit_value<bool>([&](queue::Transaction& transaction) {
            return Result<bool>(store::finish_sync(queue::sqlite::connection_of(transaction), sync, clock->wall_now()));
        });
    };
    EXPECT_TRUE(finish_once());
    EXPECT_FALSE(finish_once());
}

}  // namespace
}  // namespace spillway::test
