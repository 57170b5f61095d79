// What entries become in the store: exactly what they would have become at once, or a refusal that can be seen.

#include "tests/unit/spill/spill_fixture.hpp"

namespace spillway::test {
namespace {

struct MergeTest : ::testing::Test {
    FaultVfs disk;
    Life life{disk};

    void SetUp() override {
        ASSERT_TRUE(life.open()) << life.failure().detail;
        seed(life);
    }
    std::vector<spill::Ready> ready(const std::vector<spill::Entry>& entries) {
        std::vector<spill::Ready> out;
        for (const auto& entry : entries) out.push_back(spill::make_ready({out.size() + 1, write_entry(entry)}));
        return out;
    }
    Result<spill::Merged> merge(std::vector<spill::Ready> entries) {
        std::function<Result<spill::Merged>(queue::Transaction&)> work =
            [entries = std::move(entries)](queue::Transaction& transaction) {
                return spill::merge(transaction, entries, from_ms(1'767'700'000'000));
            };
        return life.finish(life.store->commit_value<spill::Merged>(queue::CommandClass::intake, std::move(work)));
    }
    std::uint64_t mark() {
        return life.read<std::uint64_t>([](store::Connection& connection) { return spill::spill_mark(connection); });
    }
    std::string refusals() {
        return life.read<std::string>([](store::Connection& connection) {
            std::string out;
            auto& row = store::query(connection, "SELECT sequence, code FROM spill_refusals ORDER BY sequence");
            while (row.executeStep()) out += std::to_string(store::integer(row, 0)) + " " + store::text(row, 1) + ";";
            return out;
        });
    }
};

spill::Entry an_item(const std::string& id, const std::string& code) {
    spill::Entry entry = a_put(id, "");
    entry.kind = RecordKind::item;
    entry.record = R"({"code":")" + code + R"(","name":"Thing"})";
    return entry;
}

}  // namespace

TEST_F(MergeTest, VersionsJobsAndEventsAreThoseOfAnIntakeAtOnce) {
    const auto merged = merge(ready({a_put("C1", "one"), a_put("C1", "two"), a_void("C1")}));
    ASSERT_TRUE(merged.ok()) << merged.error().detail;
    EXPECT_EQ(merged->accepted, 3);
    EXPECT_EQ(life.names("C1"), (std::vector<std::string>{"one", "two", "-"}));
    EXPECT_EQ(life.store->counts("con_a").by_state.size(), 1u) << "one job, as for three submissions at once";
    EXPECT_EQ(life.event_types(), (std::vector<std::string>(3, "record.accepted")));
    const auto accepted = life.read<std::int64_t>([](store::Connection& connection) {
        const auto record =
            store::find_record(connection, ConnectionId("con_a"), RecordKind::contact, ExternalId("C1"));
        return to_ms(store::get_version(connection, record->id)->accepted);
    });
    EXPECT_EQ(accepted, 1'767'603'600'000) << "when it was acknowledged, not when it was merged";
}

TEST_F(MergeTest, WhatLiesBelowTheMarkIsPassedOver) {
    ASSERT_TRUE(merge(ready({a_put("C1", "one"), a_put("C1", "two")})).ok());
    EXPECT_EQ(mark(), 2u);
    // The process died before it told the file: the same entries again, and a new one. A third "one" would be a new
    // version.
    const auto again = merge(ready({a_put("C1", "one"), a_put("C1", "two"), a_put("C2", "three")}));
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->accepted, 1);
    EXPECT_EQ(life.names("C1"), (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(mark(), 3u);
}

TEST_F(MergeTest, WhatIntakeWouldHaveRefusedIsSeenAfterwards) {
    spill::Entry older = a_put("C1", "old");
    older.record = R"({"name":"old","customer":true,"source_version":3})";
    spill::Entry newer = a_put("C1", "new");
    newer.record = R"({"name":"new","customer":true,"source_version":7})";
    spill::Entry gone = a_put("C9", "gone");
    gone.intake.connection = ConnectionId("con_none");
    const auto merged =
        merge(ready({an_item("I1", "SKU"), an_item("I2", "SKU"), newer, older, newer, a_void("C404"), gone}));
    ASSERT_TRUE(merged.ok()) << merged.error().detail;
    EXPECT_EQ(merged->accepted, 2);
    EXPECT_EQ(merged->superseded, 1);
    EXPECT_EQ(merged->unchanged, 1);
    EXPECT_EQ(merged->refused, 3);
    EXPECT_EQ(refusals(), "2 number_taken;6 no_record;7 no_connection;");
    EXPECT_EQ(life.names("C1"), (std::vector<std::string>{"new"}));
    EXPECT_EQ(life.event_types(), (std::vector<std::string>{"record.accepted", "record.refused", "record.accepted",
                                                            "record.superseded", "record.refused"}))
        << "a connection that is not there has nobody to tell";
}

TEST_F(MergeTest, AnIdempotencyKeyKeepsItsAnswer) {
    ASSERT_TRUE(merge(ready({a_put("C1", "one", "k1")})).ok());
    const auto answer = life.read<std::optional<store::StoredAnswer>>([](store::Connection& connection) {
        return store::find_answer(connection, {"key:k", "PUT /C1", "k1"}, from_ms(1'767'603'600'000));
    });
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 202);
    EXPECT_EQ(answer->answer, spill::spilled_answer(a_put("C1", "one")));
    EXPECT_EQ(answer->body_hash, "hash of one");
}

TEST_F(MergeTest, ATwinOfWhatTheStoreHadAnsweredDoesNothing) {
    ASSERT_TRUE(life.commit([](queue::Transaction& transaction) {
                        store::store_answer(queue::sqlite::connection_of(transaction), {"key:k", "PUT /C1", "k1"},
                                            {"hash of one", 202, "{}"}, from_ms(1'767'603'599'000));
                        return success();
                    })
                    .ok());
    const auto merged = merge(ready({a_put("C1", "one", "k1"), a_put("C1", "two", "k1")}));
    ASSERT_TRUE(merged.ok());
    EXPECT_EQ(merged->repeated, 1);
    EXPECT_EQ(merged->refused, 1) << "the key with another body";
    EXPECT_EQ(refusals(), "2 idempotency_key_reused;");
    EXPECT_TRUE(life.names("C1").empty());
}

TEST_F(MergeTest, AnEntryThatCannotBeReadIsKeptAndHoldsUpNothing) {
    std::vector<spill::Ready> entries = ready({a_put("C1", "one")});
    entries.push_back(spill::make_ready({2, "{\"of\":\"another version\"}"}));
    spill::Entry strange = a_put("C2", "x");
    strange.record = R"({"nam":"x"})";
    entries.push_back(spill::make_ready({3, write_entry(strange)}));
    entries.push_back(spill::make_ready({4, write_entry(a_put("C3", "three"))}));
    const auto merged = merge(std::move(entries));
    ASSERT_TRUE(merged.ok());
    EXPECT_EQ(merged->accepted, 2);
    EXPECT_EQ(merged->refused, 2);
    EXPECT_TRUE(refusals().starts_with("2 bad_entry;3 ")) << refusals();
    const auto kept = life.read<std::string>([](store::Connection& connection) {
        return *store::first_row(store::query(connection, "SELECT entry FROM spill_refusals WHERE sequence = 2"),
                                 [](SQLite::Statement& row) { return store::text(row, 0); });
    });
    EXPECT_EQ(kept, "{\"of\":\"another version\"}");
}

}  // namespace spillway::test
