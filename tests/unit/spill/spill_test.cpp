// Intake beside a store that is out of reach: durable, in order, and into the store as soon as that can be.

#include "tests/unit/spill/spill_fixture.hpp"

namespace spillway::test {
namespace {

struct SpillService : ::testing::Test {
    FaultVfs disk;
    std::unique_ptr<Life> life = std::make_unique<Life>(disk);

    void SetUp() override {
        ASSERT_TRUE(life->open()) << life->failure().detail;
        seed(*life);
    }
    void restart() {
        life.reset();
        life = std::make_unique<Life>(disk);
        ASSERT_TRUE(life->open()) << life->failure().detail;
    }
    using Names = std::vector<std::string>;
};

}  // namespace

TEST_F(SpillService, AStoreInReachTakesEverythingItself) {
    EXPECT_FALSE(life->finish(life->spill->diverts()));
    EXPECT_TRUE(life->spill->empty());
    EXPECT_EQ(life->spill->status().taken, 0);
}

TEST_F(SpillService, WhatIsTakenWhileTheWriterStandsStillIsMergedOnce) {
    ASSERT_TRUE(life->stand_still());
    EXPECT_TRUE(life->finish(life->spill->diverts()));
    ASSERT_TRUE(life->take({a_put("C1", "one")}).ok());
    ASSERT_TRUE(life->take({a_put("C2", "two"), a_put("C1", "three")}).ok());
    EXPECT_EQ(life->spill->status().entries, 3);
    life->go_on();
    EXPECT_TRUE(life->spill->empty());
    EXPECT_EQ(life->names("C1"), (Names{"one", "three"}));
    EXPECT_EQ(life->names("C2"), (Names{"two"}));
    EXPECT_EQ(life->spill->status().merged.accepted, 3);
    EXPECT_EQ(life->spill->status().bytes, 0);
    EXPECT_FALSE(life->finish(life->spill->diverts()));
    restart();
    EXPECT_TRUE(life->spill->empty());
    EXPECT_EQ(life->names("C1"), (Names{"one", "three"}));
}

TEST_F(SpillService, WhatWasHandedToTheStoreBeforeStaysBefore) {
    life->gate.close();
    auto first = start(life->io, life->store->commit(queue::CommandClass::intake, [](queue::Transaction& transaction) {
        const auto record = spill::make_ready({1, write_entry(a_put("C1", "first"))});
        auto accepted = store::accept_record(transaction, record.entry->intake, ExternalId("C1"), *record.record);
        return accepted.ok() ? success() : Result<void>(accepted.error());
    }));
    life->clock->run_for(Millis{3'000});
    ASSERT_TRUE(life->finish(life->spill->diverts()));
    ASSERT_TRUE(life->take({a_put("C1", "second")}).ok());
    life->go_on();
    EXPECT_EQ(life->names("C1"), (Names{"first", "second"}));
}

TEST_F(SpillService, WhatComesWhileTheLastIsMergedWaitsForIt) {
    ASSERT_TRUE(life->stand_still());
    ASSERT_TRUE(life->take({a_put("C1", "one")}).ok());
    disk.set_full(true);
    life->go_on(Millis{200});  // the merge finds no space, and tries again a second later
    disk.set_full(false);
    ASSERT_FALSE(life->spill->empty());
    auto later = start(life->io, life->spill->diverts());
    life->clock->run_for(Millis{500});
    EXPECT_FALSE(later.ended());
    life->clock->run_for(Millis{400});
    ASSERT_TRUE(later.ended());
    EXPECT_FALSE(later.take()) << "to the store";
    EXPECT_EQ(life->names("C1"), Names{"one"}) << "and behind what was merged";
}

TEST_F(SpillService, ABacklogThatLastsIsJoinedAfterASecond) {
    ASSERT_TRUE(life->stand_still());
    ASSERT_TRUE(life->take({a_put("C1", "one")}).ok());
    disk.set_full(true);
    life->go_on(Millis{100});
    auto later = start(life->io, life->spill->diverts());
    life->clock->run_for(Millis{900});
    EXPECT_FALSE(later.ended());
    life->clock->run_for(Millis{200});
    ASSERT_TRUE(later.ended());
    EXPECT_TRUE(later.take());
    EXPECT_EQ(life->spill->status().failure, "storage_full");
    disk.set_full(false);
    ASSERT_TRUE(life->take({a_put("C1", "two")}).ok());
    life->clock->run_for(Millis{3'000});
    EXPECT_EQ(life->names("C1"), (Names{"one", "two"}));
    EXPECT_EQ(life->spill->status().failure, "");
}

TEST_F(SpillService, LeftoversOfAnEarlierProcessAreMergedAtTheStart) {
    ASSERT_TRUE(life->stand_still());
    ASSERT_TRUE(life->take({a_put("C1", "one", "k1"), a_put("C1", "two")}).ok());
    life = nullptr;
    life = std::make_unique<Life>(disk);
    ASSERT_TRUE(life->open()) << life->failure().detail;
    life->clock->run_for(Millis{100});
    EXPECT_EQ(life->names("C1"), (Names{"one", "two"}));
    EXPECT_TRUE(life->spill->empty());
}

TEST_F(SpillService, TheNewestEntryOfARecordIsKnownUntilItIsMerged) {
    ASSERT_TRUE(life->stand_still());
    const ConnectionId owner("con_a");
    ASSERT_TRUE(
        life->take({a_put("C1", "one"), a_put("C1", "two"), a_put("C2", "x"), a_void("C2"), a_void("C3")}).ok());
    const auto newest = [&](const char* id) {
        return life->finish(life->spill->newest(owner, RecordKind::contact, ExternalId(id)));
    };
    EXPECT_EQ(newest("C1")->record, a_put("C1", "two").record);
    EXPECT_EQ(newest("C2")->record, a_put("C2", "x").record) << "a void shows what it voids";
    EXPECT_EQ(newest("C3")->record, "");
    EXPECT_FALSE(newest("C4"));
    life->go_on();
    EXPECT_FALSE(newest("C1"));
}

TEST_F(SpillService, AnIdempotencyKeyIsKnownUntilItIsMerged) {
    ASSERT_TRUE(life->stand_still());
    ASSERT_TRUE(life->take({a_put("C1", "one", "k1")}).ok());
    const std::string key = spill::key_name("key:k", "PUT /C1", "k1");
    EXPECT_EQ(life->spill->keyed(key), "hash of one");
    life->go_on();
    EXPECT_FALSE(life->spill->keyed(key)) << "the store knows it from now on";
}

TEST_F(SpillService, AFullFileRefusesWithATimeAndTheRestStands) {
    life = nullptr;
    life = std::make_unique<Life>(disk, 1'500);
    ASSERT_TRUE(life->open());
    ASSERT_TRUE(life->stand_still());
    // Together they are too many, alone some of them fit.
    std::vector<Pending<Result<void>>> asked;
    for (int each = 0; each < 12; ++each)
        asked.push_back(start(life->io, life->spill->take({a_put("C" + std::to_string(each), "x")})));
    life->clock->run_for(Millis{0});
    int taken = 0;
    for (auto& one : asked) {
        const auto result = one.take();
        taken += result.ok() ? 1 : 0;
        if (result.ok()) continue;
        EXPECT_EQ(result.error().code, "spill_full");
        EXPECT_GT(result.error().retry_after->count(), 0);
    }
    EXPECT_GT(taken, 2);
    EXPECT_LT(taken, 12);
    life->go_on();
    EXPECT_EQ(life->spill->status().merged.accepted, taken);
    EXPECT_FALSE(life->finish(life->spill->diverts())) << "there is room again, and no need";
}

TEST_F(SpillService, AFileThatFailsIsReadAnewAndGoesOn) {
    ASSERT_TRUE(life->stand_still());
    ASSERT_TRUE(life->take({a_put("C1", "one")}).ok());
    disk.fail_step_in(1);
    const auto failed = life->take({a_put("C2", "two")});
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, "spill_failed");
    // The store must be asked for its mark: it is out of reach, so the next one waits for it.
    auto next = start(life->io, life->spill->take({a_put("C3", "three")}));
    life->go_on();
    ASSERT_TRUE(next.ended());
    EXPECT_TRUE(next.take().ok());
    life->clock->run_for(Millis{2'000});
    EXPECT_EQ(life->names("C1"), Names{"one"});
    EXPECT_EQ(life->names("C3"), Names{"three"});
    EXPECT_TRUE(life->spill->empty());
}

TEST_F(SpillService, ARestoredStoreTakesWhatTheFileStillHolds) {
    FaultVfs::Image backup = disk.save();
    ASSERT_TRUE(life->stand_still());
    ASSERT_TRUE(life->take({a_put("C1", "one"), a_put("C1", "two")}).ok());
    // Merged, and the process dies before the file is emptied: the disk as the file had it then.
    const std::string file = disk.save().at(kSpillPath);
    life->go_on();
    ASSERT_EQ(life->names("C1"), (Names{"one", "two"}));
    life = nullptr;
    backup[kSpillPath] = file;
    disk.load(backup);
    life = std::make_unique<Life>(disk);
    ASSERT_TRUE(life->open()) << life->failure().detail;
    life->clock->run_for(Millis{100});
    EXPECT_EQ(life->names("C1"), (Names{"one", "two"}));
}

}  // namespace spillway::test
