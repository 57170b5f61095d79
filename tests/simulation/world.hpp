#pragma once
// The whole service on virtual time: real store, lanes, pacing, connectors and API on one thread, against the sandbox's
// provider models, with the network between them in memory. A crash throws the service away and starts the next one
// from what was durable.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schema/json_value.hpp"
#include "schema/random.hpp"
#include "services/api/api.hpp"
#include "services/sandbox/core.hpp"
#include "services/sync/service.hpp"
#include "tests/simulation/bodies.hpp"
#include "tests/support/fault_vfs.hpp"
#include "tests/support/virtual_clock.hpp"

namespace spillway::test {

/// One call of the service to a provider's API (tokens and consents apart), as it left.
struct CallSeen {
    std::string provider, method, path, tenant, body;
    bool batch = false;  ///< QuickBooks' batch, which has a limit of its own
    SteadyTime sent;
    int status = 0;  ///< 0: no answer (yet)
};

/// What a provider answers instead of its model; nothing: the model answers.
using Instead = std::function<std::optional<HttpResponse>(const HttpRequest&)>;

/// Carries requests to the sandbox in memory. Dead: nothing arrives any more (the process that sent it has died, or its
/// power is gone).
class MemoryTransport final : public Transport {
 public:
    struct Wire {
        sandbox::Core& core;
        const Clock& clock;
        std::vector<CallSeen>& seen;
        const FaultVfs* power;  ///< null: the power never goes
        const Instead& instead;
    };
    explicit MemoryTransport(Wire wire) : wire_(wire) {}
    boost::asio::awaitable<SendResult> send(std::string origin, HttpRequest request, SendLimits limits) override;
    void die() { dead_ = true; }

 private:
    [[nodiscard]] bool is_dead() const { return dead_ || (wire_.power != nullptr && wire_.power->is_cut()); }

    Wire wire_;
    bool dead_ = false;
};

/// What the service's store stands on: the real file system, or a disk that loses what was not synced.
enum class Disk { real, losing };

/// One document of the books, from the sandbox's ledger.
struct BookedDocument {
    std::string type, number, contact, status;
    Decimal net, total;
};

class World {
 public:
    explicit World(std::uint64_t seed, Disk disk = Disk::real);
    ~World();

    /// The service dies at this very moment and the next one starts from what was durable.
    void crash();
    /// On a losing disk: lets time run until the power goes in the middle of the write or sync `steps` from now (at the
    /// latest after `limit`), and starts the next process from what the disk kept.
    void cut_power_after(std::uint64_t steps, Millis limit);
    /// The power goes `steps` writes or syncs from now, while the caller goes on; then power_on().
    void cut_power_in(std::uint64_t steps) { disk_->cut_power_in(steps); }
    [[nodiscard]] bool is_cut() const { return disk_ && disk_->is_cut(); }
    void power_on();

    /// A request to the service's API with the administrator's key.
    HttpResponse api(const std::string& method, const std::string& target, const std::string& body = {});
    /// The same, expecting success; the parsed answer.
    JsonValue ok(const std::string& method, const std::string& target, const std::string& body = {});
    /// A request to the sandbox (control API, consent).
    HttpResponse sandbox(const std::string& method, const std::string& target, const std::string& body = {});
    HttpResponse sandbox(HttpRequest request);

    /// Makes a partner and connects the provider's first demo company through the whole OAuth flow. @return the
    /// connection id.
    std::string connect(const std::string& provider);
    std::string make_partner(const std::string& name);
    std::string connect(const std::string& provider, const std::string& partner, const std::string& reconnect);
    /// Submits one record. @return the HTTP status.
    int put(const std::string& connection, const std::string& kind, const std::string& external_id,
            const std::string& body);
    int void_record(const std::string& connection, const std::string& kind, const std::string& external_id);
    /// The record as the API shows it.
    JsonValue record(const std::string& connection, const std::string& kind, const std::string& external_id);
    /// Lets time run until no job of the connection is waiting, scheduled, running or unknown. @return false when that
    /// takes longer than `limit`.
    bool quiet(const std::string& connection, Millis limit = std::chrono::hours(4));
    /// Lets time run until the record's job is in that state. @return false when that takes longer than `limit`.
    bool reaches(const std::string& connection, const std::string& kind, const std::string& external_id,
                 const std::string& state, Millis limit = std::chrono::hours(1));
    /// The number of jobs of the connection in these states ("parked,unknown").
    std::size_t jobs(const std::string& connection, const std::string& states);
    std::string start_sync(const std::string& connection);
    bool sync_done(const std::string& connection, const std::string& sync);
    /// Lets time run until the sync is done. @return false when it is not within `limit`.
    bool finish(const std::string& connection, const std::string& sync, Millis limit = std::chrono::hours(12));
    std::string state_of(const std::string& connection, const std::string& kind, const std::string& external_id);

    std::vector<BookedDocument> documents(const std::string& provider);
    /// The provider's ledger of its first company.
    JsonValue ledger(const std::string& provider);
    /// A request of somebody else to the provider's API, with a consent of their own.
    HttpResponse by_hand(const std::string& provider, const std::string& method, const std::string& target,
                         const std::string& body = {});
    void faults(const std::string& rules);
    /// For what fault rules cannot say: an answer that depends on the body.
    void answer_instead(Instead instead) { instead_ = std::move(instead); }
    void configure(const std::string& provider, const std::string& settings);

    std::int64_t throttled(const std::string& provider);
    std::int64_t calls(const std::string& provider, const std::string& operation);

    /// All calls that the service made, over all its lives.
    [[nodiscard]] const std::vector<CallSeen>& seen() const { return seen_; }
    SimClock& clock() { return clock_; }
    Random& random() { return random_; }
    [[nodiscard]] std::uint64_t seed() const { return seed_; }

 private:
    struct Process;
    void start_process();
    void end_process();
    std::string bookkeeper(const std::string& provider);
    template <class T>
    T wait(boost::asio::awaitable<T> what);

    std::uint64_t seed_;
    SeededRandom random_;
    boost::asio::io_context io_;
    SimClock clock_;
    sandbox::Core sandbox_;
    std::unique_ptr<FaultVfs> disk_;
    std::vector<CallSeen> seen_;
    Instead instead_;
    std::map<std::string, std::string> bookkeepers_;  ///< provider -> their token
    std::string folder_;
    int generation_ = 0;
    std::string partner_;
    std::unique_ptr<Process> process_;
};

/// The most calls of one kind that any `span` held: `batches_only` counts QuickBooks' batches alone.
int most_within(const std::vector<CallSeen>& seen, const std::string& provider, Millis span, bool batches_only);

}  // namespace spillway::test
