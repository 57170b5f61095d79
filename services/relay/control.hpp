#pragma once
// What others see of the relay and may ask of it.

#include <map>

#include "services/relay/ledger.hpp"

namespace spillway::relay {

struct Counts {
    std::int64_t accepted = 0, unchanged = 0, superseded = 0, duplicate = 0, refused = 0;
    std::int64_t gone = 0;  ///< deleted by the platform before they were read
    std::int64_t polls = 0, sessions = 0;
};

/// A condition that somebody should know of; it ends by itself, unlike an Alarm.
struct Alert {
    std::string code;  ///< "long_transaction", "outbox_not_read", "outbox_rows_gone"
    std::string detail;
};

struct Status {
    /// starting, reading (rows are coming), idle, waiting, released, stopped (a person must resume)
    std::string state = "starting";
    std::string waits_for{};  ///< a stable word: "payment_db_down", "storage_full" ...
    std::string detail{};
    Millis in_state{};
    std::optional<Cursor> cursor{};
    std::size_t rows_listed = 0;         ///< of the step under way, not taken in yet
    std::optional<Millis> lag{};         ///< of the newest page: the age of its oldest row when it was in
    std::optional<Millis> behind_for{};  ///< since everything that was committed was in
    Millis longest_statement{};          ///< in the payment database, since the start
    std::optional<Holder> holder{};      ///< the longest open transaction there, once it is worth an alert
    std::optional<Alarm> alarm{};
    std::vector<Alert> alerts{};
    Counts counts{};
    std::map<std::string, std::int64_t> failures{};  ///< by code
};

class Control {
 public:
    virtual ~Control() = default;
    /// Leaves the payment database at once and stays away, over restarts too, until resumed. Errors: the store's (it
    /// has left nevertheless).
    virtual boost::asio::awaitable<Result<void>> release() = 0;
    /// Goes on after release() or an alarm, which is thereby seen. `reread`: the whole retention once more; what is in
    /// already changes nothing.
    virtual boost::asio::awaitable<Result<void>> resume(bool reread) = 0;
    [[nodiscard]] virtual Status status() const = 0;
    /// At least so long between two reads: what a guard asks for while the payment database suffers.
    virtual void slow_down(Millis between_reads) = 0;
};

}  // namespace spillway::relay
