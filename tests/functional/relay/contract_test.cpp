// The outbox as it is shipped, on a real PostgreSQL: rows, triggers, views, partitions, the role, and how the relay
// leaves.

#include "tests/functional/relay/relay_pg_fixture.hpp"

namespace spillway::test {
namespace {

using Names = std::vector<std::string>;

struct Contract : RelayPgTest {
    Contract() : server(with_database()), pay(server.client()) {}
    static PgServer& with_database() {
        PgServer::shared().use_new_database();
        return PgServer::shared();
    }
    /// Sessions of the relay that the server knows.
    std::string sessions() {
        return pay.run("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'spillway-relay'");
    }

    PgServer& server;
    PgClient pay;
};

TEST_F(Contract, RowsWrittenInThePaymentsTransactionBecomeRecords) {
    install(server);
    read_from(server);
    pay.run("BEGIN; CREATE TABLE payments (id int); INSERT INTO payments VALUES (1)");
    pay.run(insert("C1", "Ada"));
    pay.run("SAVEPOINT a; " + insert("C2") + "; ROLLBACK TO a; SAVEPOINT b; " + insert("C3"));
    drain();
    EXPECT_EQ(records(), 0);
    pay.run("COMMIT");
    pay.run("BEGIN; " + insert("C4") + "; ROLLBACK");
    drain();
    EXPECT_EQ(versions_of("C1"), Names{"Ada"});
    EXPECT_EQ(records(), 2);
    ASSERT_TRUE(status().lag);
}

TEST_F(Contract, APreparedTransactionIsTakenInWhenItIsCommittedAndNamedWhileItIsNot) {
    install(server);
    limits.holder_alert = Millis{0};
    pay.run("ALTER ROLE spillway_relay INHERIT; GRANT pg_read_all_stats TO spillway_relay");
    read_from(server);
    pay.run("BEGIN; " + insert("C1") + "; PREPARE TRANSACTION 'month-end'");
    pay.run(insert("C2"));
    drain();
    next_session();
    drain();
    EXPECT_EQ(records(), 1);
    ASSERT_EQ(status().alerts.size(), 1U);
    EXPECT_EQ(status().alerts[0].detail.find("prepared transaction month-end of postgres"), 0U)
        << status().alerts[0].detail;
    pay.run("COMMIT PREPARED 'month-end'");
    drain();
    EXPECT_EQ(records(), 2);
    EXPECT_TRUE(status().alerts.empty());
}

TEST_F(Contract, AWriterElsewhereIsNamedWithWhoItIs) {
    install(server);
    limits.holder_alert = Millis{0};
    pay.run(
        "ALTER ROLE spillway_relay INHERIT; GRANT pg_read_all_stats TO spillway_relay; CREATE TABLE elsewhere (n int)");
    read_from(server);
    auto writer = server.client();
    writer.run("SET application_name = 'month-end'; BEGIN; INSERT INTO elsewhere VALUES (1)");
    for (int i = 0; i < 5; ++i) {
        pay.run(insert("C" + std::to_string(i)));
        drain();
        EXPECT_EQ(records(), i + 1) << "the writer holds nobody up";
        next_session();
    }
    drain();
    ASSERT_EQ(status().alerts.size(), 1U);
    const std::string detail = status().alerts[0].detail;
    EXPECT_NE(detail.find("user postgres, application month-end, idle in transaction"), std::string::npos) << detail;
}

TEST_F(Contract, TriggersAndTheViewThatBuildsBodies) {
    install(server);
    pay.run(
        "CREATE TABLE customers (no int PRIMARY KEY, name text, spillway_connection text);"
        "CREATE VIEW spillway_body AS SELECT spillway_connection AS connection, 'contact'::text AS kind,"
        " 'cust-' || no AS external_id, json_build_object('name', name, 'customer', 10 / (10 - length(name)) > 0)"
        " AS body FROM customers;"
        "ALTER TABLE customers ADD external text GENERATED ALWAYS AS ('cust-' || no) STORED;"
        "CREATE TRIGGER spillway AFTER INSERT OR UPDATE OR DELETE ON customers FOR EACH ROW EXECUTE FUNCTION"
        " spillway_outbox_row('contact', 'spillway_connection', 'external')");
    server.run_file(SPILLWAY_SOURCE_DIR "/deploy/outbox/postgres-role.sql");
    read_from(server);
    pay.run("INSERT INTO customers VALUES (1, 'Ada', 'con_a'), (2, 'Bob', 'con_a'), (3, 'Nobody', NULL)");
    drain();
    pay.run("UPDATE customers SET name = 'Ada L' WHERE no = 1");
    drain();
    EXPECT_EQ(versions_of("cust-1"), (Names{"Ada", "Ada L"}));
    EXPECT_EQ(records(), 2);
    pay.run("DELETE FROM customers WHERE no = 2");
    // Its view divides by zero: refused alone.
    pay.run("INSERT INTO customers VALUES (4, '0123456789', 'con_a'), (5, 'Eve', 'con_a')");
    drain();
    EXPECT_EQ(versions_of("cust-2").size(), 2U) << "voided";
    EXPECT_EQ(versions_of("cust-5"), Names{"Eve"});
    ASSERT_EQ(refusals().size(), 1U);
    EXPECT_EQ(refusals()[0].error.code, "body_unreadable");
    EXPECT_EQ(refusals()[0].row.external_id, "cust-4");
}

TEST_F(Contract, APointerToWhatIsGoneIsRefused) {
    install(server);
    read_from(server);
    pay.run("INSERT INTO spillway_outbox (connection, kind, external_id) VALUES ('con_a', 'contact', 'C1')");
    drain();
    ASSERT_EQ(refusals().size(), 1U);
    EXPECT_EQ(refusals()[0].error.code, "no_body");
}

TEST_F(Contract, TheRoleSeesTheOutboxAndNothingElseAndCannotWrite) {
    install(server);
    pay.run("CREATE TABLE cards (number text)");
    auto relay_role = server.client("spillway_relay");
    EXPECT_EQ(relay_role.run("SELECT count(*) FROM spillway_outbox"), "0");
    EXPECT_EQ(relay_role.run("SHOW default_transaction_read_only"), "on");
    EXPECT_THROW(relay_role.run("SELECT * FROM cards"), std::runtime_error);
    EXPECT_THROW(relay_role.run("SELECT spillway_outbox_trim()"), std::runtime_error);
    relay_role.run("SET default_transaction_read_only = off");
    EXPECT_THROW(relay_role.run(insert("C1")), std::runtime_error);
    EXPECT_THROW(relay_role.run("DELETE FROM spillway_outbox"), std::runtime_error);
}

TEST_F(Contract, TrimDeletesOldRowsInBoundedPieces) {
    install(server);
    for (int i = 0; i < 10; ++i) pay.run(insert("C" + std::to_string(i)));
    pay.run("UPDATE spillway_outbox SET created_at = now() - interval '30 days' WHERE id <= 7");
    EXPECT_EQ(pay.run("SELECT spillway_outbox_trim('14 days', 5)"), "5");
    EXPECT_EQ(pay.run("SELECT spillway_outbox_trim('14 days', 5)"), "2");
    EXPECT_EQ(pay.run("SELECT spillway_outbox_trim('14 days', 5)"), "0");
    EXPECT_EQ(pay.run("SELECT spillway_outbox_trim('0 days', 5)"), "0") << "a day is kept in any case";
    EXPECT_EQ(pay.run("SELECT count(*) FROM spillway_outbox"), "3");
}

TEST_F(Contract, PartitionsAreReadLikeThePlainTable) {
    install(server, "postgres-partitions.sql");
    EXPECT_EQ(pay.run("SELECT count(*) >= 31 FROM pg_inherits WHERE inhparent = 'spillway_outbox'::regclass"), "t");
    read_from(server);
    auto late = server.client();
    late.run("BEGIN; " + insert("C1"));
    pay.run(insert("C2"));
    pay.run(
        "INSERT INTO spillway_outbox (connection, kind, external_id, body, created_at) VALUES ('con_a', 'contact',"
        " 'C3', '" +
        a_contact() + "', now() + interval '20 days')");
    drain();
    late.run("COMMIT");
    drain();
    EXPECT_EQ(records(), 3);
    EXPECT_THROW(pay.run("INSERT INTO spillway_outbox (connection, kind, external_id, created_at) VALUES"
                         " ('con_a', 'contact', 'C', now() + interval '90 days')"),
                 std::runtime_error)
        << "no default partition hides that one is missing";
    EXPECT_EQ(pay.run("SELECT count(*) FROM (SELECT spillway_outbox_partitions(31, 14)) x"), "1");
}

TEST_F(Contract, APageIsBoundedInBytes) {
    install(server);
    read_from(server);
    for (int i = 0; i < 5; ++i)
        pay.run("INSERT INTO spillway_outbox (connection, kind, external_id, body) VALUES ('con_a', 'contact', 'C" +
                std::to_string(i) +
                "', json_build_object('name', 'A', 'customer', true, 'email', repeat('x', 3000000)))");
    pay.run(
        "INSERT INTO spillway_outbox (connection, kind, external_id, body) VALUES ('con_a', 'contact', 'big',"
        " json_build_object('name', repeat('x', 5000000)))");
    pay.run(insert("C9"));
    drain();
    EXPECT_EQ(versions_of("C9").size(), 1U);
    const auto refused = refusals();
    ASSERT_EQ(refused.size(), 6U);
    EXPECT_EQ(refused[0].error.code, "record_too_large");
    EXPECT_EQ(refused[1].error.pointer, "/email") << "the others were read whole, and are too long for an address";
}

TEST_F(Contract, NothingIsReadButByAnIndex) {
    install(server);
    const std::string seen =
        "SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_user_tables WHERE relname = 'spillway_outbox'";
    EXPECT_TRUE(clock->turn_until([&] { return pay.run(seen) == "2"; })) << "the two indexes were made";
    read_from(server);
    pay.run(
        "INSERT INTO spillway_outbox (connection, kind, external_id, body) SELECT 'con_none', 'contact', n::text,"
        " '{}' FROM generate_series(1, 3000) n");
    drain();
    auto writer = server.client();
    writer.run("BEGIN; " + insert("late"));
    for (int i = 0; i < 3; ++i) {
        pay.run(insert("C" + std::to_string(i)));
        drain();
    }
    writer.run("COMMIT");
    drain();
    EXPECT_EQ(records(), 4);
    relay.reset();  // a backend tells what it did when it ends
    EXPECT_TRUE(clock->turn_until([&] {
        return pay.run("SELECT idx_scan > 20 FROM pg_stat_user_tables WHERE relname = 'spillway_outbox'") == "t";
    }));
    EXPECT_EQ(pay.run(seen), "2");
}

TEST_F(Contract, ASmartShutdownOfTheDatabaseWaitsForUsFiveSecondsAtMost) {
    install(server);
    read_from(server);
    pay.run(insert("C1"));
    drain();
    EXPECT_EQ(sessions(), "1");
    {
        const PgClient gone = std::move(pay);
    }
    server.ask_to_stop(PgServer::Shutdown::smart);
    const SteadyTime asked = clock->steady_now();
    // Every step happens at its time; a session ends by its age, or its end would never come.
    while (status().state != "waiting" && clock->steady_now() - asked < Millis{20'000}) clock->run_for(step());
    EXPECT_LE(clock->steady_now() - asked, Millis{5'000});
    EXPECT_TRUE(clock->turn_until([&] { return server.stopped(); }));
    server.start();
    server.client().run(insert("C2"));
    clock->run_for(Millis{10'000});
    drain();
    EXPECT_EQ(records(), 2);
}

TEST_F(Contract, ReleasedItIsGoneFromTheServer) {
    install(server);
    read_from(server);
    pay.run(insert("C1"));
    drain();
    EXPECT_EQ(sessions(), "1");
    auto released = run(io, *clock, relay->release());
    EXPECT_TRUE(released.ok());
    EXPECT_TRUE(clock->turn_until([&] { return sessions() == "0"; }));
    step();
    EXPECT_EQ(sessions(), "0");
}

TEST_F(Contract, ASessionIsReadOnlyShortAndEndedByTheServerWhenItHangs) {
    install(server);
    auto role = server.client();
    relay::PgSettings settings;
    settings.conninfo = server.conninfo(/*tcp=*/true);
    settings.conninfo.replace(settings.conninfo.find("spillway_relay"), 14, "postgres");  // whatever the role may do
    auto made = relay::make_postgres_db(io.get_executor(), blocking.get_executor(), *clock, settings);
    ASSERT_TRUE(made.ok());
    auto session = run(io, *clock, (*made)->open());
    ASSERT_TRUE(session.ok()) << session.error().detail;
    ASSERT_TRUE(run(io, *clock, (*session)->identify()).ok());
    // Read from outside: what the backend was started with.
    role.run(
        "CREATE FUNCTION settings() RETURNS text LANGUAGE sql AS $$ SELECT current_setting("
        "'default_transaction_read_only') || current_setting('statement_timeout') || current_setting('lock_timeout')"
        " || current_setting('idle_in_transaction_session_timeout') || current_setting('idle_session_timeout') $$;"
        "CREATE VIEW spillway_body AS SELECT 'con_a'::text AS connection, 'contact'::text AS kind,"
        " 'C1'::text AS external_id, json_build_object('settings', settings()) AS body");
    ASSERT_TRUE(run(io, *clock, (*session)->identify()).ok());
    role.run("INSERT INTO spillway_outbox (connection, kind, external_id) VALUES ('con_a', 'contact', 'C1')");
    auto rows = run(io, *clock, (*session)->rows({1}));
    ASSERT_TRUE(rows.ok()) << rows.error().detail;
    ASSERT_EQ(rows->size(), 1U);
    EXPECT_EQ(rows->front().body.value_or(""), R"({"settings" : "on250ms50ms1s5s"})");
}

}  // namespace
}  // namespace spillway::test
