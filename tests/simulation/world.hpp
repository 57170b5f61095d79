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
#include "tests/simulation/caller_wire.hpp"
#include "tests/simulation/network.hpp"
#include "tests/support/fault_vfs.hpp"
#include "tests/support/skewed_clock.hpp"
#include "tests/support/slow_executor.hpp"
#include "tests/support/virtual_clock.hpp"

namespace spillway::test {

/// What a crash does to the disk in memory that the service's files are on: nothing (the process died), or what was not
/// synced is lost or torn (the power went).
enum class Disk { keeping, losing };

struct WorldOptions {
    Disk disk = Disk::keeping;
    Millis storage_most{0};     ///< how long a commit or a read takes at most, drawn; 0: no time
    bool callers_wire = false;  ///< send() goes over bytes that come in pieces and break
    bool draws_order = false;   ///< who wakes first at one moment is drawn
};

/// One document of the books, from the sandbox's ledger.
struct BookedDocument {
    std::string type, number, contact, status;
    Decimal net, total;
};

class World {
 public:
    explicit World(std::uint64_t seed, Disk disk = Disk::keeping)
        : World(seed, WorldOptions{disk, Millis{0}, false, false}) {}
    World(std::uint64_t seed, WorldOptions options);
    ~World();

    /// The service dies at this very moment and, `down` later, the next one starts from what was durable.
    void crash(Millis down = Millis{0});
    /// On a losing disk: lets time run until the power goes in the middle of the write or sync `steps` from now (at the
    /// latest after `limit`), and starts the next process from what the disk kept.
    void cut_power_after(std::uint64_t steps, Millis limit);
    /// The power goes `steps` writes or syncs from now, while the caller goes on; then power_on().
    void cut_power_in(std::uint64_t steps) { disk_.cut_power_in(steps); }
    [[nodiscard]] bool is_cut() const { return disk_.is_cut(); }
    void power_on(Millis down = Millis{0});
    /// The store has failed (an error of the disk): the daemon would exit, and be started again by crash().
    [[nodiscard]] bool has_failed() const;
    FaultVfs& disk() { return disk_; }
    /// Free space as the service sees it.
    void set_free_bytes(std::int64_t bytes) { free_bytes_ = bytes; }

    /// A request to the service's API with the administrator's key.
    HttpResponse api(const std::string& method, const std::string& target, const std::string& body = {});
    /// The same without waiting: `done` gets the answer, or nothing where the process died before it gave one.
    void send(HttpRequest request, std::function<void(const HttpResponse*)> done);
    /// Requests without an answer so far.
    [[nodiscard]] int under_way() const { return under_way_; }
    /// The same, expecting success; the parsed answer.
    JsonValue ok(const std::string& method, const std::string& target, const std::string& body = {});
    /// A request to the sandbox (control API, consent).
    HttpResponse sandbox(const std::string& method, const std::string& target, const std::string& body = {});
    HttpResponse sandbox(HttpRequest request);

    /// Makes a partner and connects the provider's first demo company through the whole OAuth flow. @return the
    /// connection id.
    std::string connect(const std::string& provider);
    std::string make_partner(const std::string& name);
    /// @param reconnect  a connection that lost its consent; empty: a new one. @param company  which of the demo
    /// companies.
    std::string connect(const std::string& provider, const std::string& partner, const std::string& reconnect,
                        std::size_t company = 0);
    /// Gives consent at the provider. @return where it sends the browser: the callback of the service's API.
    std::string consent(const std::string& provider, const std::string& partner, const std::string& reconnect,
                        std::size_t company = 0);
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
    /// The provider's ledger of one of its companies.
    JsonValue ledger(const std::string& provider, std::size_t company = 0);
    /// A request of somebody else to the provider's API, with a consent of their own.
    HttpResponse by_hand(const std::string& provider, const std::string& method, const std::string& target,
                         const std::string& body = {});
    /// Somebody else's document of that number, for another customer. @return the provider's id of it.
    std::string book_foreign_invoice(const std::string& provider, const std::string& number);
    void faults(const std::string& rules);
    /// For what fault rules cannot say: an answer that depends on the body.
    void answer_instead(Instead instead) { network_.instead = std::move(instead); }
    void configure(const std::string& provider, const std::string& settings);

    std::int64_t throttled(const std::string& provider);
    std::int64_t calls(const std::string& provider, const std::string& operation);

    /// All calls that the service made, over all its lives.
    [[nodiscard]] const std::vector<CallSeen>& seen() const { return network_.seen; }
    Network& network() { return network_; }
    [[nodiscard]] const CallerWire& callers() const { return callers_; }
    SimClock& clock() { return clock_; }
    /// The service's own idea of the wall clock.
    SkewedClock& service_clock() { return service_clock_; }
    /// Reads the service's store, in a transaction of its own.
    void read_store(std::function<void(queue::sqlite::Connection&)> what);
    /// What no release of the service does to it.
    void change_store(std::function<void(queue::sqlite::Connection&)> what);
    /// The service dies, and `down` later the next one starts on an older copy of the disk. The tokens, in a file of
    /// their own, are as they were last.
    void start_on(FaultVfs::Image copy, Millis down);
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
    WorldOptions options_;
    SeededRandom random_, order_, storage_random_, callers_random_;
    boost::asio::io_context io_;
    SimClock clock_;
    SkewedClock service_clock_;
    SlowWorker storage_;
    sandbox::Core sandbox_;
    Network network_;
    CallerWire callers_;
    FaultVfs disk_;
    std::int64_t free_bytes_ = std::int64_t{100} << 30;
    int under_way_ = 0;
    std::string folder_;
    std::string partner_;
    std::unique_ptr<Process> process_;
};

}  // namespace spillway::test
