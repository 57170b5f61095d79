// Shares of one resource between many: by weight, in what is spent, whatever the others do.

#include "queue/fair_ring.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace spillway::queue::test {

namespace {
/// Lets whoever is next spend what `cost` says, until `total` is spent.
template <class CostOf>
std::map<std::string, std::int64_t> spend(FairRing<std::string>& ring, std::int64_t total, CostOf cost) {
    std::map<std::string, std::int64_t> spent;
    while (total > 0) {
        const std::string next = *ring.next();
        const std::int64_t paid = cost(next);
        ring.spend(next, paid);
        spent[next] += paid;
        total -= paid;
    }
    return spent;
}
std::int64_t one(const std::string&) { return 1; }
}  // namespace

TEST(FairRing, round_robin_share) {
    FairRing<std::string> ring;
    for (const char* name : {"a", "b", "c", "d", "e", "f", "g"}) ring.enter(name);
    for (const std::int64_t total : {1, 6, 50, 997}) {
        const auto spent = spend(ring, total, one);
        std::int64_t low = total, high = 0;
        for (const char* name : {"a", "b", "c", "d", "e", "f", "g"}) {
            const auto found = spent.find(name);
            const std::int64_t share = found == spent.end() ? 0 : found->second;
            low = std::min(low, share);
            high = std::max(high, share);
        }
        EXPECT_LE(high - low, 1) << total;
    }
}

TEST(FairRing, WeightsShareInTheirRatio) {
    FairRing<std::string> ring;
    ring.enter("light", 1);
    ring.enter("heavy", 3);
    const auto spent = spend(ring, 4'000, one);
    EXPECT_EQ(spent.at("heavy"), 3'000);
    EXPECT_EQ(spent.at("light"), 1'000);
}

TEST(FairRing, WhatCountsIsSpendingNotTurns) {
    FairRing<std::string> ring(5);
    ring.enter("batches");
    ring.enter("singles");
    const auto spent = spend(ring, 100'000, [](const std::string& name) { return name == "batches" ? 12 : 1; });
    EXPECT_NEAR(static_cast<double>(spent.at("batches")) / static_cast<double>(spent.at("singles")), 1.0, 0.01);
}

TEST(FairRing, ANoisyMemberDelaysAQuietOneByOneTurn) {
    FairRing<std::string> ring(10);
    ring.enter("noisy");
    spend(ring, 1'000'003, one);
    ring.enter("quiet");
    int before = 0;
    while (*ring.next() != "quiet") ring.spend("noisy", 1), ++before;
    EXPECT_LE(before, 10);
}

TEST(FairRing, idle_tenant_no_credit_hoarding) {
    FairRing<std::string> ring(2);
    ring.enter("busy");
    ring.enter("idle");
    ring.leave("idle");
    spend(ring, 1'000, one);
    ring.enter("idle");
    const auto spent = spend(ring, 40, one);
    EXPECT_LE(spent.at("idle"), 22);
}

TEST(FairRing, WhoDoesNotUseATurnGetsNoDoubleOne) {
    FairRing<std::string> ring(3);
    ring.enter("slow");
    ring.enter("fast");
    for (int round = 0; round < 50; ++round) {
        if (*ring.next() == "slow") ring.pass();
        spend(ring, 3, one);
    }
    int in_a_row = 0;
    while (*ring.next() != "slow") ring.spend("fast", 1);
    while (*ring.next() == "slow") ring.spend("slow", 1), ++in_a_row;
    EXPECT_EQ(in_a_row, 3);
}

TEST(FairRing, WhatWasOverspentIsOwedAfterAnAbsenceToo) {
    FairRing<std::string> ring;
    ring.enter("a");
    ring.enter("b");
    ring.spend("a", 10);  // out of turn: a call that could not wait
    ring.leave("a");
    ring.enter("a");
    const auto spent = spend(ring, 10, one);
    EXPECT_GE(spent.at("b"), 9);
}

TEST(FairRing, ABlockedMemberCostsNothingAndAnEmptyRingGivesNobody) {
    FairRing<std::string> ring;
    EXPECT_FALSE(ring.next());
    for (int member = 0; member < 10'000; ++member) ring.enter("m" + std::to_string(member));
    for (int member = 1; member < 10'000; ++member) ring.leave("m" + std::to_string(member));
    EXPECT_EQ(ring.size(), 1u);
    EXPECT_EQ(spend(ring, 100, one).at("m0"), 100);
    ring.leave("m0");
    EXPECT_FALSE(ring.next());
}

}  // namespace spillway::queue::test
