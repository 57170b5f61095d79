// What the guard sees of a real PostgreSQL, by a role that may see much or little.

#include "services/guard/measured_db.hpp"
#include "services/guard/postgres/pg_gauge.hpp"
#include "tests/functional/relay/relay_pg_fixture.hpp"

namespace spillway::test {
namespace {

using namespace guard;

struct GaugeTest : RelayPgTest {
    GaugeTest() : server(with_database()), pay(server.client()) {
        install(server);
        relay::PgSettings settings;
        settings.conninfo = server.conninfo();
        auto made = make_postgres_gauge(io.get_executor(), blocking.get_executor(), *clock, settings);
        if (!made.ok()) throw std::runtime_error(made.error().detail);
        gauge = *std::move(made);
    }
    ~GaugeTest() override {
        session.reset();
        gauge.reset();
    }
    static PgServer& with_database() {
        PgServer::shared().use_new_database();
        return PgServer::shared();
    }
    void enter() {
        auto opened = run(io, *clock, gauge->open());
        if (!opened.ok()) throw std::runtime_error(opened.error().code + opened.error().detail);
        session = *std::move(opened);
    }
    Result<void> probe() { return run(io, *clock, session->probe()); }
    Result<void> look(Measure measure) { return run(io, *clock, session->look(measure, vitals)); }
    /// Sees other sessions from now on.
    void see_all() {
        pay.run("ALTER ROLE spillway_relay INHERIT; GRANT pg_read_all_stats TO spillway_relay");
        seen_all = true;
    }
    void TearDown() override {
        if (seen_all) pay.run("REVOKE pg_read_all_stats FROM spillway_relay; ALTER ROLE spillway_relay NOINHERIT");
    }
    void wait_for(PgClient& client, const std::string& sql, const std::string& value) {
        ASSERT_TRUE(clock->turn_until([&] { return client.run(sql) == value; })) << sql;
    }

