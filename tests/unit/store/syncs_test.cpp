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
            return success();
        });
        EXPECT_TRUE(begun.ok());
        return sync;
    }
    store::SyncProgress progress(const store::SyncRow& sync) {
        return read<store::SyncProgress>(
            [&](store::Connection& connection) { return store::sync_progress(connection, sync); });
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
    EXPECT_EQ(now.blocked_by_parked, 2) << "the invoice, and the payment behind it";
    EXPECT_EQ(now.left, 1);
    apply(*other);
    now = progress(sync);
    EXPECT_EQ(now.ended, 1);
    EXPECT_TRUE(now.done());
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
