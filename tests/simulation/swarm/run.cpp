#include "tests/simulation/swarm/run.hpp"

#include <set>

#include "tests/simulation/swarm/defects.hpp"
#include "tests/simulation/swarm/oracle.hpp"
#include "tests/simulation/swarm/streams.hpp"
#include "tests/simulation/swarm/troubles.hpp"

namespace spillway::test {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr Millis kCheckEvery = hours(3);
/// After all has been healed everything must end within this.
constexpr Millis kHealedBudget = hours(16);

WorldOptions world_options(const Options& options) {
    WorldOptions world;
    world.disk = options.has(Fault::power) ? Disk::losing : Disk::keeping;
    world.storage_most = options.has(Fault::slow_storage) ? Millis{40} : Millis{0};
    world.callers_wire = options.has(Fault::callers_wire);
    world.draws_order = options.has(Fault::drawn_order);
    return world;
}

class Run {
 public:
    Run(const Options& options, Trace& trace)
        : options_(options),
          trace_(trace),
          random_(stream_of(options.seed, "run")),
          secrets_(result_.findings, trace),
          world_(options.seed, world_options(options)) {}

    RunResult play() {
        watch();
        connect();
        Troubles troubles({world_, options_, result_.findings, trace_}, businesses_);
        troubles.set_up();
        live_through(troubles);
        heal(troubles);
        judge();
        result_.hash = trace_.hash();
        return std::move(result_);
    }

 private:
    void watch();
    void connect();
    void add_business(const std::string& provider, std::size_t tenant, int records);
    void live_through(Troubles& troubles);
    void look(Troubles& troubles);
    void book_foreign();
    void watch_the_other_side();
    void heal(Troubles& troubles);
    bool ended();
    [[nodiscard]] bool consents_last() const;
    void judge();
    [[nodiscard]] SteadyTime now() { return world_.clock().steady_now(); }

