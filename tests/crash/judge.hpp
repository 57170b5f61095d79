#pragma once
// The oracle of the crash harness. It hears what the store has acknowledged, repeats it on the plain queue of
// tests/unit/queue/oracle.hpp, and compares the two after each crash. What it finds wrong it says in `complaints`.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/crash/op.hpp"
#include "tests/unit/queue/oracle.hpp"
#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

/// A number that a long run sets.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise);

/// What a driver says, in the order in which it happens on the loop.
class Report {
 public:
    virtual ~Report() = default;
    /// `slot` is given to one operation ever.
    virtual void begun(std::uint64_t slot, const Op& op) = 0;
    virtual void answered(std::uint64_t slot, const Outcome& outcome) = 0;
    /// `from`: waiting or unknown.
    virtual void claimed(const std::string& lane, const Claim& claim, JobState from, std::int64_t now_ms) = 0;
    virtual void unclaimed(const std::string& lane, const Claim& claim, std::int64_t now_ms) = 0;
    /// Time is about to be so late: what falls due until then may happen.
    virtual void passes(std::int64_t now_ms) = 0;
};

class Judge final : public Report {
 public:
    explicit Judge(int crashes_max) : crashes_max_(crashes_max) {}

    void begun(std::uint64_t slot, const Op& op) override;
    void answered(std::uint64_t slot, const Outcome& outcome) override;
    void claimed(const std::string& lane, const Claim& claim, JobState from, std::int64_t now_ms) override;
    void unclaimed(const std::string& lane, const Claim& claim, std::int64_t now_ms) override;
    void passes(std::int64_t now_ms) override { now_ms_ = std::max(now_ms_, now_ms); }

    /// The operation was refused for lack of space: it must not have happened.
    void withdrawn(std::uint64_t slot);
    void complain(const std::string& what) { complaints_.push_back(what); }
    /// The process has ended in one way or another, and `bench` has opened what it left behind.
    void check(Bench& bench);

    [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }
    [[nodiscard]] std::int64_t now_ms() const { return now_ms_; }
    [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }
    [[nodiscard]] std::size_t jobs() const;

 private:
    struct LaneModel {
        explicit LaneModel(int crashes_max) : oracle(crashes_max) {}
        Oracle oracle;
        std::map<JobId, std::uint64_t> claims;
        std::optional<LanePause> pause;
        std::optional<LanePause> hold;  ///< of the kind: with one lane only
        [[nodiscard]] bool held() const { return pause || hold; }
    };

    LaneModel& lane(const std::string& name) { return lanes_.try_emplace(name, crashes_max_).first->second; }
    void pass_to(LaneModel& model, std::int64_t now_ms);
    void apply(const Op& op, const Outcome& outcome);
    bool allowed(LaneModel& model, const Op& op, const Outcome& outcome);
    void enqueue(LaneModel& model, const Op& op, const Outcome& outcome);
    bool settle(LaneModel& model, const Op& op);

    void check_ledger(Bench& bench);
    void check_jobs(Bench& bench);
    void check_job(const Job& job);
    void check_claimable(Bench& bench);
    void check_rows(Bench& bench);

    int crashes_max_;
    std::map<std::string, LaneModel> lanes_;
    std::map<std::uint64_t, Op> pending_;
    std::set<std::uint64_t> confirmed_;
    std::set<std::uint64_t> refused_;
    std::int64_t ledger_read_ = 0;
    std::int64_t now_ms_ = 0;
    std::uint64_t token_max_ = 0;
    std::uint32_t epoch_ = 0;
    std::map<JobId, std::int64_t> row_tokens_;
    std::size_t acknowledged_ = 0;
    std::vector<std::string> complaints_;
};

}  // namespace spillway::queue::test
