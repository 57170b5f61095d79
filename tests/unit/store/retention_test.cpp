// Retention over the rows of the books: what goes, and what never does.

#include "services/store/retention.hpp"

#include "services/store/calls.hpp"
#include "services/store/records.hpp"
#include "services/store/replays.hpp"
#include "services/store/syncs.hpp"
#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {
namespace {

struct RetentionTest : BooksTest {
    /// @return the rows that went.
    std::int64_t sweep(const store::Retention& retention) {
        store::RetentionCursor cursor;
        std::int64_t deleted = 0;
        for (int steps = 0; steps < 100; ++steps) {
            const auto step = commit_value<std::int64_t>([&](queue::Transaction& transaction) {
                return Result<std::int64_t>(store::retention_step(transaction, retention, cursor));
            });
            EXPECT_TRUE(step.ok());
            if (*step == 0) return deleted;
            deleted += *step;
        }
        ADD_FAILURE() << "it does not end";
        return deleted;
    }
    std::int64_t count(const char* table) {
        return read<std::int64_t>([table](store::Connection& connection) {
            return connection.database().execAndGet("SELECT count(*) FROM " + std::string(table)).getInt64();
        });
    }
    store::RecordRow record(const std::string& id) {
        return *read<std::optional<store::RecordRow>>([&](store::Connection& connection) {
            return store::find_record(connection, ConnectionId("con_a"), RecordKind::contact, ExternalId(id));
        });
    }
    /// A call with one intent for the record; settled, unless it is to stay open.
    void send(const store::Accepted& accepted, const std::string& key, bool settled) {
        const auto sent = commit([&](queue::Transaction& transaction) -> Result<void> {
            auto& connection = queue::sqlite::connection_of(transaction);
            store::Call call;
            call.key = key;
            call.connection = ConnectionId("con_a");
            call.sent = clock->wall_now();
            store::Intent intent;
            intent.record_id = accepted.record;
            intent.record_version = accepted.version;
            intent.job_id = *accepted.job;
            call.intents.push_back(intent);
            auto opened = store::open_call(connection, call);
            if (!opened.ok()) return opened;
            store::Attempt attempt;
            attempt.record_id = accepted.record;
            attempt.job_id = *accepted.job;
            attempt.at = clock->wall_now();
            attempt.outcome = settled ? "applied" : "unknown";
            auto added = store::add_attempt(connection, attempt);
            if (!added.ok() || !settled) return added;
            auto ended = store::end_intent(connection, call.intents[0].id, store::IntentEnd::applied);
            if (!ended.ok()) return ended;
            return store::close_if_settled(connection, key, clock->wall_now());
        });
        ASSERT_TRUE(sent.ok()) << sent.error().detail;
    }
    WallTime days_ago(int days) { return clock->wall_now() - std::chrono::hours(24 * days); }
};

}  // namespace

TEST_F(RetentionTest, WhatEndedGoesAndWhatARecordIsStays) {
    const auto old = accept(RecordKind::contact, "C1", a_contact("A"));
    const auto stuck = accept(RecordKind::contact, "C2", a_contact("B"));
    ASSERT_TRUE(old.ok() && stuck.ok());
    SyncId id("syn_1");
    ASSERT_TRUE(commit([&](queue::Transaction& transaction) {
                    store::SyncRow sync;
                    sync.id = id;
                    sync.connection = ConnectionId("con_a");
                    sync.created = clock->wall_now();
                    store::insert_sync(queue::sqlite::connection_of(transaction), sync);
                    return success();
                }).ok());
    release_posting();
    send(*old, "k1", /*settled=*/true);
    send(*stuck, "k2", /*settled=*/false);
    apply(*old);
    park(*stuck->job);
    clock->advance(std::chrono::hours(24 * 40));
    const auto young = accept(RecordKind::contact, "C3", a_contact("C"));
    release_posting();
    send(*young, "k3", /*settled=*/true);
    apply(*young);
    const std::int64_t events = count("events");

    EXPECT_EQ(sweep({}), 0) << "nothing given: kept for ever";
    EXPECT_EQ(sweep({days_ago(30), std::nullopt}), 1);
    EXPECT_EQ(count("jobs"), 2);
    EXPECT_EQ(count("attempts"), 3);
    const auto applied = record("C1");
    EXPECT_EQ(applied.job, std::nullopt);
    EXPECT_EQ(applied.job_state, queue::JobState::applied) << "its latest version is in the books";
    EXPECT_EQ(record("C2").job_state, queue::JobState::parked);
    const auto progress = read<store::SyncProgress>([&](store::Connection& connection) {
        return store::sync_progress(connection, *store::get_sync(connection, id));
    });
    EXPECT_EQ(progress.ended, 1) << "a job that is gone had ended";
    EXPECT_EQ(progress.parked, 1);

    EXPECT_GT(sweep({days_ago(30), days_ago(30)}), 0);
    EXPECT_EQ(count("attempts"), 1);
    EXPECT_LT(count("events"), events);
    EXPECT_EQ(count("versions"), 3);
    EXPECT_EQ(count("calls"), 2) << "the open one and the young one";
    EXPECT_EQ(count("intents"), 2);
    EXPECT_EQ(count("syncs"), 1) << "it is under way: one of its jobs is parked";
    const auto open = read<std::vector<store::Call>>(
        [](store::Connection& connection) { return store::open_calls(connection, ConnectionId("con_a")); });
    ASSERT_EQ(open.size(), 1u);
    EXPECT_EQ(open[0].key, "k2");

    // Neither the same body nor a newer one takes the record for unknown.
    const auto same = accept(RecordKind::contact, "C1", a_contact("A"));
    EXPECT_EQ(same->outcome, store::Accepted::Outcome::unchanged);
    const auto newer = accept(RecordKind::contact, "C1", a_contact("A2"));
    EXPECT_EQ(newer->version, 2);
    EXPECT_NE(newer->job, std::nullopt);
}

TEST_F(RetentionTest, AnEndedSyncGoesWithItsPlacesAndARunningReplayStays) {
    for (int at = 0; at < 450; ++at)
        ASSERT_TRUE(accept(RecordKind::contact, "C" + std::to_string(at), a_contact("A")).ok());
    ASSERT_TRUE(commit([&](queue::Transaction& transaction) {
                    auto& connection = queue::sqlite::connection_of(transaction);
                    store::SyncRow sync;
                    sync.id = SyncId("syn_1");
                    sync.connection = ConnectionId("con_a");
                    sync.created = clock->wall_now();
                    store::insert_sync(connection, sync);
                    store::finish_sync(connection, sync, clock->wall_now());
                    for (const char* state : {"running", "done"}) {
                        store::ReplayRow replay{state, "", "key", "{}", 0, clock->wall_now(), state};
                        store::insert_replay(connection, replay);
                    }
                    return success();
                }).ok());
    EXPECT_EQ(count("sync_jobs"), 450);
    clock->advance(std::chrono::hours(24 * 40));
    sweep({days_ago(30), days_ago(30)});
    EXPECT_EQ(count("sync_jobs"), 0);
    EXPECT_EQ(count("syncs"), 0);
    EXPECT_EQ(count("replays"), 1);
    EXPECT_EQ(count("jobs"), 450) << "all of them are open";
}

}  // namespace spillway::test
