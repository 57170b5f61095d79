#include "services/store/blocking.hpp"

#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {
namespace {

using queue::JobState;

struct Blocking : BooksTest {
    void SetUp() override { set_posting("automatic"); }

    std::optional<store::Blocker> blocker(queue::JobId id) {
        const auto blocked = job(id);
        return read<std::optional<store::Blocker>>(
            [&](store::Connection& connection) { return store::blocker_of(connection, blocked); });
    }
    std::vector<queue::JobId> orphans(std::optional<std::string> lane = {}, std::size_t limit = 10) {
        const WallTime before = clock->wall_now();
        return read<std::vector<queue::JobId>>(
            [&](store::Connection& connection) { return store::orphans(connection, lane, before, limit); });
    }
    Result<void> park_blocked(queue::JobId id) {
        return commit([=](queue::Transaction& transaction) {
            return transaction.park_blocked(id, "reference_missing", "contact/C1 never came", "submit it");
        });
    }
};

TEST_F(Blocking, ShowsTheParkedRootOfAChainAndAllThatItHoldsUp) {
    const auto contact = accept(RecordKind::contact, "C1", a_contact());
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    const auto other = accept(RecordKind::invoice, "2", an_invoice("INV-2"));
    const auto payment = accept(RecordKind::payment, "P1", a_payment("1"));
    const auto elsewhere = accept(RecordKind::invoice, "9", an_invoice("INV-9"), "con_b");
    ASSERT_TRUE(contact.ok() && invoice.ok() && other.ok() && payment.ok() && elsewhere.ok());
    auto root = blocker(*payment->job);
    ASSERT_TRUE(root.has_value());
    EXPECT_EQ(root->key, "contact/C1");
    EXPECT_EQ(root->state, JobState::waiting);
    park(*contact->job);
    root = blocker(*payment->job);
    ASSERT_TRUE(root.has_value());
    EXPECT_EQ(root->job, contact->job);
    EXPECT_EQ(root->state, JobState::parked);
    EXPECT_EQ(root->cause, "total_mismatch");
    EXPECT_EQ(root->blocks, 3);
    EXPECT_FALSE(root->more);
    EXPECT_FALSE(blocker(*contact->job).has_value()) << "it is not blocked";
}

TEST_F(Blocking, ShowsAMissingRootBeforeTheNextSync) {
    set_posting("on_sync");
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    const auto payment = accept(RecordKind::payment, "P1", a_payment("1"));
    ASSERT_TRUE(invoice.ok() && payment.ok());
    auto root = blocker(*payment->job);
    ASSERT_TRUE(root.has_value());
    EXPECT_EQ(root->key, "contact/C1");
    EXPECT_FALSE(root->job.has_value());
    EXPECT_EQ(root->blocks, 2);
    const auto contact = accept(RecordKind::contact, "C1", a_contact());
    ASSERT_TRUE(contact.ok());
    EXPECT_EQ(blocker(*payment->job)->key, store::kPostingKey);
}

TEST_F(Blocking, CountsNoFurtherThanItsBound) {
    const int many = static_cast<int>(store::kBlockedMax) + 5;
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact()).ok());
    auto filled = commit([&](queue::Transaction& transaction) -> Result<void> {
        for (int i = 0; i < many; ++i) {
            queue::NewJob job;
            job.lane = "con_a";
            job.kind = "push.invoice";
            job.key = "invoice/" + std::to_string(i);
            job.waits = {{i == 0 ? "contact/C1" : "invoice/" + std::to_string(i - 1), 1}};
            if (auto made = transaction.enqueue(job); !made.ok()) return made.error();
        }
        return success();
    });
    ASSERT_TRUE(filled.ok());
    const auto at = [&](int i) {
        return commit_value<queue::Job>([=](queue::Transaction& transaction) -> Result<queue::Job> {
            return *transaction.find_open("con_a", "invoice/" + std::to_string(i));
        });
    };
    const auto root = blocker(at(100)->id);
    ASSERT_TRUE(root.has_value());
    EXPECT_EQ(root->key, "contact/C1");
    EXPECT_EQ(root->blocks, store::kBlockedMax);
    EXPECT_TRUE(root->more);
    EXPECT_FALSE(blocker(at(many - 1)->id).has_value()) << "the root is further away than may be visited";
}

TEST_F(Blocking, OrphansAreThoseThatWaitedLongEnoughForWhatNobodyHas) {
    const auto orphan = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    const auto behind = accept(RecordKind::payment, "P1", a_payment("1"));
    const auto elsewhere = accept(RecordKind::invoice, "9", an_invoice("INV-9"), "con_b");
    ASSERT_TRUE(orphan.ok() && behind.ok() && elsewhere.ok());
    set_posting("on_sync");
    ASSERT_TRUE(accept(RecordKind::item, "I1", an_item()).ok());
    EXPECT_TRUE(orphans().empty()) << "none is old yet";
    clock->run_for(Millis{1});
    const auto late = accept(RecordKind::invoice, "2", an_invoice("INV-2", "C2"));
    ASSERT_TRUE(late.ok());
    const auto found = orphans("con_a");
    // The payment names the contact too, which nobody has.
    EXPECT_EQ(found, (std::vector<queue::JobId>{*orphan->job, *behind->job}));
    EXPECT_EQ(orphans().size(), 3u) << "of both connections";
    EXPECT_EQ(orphans({}, 1).size(), 1u);
    EXPECT_TRUE(orphans("con_none").empty());
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact()).ok());
    EXPECT_TRUE(orphans("con_a").empty()) << "the contact has come, though it was not sent yet";
}

TEST_F(Blocking, AParkedOrphanIsHeldBackOnReplayUntilItsReferentIsThere) {
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    ASSERT_TRUE(invoice.ok());
    ASSERT_TRUE(park_blocked(*invoice->job).ok());
    EXPECT_EQ(job(*invoice->job).state, JobState::parked);
    EXPECT_EQ(job(*invoice->job).cause, "reference_missing");
    EXPECT_EQ(job(*invoice->job).advice, "submit it");
    EXPECT_EQ(park_blocked(*invoice->job).error().code, "not_blocked");
    const auto replay = [&] {
        return commit([&](queue::Transaction& transaction) { return transaction.replay(*invoice->job); }).ok();
    };
    ASSERT_TRUE(replay());
    EXPECT_EQ(job(*invoice->job).state, JobState::blocked);
    ASSERT_TRUE(park_blocked(*invoice->job).ok());
    apply(*accept(RecordKind::contact, "C1", a_contact()));
    EXPECT_EQ(job(*invoice->job).state, JobState::parked);
    ASSERT_TRUE(replay());
    EXPECT_EQ(job(*invoice->job).state, JobState::waiting);
}

}  // namespace
}  // namespace spillway::test
