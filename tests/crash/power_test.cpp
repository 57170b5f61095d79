// The power goes, a write or sync fails, or the space ends, at every step of every transition. What was acknowledged is
// there wholly, what was not is there wholly or not at all.

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "tests/crash/driver.hpp"
#include "tests/crash/transitions.hpp"

namespace spillway::queue::test {

namespace {

using spillway::test::Fate;
using spillway::test::FaultVfs;

enum class Fault { none, cut, io_error, full };

/// Many runs, each from the same new store.
class Runs {
 public:
    /// `log_pages`: from when on the log is moved into the database after a commit.
    explicit Runs(sqlite::LogPages log_pages = {}) : log_pages_(log_pages) {
        Bench bench(settings());
        SPILLWAY_ASSERT(bench.open().ok());
        bench.crash();
        empty_ = vfs_.save();
    }

    struct Seen {
        std::uint64_t steps = 0;  ///< of the act
        std::vector<std::string> complaints{};
    };

    Seen play(const Transition& transition, Fault fault, std::uint64_t at, Fate fate, std::uint64_t luck) {
        vfs_.load(empty_);
        Judge judge(settings().crashes_max);
        Bench bench(settings());
        SPILLWAY_ASSERT(bench.open().ok());
        Player player(bench, judge);
        transition.before(player);
        const std::uint64_t before = vfs_.steps();
        arm(fault, at);
        const bool done = transition.act(player);
        const std::uint64_t steps = vfs_.steps() - before;
        if (fault == Fault::none && !done) judge.complain("it does not even work on a sound disk");
        if (fault == Fault::full) try_again(transition, player, judge, done);
        bench.crash();
        vfs_.set_full(false);
        SeededRandom random(luck * 1'000'003 + at);
        vfs_.power_on(fate, random);
        const auto opened = bench.open();
        if (opened.ok()) {
            judge.check(bench);
        } else {
            judge.complain("it does not open: " + opened.error().code + " " + opened.error().detail);
        }
        return {steps, judge.complaints()};
    }

    FaultVfs& vfs() { return vfs_; }

 private:
    Settings settings() {
        Settings settings = settings_with_ledger(folder_.file("store.db"));
        settings.vfs = vfs_.name();
        settings.log_pages = log_pages_;
        return settings;
    }
    void arm(Fault fault, std::uint64_t at) {
        if (fault == Fault::cut) vfs_.cut_power_in(at);
        if (fault == Fault::io_error) vfs_.fail_step_in(at);
        if (fault == Fault::full) vfs_.fill_in(at);
    }
    void try_again(const Transition& transition, Player& player, Judge& judge, bool done) {
        vfs_.set_full(false);
        if (done) return;  // the last write had been made
        if (!player.refused_for_space()) judge.complain("no space, and no clear refusal");
        player.withdraw_refused();
        if (!transition.act(player)) judge.complain("it does not go on when there is space again");
    }

    TempFolder folder_;
    FaultVfs vfs_;
    sqlite::LogPages log_pages_;
    FaultVfs::Image empty_;
};

/// One store on a disk that loses power now and then, under random operations on three lanes.
class History {
 public:
    explicit History(std::uint64_t seed) : random_(seed), judge_(settings().crashes_max) {}

