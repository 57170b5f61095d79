#include "schema/runtime/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <list>
#include <vector>

#include "schema/runtime/deadline.hpp"
#include "schema/runtime/log.hpp"

namespace spillway {

namespace asio = boost::asio;

struct TaskGroup::Task {
    std::string label;
    asio::cancellation_signal signal{};
    bool cancelled = false;
    bool live = false;  ///< its frame exists and may take a signal
};

struct TaskGroup::State {
    std::string name;
    asio::any_io_executor executor;
    asio::steady_timer emptied;  ///< never expires; cancelling it wakes who joins
    std::list<std::shared_ptr<Task>> tasks{};
    bool closed = false;
    std::uint64_t failures = 0;

    State(std::string group_name, asio::any_io_executor where)
        : name(std::move(group_name)), executor(where), emptied(where, asio::steady_timer::time_point::max()) {}

    void emit(asio::cancellation_type type) {
        std::vector<std::shared_ptr<Task>> now(tasks.begin(), tasks.end());  // a task may end while we emit
        for (const auto& task : now) {
            task->cancelled = true;
            if (task->live) task->signal.emit(type);
        }
        // Emitted from outside the loop, Asio carries a signal there by its address: it must live until then.
        if (!now.empty()) asio::post(executor, [now = std::move(now)] {});
    }

    void failed(const Task& task, const char* what) {
        ++failures;
        log_error("task_failed", {{"group", name}, {"task", task.label}, {"detail", what}});
    }
};

asio::awaitable<void> TaskGroup::run(std::shared_ptr<State> state, std::shared_ptr<Task> task,
                                     asio::awaitable<void> body) {
    if (task->cancelled) co_return;
    struct LiveMark {
        Task& task;
        ~LiveMark() { task.live = false; }
    };
    const LiveMark mark{*task};
    task->live = true;
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    try {
        co_await std::move(body);
    } catch (const boost::system::system_error& error) {
        const bool aborted = task->cancelled && error.code() == asio::error::operation_aborted;
        if (!aborted) state->failed(*task, error.what());
    } catch (const std::exception& error) {
        state->failed(*task, error.what());
    } catch (...) {
        state->failed(*task, "not a std::exception");
    }
}

TaskGroup::TaskGroup(asio::any_io_executor executor, std::string name)
    : state_(std::make_shared<State>(std::move(name), std::move(executor))) {}

TaskGroup::~TaskGroup() {
    state_->closed = true;
    if (state_->tasks.empty()) return;
    log_error("task_group_not_joined", {{"group", state_->name}, {"tasks", state_->tasks.size()}});
    state_->emit(asio::cancellation_type::terminal);
}

bool TaskGroup::spawn(asio::awaitable<void> task, std::string label) {
    if (state_->closed) return false;
    auto entry = std::make_shared<Task>(std::move(label));
    state_->tasks.push_back(entry);
    const auto place = std::prev(state_->tasks.end());
    auto ended = [state = state_, entry, place](const std::exception_ptr&) {
        state->tasks.erase(place);
        if (state->tasks.empty()) state->emptied.cancel();
    };
    // Without the executor a signal's handler would run on the emitter's thread and race the task.
    auto handler = asio::bind_executor(state_->executor, std::move(ended));
    auto body = run(state_, entry, std::move(task));
    asio::co_spawn(state_->executor, std::move(body),
                   asio::bind_cancellation_slot(entry->signal.slot(), std::move(handler)));
    return true;
}

void TaskGroup::close() { state_->closed = true; }

void TaskGroup::cancel(asio::cancellation_type type) { state_->emit(type); }

asio::awaitable<void> TaskGroup::join() {
    const auto state = state_;
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);  // a joiner that is cancelled itself must still join
    while (!state->tasks.empty()) {
        const auto [woken] = co_await state->emptied.async_wait(asio::as_tuple(asio::use_awaitable));
        (void)woken;  // always operation_aborted: that is how the event is told
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
}

asio::awaitable<void> TaskGroup::stop(Clock& clock, Millis grace) {
    close();
    cancel(asio::cancellation_type::total);
    const auto end = clock.steady_now() + grace;
    const Deadline deadline(state_->executor, clock, end,
                            [state = state_] { state->emit(asio::cancellation_type::terminal); });
    co_await join();
}

std::size_t TaskGroup::size() const { return state_->tasks.size(); }

std::uint64_t TaskGroup::failures() const { return state_->failures; }

asio::awaitable<bool> stop_requested() {
    const auto state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace spillway
