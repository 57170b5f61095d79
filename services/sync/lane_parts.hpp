#pragma once
// What the coroutines of one lane share. Loop thread only.

#include <functional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "connectors/provider.hpp"
#include "queue/backoff.hpp"
#include "queue/sqlite/sqlite_store.hpp"
#include "schema/ids.hpp"
#include "services/store/calls.hpp"
#include "services/store/doubt.hpp"
#include "services/sync/breaker.hpp"
#include "services/sync/caller.hpp"
#include "services/sync/settle.hpp"

namespace spillway::sync {

struct LaneParts {
    ConnectionId connection;
    PartnerId partner;
    std::string lane;  ///< the queue's name of the lane: the connection id
    queue::sqlite::SqliteStore& store;
    Provider& provider;
    Caller& caller;
    pacing::Pacer& pacer;
    Clock& clock;
    Random& random;
    Breaker& breaker;    ///< of the provider app
    std::string budget;  ///< "<provider app>/<tenant>": where the day count is kept
    Mapping mapping;
    Books books;
    queue::BackoffPolicy backoff{};

    /// Whole-call failures in a row; the lane holds back until `hold_until`.
    int failures_in_row = 0;
    SteadyTime hold_until{};
    /// Calls that may be in flight: one after a failure, one more with each sound answer.
    std::size_t flights_allowed = kFlightsMax;
    static constexpr std::size_t kFlightsMax = 16;  ///< no bound
    /// Members of a call that was refused as a whole go again in ever smaller calls, until the culprit stands alone.
    std::unordered_map<queue::JobId, std::size_t> batch_cap{};
    /// Jobs that one claim takes; one alone while a batch cannot even be loaded or read.
    std::size_t claim_max = kClaimMax;
    static constexpr std::size_t kClaimMax = 50;  ///< the largest batch of any provider

    // Look before you create, see look_up_first.cpp.
    std::optional<store::Doubt> doubt{};
    SteadyTime doubt_from{};                                     ///< what the store does not know was sent before
    std::unordered_set<queue::JobId> revived{};                  ///< came back from `unknown` without an intent
    std::set<std::pair<queue::JobId, std::string>> looked_up{};  ///< (job, role) that the books did not hold since

    /// False while the connection is paused, awaits a new consent, or is gone: nothing is sent.
    bool may_send = true;
    std::function<void(std::string reason)> on_unauthorised{};
    std::function<void(store::Call call)> on_unknown{};

    /// One more whole-call failure: the lane waits longer, `at_least` that long. @return how long.
    Millis trip(Millis at_least = Millis{0});
    /// The same, and the provider is the cause: it gave no sound answer.
    Millis no_answer(Millis at_least);
    /// The jittered wait before a record's next attempt.
    Millis retry_delay(int attempts);
    void recovered();
    /// False while so little of the disk is free that only what is in flight may be settled, and while a repair holds
    /// the store: nothing is begun then.
    [[nodiscard]] bool can_settle() const;
    [[nodiscard]] SettleContext settle_context() const;
};

/// One member of a call being formed.
struct Member {
    queue::Claim claim;
    store::LoadedSubject loaded;
    Step step;
    store::Intent intent;
};

/// Commits a settlement; while storage is only busy or full it tries again, since what is settled has happened.
/// Errors: those that trying again cannot mend, or the last one when the lane stops.
boost::asio::awaitable<Result<void>> commit_settlement(LaneParts& lane, queue::Work work);

/// Carries claimed jobs of one kind through plan, read, prepare, intent, send and settle. Whatever happens, every claim
/// is either settled or put back when it returns.
boost::asio::awaitable<void> push(LaneParts& lane, std::vector<queue::Claim> claims);

/// Puts jobs that are `unknown` without an open intent back to the queue, each to be looked up before it is created.
boost::asio::awaitable<void> revive(LaneParts& lane, std::vector<queue::JobId> jobs);

/// The bytes of a call whose intent is written are about to leave once more: only the time moves, durably.
boost::asio::awaitable<Result<void>> note_send(LaneParts& lane, store::Call& call,
                                               std::vector<pacing::DayRow> day_calls);

/// Finds out what became of a call's open intents, and settles their jobs: re-sent byte for byte while the provider
/// remembers the key, else looked up. Returns when none is open, or when the lane stops.
boost::asio::awaitable<void> resolve(LaneParts& lane, store::Call call);

/// Runs the reads of `calls` one after another and collects the objects that they return.
/// Errors: as the provider's or the caller's; what was read before is dropped.
boost::asio::awaitable<Result<std::vector<RemoteObject>>> read_all(LaneParts& lane, std::vector<PreparedCall> calls,
                                                                   pacing::Urgency urgency);

}  // namespace spillway::sync
