// Power cuts at every write and sync of a scenario: what was acknowledged is there once, in a legal state, and nothing
// that was settled runs again.

#include <map>
#include <set>

#include "tests/support/fault_vfs.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {

using States = std::set<JobState>;

/// The scenario's knowledge: for each key the states that its job may have after a restart. No entry: the job may not
/// exist.
class Scenario {
 public:
    explicit Scenario(Bench& bench) : bench_(bench) {}

    /// Until the power goes. @return false when it went.
    bool play() {
        const bool played = enqueue("a") && enqueue("b") && start("a") && settle("a", Settlement::applied(1)) &&
                            enqueue("c") && close_and_open() && start("b") && settle("b", Settlement::again()) &&
                            start("b") && settle("b", Settlement::parked("bad", "words")) && enqueue("d") &&
                            start("c") && close_and_open() && enqueue("e") && start("d") &&
                            settle("d", Settlement::unknown("cut")) && enqueue("f");
        return played && start("e") && settle("e", Settlement::applied(2));
    }

    void check(const std::string& where) {
        const auto jobs = bench_
                              .read<std::vector<Job>>([](sqlite::Connection& connection) {
                                  return Result<std::vector<Job>>(SqliteStore::list_jobs(connection, {}, {}, 200));
                              })
                              .value();
        std::map<std::string, JobState> found;
        for (const Job& job : jobs) {
            EXPECT_TRUE(found.emplace(job.key, job.state).second) << where << ": two jobs of " << job.key;
            EXPECT_EQ(job.body, "body of " + job.key) << where;
        }
        for (const auto& [key, states] : may_be_) {
            const bool may_be_absent = absent_.contains(key);
            if (!found.contains(key)) {
                EXPECT_TRUE(may_be_absent) << where << ": lost " << key;
                continue;
            }
            EXPECT_TRUE(states.contains(found[key])) << where << ": " << key << " is " << to_string(found[key]);
            found.erase(key);
        }
        EXPECT_TRUE(found.empty()) << where << ": a job that nobody enqueued";
        std::set<JobId> claimable;
        for (const Claim& claim : bench_.store().claim("L", "push", 100)) claimable.insert(claim.id);
        for (const Job& job : jobs) {
            EXPECT_EQ(claimable.contains(job.id), job.state == JobState::waiting) << where << ": " << job.key;
        }
    }

 private:
    bool enqueue(const std::string& key) {
        const Work work = [=](Transaction& transaction) -> Result<void> {
            const auto made = transaction.enqueue(a_job(key, "body of " + key));
            if (!made.ok()) return made.error();
            return success();
        };
        absent_.insert(key);
        may_be_[key] = {JobState::waiting};
        if (!bench_.commit(work, CommandClass::intake).ok()) return false;
        absent_.erase(key);
        return true;
    }
    bool start(const std::string& key) {
        const auto claim = bench_.claim_one();
        EXPECT_TRUE(claim) << key;
        if (!claim) return false;
        claims_[key] = *claim;
        may_be_[key].insert(JobState::unknown);
        if (!bench_.start(*claim).ok()) return false;
        may_be_[key] = {JobState::unknown};
        return true;
    }
    bool settle(const std::string& key, const Settlement& settlement) {
        may_be_[key].insert(settlement.state);
        if (!bench_.settle(claims_[key], settlement).ok()) return false;
        may_be_[key] = {settlement.state};
        return true;
    }
    bool close_and_open() {  // the checkpoint's writes and syncs come here
        auto closed = spillway::test::start(bench_.io(), bench_.store().close());
        bench_.clock().run_for(Millis{0});
        EXPECT_TRUE(closed.ended());
        bench_.crash();
        return bench_.open().ok();
    }

    Bench& bench_;
    std::map<std::string, States> may_be_;
    std::set<std::string> absent_;
    std::map<std::string, Claim> claims_;
};

/// @return whether the scenario ended before the cut.
bool cut_at(std::uint64_t step, std::uint64_t luck) {
    const TempFolder folder;
    spillway::test::FaultVfs vfs;
    Settings settings = settings_for(folder.file("store.db"));
    settings.vfs = vfs.name();
    Bench bench(settings);
    SeededRandom random(luck * 1'000'003 + step);
    vfs.cut_power_in(step);
    Scenario scenario(bench);
    const bool played = bench.open().ok() && scenario.play();
    EXPECT_NE(played, vfs.is_cut()) << "only the power cut may end the scenario";
    bench.crash();
    vfs.power_on(random);
    const auto opened = bench.open();
    const std::string where = "cut at " + std::to_string(step) + ", luck " + std::to_string(luck);
    EXPECT_TRUE(opened.ok()) << where << ": " << (opened.ok() ? "" : opened.error().detail);
    if (opened.ok()) scenario.check(where);
    return played;
}

}  // namespace

TEST(PowerLoss, AtEveryStepLeavesWhatWasAcknowledgedAndNothingSettledRunsAgain) {
    std::uint64_t cuts = 0;
    for (std::uint64_t step = 1;; ++step) {
        bool played = false;
        for (std::uint64_t luck = 0; luck < 4; ++luck) played = cut_at(step, luck);
        if (HasFailure()) return;
        if (played) break;
        ++cuts;
        ASSERT_LT(step, 5'000u);
    }
    EXPECT_GT(cuts, 100u);
    RecordProperty("cuts", static_cast<int>(cuts));
}

}  // namespace spillway::queue::test