    const Options& options_;
    Trace& trace_;
    SeededRandom random_;
    RunResult result_{};
    LimitJudge limits_{result_.findings};
    SecretJudge secrets_;
    World world_;
    std::vector<Business> businesses_{};
    std::set<std::string> keys_{};
    std::uint64_t foreign_numbers_ = 0;
    std::set<std::string> foreign_{};  ///< providers whose books have some
    SteadyTime began_{};
};

void Run::watch() {
    auto& network = world_.network();
    network.on_arrival = [this](const CallSeen& call) {
        trace_.add(call.sent, "arrives", call.method + " " + call.path + " " + call.key, call.body);
        limits_.arrived(call);
        if (!call.key.empty() && !keys_.insert(call.key).second) result_.findings.met("same_key_again");
        ++result_.calls;
    };
    network.on_answer = [this](const CallSeen& call) {
        trace_.add(now(), "answer", call.path + " " + call.key, std::to_string(call.status));
        limits_.answered(call);
    };
    network.on_other_answer = [this](const std::string& body) { secrets_.given_out(body); };
}

void Run::add_business(const std::string& provider, std::size_t tenant, int records) {
    Business::Place place;
    place.provider = provider;
    place.tenant = tenant;
    place.currency = tenant == 0 ? "GBP" : "USD";
    place.automatic = chance(random_, 70);
    const auto partner = world_.make_partner("Partner of " + provider + std::to_string(tenant));
    place.connection = world_.connect(provider, partner, "", tenant);
    if (place.automatic) world_.ok("PATCH", "/v1/connections/" + place.connection, R"({"posting":"automatic"})");
    businesses_.emplace_back(Business::Parts{world_, options_, result_.findings, trace_}, std::move(place),
                             options_.seed);
    (void)records;
}

void Run::connect() {
    businesses_.reserve(4);
    const bool xero_first = chance(random_, 50);
    const std::string first = xero_first ? "xero" : "qbo", second = xero_first ? "qbo" : "xero";
    add_business(first, 0, 0);
    add_business(second, 0, 0);
    const bool third = !options_.one_sided && chance(random_, 30);
    if (third) add_business(chance(random_, 50) ? first : second, 1, 0);
    began_ = now();
    // The first has most of it; in a one-sided run the other is quiet, and must stay quick.
    const int rest = options_.one_sided ? options_.records / 20 : options_.records / 3;
    const int others = static_cast<int>(businesses_.size()) - 1;
    businesses_[0].plan(options_.records - rest, hours(options_.hours));
    for (int i = 1; i <= others; ++i)
        businesses_[static_cast<std::size_t>(i)].plan(rest / others, hours(options_.hours));
}

/// Other people book documents under numbers that the company will use.
void Run::book_foreign() {
    for (auto& business : businesses_) {
        const auto& place = business.place();
        const bool has_items = !world_.ledger(place.provider, place.tenant)["items"].items().empty();
        if (place.tenant != 0 || !has_items || foreign_.contains(place.provider)) continue;
        try {
            for (std::uint64_t i = 0; i < 2; ++i) {
                const auto number = business.name("FOR", foreign_numbers_++);
                world_.book_foreign_invoice(place.provider, number);
                business.mark_foreign(number);
            }
            foreign_.insert(place.provider);
        } catch (const std::exception&) {
            // The provider is in trouble for them too: at the next look, perhaps.
        }
    }
}

void Run::look(Troubles& troubles) {
    if (options_.has(Fault::foreign)) book_foreign();
    if (troubles.limits_were_changed()) limits_.stop();
    for (const auto& business : businesses_) {
        judge_books(world_, result_.findings, business, /*final=*/false);
        judge_records(world_, result_.findings, business);
    }
}

void Run::live_through(Troubles& troubles) {
    const auto end = began_ + hours(options_.hours);
    auto next_check = began_ + kCheckEvery;
    while (now() < end && result_.findings.all().empty()) {
        const auto until = std::max(now(), std::min({end, troubles.next(), next_check}));
        const bool died =
            world_.clock().run_until([this] { return world_.is_cut() || world_.has_failed(); }, until - now());
        if (died) {
            troubles.revive();
            continue;
        }
        world_.clock().run_for(until - now());
        if (troubles.limits_were_changed()) limits_.stop();
        if (now() >= next_check) {
            next_check += kCheckEvery;
            look(troubles);
            if (options_.one_sided) watch_the_other_side();
        }
        if (now() < end) troubles.step();
    }
}

/// What the quiet company asked for has long been done, whatever happens at the other provider.
void Run::watch_the_other_side() {
    const auto& quiet = businesses_[1];
    if (!quiet.place().automatic) return;
    std::set<std::string> open;
    world_.read_store([&](queue::sqlite::Connection& connection) {
        SQLite::Statement select(
            connection.database(),
            "SELECT j.key FROM jobs j JOIN lanes l ON l.id = j.lane_id WHERE l.name = ? AND j.state IN (0, 1, 4)");
        select.bind(1, quiet.place().connection);
        while (select.executeStep()) open.insert(select.getColumn(0).getString());
    });
    for (const auto& record : quiet.wanted()) {
        if (record.version == 0 || now() - record.acknowledged < minutes(15)) continue;
        result_.findings.met("quiet_side_watched");
        if (open.contains(record.kind + "/" + record.id))
            result_.findings.broken("starved", record.id,
                                    "acknowledged long ago and still open, while the trouble is elsewhere");
    }
}

bool Run::ended() {
    std::int64_t moving = 0;
    world_.read_store([&](queue::sqlite::Connection& connection) {
        SQLite::Statement count(connection.database(), "SELECT count(*) FROM jobs WHERE state < 5");
        count.executeStep();
        moving = count.getColumn(0).getInt64();
    });
    return moving == 0;
}

/// Whether nothing in this run can cost a consent: a token answer that is lost for longer than the old token is good
/// for (half an hour at Xero), or a token that cannot be stored for so long.
bool Run::consents_last() const {
    constexpr Fault kCosts[] = {Fault::consent_lost, Fault::cut,        Fault::black_hole, Fault::late_answer,
                                Fault::pieces,       Fault::tokens_end, Fault::io_error,   Fault::disk_full,
                                Fault::paused,       Fault::outage};
    return std::none_of(std::begin(kCosts), std::end(kCosts), [this](Fault fault) { return options_.has(fault); });
}

/// All is well from now on: whatever was accepted must come to its end.
void Run::heal(Troubles& troubles) {
    if (!result_.findings.all().empty()) return;
    if (world_.is_cut() || world_.has_failed()) troubles.revive();
    troubles.heal();
    const auto give_up = now() + kHealedBudget;
    for (auto& business : businesses_) business.complete();
    while (now() < give_up && !troubles.consent_again()) world_.clock().run_for(seconds(30));
    const auto acknowledged = [this] {
        return std::all_of(businesses_.begin(), businesses_.end(),
                           [](const auto& one) { return one.all_acknowledged(); });
    };
    while (now() < give_up && !acknowledged()) world_.clock().run_for(seconds(10));
    for (const auto& business : businesses_) {
        const auto& connection = business.place().connection;
        const auto state = world_.ok("GET", "/v1/connections/" + connection)["state"].string_or("");
        if (state == "needs_reauth" && consents_last())
            result_.findings.broken("consent", "", "a connection lost its consent, which nobody took away");
        if (state == "needs_reauth") world_.connect(business.place().provider, "", connection, business.place().tenant);
        if (state == "paused") world_.ok("POST", "/v1/connections/" + connection + "/resume", "{}");
        world_.ok("POST", "/v1/replays", R"({"filter":{"connection_id":")" + connection + R"("},"dry_run":false})");
        if (!business.place().automatic) world_.start_sync(connection);
    }
    bool over = false;
    while (now() < give_up && !over) {
        world_.clock().run_for(minutes(2));
        over = ended();
    }
    if (!acknowledged()) result_.findings.broken("intake", "", "a submission is never acknowledged");
    // Effects that were still on their way show now.
    world_.clock().run_for(minutes(10));
}

void Run::judge() {
    if (!result_.findings.all().empty()) return;
    judge_store(world_, result_.findings, businesses_);
    std::uint64_t settled = 0;
    for (const auto& business : businesses_) {
        judge_books(world_, result_.findings, business, /*final=*/true);
        judge_records(world_, result_.findings, business);
        settled += static_cast<std::uint64_t>(business.acknowledged());
        trace_.add(now(), "books", "",
                   world_.sandbox("GET", "/_sandbox/" + business.place().provider + "/ledger").body);
    }
    result_.settled = settled;
    result_.virtual_seconds = std::chrono::duration_cast<seconds>(now() - began_).count();
    result_.findings.met("network_cut", world_.network().cuts);
    result_.findings.met("network_swallowed", world_.network().swallowed);
    result_.findings.met("caller_broke_off", world_.callers().broken());
    result_.findings.met("network_late", world_.network().late);
    bool throttled = false;
    for (const auto* provider : {"xero", "qbo"}) throttled = throttled || world_.throttled(provider) > 0;
    if (throttled && !options_.has(Fault::limits_changed))
        result_.findings.broken("limit", "", "a provider had to answer 429 to a limit that it had announced");
    if (throttled) result_.findings.met("limit_told_by_429");
}

}  // namespace

RunResult play(const Options& options, Trace& trace) {
    plant(options.defect);
    try {
        Run run(options, trace);
        return run.play();
    } catch (const std::exception& failure) {
        RunResult result;
        result.findings.broken("exception", "", failure.what());
        result.hash = trace.hash();
        return result;
    }
}

}  // namespace spillway::test
