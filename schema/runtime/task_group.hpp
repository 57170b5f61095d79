#pragma once
// Structured concurrency on one loop: every coroutine that runs beside others belongs to a group, and the group's owner
// closes, cancels and joins it before its own fields die. Keep it as the owner's last field.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "schema/clock.hpp"

namespace spillway {

/// Lives on the loop's thread. In its tasks a cancellation never throws: it ends the wait that is under way (a sleep
/// returns false, an operation gives operation_aborted) and is remembered, so a task asks stop_requested() where
/// stopping is safe, and shields with shielded() what *total* must not disturb.
class TaskGroup {
 public:
    /// `name` is for the log.
    TaskGroup(boost::asio::any_io_executor executor, std::string name);
    /// Tasks still running here are a bug of the owner: it is logged and they get a terminal cancellation.
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Starts a task. An exception of it is logged as `task_failed` and counted; the others go on.
    /// @return false, and the task never runs, once the group is closed.
    bool spawn(boost::asio::awaitable<void> task, std::string label);
    /// Refuses newcomers from now on.
    void close();
    /// Emits to every task; one that had not begun yet never begins.
    void cancel(boost::asio::cancellation_type type);
    /// Waits until no task is left. Not to be called by a task of the group.
    boost::asio::awaitable<void> join();
    /// Closes, cancels *total*, after `grace` *terminal*, and joins. Twice and never are both fine.
    boost::asio::awaitable<void> stop(Clock& clock, Millis grace);

    [[nodiscard]] std::size_t size() const;
    /// Tasks that ended by an exception other than their own cancellation.
    [[nodiscard]] std::uint64_t failures() const;

 private:
    struct Task;
    struct State;
    static boost::asio::awaitable<void> run(std::shared_ptr<State> state, std::shared_ptr<Task> task,
                                            boost::asio::awaitable<void> body);
    std::shared_ptr<State> state_;
};

/// Whether the calling coroutine has been asked to stop, by either step.
boost::asio::awaitable<bool> stop_requested();

}  // namespace spillway