    void live_until_the_power_goes() {
        Bench bench(settings());
        bench.begin_at(from_ms(std::max<std::int64_t>(judge_.now_ms(), 1'767'603'600'000)));
        const bool opens_in_peace = random_.below(4) != 0;
        const std::uint64_t cut = 1 + random_.below(random_.below(3) == 0 ? 60 : 9'000);
        if (!opens_in_peace) vfs_.cut_power_in(cut);
        if (bench.open().ok()) {
            judge_.check(bench);
            if (opens_in_peace) vfs_.cut_power_in(cut);
            drive(bench);
        }
        cuts_ += vfs_.is_cut() ? 1 : 0;
        bench.crash();
        vfs_.power_on(static_cast<Fate>(random_.below(3)), random_);
        Bench after(settings());
        after.begin_at(from_ms(std::max<std::int64_t>(judge_.now_ms(), 1'767'603'600'000)));
        const auto opened = after.open();
        if (!opened.ok()) return judge_.complain("it does not open: " + opened.error().detail);
        judge_.check(after);
    }

    [[nodiscard]] const Judge& judge() const { return judge_; }
    [[nodiscard]] std::uint64_t cuts() const { return cuts_; }

 private:
    Settings settings() {
        Settings settings = settings_with_ledger(folder_.file("store.db"));
        settings.vfs = vfs_.name();
        settings.log_pages = {.busy = 40, .idle = 20, .gate = 400};  // a log that is moved often
        return settings;
    }
    void drive(Bench& bench) {
        std::uint64_t slots = static_cast<std::uint64_t>(bench.store().epoch()) << 32;
        int busy = 0;
        auto timers = spillway::test::start(bench.io(), bench.store().run());
        std::vector<std::unique_ptr<Driver>> drivers;
        for (int lane = 0; lane < 3; ++lane) {
            const Driver::Place place{bench.io(), bench.store(), bench.clock(), judge_, slots};
            drivers.push_back(std::make_unique<Driver>(place, "lane" + std::to_string(lane), random_.next()));
            ++busy;
            boost::asio::co_spawn(bench.io(), drivers.back()->run(150), [&](std::exception_ptr) { --busy; });
        }
        if (!bench.clock().run_until([&] { return busy == 0; })) judge_.complain("the drivers hang");
    }

    TempFolder folder_{};
    FaultVfs vfs_{};
    SeededRandom random_;
    Judge judge_;
    std::uint64_t cuts_ = 0;
};

std::string text(const std::vector<std::string>& complaints) {
    std::string all;
    for (const std::string& each : complaints) all += each + "\n";
    return all;
}

constexpr const char* kFates[] = {"dropped", "kept", "torn"};

/// Without a cut, a fate differs only for the process that dies later.
std::vector<Fate> fates_of(Fault fault, std::uint64_t step) {
    if (fault == Fault::cut) return {Fate::dropped, Fate::kept, Fate::torn};
    if (fault == Fault::full) return {Fate::kept};
    return {step % 2 == 0 ? Fate::dropped : Fate::kept};
}

/// A write may be torn in many ways.
std::uint64_t torn_tries() { return from_environment("SPILLWAY_TORN", 1); }

/// Every step of `transition`. @return the number of runs.
std::uint64_t at_every_step(Runs& runs, const Transition& transition, Fault fault) {
    const auto sound = runs.play(transition, Fault::none, 0, Fate::dropped, 0);
    EXPECT_TRUE(sound.complaints.empty()) << transition.name << ": " << text(sound.complaints);
    std::uint64_t played = 0;
    for (std::uint64_t at = 1; at <= sound.steps; ++at) {
        for (const Fate fate : fates_of(fault, at)) {
            const std::uint64_t tries = fate == Fate::torn ? torn_tries() : 1;
            for (std::uint64_t luck = 0; luck < tries; ++luck) {
                const auto seen = runs.play(transition, fault, at, fate, luck);
                EXPECT_TRUE(seen.complaints.empty())
                    << transition.name << ", step " << at << " of " << sound.steps << ", not synced is "
                    << kFates[static_cast<int>(fate)] << ", luck " << luck << ": " << text(seen.complaints);
                if (::testing::Test::HasFailure()) return played;
                ++played;
            }
        }
    }
    return played;
}

}  // namespace

TEST(Checklist, torn_last_transaction) {
    Runs runs;
    std::uint64_t played = 0;
    for (const Transition& transition : all_transitions()) {
        played += at_every_step(runs, transition, Fault::cut);
        ASSERT_FALSE(HasFailure());
    }
    EXPECT_GT(played, 2'000u);
    // And with the log moved into the database behind each commit, which has its own writes and syncs.
    Runs moving({.busy = 1, .idle = 1, .gate = 400});
    const auto transitions = all_transitions();
    for (std::size_t at = 0; at < transitions.size(); at += 6) {
        played += at_every_step(moving, transitions[at], Fault::cut);
        ASSERT_FALSE(HasFailure());
    }
    std::cout << played << " power cuts in " << all_transitions().size() << " transitions\n";
}

TEST(FailingDisk, AFailedStepOfAnyTransitionLosesNothing) {
    Runs runs;
    for (const Transition& transition : all_transitions()) {
        at_every_step(runs, transition, Fault::io_error);
        ASSERT_FALSE(HasFailure());
    }
}

TEST(FailingDisk, NoSpaceInAnyTransitionRefusesItWholeAndItGoesOnWithSpace) {
    Runs runs;
    for (const Transition& transition : all_transitions()) {
        if (transition.is_commit) at_every_step(runs, transition, Fault::full);
        ASSERT_FALSE(HasFailure());
    }
}

/// Long histories, so that the cut also comes while the log is moved into the database in the middle of other work.
TEST(PowerCuts, AnywhereInLongHistoriesLoseNothing) {
    const std::uint64_t histories = from_environment("SPILLWAY_HISTORIES", 24);
    std::uint64_t cuts = 0, acknowledged = 0;
    for (std::uint64_t seed = 1; seed <= histories; ++seed) {
        History history(seed);
        for (int life = 0; life < 4; ++life) {
            history.live_until_the_power_goes();
            ASSERT_TRUE(history.judge().complaints().empty())
                << "history of seed " << seed << ", life " << life << ": " << text(history.judge().complaints());
        }
        cuts += history.cuts();
        acknowledged += history.judge().acknowledged();
    }
    std::cout << cuts << " power cuts among " << acknowledged << " answers\n";
    EXPECT_GT(cuts, histories * 2);
}

TEST(FailingDisk, ADriveThatLiesAboutSyncsIsFoundOut) {
    Runs runs;
    runs.vfs().set_lying(true);
    std::size_t found = 0;
    for (const Transition& transition : all_transitions())
        found += runs.play(transition, Fault::none, 0, Fate::dropped, 0).complaints.empty() ? 0 : 1;
    EXPECT_GT(found, all_transitions().size() / 2) << "or else nothing here depends on a sync";
}

}  // namespace spillway::queue::test
