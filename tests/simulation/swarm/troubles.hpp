#pragma once
// Trouble as the seed draws it: episodes of one kind or another that begin, overlap and end.

#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/swarm/business.hpp"

namespace spillway::test {

class Troubles {
 public:
    Troubles(Business::Parts parts, std::vector<Business>& businesses);

    /// Settings that hold for the whole run.
    void set_up();
    /// Begins an episode, or ends those whose time has come. The world may have another process afterwards.
    void step();
    /// When step() wants to be called next.
    [[nodiscard]] SteadyTime next() const;
    /// The process has died or its store has failed: starts the next one.
    void revive();
    /// Ends everything for good: from now on all is well.
    void heal();
    /// Connections whose consent is lost get it again. @return whether all have it.
    bool consent_again();

    [[nodiscard]] bool limits_were_changed() const { return limits_changed_; }

 private:
    struct Episode {
        Fault fault;
        SteadyTime until;
        std::string rule;  ///< of the sandbox
        std::function<void()> end;
    };
    void begin(Fault fault);
    void begin_rule(Fault fault, Millis span, const std::string& rule);
    void begin_with(Fault fault, Millis span, std::function<void()> end);
    void begin_at_provider(Fault fault, Millis span);
    void begin_on_wire(Fault fault, Millis span);
    void begin_on_disk(Fault fault, Millis span);
    void begin_by_people(Fault fault, Millis span);
    void apply_rules();
    void apply_wire();
    void lose_consent(Millis span);
    void note(std::string_view what, const std::string& text);
    [[nodiscard]] bool is_on(Fault fault) const;
    std::string provider_word();
    Millis up_to(Millis most) { return Millis(1 + random_.below(static_cast<std::uint64_t>(most.count()))); }
    Business& someone() { return businesses_[random_.below(businesses_.size())]; }
    using Answered = std::function<void(const HttpResponse*)>;
    void ask(const std::string& method, const std::string& target, Answered done = {}, const std::string& body = "{}");
    void judge_pause(const Business::Place& place, SteadyTime since);

    World& world_;
    const Options& options_;
    Findings& findings_;
    Trace& trace_;
    std::vector<Business>& businesses_;
    SeededRandom random_;
    std::vector<Fault> kinds_{};
    std::vector<Episode> episodes_{};
    std::vector<std::size_t> without_consent_{};
    SteadyTime began_{}, next_{};
    bool limits_changed_ = false;
};

}  // namespace spillway::test
