#pragma once
// The bounded command queue between the loop and the storage thread.

#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <mutex>

#include "queue/sqlite/engine.hpp"
#include "queue/sqlite/handover.hpp"

namespace spillway::queue::sqlite {

/// Receives a group's outcome on the loop thread, before its answers are given.
using Deliver = std::function<void(GroupOutcome&)>;

/// Owned through a shared_ptr: what it posts outlives it harmlessly.
class Writer : public std::enable_shared_from_this<Writer> {
 public:
    static constexpr std::size_t kGroupMax = 1024;
    static constexpr std::size_t kSettleQueueMax = 65'536;
    static constexpr std::size_t kIntakeQueueMax = 16'384;

    /// `storage` runs one thing at a time; it is stopped and joined before this object dies.
    Writer(std::unique_ptr<Engine> engine, boost::asio::any_io_executor storage, boost::asio::any_io_executor loop,
           Deliver deliver);

    /// Loop thread. Queues the command; `answer` gets its result after the COMMIT and after `deliver`. When the queue
    /// is full: unavailable/`storage_busy` through `answer` at once. An empty `answer` is allowed.
    void push(Command command, Answer answer);
    /// Loop thread. `work` has the storage thread to itself, between two groups.
    void run_alone(std::function<Result<void>(Engine&)> work, Answer answer);
    /// Loop thread. Commits what is queued, then checkpoints and closes the database. Nothing may be pushed afterwards.
    void close(Answer answer);

 private:
    struct Queued {
        Command command;
        Answer answer;
    };

    void post_drain();
    void drain();
    bool run_one_group();
    void tend(bool idle);
    std::vector<Queued> gather();

    std::unique_ptr<Engine> engine_;  // storage thread
    boost::asio::any_io_executor storage_;
    boost::asio::any_io_executor loop_;
    std::shared_ptr<Deliver> deliver_;
    std::mutex mutex_;
    std::deque<Queued> settles_;  // under mutex_, as is what follows
    std::deque<Queued> intakes_;
    bool draining_ = false;
    bool told_failed_ = false;  // storage thread
};

}  // namespace spillway::queue::sqlite
