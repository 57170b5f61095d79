#pragma once
// Carries events to their receivers: a cursor per webhook turns events into deliveries, and each delivery is tried
// until the receiver has it or the schedule is over.

#include <map>
#include <set>

#include "connectors/oauth/vault.hpp"
#include "connectors/transport.hpp"
#include "queue/sqlite/sqlite_store.hpp"
#include "schema/runtime/signal.hpp"
#include "schema/runtime/task_group.hpp"
#include "services/webhooks/outcome.hpp"
#include "services/webhooks/rows.hpp"
#include "services/webhooks/target.hpp"

namespace spillway::webhooks {

struct Limits {
    std::size_t in_flight_max = 256;             ///< over all webhooks
    std::size_t per_webhook_max = 4;             ///< one while it fails, so that a dead receiver costs little
    std::int64_t pending_max = 1'000;            ///< a webhook that is behind waits in the event log, not in rows
    std::size_t events_at_once = 100;            ///< a webhook's share of one step
    Millis poll{250};                            ///< between two looks at the event log
    Millis reload{10'000};                       ///< between two looks at who is suspended
    Millis time_out{15'000};                     ///< of an attempt
    Millis give_up{std::chrono::hours(5 * 24)};  ///< of nothing but failures: disabled then
};

/// Since the start, or now.
struct Status {
    std::size_t active = 0, in_flight = 0;
    std::int64_t delivered = 0, attempts_failed = 0, failed = 0, disabled = 0;
    Millis behind{};  ///< how long the earliest due delivery has been due
};

/// At least once: the outcome of an attempt is durable after it, so a crash in between repeats it, with the same
/// message id. Nothing here holds up another part: transport, slots and waits are its own. Loop thread only.
class Sender {
 public:
    struct Parts {
        boost::asio::any_io_executor loop;
        queue::sqlite::SqliteStore& store;
        Transport& transport;  ///< refuses what is_public does not admit, see target.hpp
        oauth::Vault vault;
        Clock& clock;
        Random& random;
        Allowed allowed{};
        Limits limits{};
    };
    explicit Sender(Parts parts);

    /// Seals anew what an older key sealed. Once, before run().
    boost::asio::awaitable<Result<void>> load();
    /// Until cancelled: in a TaskGroup.
    boost::asio::awaitable<void> run();
    /// After run(). Attempts that outlive the grace are repeated after the next start.
    boost::asio::awaitable<void> stop(Millis grace);
    /// Rows of webhooks or deliveries were changed by somebody else.
    void changed();

    [[nodiscard]] const Allowed& allowed() const { return parts_.allowed; }
    [[nodiscard]] std::string seal(const Secret& secret, const std::string& webhook) const;
    [[nodiscard]] Status status() const;

 private:
    /// One webhook in memory.
    struct Desk {
        WebhookRow row;
        std::int64_t seen = 0;     ///< events passed over since the stored cursor included
        SteadyTime held_until{};   ///< the receiver asked for it, or an outcome could not be stored
        std::uint64_t served = 0;  ///< the turn in which it last took of what all share
        std::optional<WallTime> next{};
    };
    struct Ask;
    struct Found;

    boost::asio::awaitable<Result<void>> reload();
    /// @return whether there is more to do at once.
    boost::asio::awaitable<bool> step();
    boost::asio::awaitable<bool> take_events(std::vector<Found> found);
    void start_due(std::vector<Found>& found);
    boost::asio::awaitable<void> deliver(std::string webhook, DeliveryRow delivery);
    boost::asio::awaitable<SendResult> attempt(WebhookRow webhook, DeliveryRow delivery);
    boost::asio::awaitable<void> settle(std::string webhook, DeliveryRow delivery, Outcome outcome);
    boost::asio::awaitable<void> sweep();
    [[nodiscard]] std::vector<Ask> asks() const;
    [[nodiscard]] std::size_t flying(const std::string& webhook) const;
    [[nodiscard]] std::size_t room_of(const Desk& desk) const;
    void hold(const std::string& webhook, Millis span);

    Parts parts_;
    std::map<std::string, Desk> desks_{};
    std::map<std::string, std::set<std::int64_t>> in_flight_{};  ///< by webhook; outlives a desk that is closed
    std::set<std::int64_t> settled_{};  ///< since the look under way began: what it found of them is old
    std::size_t flying_ = 0;
    std::uint64_t turn_ = 0;
    bool dirty_ = true;
    SteadyTime reload_at_{};
    Status counts_{};
    Signal wake_;
    TaskGroup flights_;
};

void write_metrics(std::string& out, const Status& status);

}  // namespace spillway::webhooks
