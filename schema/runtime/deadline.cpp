#include "schema/runtime/deadline.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace spillway {

namespace asio = boost::asio;

struct Deadline::State {
    asio::any_io_executor executor;
    Clock& clock;
    SteadyTime when;
    std::function<void()> on_expiry;
    asio::cancellation_signal signal{};
    bool armed = true;
    bool sleeping = false;
    bool expired = false;
};

namespace {

/// A loop that dies destroys the sleeping frame without resuming it; a signal must not be emitted to it after that.
struct SleepMark {
    bool& sleeping;
    explicit SleepMark(bool& flag) : sleeping(flag) { sleeping = true; }
    ~SleepMark() { sleeping = false; }
    SleepMark(const SleepMark&) = delete;
    SleepMark& operator=(const SleepMark&) = delete;
};

}  // namespace

asio::awaitable<void> Deadline::watch(std::shared_ptr<State> state) {
    if (!state->armed) co_return;
    bool reached = false;
    {
        const SleepMark mark(state->sleeping);
        reached = co_await state->clock.sleep_until(state->when);
    }
    if (!reached || !state->armed) co_return;
    state->armed = false;
    state->expired = true;
    const auto on_expiry = std::exchange(state->on_expiry, nullptr);
    on_expiry();
}

Deadline::Deadline(asio::any_io_executor executor, Clock& clock, SteadyTime when, std::function<void()> on_expiry)
    : state_(std::make_shared<State>(executor, clock, when, std::move(on_expiry))) {
    // The handler keeps the state, and with it the signal, until the watch has ended. An exception here is a clock
    // that broke its contract: there is nobody to tell, and the wait it guarded stays bounded by its owner's cancel.
    auto ended = asio::bind_executor(executor, [state = state_](const std::exception_ptr&) {});
    asio::co_spawn(executor, watch(state_), asio::bind_cancellation_slot(state_->signal.slot(), std::move(ended)));
}

Deadline::~Deadline() {
    state_->armed = false;
    if (!state_->sleeping) return;
    state_->signal.emit(asio::cancellation_type::terminal);
    // Emitted from outside the loop, Asio carries the signal there by its address: it must live until then.
    asio::post(state_->executor, [state = state_] {});
}

bool Deadline::expired() const { return state_->expired; }

}  // namespace spillway
