// Random operations against the plainest possible queue, with crashes at any moment. A failure names its seed.

#include <optional>

#include "tests/support/fault_vfs.hpp"
#include "tests/unit/queue/oracle.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {

class Model {
 public:
    Model(Bench& bench, std::uint64_t seed) : bench_(bench), oracle_(bench.settings().crashes_max), random_(seed) {}

    void step() {
        oracle_.now = to_ms(bench_.clock().wall_now());
        switch (random_.below(12)) {
            case 0:
            case 1:
            case 2: return enqueue();
            case 3:
            case 4: return claim();
            case 5: return start();
            case 6:
            case 7: return settle();
            case 8: return administer();
            case 9: return release();
            case 10: return random_.below(3) == 0 ? crash() : pass();
            default: return random_.below(2) == 0 ? unclaim() : claim_unknown();
        }
    }

    void compare(const std::string& where) {
        const auto jobs = bench_.read<std::vector<Job>>([](sqlite::Connection& connection) {
            return Result<std::vector<Job>>(SqliteStore::list_jobs(connection, {}, {}, 200));
        });
        ASSERT_TRUE(jobs.ok());
        ASSERT_EQ(jobs->size(), oracle_.jobs.size()) << where;
        std::map<JobState, std::int64_t> counts;
        bool claimable = false;
        for (const Job& job : *jobs) {
            const OracleJob& expected = oracle_.jobs.at(job.id);
            EXPECT_EQ(to_string(job.state), to_string(expected.state)) << where << " job " << job.id;
            EXPECT_EQ(job.body, expected.body) << where << " job " << job.id;
            EXPECT_EQ(job.follow_up && !is_ended(job.state), expected.follow_up && !is_ended(expected.state))
                << where << " job " << job.id;
            EXPECT_EQ(job.attempts, expected.attempts) << where << " job " << job.id;
            EXPECT_EQ(job.crashes, expected.crashes) << where << " job " << job.id;
            EXPECT_EQ(job.waits.size(), expected.waits.size()) << where << " job " << job.id;
            ++counts[expected.claimed ? JobState::running : expected.state];
            claimable = claimable || (expected.state == JobState::waiting && !expected.claimed);
        }
        const auto counted = bench_.store().counts("L").by_state;
        EXPECT_EQ((std::map<JobState, std::int64_t>(counted.begin(), counted.end())), counts) << where;
        EXPECT_EQ(bench_.store().next_kind("L").has_value(), claimable) << where;
    }

