#include "services/relay/snapshot.hpp"

#include <gtest/gtest.h>

#include "schema/random.hpp"

namespace spillway::test {
namespace {

using relay::Snapshot;
using relay::Xid;

Snapshot snapshot(std::string_view text) {
    auto parsed = Snapshot::parse(text);
    if (!parsed.ok()) throw std::runtime_error(parsed.error().detail);
    return *parsed;
}

TEST(Snapshot, IsReadAndWrittenAsPostgresqlDoes) {
    for (const char* text : {"725:725:", "10:20:10,14,19", "1:18446744073709551615:7"})
        EXPECT_EQ(snapshot(text).to_text(), text);
}

TEST(Snapshot, WhatIsNoneIsRefused) {
    for (const char* text :
         {"", "1", "1:2", "2:1:", "1:2:3:4", "a:b:", "1:5:9", "1:5:0", "1:5:2;3", "1:5:2,x", "-1:5:"})
        EXPECT_FALSE(Snapshot::parse(text).ok()) << text;
}

TEST(Snapshot, ShowsWhatHadEnded) {
    const Snapshot seen = snapshot("10:20:10,14");
    EXPECT_TRUE(seen.shows(9));
    EXPECT_FALSE(seen.shows(10));
    EXPECT_TRUE(seen.shows(11));
    EXPECT_FALSE(seen.shows(14));
    EXPECT_TRUE(seen.shows(19));
    EXPECT_FALSE(seen.shows(20));
    EXPECT_FALSE(Snapshot::nothing().shows(3));
}

Snapshot random_snapshot(Random& random) {
    Snapshot out;
    out.xmin = 1 + random.below(20);
    out.xmax = out.xmin + random.below(20);
    for (Xid xid = out.xmin; xid < out.xmax; ++xid)
        if (random.below(3) == 0) out.running.push_back(xid);
    if (out.running.empty()) out.xmin = out.xmax;
    return out;
}

TEST(Snapshot, JoinedShowsWhatEitherShowsAndADeltaIsTheDifference) {
    SeededRandom random(1);
    for (int round = 0; round < 5'000; ++round) {
        const Snapshot one = random_snapshot(random), other = random_snapshot(random);
        const Snapshot both = joined(one, other);
        const auto delta = delta_between(one, both);
        ASSERT_EQ(snapshot(both.to_text()), both);
        for (Xid xid = 1; xid < 45; ++xid) {
            ASSERT_EQ(both.shows(xid), one.shows(xid) || other.shows(xid))
                << one.to_text() << " " << other.to_text() << " " << xid;
            const bool listed =
                std::ranges::find(delta.ended, xid) != delta.ended.end() || (xid >= delta.first && xid <= delta.last);
            ASSERT_EQ(listed && both.shows(xid), both.shows(xid) && !one.shows(xid));
        }
    }
}

TEST(Snapshot, TimeThatGoesBackIsSeen) {
    const Snapshot seen = snapshot("10:20:10,14");
    EXPECT_FALSE(contradicts(seen, seen));
    EXPECT_FALSE(contradicts(seen, snapshot("14:25:14,22")));
    EXPECT_TRUE(contradicts(seen, snapshot("10:19:10,14"))) << "fewer transactions than before";
    EXPECT_TRUE(contradicts(seen, snapshot("10:25:10,12"))) << "one that had ended runs again";
}

TEST(Snapshot, OfAReplicaCountsUpToItsXmin) { EXPECT_EQ(gated_by_xmin(snapshot("10:20:")).to_text(), "10:10:"); }

}  // namespace
}  // namespace spillway::test
