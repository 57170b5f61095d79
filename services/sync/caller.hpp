#pragma once
// One connection's way to its provider: waits for a slot within the limits, adds the token, sends, and feeds what the
// answer says of limits back to the pacer. A refused token is renewed once; the same bytes then go again, which is safe
// since a 401 proves that nothing was done.

#include <functional>
#include <string>

#include "connectors/pacing/pacer.hpp"
#include "connectors/provider.hpp"
#include "connectors/transport.hpp"
#include "schema/clock.hpp"
#include "schema/ids.hpp"
#include "schema/result.hpp"
#include "schema/runtime/signal.hpp"
#include "services/sync/app_turns.hpp"

namespace spillway::sync {

/// Gives access tokens; refreshes are single-flight per grant and durable before use.
class TokenSource {
 public:
    virtual ~TokenSource() = default;
    /// A token that is not about to expire. Errors: unauthorised (consent is gone), unavailable (try again).
    virtual boost::asio::awaitable<Result<Secret>> token(GrantId grant) = 0;
    /// A token other than `refused`. Errors: as token().
    virtual boost::asio::awaitable<Result<Secret>> renew(GrantId grant, Secret refused) = 0;
};

struct CallerStatus {
    std::string waits_for;
    std::optional<SteadyTime> until;
    std::int64_t calls = 0;
    std::int64_t throttled = 0;
};

class Caller {
 public:
    struct Target {
        std::string origin;  ///< "https://api.xero.com"
        std::string tenant;
        GrantId grant;
    };
    /// Stores day counts before the calls that they reserve; whoever passes `before_send` does that in its own commit.
    using SaveDays = std::function<boost::asio::awaitable<Result<void>>(std::vector<pacing::DayRow>)>;
    /// Stores a wait that the provider asked for, so that a restart keeps it.
    using SaveWait = std::function<boost::asio::awaitable<Result<void>>(Millis left)>;
    Caller(Provider& provider, Transport& transport, TokenSource& tokens, Clock& clock, pacing::Pacer& pacer,
           AppTurns& turns, Target target, SaveDays save_days, SaveWait save_wait)
        : provider_(provider),
          transport_(transport),
          tokens_(tokens),
          clock_(clock),
          pacer_(pacer),
          turns_(turns),
          target_(std::move(target)),
          save_days_(std::move(save_days)),
          save_wait_(std::move(save_wait)) {}

    /// Sends one call when the limits allow it. `before_send` runs before each send (a call that was answered with 401
    /// is sent again with a new token), when the slot is taken, last before the bytes leave: the place to write the
    /// intent and to look once more whether it may go; its error is returned and nothing is sent. It stores the day
    /// counts that it is given. Errors: unauthorised, unavailable, cancelled, or before_send's: certainly not sent.
    using BeforeSend = std::function<boost::asio::awaitable<Result<void>>(std::vector<pacing::DayRow> day_calls)>;
    boost::asio::awaitable<Result<SendResult>> call(PreparedCall call, pacing::Urgency urgency, BeforeSend before_send);
    boost::asio::awaitable<Result<SendResult>> call(PreparedCall call, pacing::Urgency urgency);

    /// When the next call of that class could go; at once, or a wait with its reason.
    [[nodiscard]] pacing::Ask ask(CallClass call_class, pacing::Urgency urgency);
    /// The same as a wait; how urgent it is, is asked anew at each look. @return false when the caller was cancelled.
    using Urge = std::function<pacing::Urgency()>;
    boost::asio::awaitable<bool> wait_for_slot(CallClass call_class, Urge urge);
    [[nodiscard]] const CallerStatus& status() const { return status_; }
    [[nodiscard]] const Target& target() const { return target_; }
    /// A consent was given (again): refusals of calls that began before say nothing about it.
    void renew_consent(GrantId grant) {
        target_.grant = std::move(grant);
        ++consent_;
    }
    /// Everything that changes whether calls may go: whoever waits for a slot looks again.
    void wake();

 private:
    /// As wait_for_slot, and takes its turn among the app's tenants. The call must begin before anything else does.
    boost::asio::awaitable<bool> wait_for_turn(CallClass call_class, pacing::Urgency urgency);
    boost::asio::awaitable<void> wait_again(pacing::Ask ask, bool timer);
    boost::asio::awaitable<Result<SendResult>> send_in_slot(PreparedCall call, pacing::Urgency urgency, Secret token,
                                                            BeforeSend before_send);
    boost::asio::awaitable<void> keep_wait();
    boost::asio::awaitable<Result<void>> save_day_calls(std::vector<pacing::DayRow> rows);
    boost::asio::awaitable<Result<SendResult>> call_once_renewed(PreparedCall call, pacing::Urgency urgency,
                                                                 BeforeSend before_send);

    Provider& provider_;
    Transport& transport_;
    TokenSource& tokens_;
    Clock& clock_;
    pacing::Pacer& pacer_;
    AppTurns& turns_;
    Target target_;
    SaveDays save_days_;
    SaveWait save_wait_;
    CallerStatus status_;
    std::uint64_t consent_ = 0;
    std::vector<Signal*> waiting_;  ///< whoever waits for a slot: the end of any call may free one
};

}  // namespace spillway::sync
