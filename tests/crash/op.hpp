#pragma once
// One operation on the queue as the crash harness plays it: sent over a pipe as a line, carried out inside one commit,
// and repeated on the plain queue.

#include <string>
#include <vector>

#include "queue/sqlite/sqlite_store.hpp"

namespace spillway::queue::test {

enum class Verb {
    enqueue,
    enqueue_rolled_back,  ///< the work fails after its enqueue: nothing of it may remain
    start,
    settle,
    settle_and_enqueue,  ///< two changes in one commit: both or neither
    release,
    replay,
    cancel,
    resolve,
    park,
    pause,
    resume,
    hold,  ///< of the kind, wherever
    lift,
};

std::string_view to_string(Verb verb);

enum class How { applied, differs, superseded, parked, retry, again, later, blocked, unknown };
constexpr std::size_t kHows = 9;

struct Op {
    Verb verb = Verb::enqueue;
    std::string lane;
    std::int64_t now_ms = 0;  ///< the wall clock when it was handed over
    std::string key;          ///< of the job to enqueue, or the key to release
    std::string body;
    std::size_t padding = 0;  ///< bytes behind the body, so that some jobs are large
    std::vector<Wait> waits;
    std::int64_t at_ms = 0;  ///< not before, retry at, paused until; 0: none
    Claim claim;             ///< the job, and the right to it where one is needed
    How how = How::applied;

    [[nodiscard]] std::string full_body() const { return body + std::string(padding, 'x'); }
    [[nodiscard]] NewJob job() const;
    [[nodiscard]] Settlement settlement() const;
    [[nodiscard]] CommandClass command_class() const;
};

struct Outcome {
    bool ok = false;
    std::string code;  ///< of the error
    JobId id = 0;      ///< of what was enqueued
    Placed placed = Placed::created;
};

std::string to_line(const Op& op);
Op op_from(const std::string& line);

/// Carries the operation out, and writes down in the same commit that it did: after a crash the ledger tells which of
/// the unanswered operations happened, in which order.
Result<void> carry_out(Transaction& transaction, const Op& op, std::uint64_t slot, Outcome& outcome);

/// The queue's own migrations and the ledger's.
sqlite::Settings settings_with_ledger(const std::string& path);

}  // namespace spillway::queue::test
