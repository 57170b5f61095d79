#pragma once
// Plays chosen operations on one lane of a store over the disk that can fail, one at a time, and lets the judge hear.

#include "tests/crash/judge.hpp"
#include "tests/support/fault_vfs.hpp"

namespace spillway::queue::test {

class Player {
 public:
    /// `settings` name the file system of `vfs`.
    Player(Bench& bench, Judge& judge) : bench_(bench), judge_(judge) {}

    /// Each verb: false when the store could not carry it out.
    bool enqueue(const std::string& key, std::vector<Wait> waits = {}, Millis later = {});
    bool start(const std::string& key);
    bool settle(const std::string& key, How how);
    bool settle_and_enqueue(const std::string& key, How how, const std::string& next);
    bool release(const std::string& key);
    bool administer(Verb verb, const std::string& key);  ///< replay, cancel, resolve, park
    bool cancel_follow_up(const std::string& key);
    bool pause(Millis span = {}) { return hold_for(Verb::pause, span); }
    bool resume() { return perform(op_of(Verb::resume, "")); }
    bool hold(Millis span = {}) { return hold_for(Verb::hold, span); }
    bool lift() { return perform(op_of(Verb::lift, "")); }
    /// Several commands in one commit.
    bool together(const std::vector<std::function<bool()>>& verbs);

    void claim();
    void claim_unknown(const std::string& key);
    void unclaim(const std::string& key);
    /// Time goes on, with the store's own timers at work.
    bool pass(Millis span);
    /// The process dies and another opens the file.
    bool reopen();
    bool close();

    /// No operation waits for its answer to be heard: forget what was refused for lack of space.
    void withdraw_refused();
    [[nodiscard]] bool refused_for_space() const { return !refused_.empty(); }

 private:
    struct UnderWay {
        std::uint64_t slot;
        Op op;
        std::shared_ptr<Outcome> outcome;
        spillway::test::Pending<Result<void>> pending;
    };

    bool perform(Op op);
    bool hold_for(Verb verb, Millis span);
    bool hear(UnderWay& each);
    Op op_of(Verb verb, const std::string& key);

    Bench& bench_;
    Judge& judge_;
    std::uint64_t slots_ = 0;
    std::map<std::string, JobId> ids_;
    std::map<std::string, JobId> follow_ups_;
    std::map<std::string, Claim> claims_;
    bool gathering_ = false;
    std::vector<UnderWay> gathered_;
    std::vector<std::uint64_t> refused_;
};

}  // namespace spillway::queue::test
