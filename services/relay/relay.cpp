#include "services/relay/relay.hpp"

#include "schema/runtime/log.hpp"
#include "schema/runtime/task_group.hpp"

namespace spillway::relay {

namespace asio = boost::asio;

Relay::Relay(Parts parts)
    : db_(parts.db),
      store_(parts.store),
      clock_(parts.clock),
      limits_(parts.limits),
      stands_back_(std::move(parts.stands_back)),
      page_rows_(std::min<std::size_t>(100, parts.limits.rows_max)),
      pause_(parts.limits.poll_min),
      state_since_(clock_.steady_now()),
      complete_at_(clock_.steady_now()),
      wake_(parts.executor) {}

Relay::~Relay() { leave(); }

asio::awaitable<Result<void>> Relay::load() {
    std::function<Result<State>(store::Connection&)> look = load_state;
    auto state = co_await store_.read<State>(std::move(look));
    if (!state.ok()) co_return std::move(state).error();
    cursor_ = std::move(state->cursor);
    released_ = state->released;
    alarm_ = std::move(state->alarm);
    saved_at_ = clock_.steady_now();
    if (released_) enter_state("released", "", "");
    co_return success();
}

asio::awaitable<void> Relay::run() {
    while (true) {
        const bool stop = co_await stop_requested();
        if (stop) break;
        const Millis pause = co_await step();
        // A cancellation ends this wait; the next turn of the loop sees it.
        co_await wake_.wait_until(clock_, clock_.steady_now() + pause);
    }
    leave();
}

asio::awaitable<Millis> Relay::step() {
    constexpr Millis kUntilWoken = std::chrono::hours(1);
    if (released_ || stopped_) {
        leave();
        co_return kUntilWoken;
    }
    auto outcome = co_await work();
    if (released_ || stopped_) {
        leave();
        co_return kUntilWoken;
    }
    if (!outcome.ok()) co_return after_failure(outcome.error());
    co_return after_success(*outcome);
}

Millis Relay::after_success(More more) {
    failures_ = 0;
    if (more == More::now) {
        pause_ = limits_.poll_min;
        enter_state("reading", "", "");
        leave_before(pace_);
        return pace_;
    }
    enter_state("idle", "", "");
    const Millis pause = std::max(pause_, pace_);
    pause_ = std::min(2 * pause_, limits_.poll_max);
    leave_before(pause);
    return pause;
}

/// A session that would be too old when it is needed next is not kept.
void Relay::leave_before(Millis pause) {
    if (session_ && clock_.steady_now() + pause - session_since_ >= limits_.session_max) leave();
}

Millis Relay::after_failure(const Error& error) {
    leave();
    ++status_.failures[error.code];
    enter_state("waiting", error.code, error.detail);
    if (error.code == "replica_behind") return limits_.poll_max;
    const Millis pause = std::min<Millis>(limits_.retry_min * (1LL << std::min(failures_, 16)), limits_.retry_max);
    ++failures_;
    return std::max(pause, pace_);
}

void Relay::enter_state(std::string state, std::string waits_for, std::string detail) {
    status_.detail = std::move(detail);
    if (status_.state == state && status_.waits_for == waits_for) return;
    // Between reading and idle it goes back and forth all day.
    const bool quiet = waits_for.empty() && status_.waits_for.empty() && status_.state != "starting" &&
                       (state == "idle" || state == "reading");
    if (!quiet)
        log_event(waits_for.empty() ? LogLevel::info : LogLevel::warn, "relay_state",
                  {{"state", state}, {"code", waits_for}, {"detail", status_.detail}});
    status_.state = std::move(state);
    status_.waits_for = std::move(waits_for);
    state_since_ = clock_.steady_now();
}

bool Relay::session_is_old() const { return session_ && clock_.steady_now() - session_since_ >= limits_.session_max; }

void Relay::leave() {
    if (session_) session_->close();
    session_.reset();
}

void Relay::forget_step() {
    walk_.reset();
    ids_.clear();
    listed_ = more_behind_ = false;
}

asio::awaitable<Result<void>> Relay::release() {
    released_ = true;
    ++releases_;
    // Whoever waits for an answer in it gets an error, and ends it.
    if (session_) session_->close();
    db_.abort();
    enter_state("released", "", "");
    wake_.notify();
    queue::Work work = [](queue::Transaction& transaction) -> Result<void> {
        save_released(queue::sqlite::connection_of(transaction), true);
        return success();
    };
    auto saved = co_await store_.commit(queue::CommandClass::settle, std::move(work));
    co_return saved;
}

asio::awaitable<Result<void>> Relay::resume(bool reread) {
    const int releases = releases_;
    queue::Work work = [](queue::Transaction& transaction) -> Result<void> {
        save_released(queue::sqlite::connection_of(transaction), false);
        save_alarm(queue::sqlite::connection_of(transaction), std::nullopt);
        return success();
    };
    auto saved = co_await store_.commit(queue::CommandClass::settle, std::move(work));
    if (!saved.ok()) co_return saved;
    if (releases_ != releases) co_return Error{ErrorKind::conflict, "released", "it was released meanwhile"};
    accept_other_ = stopped_ || (alarm_ && alarm_->code == "payment_db_other");
    reread_asked_ = reread_asked_ || reread;
    alarm_.reset();
    status_.counts.gone = 0;
    released_ = stopped_ = false;
    failures_ = 0;
    enter_state("starting", "", "");
    wake_.notify();
    co_return success();
}

std::vector<Alert> Relay::alerts() const {
    std::vector<Alert> out;
    const Holder holder = status_.holder.value_or(Holder{});
    if (status_.holder) {
        const bool held_up = cursor_ && cursor_->identity.replica;
        out.push_back(
            {"long_transaction", holder.who + ", open for " + std::to_string(holder.open_for.count() / 1000) + " s" +
                                     (held_up ? "; on a replica, rows of newer transactions wait for it" : "")});
    }
    const bool unreachable =
        status_.state == "waiting" && clock_.steady_now() - complete_at_ >= limits_.unreachable_alert;
    if (unreachable) out.push_back({"outbox_not_read", status_.waits_for + ": " + status_.detail});
    if (status_.counts.gone > 0)
        out.push_back({"outbox_rows_gone", std::to_string(status_.counts.gone) +
                                               " rows were deleted from the outbox before they were read"});
    return out;
}

Status Relay::status() const {
    Status out = status_;
    out.in_state = clock_.steady_now() - state_since_;
    out.cursor = cursor_;
    out.rows_listed = ids_.size();
    out.alarm = alarm_;
    out.alerts = alerts();
    out.behind_for = clock_.steady_now() - complete_at_;
    return out;
}

}  // namespace spillway::relay
