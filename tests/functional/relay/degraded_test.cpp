// A payment database that is down, slow, locked, read-only, out of connections, changed under us.

#include "tests/functional/relay/relay_pg_fixture.hpp"

namespace spillway::test {
namespace {

struct Degraded : RelayPgTest {
    Degraded() : server(with_database()), pay(server.client()) {
        install(server);
        read_from(server);
        pay.run(insert("C0"));
        drain();
    }
    static PgServer& with_database() {
        PgServer::shared().use_new_database();
        return PgServer::shared();
    }
    /// One step that waits for `code`, without a session left.
    void expect_waiting(const std::string& code) {
        next_session();
        step();
        EXPECT_EQ(status().state, "waiting");
        EXPECT_EQ(status().waits_for, code) << status().detail;
    }
    /// A row written now arrives, once the reason is gone.
    void expect_recovered() {
        server.client().run(insert("after"));
        clock->run_for(Millis{10'000});
        drain();
        EXPECT_EQ(status().state, "idle") << status().waits_for << " " << status().detail;
        EXPECT_EQ(versions_of("after").size(), 1U);
        EXPECT_EQ(status().counts.duplicate, 0);
        EXPECT_FALSE(status().alarm);
    }

    PgServer& server;
    PgClient pay;
};

TEST_F(Degraded, Down) {
    server.stop(PgServer::Shutdown::immediate);
    expect_waiting("payment_db_down");
    server.start();
    expect_recovered();
}

TEST_F(Degraded, KilledInTheMiddleOfASession) {
    pay.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spillway-relay'");
    clock->turn_until([&] {
        return pay.run("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'spillway-relay'") == "0";
    });
    step();
    EXPECT_EQ(status().state, "waiting");
    // The server's last word may or may not have been read before the connection was found dead.
    EXPECT_EQ(status().waits_for.substr(0, 11), "payment_db_");
    expect_recovered();
}

TEST_F(Degraded, OutOfConnections) {
    std::vector<PgClient> hogs;
    try {
        for (int i = 0; i < 40; ++i) hogs.push_back(server.client());
    } catch (const std::runtime_error&) {
        // full: that is the point
    }
    ASSERT_LT(hogs.size(), 40U);
    expect_waiting("payment_db_full");
    hogs.clear();
    clock->turn_until([&] {
        return std::stoi(pay.run("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")) < 5;
    });
    expect_recovered();
}

TEST_F(Degraded, LockedByADdlStatement) {
    auto owner = server.client();
    owner.run("BEGIN; LOCK TABLE spillway_outbox IN ACCESS EXCLUSIVE MODE");
    expect_waiting("lock_timeout");
    owner.run("COMMIT");
    expect_recovered();
}

TEST_F(Degraded, Slow) {
    auto owner = server.client();
    owner.run(
        "CREATE VIEW spillway_body AS SELECT 'con_a'::text AS connection, 'contact'::text AS kind, 'C1'::text AS"
        " external_id, CASE WHEN pg_sleep(30) IS NOT NULL THEN '{\"name\":\"A\",\"customer\":true}'::json END AS body;"
        "GRANT SELECT ON spillway_body TO spillway_relay;"
        "INSERT INTO spillway_outbox (connection, kind, external_id) VALUES ('con_a', 'contact', 'C1')");
    expect_waiting("statement_timeout");
    owner.run(
        "CREATE OR REPLACE VIEW spillway_body AS SELECT 'con_a'::text AS connection, 'contact'::text AS kind,"
        " 'C1'::text AS external_id, '{\"name\":\"A\",\"customer\":true}'::json AS body");
    expect_recovered();
    EXPECT_EQ(versions_of("C1").size(), 1U);
}

TEST_F(Degraded, ReadOnlyIsNoTrouble) {
    pay.run(insert("C1"));
    pay.run("ALTER DATABASE " + server.database() + " SET default_transaction_read_only = on");
    next_session();
    drain();
    EXPECT_EQ(records(), 2);
}

TEST_F(Degraded, SchemaChangedUnderUs) {
    auto owner = server.client();
    owner.run("ALTER TABLE spillway_outbox RENAME COLUMN external_id TO record_id");
    owner.run("INSERT INTO spillway_outbox (connection, kind, record_id, body) VALUES ('con_a', 'contact', 'C1', '" +
              a_contact() + "')");
    expect_waiting("outbox_schema");
    EXPECT_NE(status().detail.find("external_id"), std::string::npos) << status().detail;
    owner.run("ALTER TABLE spillway_outbox RENAME COLUMN record_id TO external_id");
    expect_recovered();
    EXPECT_EQ(records(), 3);
}

TEST_F(Degraded, PermissionTakenAway) {
    pay.run("REVOKE SELECT ON spillway_outbox FROM spillway_relay");
    pay.run(insert("C1"));
    expect_waiting("outbox_schema");
    pay.run("GRANT SELECT ON spillway_outbox TO spillway_relay");
    expect_recovered();
}

TEST_F(Degraded, TheRoleMayNotLogInAnyMore) {
    pay.run("ALTER ROLE spillway_relay NOLOGIN");
    expect_waiting("login_refused");
    pay.run("ALTER ROLE spillway_relay LOGIN");
    expect_recovered();
}

TEST_F(Degraded, AnIndexThatIsBeingRebuilt) {
    pay.run(insert("C1"));
    pay.run("REINDEX TABLE CONCURRENTLY spillway_outbox");
    expect_recovered();
    EXPECT_EQ(records(), 3);
}

}  // namespace
}  // namespace spillway::test
