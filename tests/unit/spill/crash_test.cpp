// The power goes, or the process dies, at every write and sync of intake, spill file and merge: of what was
// acknowledged nothing is lost, nothing is there twice, and each record's versions come in order.

#include "tests/unit/spill/spill_fixture.hpp"

namespace spillway::test {
namespace {

using Names = std::vector<std::string>;

/// What callers were told, by record.
struct Told {
    std::map<std::string, Names> acknowledged;
    std::map<std::string, Names> in_doubt;  ///< asked for and not answered: may be there, behind the acknowledged

    void take(Life& life, const std::string& id, const std::string& name) {
        in_doubt[id].push_back(name);
        auto asked = start(life.io, life.spill->take({a_put(id, name)}));
        life.clock->run_for(Millis{0});
        if (!asked.ended() || !asked.take().ok()) return;
        in_doubt[id].pop_back();
        acknowledged[id].push_back(name);
    }
    void accept(Life& life, const std::string& id, const std::string& name) {
        in_doubt[id].push_back(name);
        if (!life.accept(a_put(id, name)).ok()) return;
        in_doubt[id].pop_back();
        acknowledged[id].push_back(name);
    }
};

/// By the store, by the file, merged, by the store again, by the file.
void play(Life& life, Told& told) {
    told.accept(life, "A", "a1");
    if (!life.stand_still()) return;
    told.take(life, "A", "a2");
    told.take(life, "B", "b1");
    told.take(life, "A", "a3");
    life.go_on(Millis{100});
    if (!life.spill->empty()) return;
    told.accept(life, "A", "a4");
    if (!life.stand_still()) return;
    told.take(life, "B", "b2");
    told.take(life, "A", "a5");
    life.go_on(Millis{100});
}

/// The acknowledged ones, then nothing or what was in doubt, in its order.
bool as_told(const Names& found, const Names& acknowledged, const Names& in_doubt) {
    if (found.size() < acknowledged.size()) return false;
    const auto rest = found.begin() + static_cast<std::ptrdiff_t>(acknowledged.size());
    return std::equal(acknowledged.begin(), acknowledged.end(), found.begin(), rest) &&
           static_cast<std::size_t>(found.end() - rest) <= in_doubt.size() &&
           std::equal(rest, found.end(), in_doubt.begin(), in_doubt.begin() + (found.end() - rest));
}

enum class End { power_cut, killed };

/// @return false when the scenario has no such step.
bool crash_at(std::uint64_t step, End end, std::uint64_t luck, const FaultVfs::Image& seeded) {
    FaultVfs disk;
    disk.load(seeded);
    Told told;
    bool reached = false;
    {
        Life life(disk);
        EXPECT_TRUE(life.open()) << life.failure().detail;
        disk.cut_power_in(step);
        play(life, told);
        reached = disk.is_cut();
        if (!reached) disk.cut_power();
    }
    SeededRandom random(luck * 1'000'003 + step);
    if (end == End::killed)
        disk.power_on_unharmed();
    else
        disk.power_on(random);
    Life life(disk);
    EXPECT_TRUE(life.open()) << life.failure().detail << " at step " << step;
    if (::testing::Test::HasFailure()) return false;
    life.clock->run_for(Millis{2'000});
    EXPECT_TRUE(life.spill->empty());
    for (const char* id : {"A", "B"}) {
        const Names found = life.names(id);
        EXPECT_TRUE(as_told(found, told.acknowledged[id], told.in_doubt[id]))
            << id << ": " << ::testing::PrintToString(found) << ", acknowledged "
            << ::testing::PrintToString(told.acknowledged[id]) << ", in doubt "
            << ::testing::PrintToString(told.in_doubt[id]) << ", step " << step << ", luck " << luck;
    }
    return reached;
}

FaultVfs::Image seeded_disk() {
    FaultVfs disk;
    {
        Life life(disk);
        EXPECT_TRUE(life.open()) << life.failure().detail;
        seed(life);
        auto closed = start(life.io, life.store->close());
        life.clock->run_for(Millis{0});
        EXPECT_TRUE(closed.ended());
    }
    return disk.save();
}

void crash_everywhere(End end, std::uint64_t lucks) {
    const FaultVfs::Image seeded = seeded_disk();
    std::uint64_t steps = 0;
    for (std::uint64_t step = 1; step < 2'000; ++step) {
        bool reached = true;
        for (std::uint64_t luck = 0; luck < lucks; ++luck) {
            reached = crash_at(step, end, luck, seeded) && reached;
            if (::testing::Test::HasFailure()) return;
        }
        if (!reached) break;
        ++steps;
    }
    EXPECT_GT(steps, 40u);
}

}  // namespace

TEST(SpillCrash, APowerCutAtAnyStepLosesNothingAndDoublesNothing) { crash_everywhere(End::power_cut, 3); }

TEST(SpillCrash, AKillAtAnyStepLosesNothingAndDoublesNothing) { crash_everywhere(End::killed, 1); }

}  // namespace spillway::test
