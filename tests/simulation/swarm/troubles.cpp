#include "tests/simulation/swarm/troubles.hpp"

#include "tests/simulation/swarm/streams.hpp"

namespace spillway::test {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Troubles::Troubles(Business::Parts parts, std::vector<Business>& businesses)
    : world_(parts.world),
      options_(parts.options),
      findings_(parts.findings),
      trace_(parts.trace),
      businesses_(businesses),
      random_(stream_of(parts.options.seed, "troubles")) {}

void Troubles::note(std::string_view what, const std::string& text) {
    trace_.note(world_.clock().steady_now(), what, text);
}

/// Where a provider's documents leave a question open.
void Troubles::set_up() {
    // Kinds that hold for the whole run have no episodes.
    for (std::size_t i = 0; i < kFaultCount; ++i) {
        const auto fault = static_cast<Fault>(i);
        const bool always = fault == Fault::slow_storage || fault == Fault::drawn_order ||
                            fault == Fault::bad_records || fault == Fault::foreign || fault == Fault::disputed ||
                            fault == Fault::callers_wire;
        if (options_.has(fault) && !always) kinds_.push_back(fault);
    }
    began_ = world_.clock().steady_now();
    next_ = began_ + up_to(minutes(60));
    if (options_.has(Fault::clock)) world_.service_clock().drift(static_cast<std::int64_t>(random_.below(400)) - 200);
    // Xero's old refresh token goes on for half an hour; of QuickBooks documents disagree: a day.
    world_.configure("qbo", R"({"refresh_grace_seconds":86400})");
    if (!options_.has(Fault::disputed)) return;
    const std::vector<std::string> xero{
        R"({"whole_call_400_atomic":false})",      R"({"cache_validation_errors":false})",
        R"({"key_includes_tenant":true})",         R"({"window":"sliding"})",
        R"({"read_after_write_ms":20000})",        R"({"void_frees_number":true})",
        R"({"unknown_reference_404":false})",      R"({"post_contact_name_matches":false})",
        R"({"deleted_payment_moves_stamp":false})"};
    const std::vector<std::string> qbo{
        R"({"requestid_repeat":"error_600"})",     R"({"requestid_retention_seconds":300})",
        R"({"requestid_replays_failures":false})", R"({"query_delay_seconds":60})",
        R"({"query_stale_sync_token":true})",      R"({"linking_bumps_sync_token":false})",
        R"({"doc_number_scope":"type"})",          R"({"payment_void_by_operation":false})",
        R"({"deactivated_name_free":false})",      R"({"throttle_as_xml":false})"};
    for (const auto& [provider, list] : {std::pair{"xero", &xero}, std::pair{"qbo", &qbo}}) {
        const auto& settings = (*list)[random_.below(list->size())];
        note("disputed", settings);
        world_.configure(provider, settings);
    }
}

bool Troubles::is_on(Fault fault) const {
    return std::any_of(episodes_.begin(), episodes_.end(), [&](const auto& one) { return one.fault == fault; });
}

SteadyTime Troubles::next() const {
    auto when = next_;
    for (const auto& episode : episodes_) when = std::min(when, episode.until);
    return when;
}

void Troubles::step() {
    const auto now = world_.clock().steady_now();
    bool ended = false;
    for (std::size_t i = 0; i < episodes_.size();) {
        if (episodes_[i].until > now) {
            ++i;
            continue;
        }
        auto episode = std::move(episodes_[i]);
        episodes_.erase(episodes_.begin() + static_cast<std::ptrdiff_t>(i));
        note("ends", std::string(to_string(episode.fault)));
        if (episode.end) episode.end();
        ended = true;
    }
    if (ended) apply_rules(), apply_wire();
    if (!without_consent_.empty() && !is_on(Fault::consent_lost)) consent_again();
    if (next_ > now) return;
    // Most of it comes when most is to do.
    const auto since_spike = now - (began_ + options_.spike().at);
    const bool busy = since_spike > -minutes(10) && since_spike < options_.spike().span + minutes(40);
    next_ = now + up_to(minutes(busy ? 6 : 90));
    if (!kinds_.empty()) begin(kinds_[random_.below(kinds_.size())]);
}

void Troubles::begin(Fault fault) {
    if (is_on(fault)) return;
    const auto span = chance(random_, 30) ? up_to(minutes(90)) : up_to(minutes(12));
    note("begins", std::string(to_string(fault)));
    switch (fault) {
        case Fault::crash:
            for (auto left = 1 + random_.below(3); left > 0; --left) {
                world_.clock().run_for(up_to(seconds(chance(random_, 50) ? 5 : 90)));
                note("crash", "");
                world_.disk().set_full(false);  // somebody makes room before the next start
                world_.crash(chance(random_, 50) ? Millis{0} : up_to(minutes(3)));
                findings_.met("crash");
            }
            return;
        case Fault::power:
        case Fault::io_error:
        case Fault::disk_full:
        case Fault::clock: return begin_on_disk(fault, span);
        case Fault::refused:
        case Fault::cut:
        case Fault::black_hole:
        case Fault::slow_server:
        case Fault::late_answer:
        case Fault::pieces: return begin_on_wire(fault, span);
        case Fault::server_errors:
        case Fault::answer_lost:
        case Fault::outage:
        case Fault::throttled:
        case Fault::limits_changed:
        case Fault::tokens_end: return begin_at_provider(fault, span);
        default: return begin_by_people(fault, span);
    }
}

void Troubles::begin_with(Fault fault, Millis span, std::function<void()> end) {
    episodes_.push_back({fault, world_.clock().steady_now() + span, {}, std::move(end)});
}

void Troubles::begin_rule(Fault fault, Millis span, const std::string& rule) {
    note("rule", rule);
    episodes_.push_back({fault, world_.clock().steady_now() + span, rule, {}});
    apply_rules();
}

void Troubles::begin_on_disk(Fault fault, Millis span) {
    switch (fault) {
        case Fault::power: return world_.cut_power_in(1 + random_.below(60));
        case Fault::io_error: return world_.disk().fail_step_in(1 + random_.below(60));
        case Fault::disk_full:
            if (chance(random_, 50)) {
                world_.set_free_bytes(std::int64_t{100} << 20);
                return begin_with(fault, span, [this] { world_.set_free_bytes(std::int64_t{100} << 30); });
            }
            world_.disk().set_full(true);
            return begin_with(fault, span, [this] { world_.disk().set_full(false); });
        default: {
            const auto by = up_to(chance(random_, 50) ? Millis(seconds(90)) : Millis(hours(3)));
            world_.service_clock().shift(chance(random_, 50) ? by : -by);
            findings_.met("clock_set");
            return begin_with(fault, span, [this] { world_.service_clock().correct(); });
        }
    }
}

void Troubles::begin_on_wire(Fault fault, Millis span) {
    begin_with(fault, span, {});
    apply_wire();
}

/// What the wire does is what all episodes of it do together.
void Troubles::apply_wire() {
    NetworkTrouble wire;
    wire.latency_most = Millis{300};
    if (is_on(Fault::refused)) wire.refuse = 200, wire.connect_hangs = 50;
    if (is_on(Fault::cut)) wire.cut_request = 150, wire.cut_answer = 150;
    if (is_on(Fault::black_hole)) wire.swallow_request = 80, wire.swallow_answer = 80;
    if (is_on(Fault::slow_server)) wire.slow_server = 300, wire.slow_most = Millis{40'000};
    if (is_on(Fault::late_answer)) wire.slow_answer = 200;
    if (is_on(Fault::pieces)) wire.pieces = 600, wire.half_close = 200, wire.extra_bytes = 30;
    world_.network().trouble = wire;
}

std::string Troubles::provider_word() {
    if (!options_.one_sided)
        return chance(random_, 60) ? "" : chance(random_, 50) ? R"("provider":"xero",)" : R"("provider":"qbo",)";
    return R"("provider":")" + businesses_.front().place().provider + "\",";
}

void Troubles::begin_at_provider(Fault fault, Millis span) {
    const auto of = provider_word();
    switch (fault) {
        case Fault::server_errors:
            return begin_rule(fault, span,
                              "{" + of + R"("match":"write","error":{"rate":0.25,"status":500,"effect":"applied"}},{)" +
                                  of + R"("match":"write","error":{"rate":0.25,"status":503}},{)" + of +
                                  R"("match":"read","error":{"rate":0.15,"status":503}})");
        case Fault::answer_lost:
            return begin_rule(
                fault, span,
                "{" + of +
                    R"("match":"write","answer_lost":0.4,"cut":0.1,"latency_ms":[5,4000],"latency_after_ms":[5,4000]})");
        case Fault::outage:
            return begin_rule(fault, span,
                              "{" + of + (chance(random_, 50) ? R"("outage":true})" : R"("outage":{"status":503}})"));
        case Fault::throttled:
            return begin_rule(fault, span,
                              "{" + of +
                                  R"("match":"write","error":{"rate":0.5,"status":429,"headers":{"Retry-After":")" +
                                  std::to_string(1 + random_.below(90)) + R"("}}})");
        case Fault::limits_changed:
            if (limits_changed_) return;
            limits_changed_ = true;
            world_.configure("xero", R"({"limits":{"minute":)" + std::to_string(20 + random_.below(30)) + "}}");
            return world_.configure("qbo",
                                    R"({"requests_per_minute":)" + std::to_string(100 + random_.below(200)) + "}");
        default:
            for (const auto& business : businesses_)
                world_.configure(business.place().provider,
                                 business.place().provider == "xero"
                                     ? R"({"expire_access_tokens":true})"
                                     : R"({"expire_access_tokens":")" +
                                           world_.ledger("qbo", business.place().tenant)["id"].string_or("") + "\"}");
            if (chance(random_, 50)) return;
            return begin_rule(
                fault, std::min<Millis>(span, minutes(20)),
                R"({"match":"token","answer_lost":0.4,"error":{"rate":0.2,"status":503},"latency_ms":[10,900]})");
    }
}

