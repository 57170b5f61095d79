#pragma once
// Reads for lists and pages: one read-only connection on a thread of its own, each read in one short snapshot.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>

#include "queue/sqlite/handover.hpp"
#include "queue/sqlite/log_watch.hpp"
#include "queue/sqlite/statements.hpp"

namespace spillway::queue::sqlite {

using Reading = std::function<void(Connection&)>;

/// Owned through a shared_ptr: what it posts outlives it harmlessly.
class Reader : public std::enable_shared_from_this<Reader> {
 public:
    static constexpr int kQueueMax = 256;

    /// Throws SQLite::Exception when the file cannot be opened. `thread` is stopped and joined before this object dies.
    Reader(const Settings& settings, std::shared_ptr<LogWatch> watch, boost::asio::any_io_executor thread,
           boost::asio::any_io_executor loop);

    /// Loop thread; at most kQueueMax wait, the next one gets unavailable/`storage_busy`.
    void push(Reading reading, Answer answer);
    /// Loop thread. Closes the connection after what is queued.
    void close(Answer answer);

 private:
    Result<void> read(const Reading& reading);
    void end_snapshot();
    static int over_limit(void* reader);

    std::unique_ptr<Connection> connection_;  // reader thread
    std::shared_ptr<LogWatch> watch_;
    boost::asio::any_io_executor thread_;
    boost::asio::any_io_executor loop_;
    Millis limit_;
    std::chrono::steady_clock::time_point deadline_{};
    std::shared_ptr<int> waiting_ = std::make_shared<int>(0);  // loop thread
};

}  // namespace spillway::queue::sqlite
