#pragma once
// What may go wrong between a caller and a provider, by rule: latency, errors, answers lost, connections cut, outages.
// Every draw comes from one seeded generator, so a seed and a sequence of requests give the same faults again.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "schema/clock.hpp"
#include "schema/random.hpp"
#include "schema/runtime/http_message.hpp"

namespace spillway::sandbox {

/// What a rule may match on.
struct FaultSubject {
    std::string_view provider;
    std::string_view path;
    bool write = false;
    bool token = false;  ///< the token endpoint: neither a write nor a read
};

/// What happens to one request, all matching rules together.
struct FaultDecision {
    Millis before{0};            ///< waited before the effect
    Millis after{0};             ///< waited after the effect, before the answer
    bool cut = false;            ///< the connection is dropped before the effect
    bool answer_lost = false;    ///< the connection is dropped after the effect
    bool error_applied = false;  ///< the effect takes place although `error` is answered
    std::optional<HttpResponse> error{};
};

struct FaultRule {
    enum class Match { all, write, read, token };
    struct Span {
        Millis least{0};
        Millis most{0};
    };
    struct ErrorFault {
        double rate = 0;
        bool applied = false;
        HttpResponse answer;
    };

    std::string name, provider, path_prefix, path_regex_text;
    std::optional<std::regex> path_regex{};
    Match match = Match::all;
    Span latency{}, latency_after{};
    std::optional<ErrorFault> error{};
    double answer_lost = 0;
    double cut = 0;
    bool outage = false;
    int outage_status = 0;  ///< 0: the connection is dropped; else this status is answered
    std::optional<SteadyTime> outage_until{};
    std::optional<std::uint64_t> times{};  ///< at most so many errors, losses and cuts
    std::uint64_t fired = 0;
};

class Faults {
 public:
    explicit Faults(std::uint64_t seed) : random_(seed) {}

    /// Replaces all rules, or none of them. @return a problem for people, or empty.
    std::string load(const nlohmann::json& document, SteadyTime now);
    [[nodiscard]] nlohmann::json describe() const;
    FaultDecision decide(const FaultSubject& subject, SteadyTime now);

 private:
    bool hits(double rate);
    Millis draw(const FaultRule::Span& span);
    void apply(FaultRule& rule, SteadyTime now, FaultDecision& decision);

    SeededRandom random_;
    std::vector<FaultRule> rules_;
};

}  // namespace spillway::sandbox
