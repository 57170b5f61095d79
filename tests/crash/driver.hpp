#pragma once
// Plays random operations on one lane of a store, up to two at a time, and reports each step. All on the loop.

#include <boost/asio/steady_timer.hpp>
#include <set>

#include "schema/random.hpp"
#include "tests/crash/judge.hpp"

namespace spillway::queue::test {

/// Faults that a harness must find; each plays a bug that a queue could have.
enum class Defect {
    none,
    ack_before_commit,    ///< success is told while the transaction is still open
    dropped_token_check,  ///< a settle by an overtaken claim is carried out
    lost_job,             ///< a row vanishes
    runs_again,           ///< a settled job is put back to the queue
    wrong_count,
    orphan_wait,
    two_open_jobs,  ///< without the unique index
    old_epoch,
};
constexpr std::pair<std::string_view, Defect> kDefects[] = {
    {"ack_before_commit", Defect::ack_before_commit},
    {"dropped_token_check", Defect::dropped_token_check},
    {"lost_job", Defect::lost_job},
    {"runs_again", Defect::runs_again},
    {"wrong_count", Defect::wrong_count},
    {"orphan_wait", Defect::orphan_wait},
    {"two_open_jobs", Defect::two_open_jobs},
    {"old_epoch", Defect::old_epoch},
};

class Driver {
 public:
    struct Place {
        boost::asio::io_context& io;
        SqliteStore& store;
        spillway::test::SimClock& clock;
        Report& report;
        std::uint64_t& slots;  ///< counted from (epoch << 32), so that no two operations share one
        Defect defect = Defect::none;
    };

    Driver(Place place, std::string lane, std::uint64_t seed);

    /// Until `stop`, `steps` steps, or the store has failed.
    boost::asio::awaitable<void> run(std::uint64_t steps);
    void stop() { stopped_ = true; }
    /// An operation found the store failed; what became of it is not known.
    [[nodiscard]] bool broken() const { return broken_; }

 private:
    boost::asio::awaitable<void> learn();
    boost::asio::awaitable<void> step();
    boost::asio::awaitable<void> perform(Op op);
    boost::asio::awaitable<void> play_defect(Outcome outcome);
    boost::asio::awaitable<void> wait_until_folded(JobId follow_up);
    boost::asio::awaitable<void> unclaim();
    boost::asio::awaitable<void> turn();

    Op any_op();
    void enqueue_into(Op& op);
    void claim();
    void claim_unknown();
    void remember(const Op& op, const Outcome& outcome);
    std::vector<Wait> some_waits();
    std::string any_key() { return "k" + std::to_string(random_.below(6)); }
    JobId any_job();
    Claim any_claim();

    Place place_;
    std::string lane_;
    SeededRandom random_;
    boost::asio::steady_timer rested_;
    int under_way_ = 0;
    bool stopped_ = false;
    bool broken_ = false;
    std::vector<Claim> claims_;
    std::vector<Claim> dead_;  ///< settled or handed back: their tokens must be refused
    std::set<JobId> started_;
    std::vector<JobId> known_;
    std::map<JobId, std::string> keys_;
    std::map<std::string, JobId> follow_ups_;
};

}  // namespace spillway::queue::test
