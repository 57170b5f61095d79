#pragma once
// Organisations that are just being disconnected: from before the disconnect is stored until the provider has answered.
// A consent given meanwhile waits for that, or the tail of the disconnect would end what it began. Loop thread only.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "schema/clock.hpp"
#include "schema/runtime/signal.hpp"

namespace spillway::sync {

class Departures {
 public:
    /// How long after it an organisation's limits may still hold calls of the connection that left.
    static constexpr Millis kRemembered{60'000};

    Departures(boost::asio::any_io_executor executor, Clock& clock) : executor_(std::move(executor)), clock_(clock) {}

    /// Under way as long as it lives.
    class Departure {
     public:
        Departure(Departures& all, std::string organisation);
        ~Departure();
        Departure(const Departure&) = delete;
        Departure& operator=(const Departure&) = delete;

     private:
        Departures& all_;
        std::string organisation_;
    };

    [[nodiscard]] bool is_leaving(const std::string& organisation) const { return under_way_.contains(organisation); }
    /// Whether it left within the last minute.
    [[nodiscard]] bool has_just_left(const std::string& organisation) const;
    /// Until the organisation is not leaving any more, `until` at the latest.
    boost::asio::awaitable<void> ended(std::string organisation, SteadyTime until);

 private:
    boost::asio::any_io_executor executor_;
    Clock& clock_;
    std::multiset<std::string> under_way_;
    std::map<std::string, SteadyTime> left_at_;  ///< of the last minute
    std::vector<Signal*> waiting_;
};

}  // namespace spillway::sync
