// The spill file: what it acknowledged is there after any crash, once and in order, and damage is never passed over.

#include "queue/spill_file.hpp"

#include <gtest/gtest.h>

#include "tests/support/fault_vfs.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {

using Payloads = std::vector<std::string>;

struct SpillTest : ::testing::Test {
    spillway::test::FaultVfs vfs;
    SpillSettings settings{.path = "/state/spill", .bytes_max = 1 << 20, .vfs = vfs.name()};

    std::unique_ptr<SpillFile> open(std::uint64_t merged = 0) {
        auto opened = SpillFile::open(settings, merged);
        EXPECT_TRUE(opened.ok()) << opened.error().detail;
        return opened.ok() ? std::move(opened).value() : nullptr;
    }
    static Payloads payloads_of(const SpillFile& file) {
        Payloads out;
        for (const SpillEntry& entry : file.entries()) out.push_back(entry.payload);
        return out;
    }
};

/// Appends, merges, appends again; the store's mark moves when the store has committed.
struct Story {
    Payloads acknowledged{};
    Payloads in_doubt{};  ///< of the append under way when the power went
    std::uint64_t mark = 0;

    bool append(SpillFile& file, Payloads payloads) {
        in_doubt = payloads;
        if (!file.append(payloads).ok()) return false;
        in_doubt.clear();
        acknowledged.insert(acknowledged.end(), payloads.begin(), payloads.end());
        return true;
    }
    void merge(SpillFile& file, std::uint64_t upto) {
        const auto count = static_cast<std::ptrdiff_t>(upto - mark);
        acknowledged.erase(acknowledged.begin(), acknowledged.begin() + count);
        mark = upto;
        file.forget(upto);
    }
    bool play(SpillFile& file) {
        if (!append(file, {"a", std::string(700, 'b')}) || !append(file, {"c"})) return false;
        merge(file, 2);
        if (!append(file, {std::string(2'000, 'd'), "e", "f"})) return false;
        merge(file, 6);
        return append(file, {std::string(900, 'g')}) && append(file, {"h", ""});
    }
};

}  // namespace

TEST_F(SpillTest, EntriesComeBackInOrderUntilTheyAreMerged) {
    {
        const auto file = open();
        EXPECT_EQ(*file->append({"one", "two"}), 1u);
        EXPECT_EQ(*file->append({std::string("three\0", 6)}), 3u);
    }
    EXPECT_EQ(payloads_of(*open()), (Payloads{"one", "two", std::string("three\0", 6)}));
    // The store has committed the first two, and the process died before it said so here.
    const auto file = open(2);
    EXPECT_EQ(payloads_of(*file), (Payloads{std::string("three\0", 6)}));
    file->forget(3);
    EXPECT_EQ(file->bytes(), 0);
    EXPECT_EQ(*file->append({"four"}), 4u) << "the sequence never begins anew";
}

TEST_F(SpillTest, ItMayLieInAFolderWithADashInItsName) {
    const TempFolder folder;
    settings.path = folder.file("spill");
    ASSERT_NE(settings.path.find('-'), std::string::npos);
    settings.vfs.clear();
    ASSERT_TRUE(open()->append({"one"}).ok());
    EXPECT_EQ(payloads_of(*open()), Payloads{"one"});
}

TEST_F(SpillTest, AnEmptiedFileGoesOnBehindTheStoresMark) {
    EXPECT_EQ(*open(41)->append({"x"}), 42u);
    EXPECT_EQ(payloads_of(*open(41)), Payloads{"x"});
    EXPECT_TRUE(open(42)->entries().empty());
}

TEST_F(SpillTest, APowerCutAtAnyStepLosesNothingAcknowledgedAndInventsNothing) {
    int cuts = 0;
    bool ended = false;
    for (std::uint64_t step = 1; !ended && step < 200; ++step) {
        for (std::uint64_t luck = 0; luck < 12; ++luck) {
            spillway::test::FaultVfs disk;
            settings.vfs = disk.name();
            Story story;
            {
                const auto file = open();
                disk.cut_power_in(step);
                ended = story.play(*file);
            }
            SeededRandom random(luck * 1'000'003 + step);
            disk.power_on(random);
            const auto file = open(story.mark);
            ASSERT_TRUE(file) << "step " << step << ", luck " << luck;
            const Payloads found = payloads_of(*file);
            Payloads with_doubt = story.acknowledged;
            with_doubt.insert(with_doubt.end(), story.in_doubt.begin(), story.in_doubt.end());
            EXPECT_TRUE(found == story.acknowledged || found == with_doubt) << "step " << step << ", luck " << luck;
            ASSERT_TRUE(file->append({"after"}).ok());
            EXPECT_EQ(payloads_of(*open(story.mark)).back(), "after");
            if (HasFailure()) return;
        }
        ++cuts;
    }
    EXPECT_TRUE(ended);
    EXPECT_GT(cuts, 10);
}

TEST_F(SpillTest, AfterAnErrorOfTheDiskNothingIsAcknowledgedAnyMore) {
    int failures = 0;
    for (std::uint64_t step = 1; step < 50; ++step) {
        spillway::test::FaultVfs disk;
        settings.vfs = disk.name();
        const auto file = open();
        disk.fail_step_in(step);
        Story story;
        if (story.play(*file)) break;
        ++failures;
        EXPECT_EQ(file->append({"later"}).error().code, "spill_failed");
    }
    EXPECT_GT(failures, 5);
}

TEST_F(SpillTest, AFullDiskRefusesAndGoesOnWithRoom) {
    const auto file = open();
    ASSERT_TRUE(file->append({"a"}).ok());
    vfs.set_full(true);
    const auto refused = file->append({"b", "c"});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, "storage_full");
    EXPECT_GT(refused.error().retry_after->count(), 0);
    vfs.set_full(false);
    EXPECT_EQ(*file->append({"d"}), 2u);
    EXPECT_EQ(payloads_of(*open()), (Payloads{"a", "d"}));
}

TEST_F(SpillTest, ItsBoundIsKeptAndAllOfAnAppendIsRefused) {
    settings.bytes_max = 1'000;
    const auto file = open();
    ASSERT_TRUE(file->append({std::string(500, 'x')}).ok());
    EXPECT_EQ(file->append({"small", std::string(500, 'y')}).error().code, "spill_full");
    EXPECT_EQ(file->entries().size(), 1u);
    file->forget(1);
    EXPECT_TRUE(file->append({"small", std::string(500, 'y')}).ok());
}

TEST_F(SpillTest, AnAcknowledgedEntryThatCannotBeReadIsDamageAndNotAnEnd) {
    {
        const auto file = open();
        ASSERT_TRUE(file->append({std::string(100, 'a')}).ok());
        ASSERT_TRUE(file->append({std::string(100, 'b')}).ok());
        ASSERT_TRUE(file->append({std::string(100, 'c')}).ok());
    }
    vfs.corrupt(settings.path, 48 + 104 + 48 + 20, "?");
    const auto opened = SpillFile::open(settings, 0);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, "spill_damaged");
    EXPECT_EQ(SpillFile::open(settings, 0).error().code, "spill_damaged") << "it is left as it is";
}

TEST_F(SpillTest, ARestoredStoreTakesWhatTheFileStillHolds) {
    ASSERT_TRUE(open(10)->append({"x"}).ok());
    EXPECT_EQ(payloads_of(*open(5)), Payloads{"x"});
}

}  // namespace spillway::queue::test