 private:
    std::string any_key() { return "k" + std::to_string(random_.below(5)); }
    std::vector<Wait> some_waits() {
        std::vector<Wait> waits;
        for (std::uint64_t left = random_.below(6); left > 3; --left)
            waits.push_back({random_.below(2) == 0 ? any_key() : "w" + std::to_string(random_.below(3)),
                             1 + static_cast<std::int64_t>(random_.below(2))});
        return waits;
    }
    std::optional<WallTime> maybe_later() {
        if (random_.below(4) != 0) return std::nullopt;
        return from_ms(oracle_.now + static_cast<std::int64_t>(random_.below(100'000)));
    }
    Claim any_claim() { return claims_[random_.below(claims_.size())]; }
    void forget(JobId id) {
        std::erase_if(claims_, [id](const Claim& claim) { return claim.id == id; });
    }
    std::optional<JobId> any_job() {
        if (oracle_.jobs.empty()) return std::nullopt;
        return std::next(oracle_.jobs.begin(), static_cast<std::ptrdiff_t>(random_.below(oracle_.jobs.size())))->first;
    }

    void enqueue() {
        NewJob job = a_job(any_key(), "body " + std::to_string(++bodies_));
        job.waits = some_waits();
        job.not_before = maybe_later();
        if (random_.below(8) == 0) return enqueue_and_roll_back(job);
        const Enqueued made = bench_.enqueue(job);
        EXPECT_EQ(made.placed, oracle_.enqueue(job, made.id));
    }
    void enqueue_and_roll_back(const NewJob& job) {
        const auto done = bench_.commit([&](Transaction& transaction) -> Result<void> {
            EXPECT_TRUE(transaction.enqueue(job).ok());
            return invalid("changed_my_mind", "");
        });
        EXPECT_FALSE(done.ok());
    }
    void claim() {
        for (const Claim& claim : bench_.store().claim("L", "push", 1 + random_.below(2)))
            hold(claim, JobState::waiting);
    }
    void claim_unknown() {
        const auto id = any_job();
        if (!id) return;
        const bool expected = oracle_.jobs.at(*id).state == JobState::unknown && !oracle_.jobs.at(*id).claimed;
        const auto claim = bench_.store().claim_unknown("L", *id);
        EXPECT_EQ(claim.has_value(), expected);
        if (claim) hold(*claim, JobState::unknown);
    }
    void hold(const Claim& claim, JobState expected) {
        OracleJob& job = oracle_.jobs.at(claim.id);
        EXPECT_FALSE(job.claimed || job.follow_up);
        EXPECT_EQ(job.state, expected);
        job.claimed = true;
        claims_.push_back(claim);
    }
    void start() {
        if (claims_.empty()) return;
        const Claim claim = any_claim();
        EXPECT_TRUE(bench_.start(claim).ok());
        oracle_.start(claim.id);
    }
    void settle() {
        if (claims_.empty()) return;
        const Claim claim = any_claim();
        const WallTime later = from_ms(oracle_.now + 1 + static_cast<std::int64_t>(random_.below(100'000)));
        const std::vector<Settlement> all = {Settlement::applied(1),        Settlement::superseded(""),
                                             Settlement::parked("bad", ""), Settlement::retry_at(later, "down", ""),
                                             Settlement::again(),           Settlement::blocked({{"w0", 1}, {"w1", 1}}),
                                             Settlement::unknown("cut")};
        const Settlement& settlement = all[random_.below(all.size())];
        EXPECT_TRUE(bench_.settle(claim, settlement).ok());
        oracle_.settle(claim.id, settlement);
        forget(claim.id);
        EXPECT_FALSE(bench_.settle(claim, Settlement::applied(1)).ok()) << "stale";
    }
    void unclaim() {
        if (claims_.empty()) return;
        const Claim claim = any_claim();
        if (oracle_.jobs.at(claim.id).started) return;
        bench_.store().unclaim("L", {claim});
        oracle_.unclaim(claim.id);
        forget(claim.id);
        pass();
    }
    void administer() {
        const auto id = any_job();
        if (!id) return;
        const auto done = [&](auto verb) { return bench_.commit(verb).ok(); };
        switch (random_.below(4)) {
            case 0: EXPECT_EQ(bench_.cancel(*id).ok(), oracle_.cancel(*id)); break;
            case 1:
                EXPECT_EQ(done([=](Transaction& t) { return t.resolve_by_hand(*id, ""); }),
                          oracle_.resolve_by_hand(*id));
                break;
            case 2:
                EXPECT_EQ(done([=](Transaction& t) { return t.park_blocked(*id, "late", "", ""); }),
                          oracle_.park_blocked(*id));
                break;
            default: EXPECT_EQ(bench_.replay(*id).ok(), oracle_.replay(*id));
        }
    }
    void release() {
        const std::string key = "w" + std::to_string(random_.below(3));
        EXPECT_TRUE(bench_.commit([=](Transaction& transaction) { return transaction.release("L", key, 1); }).ok());
        oracle_.release(key, 1);
    }
    void pass() {
        bench_.pass(Millis{1 + static_cast<std::int64_t>(random_.below(30'000))});
        oracle_.now = to_ms(bench_.clock().wall_now());
        oracle_.promote_due();
    }
    void crash() {
        bench_.reopen();
        claims_.clear();
        oracle_.crash();
        pass();
    }

    Bench& bench_;
    Oracle oracle_;
    SeededRandom random_;
    std::vector<Claim> claims_{};
    int bodies_ = 0;
};

void play(std::uint64_t seed) {
    const TempFolder folder;
    spillway::test::FaultVfs vfs;
    Settings settings = settings_for(folder.file("store.db"));
    settings.vfs = vfs.name();
    Bench bench(settings);
    ASSERT_TRUE(bench.open().ok());
    Model model(bench, seed);
    for (int step = 0; step < 80; ++step) {
        model.step();
        model.compare("seed " + std::to_string(seed) + " step " + std::to_string(step));
        if (::testing::Test::HasFailure()) return;
    }
}

}  // namespace

TEST(QueueModel, RandomOperationsAndCrashesAgreeWithThePlainQueue) {
    for (std::uint64_t seed = 1; seed <= 300 && !HasFailure(); ++seed) play(seed);
}

}  // namespace spillway::queue::test
