// The payment database fails over, is set back, is another one, answers with errors; our own store is full or busy.

#include "migrations.hpp"
#include "tests/unit/relay/relay_fixture.hpp"

namespace spillway::test {
namespace {

using Names = std::vector<std::string>;

Error unavailable(const char* code) { return {ErrorKind::unavailable, code, "as the test has it"}; }

TEST_F(RelayTest, EveryTroubleOfThePaymentDatabaseIsWaitedForAndNamed) {
    payments.add("C1", a_contact());
    drain();
    for (const char* code : {"payment_db_down", "payment_db_stopping", "payment_db_starting", "payment_db_full",
                             "login_refused", "statement_timeout", "lock_timeout", "outbox_schema"}) {
        payments.errors = {unavailable(code), unavailable(code)};
        clock->run_for(Millis{5'000});
        const Millis pause = step();
        EXPECT_EQ(status().state, "waiting") << code;
        EXPECT_EQ(status().waits_for, code);
        EXPECT_GE(pause, Millis{200}) << "a database in trouble is not asked at once again";
        EXPECT_EQ(payments.open_sessions, 0) << "nor is a session kept there";
        step();
        payments.add("C-" + std::string(code), a_contact());
        drain();
        EXPECT_EQ(status().state, "idle");
    }
    EXPECT_EQ(records(), 9);
    EXPECT_EQ(status().counts.duplicate, 0);
}

TEST_F(RelayTest, StatementsThatTakeTooLongAskForLess) {
    for (int i = 0; i < 400; ++i) payments.add("C" + std::to_string(i), a_contact());
    limits.walk.keys_per_statement = 64;
    restart();
    payments.slower_than = 10;
    auto task = start(io, relay->run());
    clock->run_for(std::chrono::minutes(5));
    EXPECT_EQ(records(), 400);
    EXPECT_LE(payments.largest_page, 10U);
    EXPECT_GE(payments.largest_page, 5U) << "and for more again, once it goes well";
}

TEST_F(RelayTest, ItAsksADeadDatabaseEverMoreSeldomAndComesBack) {
    for (int i = 0; i < 10'000; ++i) payments.errors.push_back(unavailable("payment_db_down"));
    auto task = start(io, relay->run());
    clock->run_for(std::chrono::minutes(10));
    EXPECT_LE(payments.calls["open"], 80);
    ASSERT_EQ(status().alerts.size(), 1U);
    EXPECT_EQ(status().alerts[0].code, "outbox_not_read");
    payments.errors.clear();
    payments.add("C1", a_contact());
    clock->run_for(Millis{10'500});
    EXPECT_EQ(records(), 1);
    EXPECT_TRUE(status().alerts.empty());
}

TEST_F(RelayTest, AFailoverIsReadAgainAndLosesNothing) {
    for (int i = 0; i < 5; ++i) payments.add("C" + std::to_string(i), a_contact());
    drain();
    const auto replica = payments.backup();
    payments.add("lost", a_contact("committed, taken in, and lost with the primary"));
    drain();
    EXPECT_EQ(records(), 6);
    payments.restore(replica);  // an asynchronous replica takes over; ids and transaction ids are given out again
    payments.identity.timeline = 2;
    payments.add("again", a_contact());
    clock->run_for(Millis{5'000});
    drain();
    EXPECT_EQ(records(), 7);
    EXPECT_EQ(status().counts.duplicate, 5);
    ASSERT_TRUE(status().alarm);
    EXPECT_EQ(status().alarm->code, "payment_db_failed_over");
    restart();
    EXPECT_TRUE(status().alarm) << "open until somebody has seen it";
    ASSERT_TRUE(finish(relay->resume(false)).ok());
    EXPECT_FALSE(status().alarm);
    drain();
    EXPECT_EQ(records(), 7);
}

TEST_F(RelayTest, AFailoverInTheMiddleOfAStepIsReadAgain) {
    limits.rows_max = 2;
    restart();
    for (int i = 0; i < 9; ++i) payments.add("C" + std::to_string(i), a_contact());
    step();
    step();
    payments.identity.timeline = 2;
    clock->run_for(Millis{5'000});
    drain();
    EXPECT_EQ(records(), 9);
}

TEST_F(RelayTest, ADatabaseThatWasSetBackIsReadAgainWithAnAlarm) {
    payments.add("C1", a_contact());
    const auto old = payments.backup();
    payments.add("C2", a_contact());
    drain();
    payments.restore(old);  // on the same timeline: a machine's snapshot
    payments.add("C3", a_contact("on the old id of C2"));
    clock->run_for(Millis{5'000});
    drain();
    EXPECT_EQ(versions_of("C3"), Names{"on the old id of C2"});
    ASSERT_TRUE(status().alarm);
    EXPECT_EQ(status().alarm->code, "payment_db_rewound");
}

TEST_F(RelayTest, ADatabaseThatWasSetBackAndGrewBeyondTheCursorIsNoticed) {
    payments.add("C1", a_contact());
    const auto old = payments.backup();
    payments.add("C2", a_contact());
    drain();
    payments.restore(old);
    for (int i = 3; i < 20; ++i) payments.add("C" + std::to_string(i), a_contact());
    clock->run_for(Millis{5'000});
    drain();
    EXPECT_EQ(records(), 19);
    EXPECT_EQ(status().alarm.value_or(relay::Alarm{}).code, "payment_db_rewound");
}

TEST_F(RelayTest, AnotherDatabaseIsNotReadUntilAPersonSaysSo) {
    payments.add("C1", a_contact());
    drain();
    payments.identity.system = "815";
    payments.add("test-data", a_contact());
    clock->run_for(Millis{5'000});
    for (int i = 0; i < 5; ++i) step();
    EXPECT_EQ(records(), 1);
    EXPECT_EQ(status().state, "stopped");
    EXPECT_EQ(status().alarm.value_or(relay::Alarm{}).code, "payment_db_other");
    EXPECT_EQ(payments.open_sessions, 0);
    restart();
    for (int i = 0; i < 5; ++i) step();
    EXPECT_EQ(records(), 1);
    ASSERT_TRUE(finish(relay->resume(false)).ok());
    drain();
    EXPECT_EQ(records(), 2);
    EXPECT_FALSE(status().alarm);
}

TEST_F(RelayTest, AReplicaIsReadUpToItsOldestOpenTransaction) {
    payments.identity.replica = true;
    payments.add("C1", a_contact());
    const auto open = payments.begin();
    payments.put(open, "C2", a_contact("open"));
    payments.add("C3", a_contact("committed after it"));
    drain();
    EXPECT_EQ(records(), 1);
    payments.commit(open);
    drain();
    EXPECT_EQ(records(), 3);
}

TEST_F(RelayTest, AReplicaSaysWhoHoldsTheRowsUp) {
    payments.identity.replica = true;
    payments.begin();
    payments.add("C1", a_contact());
    auto task = start(io, relay->run());
    clock->run_for(std::chrono::minutes(3));
    EXPECT_EQ(records(), 0);
    ASSERT_EQ(status().alerts.size(), 1U);
    EXPECT_NE(status().alerts[0].detail.find("wait for it"), std::string::npos);
}

TEST_F(RelayTest, ALaggingReplicaAfterThePrimaryIsWaitedFor) {
    payments.add("C1", a_contact());
    const auto behind = payments.backup();
    payments.add("C2", a_contact());
    drain();
    const auto now = payments.backup();
    payments.identity.replica = true;
    payments.restore(behind);
    clock->run_for(Millis{5'000});
    step();
    EXPECT_EQ(status().waits_for, "replica_behind");
    EXPECT_FALSE(status().alarm);
    payments.restore(now);
    payments.add("C3", a_contact());
    drain();
    EXPECT_EQ(records(), 3);
    EXPECT_EQ(status().counts.duplicate, 0);
}

TEST_F(RelayTest, AskedToItReadsTheRetentionAgain) {
    payments.add("C1", a_contact("A"));
    payments.add("C1", a_contact("B"));
    drain();
    ASSERT_TRUE(finish(relay->resume(/*reread=*/true)).ok());
    clock->run_for(Millis{5'000});
    drain();
    EXPECT_EQ(status().counts.duplicate, 2);
    EXPECT_EQ(versions_of("C1"), (Names{"A", "B"}));
}

/// Our own store refuses intake for want of space.
struct FullStore : RelayTest {
    FullStore() {
        relay.reset();
        store.reset();
        queue::sqlite::Settings settings;
        settings.path = (folder / "store.db").string();
        settings.on_loop = true;
        settings.read_limit = Millis{0};
        settings.free_bytes = [this] { return free; };
        settings.migrations = embedded::migrations;
        auto opened = queue::sqlite::SqliteStore::open(io.get_executor(), *clock, settings);
        if (!opened.ok()) throw std::runtime_error(opened.error().detail);
        store = std::move(opened).value();
        restart();
    }
    std::int64_t free = std::int64_t{1} << 40;
};

TEST_F(FullStore, WaitsWhereItStands) {
    payments.add("C1", a_contact());
    drain();
    free = 1 << 20;
    payments.add("C2", a_contact());
    for (int i = 0; i < 5; ++i) step();
    EXPECT_EQ(status().state, "waiting");
    EXPECT_EQ(status().waits_for, "storage_full");
    EXPECT_EQ(payments.open_sessions, 0);
    EXPECT_EQ(records(), 1);
    restart();
    step();
    EXPECT_EQ(records(), 1);
    free = std::int64_t{1} << 40;
    clock->run_for(Millis{10'000});
    drain();
    EXPECT_EQ(records(), 2);
    EXPECT_EQ(status().counts.duplicate, 0);
}

}  // namespace
}  // namespace spillway::test
