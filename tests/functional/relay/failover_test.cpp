// Replicas, failover and databases that were set back, with real clusters.

#include "tests/functional/relay/relay_pg_fixture.hpp"

namespace spillway::test {
namespace {

struct Failover : RelayPgTest {
    Failover() {
        install(server);
        pay("CREATE TABLE other (n int)");
    }
    void pay(const std::string& sql) { server.client().run(sql); }
    /// The replica has everything that the primary has committed.
    void catch_up(PgServer& replica) {
        const auto lsn = server.client().run("SELECT pg_current_wal_flush_lsn()");
        auto there = replica.client();
        ASSERT_TRUE(clock->turn_until(
            [&] { return there.run("SELECT coalesce(pg_last_wal_replay_lsn() >= '" + lsn + "', false)") == "t"; }));
    }

    PgServer server;
};

TEST_F(Failover, AReplicaIsReadAndNeverAheadOfAnOpenTransaction) {
    auto replica = PgServer::replica_of(server);
    read_from(*replica);
    pay(insert("C1"));
    auto writer = server.client();
    writer.run("BEGIN; " + insert("C2"));
    pay(insert("C3"));
    catch_up(*replica);
    drain();
    EXPECT_EQ(records(), 1) << "C3 is there, but a replica cannot tell C2 from an ended one";
    writer.run("COMMIT");
    pay(insert("C4"));
    catch_up(*replica);
    drain();
    next_session();
    drain();
    EXPECT_EQ(records(), 4);
    EXPECT_TRUE(status().cursor->identity.replica);
    EXPECT_EQ(status().counts.duplicate, 0);
}

TEST_F(Failover, FromThePrimaryToAReplicaAndBack) {
    auto replica = PgServer::replica_of(server);
    read_from(server);
    auto writer = server.client();
    writer.run("BEGIN; " + insert("open"));
    pay(insert("C1"));
    drain();
    EXPECT_EQ(records(), 1);
    pay(insert("C2"));
    catch_up(*replica);
    read_from(*replica);
    drain();
    EXPECT_EQ(records(), 1) << "the open transaction gates a replica";
    read_from(server);
    drain();
    EXPECT_EQ(records(), 2);
    writer.run("COMMIT");
    pay("INSERT INTO other VALUES (1)");
    catch_up(*replica);
    read_from(*replica);
    drain();
    EXPECT_EQ(records(), 3);
    EXPECT_EQ(status().counts.duplicate, 0);
    EXPECT_FALSE(status().alarm);
}

TEST_F(Failover, APromotedReplicaIsReadAgainAndNothingIsLostOrDoubled) {
    auto replica = PgServer::replica_of(server);
    read_from(server);
    for (int i = 0; i < 5; ++i) pay(insert("C" + std::to_string(i)));
    drain();
    catch_up(*replica);
    server.stop(PgServer::Shutdown::immediate);
    replica->promote();
    replica->client().run(insert("new"));
    read_from(*replica);
    drain();
    EXPECT_EQ(records(), 6);
    EXPECT_EQ(status().counts.duplicate, 5);
    ASSERT_TRUE(status().alarm);
    EXPECT_EQ(status().alarm->code, "payment_db_failed_over");
    next_session();
    replica->client().run(insert("newer"));
    drain();
    EXPECT_EQ(records(), 7);
    EXPECT_EQ(status().counts.sessions, 2);
}

TEST_F(Failover, FilesThatWerePutBackAreNoticed) {
    read_from(server);
    pay(insert("C1"));
    drain();
    server.stop(PgServer::Shutdown::fast);
    server.keep_files();
    server.start();
    pay(insert("C2"));
    next_session();
    drain();
    EXPECT_EQ(records(), 2);
    server.stop(PgServer::Shutdown::fast);
    server.put_files_back();
    server.start();
    // As many transactions again as were lost, and more: by their number alone nothing is wrong.
    pay(insert("C3"));
    for (int i = 0; i < 5; ++i) pay("INSERT INTO other VALUES (1)");
    next_session();
    drain();
    EXPECT_EQ(versions_of("C3").size(), 1U);
    ASSERT_TRUE(status().alarm);
    EXPECT_EQ(status().alarm->code, "payment_db_rewound");
}

TEST_F(Failover, AnotherClusterIsNotReadUnasked) {
    read_from(server);
    pay(insert("C1"));
    drain();
    PgServer test_system;
    install(test_system);
    test_system.client().run(insert("C-test"));
    read_from(test_system);
    for (int i = 0; i < 3; ++i) step();
    EXPECT_EQ(records(), 1);
    EXPECT_EQ(status().state, "stopped");
    read_from(server);
    pay(insert("C2"));
    drain();
    EXPECT_EQ(records(), 2) << "the right one again: it goes on";
}

TEST_F(Failover, RowsOfALoadedDumpAreNotOverlooked) {
    read_from(server);
    pay(insert("C1"));
    // What pg_restore brings from a cluster that has seen more transactions.
    pay("INSERT INTO spillway_outbox (xid, connection, kind, external_id, body) VALUES ('999999', 'con_a', 'contact',"
        " 'C2', '" +
        a_contact() + "')");
    step();
    EXPECT_EQ(status().waits_for, "outbox_imported");
    pay("UPDATE spillway_outbox SET xid = DEFAULT WHERE xid >= pg_current_xact_id()");
    clock->run_for(Millis{10'000});
    drain();
    EXPECT_EQ(records(), 2);
}

}  // namespace
}  // namespace spillway::test
