#pragma once
// The judge: what may never happen, looked at after every step, and what must hold in the end.

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "tests/simulation/swarm/business.hpp"

namespace spillway::test {

/// The limits as the wire sees them, whichever process sent: no window ever holds more than the provider allows.
class LimitJudge {
 public:
    explicit LimitJudge(Findings& findings) : findings_(findings) {}
    void arrived(const CallSeen& call);
    void answered(const CallSeen& call);
    /// The provider allows less from now on, and will have to say so: what is over is told by its 429.
    void stop() { stopped_ = true; }

 private:
    struct Window {
        std::deque<SteadyTime> times{};
        std::size_t most = 0;
    };
    void count(const std::string& what, SteadyTime when, Millis span, std::size_t limit);

    Findings& findings_;
    std::map<std::string, Window> windows_{};
    std::map<std::string, int> in_flight_{};
    bool stopped_ = false;
};

/// No secret in any line of the log. Sees the tokens as the provider gives them out.
class SecretJudge {
 public:
    SecretJudge(Findings& findings, Trace& trace);
    ~SecretJudge();
    SecretJudge(const SecretJudge&) = delete;
    SecretJudge& operator=(const SecretJudge&) = delete;
    void given_out(const std::string& answer);

 private:
    void line(std::string_view text);

    Findings& findings_;
    Trace& trace_;
    std::vector<std::string> secrets_;
};

/// What the books of a company hold against what it wants. `final`: all has ended; before that a record may not be
/// there yet, but nothing may be there twice.
void judge_books(World& world, Findings& findings, const Business& business, bool final);
/// What the service says of each record against what was acknowledged.
void judge_records(World& world, Findings& findings, const Business& business);
/// The store against itself: counts, open intents, transitions.
void judge_store(World& world, Findings& findings, const std::vector<Business>& businesses);

}  // namespace spillway::test
