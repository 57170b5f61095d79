#pragma once
// Kept-alive connections by origin: a cap on how many are in use, a limit on how long one may idle.

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "connectors/http/link.hpp"
#include "schema/runtime/deadline.hpp"

namespace spillway::connectors {

/// Lives on the loop's thread and is shared by the calls that use it.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
    Pool(boost::asio::any_io_executor executor, Clock& clock, std::size_t per_origin_max, Millis idle_max)
        : executor_(std::move(executor)), clock_(clock), per_origin_max_(per_origin_max), idle_max_(idle_max) {}

    /// The right to use one connection to an origin; gives it back when it dies.
    class Slot {
     public:
        Slot(std::shared_ptr<Pool> pool, std::string key) : pool_(std::move(pool)), key_(std::move(key)) {}
        ~Slot() { pool_->leave(key_); }
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;

     private:
        std::shared_ptr<Pool> pool_;
        std::string key_;
    };

    /// Waits its turn, first come first served, until `until`. @return nothing when that passed or the wait was
    /// cancelled.
    boost::asio::awaitable<std::unique_ptr<Slot>> enter(std::string key, SteadyTime until);
    /// The connection used last that still lives; empty when there is none. Dead ones on the way are closed.
    std::unique_ptr<Link> take(const std::string& key);
    /// Keeps a connection for the next request.
    void keep(const std::string& key, std::unique_ptr<Link> link);
    /// Closes what idles, and keeps nothing from now on.
    void shut();
    [[nodiscard]] std::size_t idle() const;

 private:
    struct Idle {
        std::unique_ptr<Link> link;
        SteadyTime until;
    };
    struct Waiter {
        boost::asio::steady_timer turn;  ///< never expires; cancelled when the turn has come
        bool admitted = false;
    };
    struct PerOrigin {
        std::size_t in_use = 0;
        std::vector<Idle> idle{};
        std::deque<std::shared_ptr<Waiter>> waiters{};
    };

    void leave(const std::string& key);
    void sweep();
    void arm();

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    std::size_t per_origin_max_;
    Millis idle_max_;
    bool shut_ = false;
    std::map<std::string, PerOrigin> origins_{};
    std::optional<Deadline> sweeper_{};
};

}  // namespace spillway::connectors
