#include "services/sandbox/faults.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

namespace spillway::sandbox {

using nlohmann::json;

namespace {

const std::set<std::string> kMembers{
    "name",  "provider",    "match", "path",   "path_regex", "latency_ms", "latency_after_ms",
    "error", "answer_lost", "cut",   "outage", "times",      "fired"};

[[noreturn]] void refuse(const std::string& why) { throw std::invalid_argument(why); }

double read_rate(const json& value, const std::string& member) {
    const double rate = value.get<double>();  // a probability, not an amount
    if (rate < 0 || rate > 1) refuse(member + " is a rate from 0 to 1");
    return rate;
}

FaultRule::Span read_span(const json& value) {
    if (value.is_number_integer()) return {Millis{value.get<std::int64_t>()}, Millis{value.get<std::int64_t>()}};
    const FaultRule::Span span{Millis{value.at(0).get<std::int64_t>()}, Millis{value.at(1).get<std::int64_t>()}};
    if (span.least < Millis{0} || span.most < span.least) refuse("a latency range is [least, most] in milliseconds");
    return span;
}

FaultRule::Match read_match(const std::string& word) {
    if (word == "all") return FaultRule::Match::all;
    if (word == "write") return FaultRule::Match::write;
    if (word == "read") return FaultRule::Match::read;
    if (word == "token") return FaultRule::Match::token;
    refuse("match is one of all, write, read, token");
}

std::string_view to_word(FaultRule::Match match) {
    switch (match) {
        case FaultRule::Match::all: return "all";
        case FaultRule::Match::write: return "write";
        case FaultRule::Match::read: return "read";
        case FaultRule::Match::token: return "token";
    }
    return "all";
}

FaultRule::ErrorFault read_error(const json& value) {
    FaultRule::ErrorFault fault;
    fault.rate = read_rate(value.value("rate", json(1.0)), "error.rate");
    fault.answer.status = value.value("status", 500);
    if (fault.answer.status < 200 || fault.answer.status > 599) refuse("error.status is an HTTP status");
    const json body = value.value("body", json(""));
    fault.answer.body = body.is_string() ? body.get<std::string>() : body.dump();
    if (!body.is_string()) fault.answer.headers.set("Content-Type", "application/json");
    const json headers = value.value("headers", json::object());  // named: items() refers to it
    for (const auto& [name, text] : headers.items()) fault.answer.headers.set(name, text.get<std::string>());
    const std::string effect = value.value("effect", "none");
    if (effect != "none" && effect != "applied") refuse("error.effect is none or applied");
    fault.applied = effect == "applied";
    return fault;
}

void read_outage(const json& value, SteadyTime now, FaultRule& rule) {
    if (value.is_boolean()) {
        rule.outage = value.get<bool>();
        return;
    }
    rule.outage = true;
    rule.outage_status = value.value("status", 0);
    if (value.contains("seconds")) rule.outage_until = now + std::chrono::seconds{value["seconds"].get<std::int64_t>()};
}

FaultRule read_rule(const json& value, SteadyTime now) {
    for (const auto& [name, ignored] : value.items())
        if (!kMembers.contains(name)) refuse("unknown member \"" + name + "\"");
    FaultRule rule;
    rule.name = value.value("name", "");
    rule.provider = value.value("provider", "");
    rule.match = read_match(value.value("match", "all"));
    rule.path_prefix = value.value("path", "");
    rule.path_regex_text = value.value("path_regex", "");
    if (!rule.path_regex_text.empty()) rule.path_regex.emplace(rule.path_regex_text, std::regex::optimize);
    if (value.contains("latency_ms")) rule.latency = read_span(value["latency_ms"]);
    if (value.contains("latency_after_ms")) rule.latency_after = read_span(value["latency_after_ms"]);
    if (value.contains("error")) rule.error = read_error(value["error"]);
    if (value.contains("answer_lost")) rule.answer_lost = read_rate(value["answer_lost"], "answer_lost");
    if (value.contains("cut")) rule.cut = read_rate(value["cut"], "cut");
    if (value.contains("outage")) read_outage(value["outage"], now, rule);
    if (value.contains("times")) rule.times = value["times"].get<std::uint64_t>();
    return rule;
}

bool matches(const FaultRule& rule, const FaultSubject& subject) {
    if (!rule.provider.empty() && rule.provider != subject.provider) return false;
    if (rule.match == FaultRule::Match::write && !subject.write) return false;
    if (rule.match == FaultRule::Match::read && (subject.write || subject.token)) return false;
    if (rule.match == FaultRule::Match::token && !subject.token) return false;
    if (!subject.path.starts_with(rule.path_prefix)) return false;
    return !rule.path_regex || std::regex_search(subject.path.begin(), subject.path.end(), *rule.path_regex);
}

json describe_span(const FaultRule::Span& span) { return {span.least.count(), span.most.count()}; }

}  // namespace

std::string Faults::load(const json& document, SteadyTime now) {
    std::vector<FaultRule> rules;
    try {
        for (const json& rule : document.at("rules")) rules.push_back(read_rule(rule, now));
    } catch (const std::exception& problem) {
        return "fault rule " + std::to_string(rules.size()) + ": " + problem.what();
    }
    rules_ = std::move(rules);
    return {};
}

json Faults::describe() const {
    json list = json::array();
    for (const FaultRule& rule : rules_) {
        json one{{"name", rule.name}, {"match", to_word(rule.match)}, {"fired", rule.fired}};
        if (!rule.provider.empty()) one["provider"] = rule.provider;
        if (!rule.path_prefix.empty()) one["path"] = rule.path_prefix;
        if (!rule.path_regex_text.empty()) one["path_regex"] = rule.path_regex_text;
        if (rule.latency.most > Millis{0}) one["latency_ms"] = describe_span(rule.latency);
        if (rule.latency_after.most > Millis{0}) one["latency_after_ms"] = describe_span(rule.latency_after);
        if (rule.error)
            one["error"] = {{"rate", rule.error->rate},
                            {"status", rule.error->answer.status},
                            {"body", rule.error->answer.body},
                            {"effect", rule.error->applied ? "applied" : "none"}};
        if (rule.answer_lost > 0) one["answer_lost"] = rule.answer_lost;
        if (rule.cut > 0) one["cut"] = rule.cut;
        if (rule.outage) one["outage"] = true;
        if (rule.times) one["times"] = *rule.times;
        list.push_back(std::move(one));
    }
    return {{"rules", std::move(list)}};
}

bool Faults::hits(double rate) {
    if (rate <= 0) return false;
    return static_cast<double>(random_.next() >> 11) * 0x1.0p-53 < rate;
}

Millis Faults::draw(const FaultRule::Span& span) {
    const auto width = static_cast<std::uint64_t>((span.most - span.least).count());
    return width == 0 ? span.least : span.least + Millis{static_cast<std::int64_t>(random_.below(width + 1))};
}

void Faults::apply(FaultRule& rule, SteadyTime now, FaultDecision& decision) {
    decision.before += draw(rule.latency);
    decision.after += draw(rule.latency_after);
    if (rule.outage && (!rule.outage_until || now < *rule.outage_until)) {
        ++rule.fired;
        if (rule.outage_status == 0)
            decision.cut = true;
        else
            decision.error = HttpResponse{rule.outage_status, {}, ""};
        return;
    }
    // Each kind draws every time, so that one rule's luck does not shift another's.
    const bool cut = hits(rule.cut);
    const bool lost = hits(rule.answer_lost);
    const bool error = rule.error && hits(rule.error->rate);
    if (!(cut || lost || error) || (rule.times && rule.fired >= *rule.times)) return;
    ++rule.fired;
    decision.cut |= cut;
    decision.answer_lost |= lost;
    if (error && !decision.error) {
        decision.error = rule.error->answer;
        decision.error_applied = rule.error->applied;
    }
}

FaultDecision Faults::decide(const FaultSubject& subject, SteadyTime now) {
    FaultDecision decision;
    for (FaultRule& rule : rules_)
        if (matches(rule, subject)) apply(rule, now, decision);
    return decision;
}

}  // namespace spillway::sandbox