    PgServer& server;
    PgClient pay;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<GaugeSession> session;
    Vitals vitals;
    bool seen_all = false;
};

TEST_F(GaugeTest, SeesAllOfAHealthyDatabase) {
    see_all();
    pay.run(insert("C1"));
    enter();
    EXPECT_TRUE(probe().ok());
    for (const Measure measure : kMeasures) EXPECT_TRUE(look(measure).ok()) << to_string(measure);
    EXPECT_TRUE(vitals.missing.empty()) << vitals.missing.begin()->second;
    EXPECT_GE(vitals.sessions.value_or(0), 2);
    EXPECT_EQ(vitals.sessions_max, 30);
    EXPECT_EQ(vitals.waiting_for_locks, 0);
    EXPECT_EQ(vitals.oldest_snapshot, Millis{0});
    EXPECT_EQ(vitals.replica, false);
    EXPECT_EQ(vitals.replicas, 0);
    EXPECT_FALSE(vitals.replica_lag);
    EXPECT_TRUE(vitals.outbox_rows);
    EXPECT_TRUE(vitals.invalid_indexes.value_or(std::vector<std::string>{"?"}).empty());
    EXPECT_GT(vitals.xid_age.value_or(0), 0);
}

TEST_F(GaugeTest, NamesAWriterThatStaysOpenAndCountsWhoWaits) {
    see_all();
    pay.run("CREATE TABLE balances (id int PRIMARY KEY, cents bigint); INSERT INTO balances VALUES (1, 0)");
    auto writer = server.client(), waits = server.client();
    writer.run("SET application_name = 'month-end'; BEGIN; UPDATE balances SET cents = 1");
    waits.send("UPDATE balances SET cents = 2");
    wait_for(pay, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'", "1");
    enter();
    ASSERT_TRUE(look(Measure::activity).ok());
    EXPECT_EQ(vitals.waiting_for_locks, 1);
    EXPECT_EQ(vitals.idle_in_transaction, 1);
    EXPECT_EQ(vitals.active, 1);
    EXPECT_NE(vitals.oldest_who.find("application month-end, idle in transaction"), std::string::npos)
        << vitals.oldest_who;
    writer.run("COMMIT");
    EXPECT_TRUE(waits.answer());
    ASSERT_TRUE(look(Measure::activity).ok());
    EXPECT_EQ(vitals.waiting_for_locks, 0);
    EXPECT_TRUE(vitals.oldest_who.empty()) << vitals.oldest_who;
}

TEST_F(GaugeTest, SaysWhatItsRoleMayNotSee) {
    enter();
    for (const Measure measure : kMeasures) EXPECT_TRUE(look(measure).ok()) << to_string(measure);
    EXPECT_EQ(vitals.missing, (std::map<Measure, std::string>{{Measure::activity, "not_visible"}}));
    EXPECT_GE(vitals.sessions.value_or(0), 2) << "that they are there is visible";
    EXPECT_FALSE(vitals.waiting_for_locks);
    EXPECT_FALSE(vitals.oldest_snapshot);
    EXPECT_TRUE(vitals.xid_age);
    pay.run("REVOKE SELECT ON pg_database FROM PUBLIC");
    EXPECT_TRUE(look(Measure::ages).ok());
    pay.run("GRANT SELECT ON pg_database TO PUBLIC");
    EXPECT_EQ(vitals.missing[Measure::ages], "not_visible");
    EXPECT_FALSE(vitals.xid_age) << "what was seen before is not true for ever";
    EXPECT_TRUE(probe().ok()) << "the session lives on";
}

TEST_F(GaugeTest, FindsAnInvalidIndex) {
    pay.run("CREATE TABLE cards (number text); INSERT INTO cards VALUES ('1'), ('1')");
    EXPECT_THROW(pay.run("CREATE UNIQUE INDEX CONCURRENTLY cards_number ON cards (number)"), std::runtime_error);
    enter();
    ASSERT_TRUE(look(Measure::indexes).ok());
    EXPECT_EQ(vitals.invalid_indexes, std::vector<std::string>{"public.cards_number"});
    pay.run("DROP INDEX cards_number");
    ASSERT_TRUE(look(Measure::indexes).ok());
    EXPECT_EQ(vitals.invalid_indexes, std::vector<std::string>{});
}

TEST_F(GaugeTest, CountsTheOutboxInPartitionsAndSaysWhenThereIsNone) {
    pay.run("DROP TABLE spillway_outbox");
    enter();
    ASSERT_TRUE(look(Measure::outbox).ok());
    EXPECT_EQ(vitals.missing[Measure::outbox], "not_there");
    pay.run(
        "CREATE TABLE spillway_outbox (id int) PARTITION BY RANGE (id);"
        "CREATE TABLE p1 PARTITION OF spillway_outbox FOR VALUES FROM (1) TO (100);"
        "CREATE TABLE p2 PARTITION OF spillway_outbox FOR VALUES FROM (100) TO (200);"
        "INSERT INTO spillway_outbox SELECT generate_series(91, 110)");
    pay.run("DELETE FROM spillway_outbox WHERE id > 105");
    // The server's counters lag behind the statements that they count.
    ASSERT_TRUE(clock->turn_until([&] {
        pay.run("SELECT pg_stat_force_next_flush()");
        return look(Measure::outbox).ok() && vitals.outbox_dead_rows == 5;
    }));
    EXPECT_EQ(vitals.outbox_rows, 15);
    EXPECT_FALSE(vitals.missing.contains(Measure::outbox));
}

TEST_F(GaugeTest, CannotWriteAndLeavesNoTransactionOpen) {
    see_all();
    enter();
    ASSERT_TRUE(probe().ok());
    const auto of_ours = [this](const std::string& column) {
        return pay.run("SELECT " + column + " FROM pg_stat_activity WHERE application_name = 'spillway-guard'");
    };
    EXPECT_EQ(of_ours("state"), "idle");
    EXPECT_EQ(of_ours("xact_start IS NULL"), "t");
    session->close();
    wait_for(pay, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'spillway-guard'", "0");
    EXPECT_EQ(probe().error().code, "payment_db_down");
}

TEST_F(GaugeTest, WhatTakesTooLongIsGivenUpAndSaid) {
    auto owner = server.client();
    enter();
    ASSERT_TRUE(probe().ok());
    owner.run("BEGIN; LOCK TABLE pg_index IN ACCESS EXCLUSIVE MODE");
    EXPECT_TRUE(look(Measure::indexes).ok());
    owner.run("ROLLBACK");
    EXPECT_EQ(vitals.missing[Measure::indexes], "too_slow");
    EXPECT_TRUE(look(Measure::indexes).ok());
    EXPECT_FALSE(vitals.missing.contains(Measure::indexes));
}

TEST_F(GaugeTest, TimesWhatTheRelayReads) {
    std::vector<Reading> readings;
    read_from(server);
    auto measured = measure(*db, *clock, [&](const Reading& reading) { readings.push_back(reading); });
    auto opened = run(io, *clock, measured->open());
    ASSERT_TRUE(opened.ok());
    auto snapshot = run(io, *clock, (*opened)->snapshot());
    ASSERT_TRUE(snapshot.ok());
    std::vector<std::int64_t> ids{1};
    ASSERT_TRUE(run(io, *clock, (*opened)->rows(std::move(ids))).ok());
    (*opened)->close();
    auto after = run(io, *clock, (*opened)->snapshot());
    EXPECT_FALSE(after.ok());
    ASSERT_EQ(readings.size(), 4U);
    EXPECT_EQ(readings[0].of, Reading::Of::opening);
    EXPECT_EQ(readings[1].of, Reading::Of::trivial);
    EXPECT_EQ(readings[2].of, Reading::Of::rows);
    EXPECT_EQ(readings[3].failure, "payment_db_down");
}

}  // namespace
}  // namespace spillway::test
