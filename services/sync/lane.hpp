#pragma once
// One lane: the sender of one connection. It claims when the limits allow a call, keeps a few calls in flight, holds
// back when the provider is in trouble, and resolves what is unknown. Paced, paused and broken alone.

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "schema/runtime/signal.hpp"
#include "schema/runtime/task_group.hpp"
#include "services/store/connections.hpp"
#include "services/sync/lane_parts.hpp"
#include "services/sync/sync_service.hpp"

namespace spillway::sync {

/// What every lane of the process shares.
struct LaneWorld {
    boost::asio::any_io_executor executor;
    queue::sqlite::SqliteStore& store;
    Transport& transport;
    TokenSource& tokens;
    Clock& clock;
    Random& random;
    queue::BackoffPolicy backoff{};
    std::size_t flights_max = 3;  ///< calls in flight per lane; under every provider's own limit of concurrent calls
    std::optional<store::Doubt> doubt{};
    SteadyTime doubt_from{};
};

class Lane {
 public:
    struct Setup {
        Provider& provider;
        std::string origin, app;
        pacing::AppBudget& app_budget;
        AppTurns& app_turns;
        Breaker& breaker;
        bool fresh = false;  ///< linked by this very process: nothing was sent before, so the limits start empty
        std::vector<pacing::DayRow> day_calls;
        std::optional<Millis> wait_left;  ///< a wait that the provider asked an earlier process for
    };
    Lane(LaneWorld& world, const store::ConnectionRow& row, Setup setup);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    /// Takes over the row's state, mapping and books; called whenever they change.
    void update(const store::ConnectionRow& row);
    /// Takes over the world's doubt; called whenever it changes.
    void doubt();
    /// Resolves what earlier processes left open, then sends until stopped.
    /// @param stranded  jobs that are unknown without an open intent.
    void start(std::vector<store::Call> open_calls, std::vector<queue::JobId> stranded);
    /// Something may be claimable.
    void wake();
    /// Takes nothing new, lets calls in flight end within `grace`, then abandons them (their intents stay open).
    boost::asio::awaitable<void> stop(Millis grace);

    [[nodiscard]] LaneStatus status() const;
    [[nodiscard]] Caller& caller() { return caller_; }
    /// Reads objects for somebody else. Errors: as the provider's or the caller's.
    boost::asio::awaitable<Result<std::vector<RemoteObject>>> read(std::vector<PreparedCall> calls,
                                                                   pacing::Urgency urgency) {
        return read_all(parts_, std::move(calls), urgency);
    }
    /// The organisation's limits, for a call that another token goes with.
    [[nodiscard]] pacing::Pacer& pacer() { return pacer_; }
    /// Called when the provider refuses the grant for good.
    void on_unauthorised(std::function<void(ConnectionId, std::string)> callback) {
        unauthorised_ = std::move(callback);
    }

 private:
    boost::asio::awaitable<void> run();
    [[nodiscard]] pacing::Urgency next_urgency() const;
    boost::asio::awaitable<void> send_next();
    boost::asio::awaitable<void> resolve_one(store::Call call);
    boost::asio::awaitable<void> flight(std::vector<queue::Claim> claims);

    LaneWorld& world_;
    std::string state_;
    pacing::Pacer pacer_;
    Caller caller_;
    LaneParts parts_;
    CallClass write_class_;
    Signal wake_;
    std::size_t flights_ = 0;
    std::size_t doubts_ = 0;     ///< batches that are looked up before they are sent
    std::size_t resolving_ = 0;  ///< calls whose outcome is being found out, those included
    SteadyTime closed_until_{};  ///< the provider's trouble, as last asked
    std::function<void(ConnectionId, std::string)> unauthorised_;
    TaskGroup tasks_;
};

}  // namespace spillway::sync