void Troubles::ask(const std::string& method, const std::string& target, Answered done, const std::string& body) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers.add("Content-Type", "application/json");
    request.body = body;
    world_.send(std::move(request), std::move(done));
}

/// Of a paused connection nothing leaves, once what was under way has arrived.
void Troubles::judge_pause(const Business::Place& place, SteadyTime since) {
    const auto tenant = world_.ledger(place.provider, place.tenant)["id"].string_or("");
    const auto& seen = world_.network().seen;
    for (auto call = seen.rbegin(); call != seen.rend() && call->sent > since + minutes(3); ++call)
        if (call->tenant == tenant && call->method != "GET")
            return findings_.broken("paused", "",
                                    "a write arrived " + std::to_string((call->sent - since).count() / 1000) +
                                        " s after the connection was paused: " + call->path);
    findings_.met("pause_kept");
}

void Troubles::begin_by_people(Fault fault, Millis span) {
    switch (fault) {
        case Fault::consent_lost: return lose_consent(span);
        case Fault::paused: {
            const auto& place = someone().place();
            const auto target = "/v1/connections/" + place.connection;
            const auto since = std::make_shared<std::optional<SteadyTime>>();
            ask("POST", target + "/pause", [this, since](const HttpResponse* answer) {
                if (answer != nullptr && answer->status < 300) *since = world_.clock().steady_now();
            });
            // Whoever asks and gets no answer asks again: here, at the end.
            return begin_with(fault, span, [this, target, since, place] {
                if (*since && !options_.has(Fault::consent_lost)) judge_pause(place, **since);
                ask("POST", target + "/resume");
            });
        }
        case Fault::cancelled:
            for (auto left = 1 + random_.below(5); left > 0; --left) someone().cancel_one();
            return;
        default:
            findings_.met("replayed");
            return ask("POST", "/v1/replays", {},
                       R"({"filter":{"connection_id":")" + someone().place().connection + R"("},"dry_run":false})");
    }
}

