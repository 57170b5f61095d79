// Heartbeat, doubt, and waits that outlive a process.

#include "services/store/doubt.hpp"

#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {
namespace {

using std::chrono::hours;

struct Doubts : BooksTest {
    void write(std::function<void(store::Connection&)> fn) {
        auto done = commit([&](queue::Transaction& transaction) {
            fn(queue::sqlite::connection_of(transaction));
            return success();
        });
        ASSERT_TRUE(done.ok());
    }
};

TEST_F(Doubts, HeartbeatsCountUp) {
    write([](store::Connection& connection) {
        EXPECT_FALSE(store::heartbeat(connection));
        EXPECT_EQ(store::beat(connection, from_ms(1'000)).count, 1);
        EXPECT_EQ(store::beat(connection, from_ms(500)).count, 2) << "whatever the clock says";
        EXPECT_EQ(store::heartbeat(connection)->at, from_ms(500));
    });
}

TEST_F(Doubts, ADoubtLastsAsLongAsItsBacklogAndItsTime) {
    const auto old = accept(RecordKind::contact, "C1", a_contact());
    ASSERT_TRUE(old.ok());
    write([&](store::Connection& connection) {
        store::raise_doubt(connection, "store_replaced", from_ms(1'000), /*resubmissions=*/true);
    });
    ASSERT_TRUE(accept(RecordKind::contact, "C2", a_contact("Later")).ok());
    const auto doubt = read<std::optional<store::Doubt>>(store::doubt);
    ASSERT_TRUE(doubt);
    EXPECT_EQ(doubt->why, "store_replaced");
    EXPECT_EQ(doubt->through, *old->job);
    ASSERT_TRUE(doubt->until);
    EXPECT_EQ(*doubt->until, from_ms(1'000) + hours(7 * 24));
    const auto over = [&](WallTime now) {
        return read<bool>([&](store::Connection& connection) { return store::is_over(connection, *doubt, now); });
    };
    EXPECT_FALSE(over(*doubt->until)) << "the backlog is there still";
    park(*old->job);
    EXPECT_FALSE(over(*doubt->until)) << "a parked job may be replayed";
    write([&](store::Connection& connection) {
        store::run(connection, "UPDATE jobs SET state = 9, open = 0 WHERE id = ?1", *old->job);
    });
    EXPECT_FALSE(over(*doubt->until - Millis{1}));
    EXPECT_TRUE(over(*doubt->until)) << "what came later is not in doubt";
}

TEST_F(Doubts, ALaterDoubtWidensAndNeverNarrows) {
    write([](store::Connection& connection) {
        store::raise_doubt(connection, "store_replaced", from_ms(1'000), /*resubmissions=*/true);
        store::raise_doubt(connection, "clock_gap", from_ms(9'000), /*resubmissions=*/false);
        const auto doubt = store::doubt(connection);
        EXPECT_EQ(doubt->why, "clock_gap");
        EXPECT_EQ(doubt->since, from_ms(9'000));
        EXPECT_EQ(doubt->until, from_ms(1'000) + hours(7 * 24));
        store::end_doubt(connection);
        EXPECT_FALSE(store::doubt(connection));
    });
}

TEST_F(Doubts, OfAStoredWaitTheShorterRestCounts) {
    write([](store::Connection& connection) {
        const auto at = from_ms(1'000'000);
        EXPECT_FALSE(store::wait_left(connection, "app/t", at));
        store::save_wait(connection, "app/t", Millis{60'000}, at);
        EXPECT_EQ(store::wait_left(connection, "app/t", at + Millis{20'000}), Millis{40'000});
        EXPECT_EQ(store::wait_left(connection, "app/t", at - hours(5)), Millis{60'000}) << "the clock was set back";
        EXPECT_FALSE(store::wait_left(connection, "app/t", at + hours(5)));
        EXPECT_FALSE(store::wait_left(connection, "app/other", at));
    });
}

TEST_F(Doubts, AJobIsStrandedWhenItIsUnknownWithoutAnOpenIntent) {
    const auto accepted = accept(RecordKind::contact, "C1", a_contact());
    ASSERT_TRUE(accepted.ok());
    release_posting();
    const auto stranded = [&] {
        return read<std::vector<queue::JobId>>(
            [](store::Connection& connection) { return store::stranded_jobs(connection, "con_a"); });
    };
    EXPECT_TRUE(stranded().empty());
    const auto mine = claim(*accepted->job);
    begin_effect(mine);
    settle(mine, queue::Settlement::unknown("no answer"));
    EXPECT_EQ(stranded(), std::vector<queue::JobId>{*accepted->job});
    write([&](store::Connection& connection) {
        store::run(connection,
                   "INSERT INTO calls (key, connection_id, operation, method, target, body, epoch, state, sent_ms)"
                   " VALUES ('k', 'con_a', 'o', 'PUT', '/', x'', 1, 'unknown', 0)");
        store::run(connection,
                   "INSERT INTO intents (call_key, ordinal, record_id, record_version, job_id, object, state)"
                   " VALUES ('k', 0, ?1, 1, ?2, '{}', 'open')",
                   accepted->record, *accepted->job);
    });
    EXPECT_TRUE(stranded().empty());
}

}  // namespace
}  // namespace spillway::test
