// What the wire shows: limits and secrets.

#include "schema/json_value.hpp"
#include "schema/runtime/log.hpp"
#include "tests/simulation/swarm/oracle.hpp"

namespace spillway::test {

using std::chrono::hours;
using std::chrono::seconds;

void LimitJudge::count(const std::string& what, SteadyTime when, Millis span, std::size_t limit) {
    auto& window = windows_[what];
    while (!window.times.empty() && window.times.front() + span <= when) window.times.pop_front();
    window.times.push_back(when);
    if (window.times.size() > limit && window.times.size() > window.most)
        findings_.broken("limit", "",
                         what + ": " + std::to_string(window.times.size()) + " calls within " +
                             std::to_string(span.count()) + " ms, allowed are " + std::to_string(limit));
    window.most = std::max(window.most, window.times.size());
    if (window.times.size() + 1 >= limit && span <= seconds(60)) findings_.met("limit_nearly_reached");
}

void LimitJudge::arrived(const CallSeen& call) {
    const auto whose = call.provider + " " + call.tenant;
    if (stopped_) return;
    if (call.provider == "xero") {
        count(whose + " minute", call.sent, seconds(60), 60);
        count(whose + " day", call.sent, hours(24), 5'000);
        if (++in_flight_[whose] > 5) findings_.broken("limit", "", whose + ": more than 5 calls at once");
        return;
    }
    count(whose + " minute", call.sent, seconds(60), 500);
    count(whose + " second", call.sent, seconds(1), 10);
    if (call.batch) count(whose + " batches", call.sent, seconds(60), 40);
}

void LimitJudge::answered(const CallSeen& call) {
    if (call.provider == "xero") --in_flight_[call.provider + " " + call.tenant];
}

SecretJudge::SecretJudge(Findings& findings, Trace& trace)
    : findings_(findings),
      trace_(trace),
      secrets_{"sandbox-xero-secret", "sandbox-qbo-secret", "simulated-administrator"} {
    set_log_sink([this](std::string_view text) { line(text); });
}

SecretJudge::~SecretJudge() { set_log_sink({}); }

void SecretJudge::given_out(const std::string& answer) {
    const auto tokens = parse_json(answer);
    if (!tokens.ok()) return;
    for (const auto* name : {"access_token", "refresh_token"}) {
        const auto secret = (*tokens)[name].string_or("");
        if (secret.size() >= 8) secrets_.push_back(secret);
    }
    // Enough to catch a leak, which comes soon after the token does.
    constexpr std::size_t kKept = 24;
    if (secrets_.size() > kKept) secrets_.erase(secrets_.begin() + 3, secrets_.begin() + 5);
}

/// Events whose coming tells that a rare situation was met.
void SecretJudge::line(std::string_view text) {
    for (const auto& secret : secrets_)
        if (text.find(secret) != std::string_view::npos)
            findings_.broken("secret", "", "a secret in the log: " + std::string(text));
    trace_.logged(text);
    constexpr std::string_view kEvent = R"("event":")";
    const auto at = text.find(kEvent);
    if (at == std::string_view::npos) return;
    auto event = text.substr(at + kEvent.size());
    event = event.substr(0, event.find('"'));
    std::string mark = "log_" + std::string(event);
    if (event == "resolving_call")
        mark += text.find(R"("resend":true)") != std::string_view::npos ? "_by_repeat" : "_by_look_up";
    findings_.met(mark);
    if (event == "task_failed") findings_.broken("failed", "", std::string(text));
}

}  // namespace spillway::test
