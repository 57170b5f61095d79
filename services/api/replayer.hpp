#pragma once
// Carries accepted replays on: step by step, each in a transaction of its own that also writes how far the replay has
// come. What was accepted before a crash goes on after it.

#include <boost/asio/any_io_executor.hpp>

#include "schema/runtime/signal.hpp"
#include "services/store/replays.hpp"

namespace spillway::api {

/// The next step of a replay, or nothing when it does not run any more. Errors: storage.
Result<store::ReplayRow> replay_on(queue::Transaction& transaction, const std::string& id, WallTime now);

/// Loop thread only.
class Replayer {
 public:
    Replayer(boost::asio::any_io_executor loop, queue::sqlite::SqliteStore& store, Clock& clock)
        : store_(store), clock_(clock), wake_(std::move(loop)) {}

    /// Until cancelled: in a TaskGroup. One step of every running replay after the other, behind what settles.
    boost::asio::awaitable<void> run();
    /// There may be one more.
    void wake() { wake_.notify(); }

 private:
    boost::asio::awaitable<bool> step_all();

    queue::sqlite::SqliteStore& store_;
    Clock& clock_;
    Signal wake_;
};

}  // namespace spillway::api
