#pragma once
// The payment database as the guard sees it: a port. Every verb is one short, read-only statement; nothing stays open
// between two of them.

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "schema/result.hpp"
#include "services/guard/vitals.hpp"

namespace spillway::guard {

/// One connection. Not to be used by two at once. Errors of all verbs: those of services/relay/payment_db.hpp.
class GaugeSession {
 public:
    virtual ~GaugeSession() = default;
    /// The most trivial statement that there is: its latency is the database's.
    virtual boost::asio::awaitable<Result<void>> probe() = 0;
    /// Puts one measure into `vitals`, or why it is missing.
    virtual boost::asio::awaitable<Result<void>> look(Measure measure, Vitals& vitals) = 0;
    /// Ends what is under way and leaves, at once. Twice is fine.
    virtual void close() = 0;
};

class Gauge {
 public:
    virtual ~Gauge() = default;
    virtual boost::asio::awaitable<Result<std::unique_ptr<GaugeSession>>> open() = 0;
    /// Gives up an open() under way.
    virtual void abort() = 0;
};

}  // namespace spillway::guard
