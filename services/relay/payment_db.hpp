#pragma once
// The payment database as the relay sees it: a port. Every verb is one short, bounded, read-only statement; nothing
// stays open between two of them.

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schema/clock.hpp"
#include "services/relay/snapshot.hpp"

namespace spillway::relay {

/// Which database this is, and which of its lives.
struct Identity {
    std::string system;          ///< PostgreSQL's system identifier
    std::uint32_t timeline = 0;  ///< rises at every promotion and restore
    bool replica = false;
    bool operator==(const Identity&) const = default;
};

/// Where a row stands: the transaction that wrote it, and its id.
struct Key {
    Xid xid = 0;
    std::int64_t id = 0;
    auto operator<=>(const Key&) const = default;
};

/// Rows of transactions `first`..`last`, behind `after` in the order of (xid, id).
struct KeyRange {
    Xid first = 0, last = 0;
    Key after{};
    std::size_t limit = 0;
    std::optional<WallTime> created_since{};
};

/// One row of the outbox, as written by the platform and not checked yet.
struct OutboxRow {
    std::int64_t id = 0;
    std::string event_id;  ///< UUID
    std::string connection, kind, external_id, operation;
    std::optional<std::string> body{};  ///< JSON text
    std::size_t body_bytes = 0;         ///< also of a body that was not sent, being too large
    bool cut = false;                   ///< the page's bytes were used up before this row: ask again
    std::string unreadable{};           ///< why the row alone cannot be read; else empty
    Millis age{};                       ///< since it was written, by the database's clock
};

/// An open transaction of the payment database.
struct Holder {
    Xid xid = 0;
    Millis open_for{};
    std::string who;  ///< "pid 4711, user billing, application month-end, idle in transaction"
};

/// One connection. Not to be used by two at once. Errors of all verbs: unavailable (see postgres/errors.hpp for the
/// codes), invalid/`outbox_schema`, rejected/`row_unreadable` (a row's body cannot be built).
class PaymentSession {
 public:
    virtual ~PaymentSession() = default;
    virtual boost::asio::awaitable<Result<Identity>> identify() = 0;
    virtual boost::asio::awaitable<Result<Snapshot>> snapshot() = 0;
    /// The rows of some transactions, in no order; fewer than `limit`: these are all.
    virtual boost::asio::awaitable<Result<std::vector<Key>>> keys_of(std::vector<Xid> xids, std::size_t limit) = 0;
    virtual boost::asio::awaitable<Result<std::vector<Key>>> keys_between(KeyRange range) = 0;
    /// In ascending order of ids; rows that are gone are left out.
    virtual boost::asio::awaitable<Result<std::vector<OutboxRow>>> rows(std::vector<std::int64_t> ids) = 0;
    /// The longest open transactions that have written, oldest first, a handful.
    virtual boost::asio::awaitable<Result<std::vector<Holder>>> holders() = 0;
    /// Ends what is under way (it fails with `payment_db_down`) and leaves. At once; twice is fine.
    virtual void close() = 0;
};

class PaymentDb {
 public:
    virtual ~PaymentDb() = default;
    virtual boost::asio::awaitable<Result<std::unique_ptr<PaymentSession>>> open() = 0;
    /// Gives up an open() under way.
    virtual void abort() = 0;
};

}  // namespace spillway::relay
