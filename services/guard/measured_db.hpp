#pragma once
// A payment database whose answers are timed: what the relay reads anyway tells how the database is, and costs nothing.

#include <functional>

#include "services/relay/payment_db.hpp"

namespace spillway::guard {

struct Reading {
    enum class Of { opening, trivial, rows };
    Of of = Of::trivial;
    Millis took{};
    std::string failure{};  ///< the error's code, or empty
};
using Report = std::function<void(const Reading&)>;

/// `db` and `clock` outlive it. `report` is called on the loop, once for each verb.
std::unique_ptr<relay::PaymentDb> measure(relay::PaymentDb& db, Clock& clock, Report report);

}  // namespace spillway::guard
