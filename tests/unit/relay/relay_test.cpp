// What the relay takes in, what it refuses, and how it leaves.

#include "tests/unit/relay/relay_fixture.hpp"

namespace spillway::test {
namespace {

using Names = std::vector<std::string>;

TEST_F(RelayTest, RowsBecomeRecords) {
    payments.add("C1", a_contact("Ada"));
    payments.add("C2", a_contact("Bob"));
    payments.add("I1", an_invoice("INV-1", "C1"), "invoice");
    drain();
    EXPECT_EQ(versions_of("C1"), Names{"Ada"});
    EXPECT_EQ(records(), 3);
    EXPECT_EQ(status().counts.accepted, 3);
    EXPECT_EQ(status().state, "idle");
}

TEST_F(RelayTest, ARowThatCommitsLateWithASmallerIdIsTakenIn) {
    const auto late = payments.begin();
    payments.put(late, "C1", a_contact("late"));
    payments.add("C2", a_contact("early"));
    drain();
    EXPECT_EQ(records(), 1);
    payments.commit(late);
    drain();
    EXPECT_EQ(versions_of("C1"), Names{"late"});
}

TEST_F(RelayTest, AWriterThatStaysOpenHoldsNobodyUpAndIsNamed) {
    const auto writer = payments.begin();
    payments.put(writer, "C0", a_contact("slow"));
    Millis worst{};
    for (int minute = 0; minute < 40; ++minute) {
        payments.add("C" + std::to_string(minute + 1), a_contact("quick"));
        const SteadyTime since = clock->steady_now();
        while (records() <= minute && clock->steady_now() - since < Millis{10'000}) clock->run_for(step());
        worst = std::max(worst, clock->steady_now() - since);
        clock->run_for(Millis{60'000});
    }
    EXPECT_EQ(records(), 40);
    EXPECT_LE(worst, Millis{1'000});
    drain();
    const auto alerts = status().alerts;
    ASSERT_EQ(alerts.size(), 1U);
    EXPECT_EQ(alerts[0].code, "long_transaction");
    EXPECT_NE(alerts[0].detail.find("application month-end, open for 2"), std::string::npos) << alerts[0].detail;
    payments.commit(writer);
    drain();
    EXPECT_EQ(records(), 41);
    EXPECT_TRUE(status().alerts.empty());
}

TEST_F(RelayTest, ARunningTransactionsIdsAreAskedForAloneNotARange) {
    const auto writer = payments.begin();
    payments.put(writer, "C0", a_contact("slow"));
    payments.add("C1", a_contact("one"));
    drain();
    payments.calls.clear();
    for (int i = 0; i < 20; ++i) drain();
    EXPECT_EQ(payments.calls["keys_of"] + payments.calls["keys_between"], 0) << "nothing has ended and nothing is new";
    payments.commit(writer);
    drain();
    EXPECT_EQ(payments.calls["keys_of"], 1);
    EXPECT_EQ(payments.calls["keys_between"], 0);
    EXPECT_EQ(records(), 2);
}

TEST_F(RelayTest, ATransactionWithMoreRowsThanOneStatementShows) {
    limits.walk.keys_per_statement = 10;
    limits.rows_max = 7;
    restart();
    const auto big = payments.begin();
    const auto other = payments.begin();
    for (int i = 0; i < 95; ++i) payments.put(i % 2 == 0 ? big : other, "C" + std::to_string(i), a_contact());
    drain();
    payments.commit(big);
    payments.commit(other);
    drain();
    EXPECT_EQ(records(), 95);
    EXPECT_EQ(status().counts.duplicate, 0);
    EXPECT_LE(payments.largest_page, 7U);
}

TEST_F(RelayTest, ACrashInTheMiddleOfAStepLosesAndDoublesNothing) {
    limits.rows_max = 3;
    restart();
    for (int i = 0; i < 20; ++i) payments.add("C" + std::to_string(i), a_contact());
    for (int i = 0; i < 30; ++i) {
        step();
        restart();
    }
    drain();
    EXPECT_EQ(records(), 20);
    EXPECT_EQ(status().counts.duplicate, 0);
}

TEST_F(RelayTest, OneEventIsTakenInOnce) {
    payments.row(payments.add("C1", a_contact("A"))).event_id = "same";
    payments.add("C1", a_contact("B"));
    payments.row(payments.add("C1", a_contact("A"))).event_id = "same";
    drain();
    EXPECT_EQ(versions_of("C1"), (Names{"A", "B"}));
    EXPECT_EQ(status().counts.duplicate, 1);
}

TEST_F(RelayTest, WhatCannotBecomeARecordIsRefusedWithItsReasonAndHoldsUpNothing) {
    struct Case {
        const char* code;
        std::function<void(relay::OutboxRow&)> spoil;
    };
    const Case cases[] = {
        {"unknown_kind", [](auto& row) { row.kind = "invoce"; }},
        {"bad_external_id", [](auto& row) { row.external_id = ""; }},
        {"unknown_operation", [](auto& row) { row.operation = "delete"; }},
        {"no_body", [](auto& row) { row.body.reset(); }},
        {"bad_json", [](auto& row) { row.body = "{"; }},
        {"unknown_member", [](auto& row) { row.body = R"({"name":"A","nmae":"B"})"; }},
        {"no_connection", [](auto& row) { row.connection = "con_none"; }},
        {"no_record", [](auto& row) { row.operation = "void"; }},
        {"record_too_large", [](auto& row) { row.body = std::string((4u << 20) + 1, ' '); }},
    };
    int number = 0;
    for (const Case& one : cases) one.spoil(payments.row(payments.add("C" + std::to_string(number++), a_contact())));
    payments.add("good", a_contact("Good"));
    drain();
    EXPECT_EQ(versions_of("good"), Names{"Good"});
    EXPECT_EQ(records(), 1);
    const auto refused = refusals();
    ASSERT_EQ(refused.size(), std::size(cases));
    for (std::size_t i = 0; i < refused.size(); ++i)
        EXPECT_EQ(refused[refused.size() - 1 - i].error.code, cases[i].code);
    EXPECT_EQ(status().counts.refused, static_cast<std::int64_t>(refused.size()));
}

TEST_F(RelayTest, ARefusedRowIsAnEventOfItsConnection) {
    payments.row(payments.add("C1", a_contact())).kind = "invoce";
    drain();
    const auto types = read<std::vector<std::string>>([](store::Connection& connection) {
        return store::rows(store::query(connection, "SELECT type FROM events WHERE connection_id = 'con_a'"),
                           [](SQLite::Statement& row) { return store::text(row, 0); });
    });
    EXPECT_EQ(types, Names{"record.refused"});
}

TEST_F(RelayTest, ABodyThatTheViewCannotBuildIsRefusedAlone) {
    payments.add("C1", a_contact());
    payments.unreadable.insert(payments.add("C2", a_contact()));
    payments.add("C3", a_contact());
    drain();
    EXPECT_EQ(records(), 2);
    ASSERT_EQ(refusals().size(), 1U);
    EXPECT_EQ(refusals()[0].error.code, "body_unreadable");
}

TEST_F(RelayTest, AVoidGoesAfterItsRecord) {
    payments.add("I1", an_invoice("INV-1", "C1"), "invoice");
    payments.row(payments.add("I1", "", "invoice")).operation = "void";
    drain();
    EXPECT_EQ(status().counts.accepted, 2);
    EXPECT_EQ(versions_of("I1").size(), 2U);
}

TEST_F(RelayTest, RowsDeletedBeforeTheyWereReadAreAnAlert) {
    limits.rows_max = 1;
    restart();
    payments.add("C1", a_contact());
    const auto second = payments.add("C2", a_contact());
    payments.add("C3", a_contact());
    step();
    payments.erase(second);
    drain();
    EXPECT_EQ(records(), 2);
    ASSERT_EQ(status().alerts.size(), 1U);
    EXPECT_EQ(status().alerts[0].code, "outbox_rows_gone");
}

TEST_F(RelayTest, NoSessionGetsFiveSecondsOld) {
    auto task = start(io, relay->run());
    SteadyTime opened{};
    int sessions = 0;
    Millis oldest{};
    for (int i = 0; i < 1'000; ++i) {
        if (payments.calls["open"] != sessions) opened = clock->steady_now();
        sessions = payments.calls["open"];
        if (payments.open_sessions > 0) oldest = std::max(oldest, clock->steady_now() - opened);
        if (i % 50 == 0) payments.add("C" + std::to_string(i), a_contact());
        clock->run_for(Millis{100});
    }
    EXPECT_GT(sessions, 15);
    EXPECT_GT(oldest, Millis{2'000}) << "sessions are used more than once";
    EXPECT_LE(oldest, Millis{5'000});
    EXPECT_EQ(records(), 20);
}

TEST_F(RelayTest, AnIdleOutboxIsAskedLessOften) {
    auto task = start(io, relay->run());
    clock->run_for(Millis{10'000});
    payments.calls.clear();
    clock->run_for(Millis{10'000});
    EXPECT_LE(payments.calls["snapshot"], 25);
    EXPECT_GE(payments.calls["snapshot"], 18);
    payments.add("C1", a_contact());
    clock->run_for(Millis{600});
    EXPECT_EQ(records(), 1);
}

TEST_F(RelayTest, ReleasedItLeavesAtOnceAndStaysAwayOverARestart) {
    payments.add("C1", a_contact());
    drain();
    ASSERT_TRUE(finish(relay->release()).ok());
    step();
    EXPECT_EQ(payments.open_sessions, 0);
    EXPECT_EQ(status().state, "released");
    restart();
    payments.calls.clear();
    payments.add("C2", a_contact());
    for (int i = 0; i < 10; ++i) step();
    EXPECT_TRUE(payments.calls.empty());
    EXPECT_EQ(status().state, "released");
    ASSERT_TRUE(finish(relay->resume(/*reread=*/false)).ok());
    drain();
    EXPECT_EQ(records(), 2);
}

TEST_F(RelayTest, AReleaseDuringAResumeHolds) {
    ASSERT_TRUE(finish(relay->release()).ok());
    auto resuming = start(io, relay->resume(/*reread=*/false));
    auto releasing = start(io, relay->release());
    clock->run_for(Millis{0});
    ASSERT_TRUE(releasing.take().ok());
    const auto resumed = resuming.take();
    EXPECT_EQ(resumed.ok() ? "" : resumed.error().code, "released");
    EXPECT_EQ(status().state, "released");
    restart();
    EXPECT_EQ(status().state, "released");
}

TEST_F(RelayTest, ReleasedInTheMiddleOfAReadItLeavesWithoutTakingThePageIn) {
    payments.add("C1", a_contact());
    std::optional<Pending<Result<void>>> asked;
    payments.on_statement = [&] {
        if (payments.calls["rows"] == 1 && !asked) asked.emplace(start(io, relay->release()));
    };
    step();
    step();
    EXPECT_EQ(payments.open_sessions, 0);
    EXPECT_EQ(status().state, "released");
    payments.on_statement = nullptr;
    ASSERT_TRUE(finish(relay->resume(false)).ok());
    drain();
    EXPECT_EQ(versions_of("C1").size(), 1U);
}

TEST_F(RelayTest, SlowedDownItReadsSeldom) {
    for (int i = 0; i < 1'000; ++i) payments.add("C" + std::to_string(i), a_contact());
    relay->slow_down(Millis{5'000});
    auto task = start(io, relay->run());
    clock->run_for(Millis{20'500});
    EXPECT_LE(payments.calls["rows"], 10) << "one page, and one look at the last row, every five seconds";
    EXPECT_GE(payments.calls["rows"], 4);
    relay->slow_down(Millis{0});
    clock->run_for(Millis{20'000});
    EXPECT_EQ(records(), 1'000);
}

TEST_F(RelayTest, SlowedDownNoSessionGetsFiveSecondsOldAndOneStatementListsAtATime) {
    for (int i = 0; i < 600; ++i) payments.add("C" + std::to_string(i), a_contact());
    limits.walk.keys_per_statement = 100;
    restart();
    relay->slow_down(Millis{3'000});
    auto task = start(io, relay->run());
    SteadyTime opened{};
    int sessions = 0;
    Millis oldest{};
    for (int i = 0; i < 300; ++i) {
        if (payments.calls["open"] != sessions) opened = clock->steady_now();
        sessions = payments.calls["open"];
        if (payments.open_sessions > 0) oldest = std::max(oldest, clock->steady_now() - opened);
        clock->run_for(Millis{100});
        // A session begins with one look for rows of another cluster; it is no read of the outbox's news.
        EXPECT_LE(payments.calls["keys_between"] - payments.calls["open"], 1 + (i + 1) / 30);
    }
    EXPECT_LE(oldest, Millis{5'000});
    relay->slow_down(Millis{0});
    clock->run_for(Millis{20'000});
    EXPECT_EQ(records(), 600);
}

}  // namespace
}  // namespace spillway::test
