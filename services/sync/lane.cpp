#include "services/sync/lane.hpp"

#include <algorithm>

#include "schema/runtime/log.hpp"
#include "schema/simulated.hpp"
#include "services/store/day_calls.hpp"

namespace spillway::sync {

namespace asio = boost::asio;

namespace {

/// A belt beside the wake-up.
constexpr Millis kClaimAgain{1'000};
/// How soon a full disk is looked at again.
constexpr Millis kRoomAgain{5'000};
/// Each takes half a minute at least, and holds a batch in memory.
constexpr std::size_t kDoubtsMax = 16;
/// Calls whose outcome is being found out while the provider fails: each costs look-ups of its own.
constexpr std::size_t kUnknownMax = 3;
constexpr Millis kUnknownHold{5 * 60 * 1000};
/// How a lane holds back after whole-call failures: soon at first, then every half minute.
constexpr queue::BackoffPolicy kLaneBackoff{Millis{1'000}, Millis{30'000}, 0};

CallClass write_class_of(const Provider& provider) {
    const auto limits = provider.limits();
    const bool batches =
        std::any_of(limits.windows.begin(), limits.windows.end(), [](const auto& w) { return w.batch_only; });
    return batches ? CallClass::batch : CallClass::write;
}

Mapping mapping_of(const store::ConnectionRow& row) {
    if (row.mapping.empty()) return {};
    auto mapping = read_mapping(row.mapping);
    return mapping.ok() ? std::move(*mapping) : Mapping{};
}

Books books_of(const store::ConnectionRow& row) {
    if (row.books.empty()) return {};
    auto books = read_books_text(row.books);
    return books.ok() ? std::move(*books) : Books{};
}

Caller::SaveWait save_wait_to(LaneWorld& world, std::string budget) {
    return [&store = world.store, &clock = world.clock, budget = std::move(budget)](Millis left) {
        queue::Work work = [budget, left, now = clock.wall_now()](queue::Transaction& transaction) -> Result<void> {
            store::save_wait(queue::sqlite::connection_of(transaction), budget, left, now);
            return success();
        };
        return store.commit(queue::CommandClass::settle, std::move(work));
    };
}

Caller::SaveDays save_days_to(queue::sqlite::SqliteStore& store, std::string budget) {
    return [&store, budget = std::move(budget)](std::vector<pacing::DayRow> rows) {
        queue::Work work = [budget, rows = std::move(rows)](queue::Transaction& transaction) -> Result<void> {
            store::save_day_calls(queue::sqlite::connection_of(transaction), budget, rows);
            return success();
        };
        return store.commit(queue::CommandClass::settle, std::move(work));
    };
}

}  // namespace

Millis LaneParts::trip(Millis at_least) {
    ++failures_in_row;
    const auto delay = std::max(at_least, queue::backoff_delay(kLaneBackoff, failures_in_row, random));
    hold_until = std::max(hold_until, clock.steady_now() + delay);
    flights_allowed = 1;
    return delay;
}

Millis LaneParts::no_answer(Millis at_least) {
    breaker.failed(lane, clock.steady_now(), random);
    return trip(at_least);
}

bool LaneParts::can_settle() const { return store.room() != queue::sqlite::Room::settles_only && !store.held(); }

void LaneParts::recovered() {
    failures_in_row = 0;
    hold_until = SteadyTime{};
    flights_allowed = std::min(flights_allowed + 1, kFlightsMax);
    breaker.answered();
}

Millis LaneParts::retry_delay(int attempts) { return queue::backoff_delay(backoff, attempts, random); }

SettleContext LaneParts::settle_context() const {
    SettleContext context;
    context.provider = &provider;
    context.connection = connection;
    context.partner = partner;
    context.rounding_bound = mapping.rounding_bound;
    context.attempts_max = backoff.attempts_max;
    context.now = clock.wall_now();
    context.throttled_delay = provider.limits().throttled_default;
    return context;
}

Lane::Lane(LaneWorld& world, const store::ConnectionRow& row, Setup setup)
    : world_(world),
      pacer_(setup.provider.limits(), setup.app_budget),
      caller_(setup.provider, world.transport, world.tokens, world.clock, pacer_, setup.app_turns,
              Caller::Target{setup.origin, row.tenant_id, row.grant},
              save_days_to(world.store, setup.app + "/" + row.tenant_id),
              save_wait_to(world, setup.app + "/" + row.tenant_id)),
      parts_{row.id,
             row.partner,
             row.id.value,
             world.store,
             setup.provider,
             caller_,
             pacer_,
             world.clock,
             world.random,
             setup.breaker,
             setup.app + "/" + row.tenant_id,
             {},
             {}},
      write_class_(write_class_of(setup.provider)),
      wake_(world.executor),
      tasks_(world.executor, "lane " + row.id.value) {
    parts_.backoff = world.backoff;
    pacer_.restore_day(world.clock.steady_now(), world.clock.wall_now(), setup.day_calls);
    if (!setup.fresh && !SPILLWAY_DEFECT("limits_forgotten_at_start")) pacer_.start_full(world.clock.steady_now());
    parts_.on_unauthorised = [this](std::string reason) {
        // Several calls in flight are refused together: once is enough.
        if (!parts_.may_send) return;
        parts_.may_send = false;
        unauthorised_(parts_.connection, std::move(reason));
    };
    parts_.on_unknown = [this](store::Call call) {
        ++resolving_;
        if (call.doubt) ++doubts_;
        tasks_.spawn(resolve_one(std::move(call)), "resolve");
    };
    if (setup.wait_left) pacer_.wait_until(world.clock.steady_now() + *setup.wait_left, world.clock.steady_now());
    doubt();
    update(row);
}

Lane::~Lane() = default;

void Lane::update(const store::ConnectionRow& row) {
    const bool consented = state_ == "needs_reauth" && row.state == "active";
    state_ = row.state;
    parts_.mapping = mapping_of(row);
    parts_.books = books_of(row);
    parts_.may_send = row.state == "active" || SPILLWAY_DEFECT("pause_ignored");
    if (consented || row.grant != caller_.target().grant) caller_.renew_consent(row.grant);
    caller_.wake();
    wake();
}

void Lane::doubt() {
    parts_.doubt = world_.doubt;
    parts_.doubt_from = world_.doubt_from;
    parts_.looked_up.clear();
}

void Lane::start(std::vector<store::Call> open_calls, std::vector<queue::JobId> stranded) {
    if (!stranded.empty()) tasks_.spawn(revive(parts_, std::move(stranded)), "revive");
    for (auto& call : open_calls) parts_.on_unknown(std::move(call));
    tasks_.spawn(run(), "run");
}

void Lane::wake() {
    wake_.notify();
    // What somebody waits for may use the share that is held back from the bulk work that waits for a slot now.
    if (next_urgency() == pacing::Urgency::interactive) caller_.wake();
}

pacing::Urgency Lane::next_urgency() const {
    return world_.store.most_urgent(parts_.lane) == queue::Priority::interactive ? pacing::Urgency::interactive
                                                                                 : pacing::Urgency::bulk;
}

asio::awaitable<void> Lane::stop(Millis grace) { co_await tasks_.stop(world_.clock, grace); }

asio::awaitable<void> Lane::run() {
    for (;;) {
        const bool stopping = co_await stop_requested();
        if (stopping) co_return;
        co_await send_next();
    }
}

/// One look at the lane: starts a flight, or waits for a reason to look again.
asio::awaitable<void> Lane::send_next() {
    const auto now = world_.clock.steady_now();
    // Bulk flights may wait long for their slots: what somebody waits for does not queue up behind them.
    const bool urgent = next_urgency() == pacing::Urgency::interactive;
    const auto flights_max = std::min(world_.flights_max + (urgent ? 1 : 0), parts_.flights_allowed);
    if (!parts_.may_send || flights_ >= flights_max || doubts_ >= kDoubtsMax) {
        co_await wake_.wait();
        co_return;
    }
    if (!parts_.can_settle()) {
        // Nothing is begun that a full disk, or a repair, could keep from being settled.
        co_await wake_.wait_until(world_.clock, now + kRoomAgain);
        co_return;
    }
    // While the provider gives no sound answers, what became of a few calls is found out before more are made unknown.
    const bool enough_unknown = parts_.failures_in_row > 0 && resolving_ >= kUnknownMax;
    const auto hold_until = parts_.hold_until + (enough_unknown ? kUnknownHold : Millis{0});
    if (now < hold_until) {
        co_await wake_.wait_until(world_.clock, hold_until);
        co_return;
    }
    if (!world_.store.next_kind(parts_.lane)) {
        co_await wake_.wait();
        co_return;
    }
    if (const auto turn = parts_.breaker.ask(parts_.lane, now); !turn.go) {
        closed_until_ = turn.retry_at;
        co_await wake_.wait_until(world_.clock, turn.retry_at);
        co_return;
    }
    // The batch is formed when a call may go, not before: what arrives meanwhile still gets in.
    Caller::Urge urge = [this] { return next_urgency(); };
    const bool granted = co_await caller_.wait_for_slot(write_class_, std::move(urge));
    if (!granted || !parts_.may_send) co_return;
    const auto kind = world_.store.next_kind(parts_.lane);
    if (!kind) co_return;
    auto claims = world_.store.claim(parts_.lane, *kind, parts_.claim_max);
    if (claims.empty()) {
        // The storage thread is changing the very jobs that could be claimed; it wakes us when it is done. Nothing
        // above suspends, so to look again at once would keep the loop from ever hearing of it.
        co_await wake_.wait_until(world_.clock, world_.clock.steady_now() + kClaimAgain);
        co_return;
    }
    ++flights_;
    parts_.breaker.begin(parts_.lane);
    tasks_.spawn(flight(std::move(claims)), "flight");
}

asio::awaitable<void> Lane::resolve_one(store::Call call) {
    struct Landing {
        Lane& lane;
        bool doubt;
        ~Landing() {
            --lane.resolving_;
            if (doubt) --lane.doubts_;
            lane.wake();
        }
    };
    const Landing landing{*this, call.doubt};
    co_await resolve(parts_, std::move(call));
}

asio::awaitable<void> Lane::flight(std::vector<queue::Claim> claims) {
    // However it ends, exceptions included, the lane may start another.
    struct Landing {
        Lane& lane;
        ~Landing() {
            --lane.flights_;
            lane.parts_.breaker.end(lane.parts_.lane);
            if (!SPILLWAY_DEFECT("wake_up_lost")) lane.wake();
        }
    };
    const Landing landing{*this};
    co_await push(parts_, std::move(claims));
}

LaneStatus Lane::status() const {
    LaneStatus status;
    const auto& caller = caller_.status();
    const auto now = world_.clock.steady_now();
    status.calls = caller.calls;
    status.throttled = caller.throttled;
    status.day_left = const_cast<pacing::Pacer&>(pacer_).day_left(now);
    if (state_ != "active") {
        status.doing = state_;
    } else if (!parts_.can_settle()) {
        status.doing = "waiting";
        status.waits_for = world_.store.held() ? "repair" : "disk";
    } else if (const auto until = std::max(parts_.hold_until, closed_until_); now < until) {
        status.doing = "waiting";
        status.waits_for = "provider";
        status.wait_left = until - now;
    } else if (!caller.waits_for.empty()) {
        status.doing = "waiting";
        status.waits_for = caller.waits_for;
        if (caller.until && *caller.until > now && *caller.until != SteadyTime::max())
            status.wait_left = *caller.until - now;
    } else {
        status.doing = flights_ > 0 ? "sending" : doubts_ > 0 ? "waiting" : "idle";
        if (flights_ == 0 && doubts_ > 0) status.waits_for = "look_up_first";
    }
    return status;
}

}  // namespace spillway::sync
