#include "services/relay/cursor.hpp"

#include <gtest/gtest.h>

#include "services/relay/delta.hpp"

namespace spillway::test {
namespace {

using namespace relay;

Snapshot snapshot(std::string_view text) { return *Snapshot::parse(text); }

Cursor a_cursor(std::string_view seen, bool replica = false) {
    Cursor cursor;
    cursor.identity = {"4711", 3, replica};
    cursor.seen = snapshot(seen);
    return cursor;
}

TEST(Cursor, WhatALookAtTheDatabaseMeans) {
    struct Row {
        const char* what;
        Identity identity;
        const char* now;
        Verdict verdict;
    };
    const Row rows[] = {
        {"nothing happened", {"4711", 3, false}, "10:20:10", Verdict::go_on},
        {"later", {"4711", 3, false}, "20:30:20", Verdict::go_on},
        {"another database", {"815", 3, false}, "20:30:20", Verdict::other},
        {"promoted", {"4711", 4, false}, "20:30:20", Verdict::failed_over},
        {"promoted, commits lost", {"4711", 4, false}, "9:12:", Verdict::failed_over},
        {"an older timeline", {"4711", 2, false}, "20:30:20", Verdict::failed_over},
        {"set back", {"4711", 3, false}, "15:15:", Verdict::rewound},
        {"set back and grown again", {"4711", 3, false}, "12:50:12", Verdict::rewound},
        {"a replica that lags", {"4711", 3, true}, "15:15:", Verdict::behind},
        {"a replica that has not heard of the promotion", {"4711", 2, true}, "20:30:", Verdict::behind},
        {"a replica in step", {"4711", 3, true}, "20:30:", Verdict::go_on},
        {"a replica after a failover", {"4711", 4, true}, "20:30:", Verdict::failed_over},
    };
    for (const Row& row : rows)
        EXPECT_EQ(judge(a_cursor("10:20:10"), row.identity, snapshot(row.now)), row.verdict) << row.what;
    EXPECT_EQ(judge(std::nullopt, {"4711", 1, false}, snapshot("1:1:")), Verdict::first);
}

TEST(Cursor, AStepUnderWayCountsForTheVerdict) {
    Cursor cursor = a_cursor("10:20:10");
    begin_step(cursor, snapshot("25:40:25"));
    EXPECT_EQ(judge(cursor, cursor.identity, snapshot("30:30:")), Verdict::rewound);
}

TEST(Cursor, AStepGoesFromSnapshotToSnapshot) {
    Cursor cursor = a_cursor("10:20:10");
    begin_step(cursor, snapshot("10:20:10"));
    EXPECT_FALSE(cursor.target) << "nothing new";
    begin_step(cursor, snapshot("15:30:15,22"));
    ASSERT_TRUE(cursor.target);
    EXPECT_EQ(cursor.seen.to_text(), "10:20:10") << "not seen before its rows are in";
    end_step(cursor);
    EXPECT_EQ(cursor.seen.to_text(), "22:30:22") << "15 was seen before";
    EXPECT_FALSE(cursor.target);
}

TEST(Cursor, OnAReplicaItNeverGoesBehindAnOpenTransaction) {
    Cursor cursor = a_cursor("10:20:10", /*replica=*/true);
    begin_step(cursor, snapshot("10:50:"));
    EXPECT_FALSE(cursor.target) << "10 is still open";
    begin_step(cursor, snapshot("35:50:"));
    ASSERT_TRUE(cursor.target);
    EXPECT_EQ(cursor.target->to_text(), "35:35:");
}

TEST(Cursor, ALastRowThatIsGoneOrAnotherProvesThatTimeWentBack) {
    Cursor cursor = a_cursor("10:20:");
    const WallTime now = from_ms(1'000'000'000);
    const Millis kept = std::chrono::hours(24);
    EXPECT_FALSE(last_row_proves_rewind(cursor, {}, now, kept)) << "none yet";
    cursor.last_id = 7;
    cursor.last_event = "event";
    cursor.last_at = now - std::chrono::hours(1);
    OutboxRow row;
    row.id = 7;
    row.event_id = "event";
    EXPECT_FALSE(last_row_proves_rewind(cursor, row, now, kept));
    EXPECT_TRUE(last_row_proves_rewind(cursor, {}, now, kept)) << "too young to be deleted";
    row.event_id = "other";
    EXPECT_TRUE(last_row_proves_rewind(cursor, row, now, kept));
    cursor.last_at = now - std::chrono::hours(25);
    EXPECT_FALSE(last_row_proves_rewind(cursor, {}, now, kept)) << "the platform may have deleted it";
}

TEST(SmallestIds, KeepsTheSmallestAndSaysWhenItDroppedSome) {
    SmallestIds ids(3);
    for (const std::int64_t id : {9, 2, 7, 1, 8, 3, 3, 6}) ids.add(id);
    const auto [kept, more] = ids.take();
    EXPECT_TRUE(more);
    ASSERT_GE(kept.size(), 2U);
    EXPECT_EQ(kept[0], 1);
    EXPECT_EQ(kept[1], 2);
    EXPECT_LE(kept.size(), 3U);
    ids.add(5);
    EXPECT_EQ(ids.take(), std::make_pair(std::vector<std::int64_t>{5}, false));
}

}  // namespace
}  // namespace spillway::test