void Troubles::lose_consent(Millis span) {
    const auto which = random_.below(businesses_.size());
    const auto& place = businesses_[which].place();
    const auto tenant = world_.ledger(place.provider, place.tenant)["id"].string_or("");
    world_.configure(place.provider, R"({"revoke_tokens":")" + tenant + "\"}");
    findings_.met("consent_lost");
    // One grant may serve several companies: all of them may need a consent.
    without_consent_.clear();
    for (std::size_t i = 0; i < businesses_.size(); ++i)
        if (businesses_[i].place().provider == place.provider) without_consent_.push_back(i);
    begin_with(Fault::consent_lost, span, {});
}

bool Troubles::consent_again() {
    std::vector<std::size_t> left;
    for (const auto which : without_consent_) {
        const auto& place = businesses_[which].place();
        try {
            world_.connect(place.provider, "", place.connection, place.tenant);
            note("consent", place.connection);
        } catch (const std::exception& failure) {
            // The provider or the service is in trouble: they try again later.
            note("no consent", failure.what());
            left.push_back(which);
        }
    }
    without_consent_ = std::move(left);
    return without_consent_.empty();
}

void Troubles::apply_rules() {
    std::string rules;
    for (const auto& episode : episodes_)
        if (!episode.rule.empty()) rules += (rules.empty() ? "" : ",") + episode.rule;
    world_.faults(rules);
}

void Troubles::revive() {
    const bool failed = world_.has_failed();
    note(failed ? "store failed" : "power cut", "");
    findings_.met(failed ? "store_failed" : "power_cut");
    world_.disk().set_full(false);
    world_.power_on(chance(random_, 50) ? Millis{0} : up_to(minutes(2)));
}

void Troubles::heal() {
    for (auto& episode : episodes_)
        if (episode.end) episode.end();
    episodes_.clear();
    kinds_.clear();
    apply_rules();
    world_.network().trouble = NetworkTrouble{};
    world_.disk().relent();
    world_.service_clock().correct();
    note("healed", "");
    for (const auto& business : businesses_) {
        const auto target = "/v1/connections/" + business.place().connection;
        ask("POST", target + "/resume");
    }
}

}  // namespace spillway::test
