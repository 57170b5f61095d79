#pragma once
// The whole service on virtual time: real store, lanes, pacing, connectors and API on one thread, against the sandbox's
// provider models, with the network between them in memory. A crash throws the service away and starts the next one
// from what was durable.

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "schema/json_value.hpp"
#include "schema/random.hpp"
#include "services/api/api.hpp"
#include "services/sandbox/core.hpp"
#include "services/sync/service.hpp"
#include "tests/support/virtual_clock.hpp"

namespace spillway::test {

/// Carries requests to the sandbox in memory. Dead: nothing arrives any more (the process that sent it has died).
class MemoryTransport final : public Transport {
 public:
    explicit MemoryTransport(sandbox::Core& core) : core_(core) {}
    boost::asio::awaitable<SendResult> send(std::string origin, HttpRequest request, SendLimits limits) override;
    void die() { dead_ = true; }

 private:
    sandbox::Core& core_;
    bool dead_ = false;
};

/// One document of the books, from the sandbox's ledger.
struct BookedDocument {
    std::string type, number, contact, status;
    Decimal net, total;
};

class World {
 public:
    explicit World(std::uint64_t seed);
    ~World();

    /// The service dies at this very moment and the next one starts from what was durable.
    void crash();

    /// A request to the service's API with the administrator's key.
    HttpResponse api(const std::string& method, const std::string& target, const std::string& body = {});
    /// The same, expecting success; the parsed answer.
    JsonValue ok(const std::string& method, const std::string& target, const std::string& body = {});
    /// A request to the sandbox (control API, consent).
    HttpResponse sandbox(const std::string& method, const std::string& target, const std::string& body = {});

    /// Makes a partner and connects the provider's first demo company through the whole OAuth flow. @return the
    /// connection id.
    std::string connect(const std::string& provider);
    std::string connect(const std::string& provider, const std::string& partner, const std::string& reconnect);
    /// Submits one record. @return the HTTP status.
    int put(const std::string& connection, const std::string& kind, const std::string& external_id,
            const std::string& body);
    std::string start_sync(const std::string& connection);
    bool sync_done(const std::string& connection, const std::string& sync);
    /// Lets time run until the sync is done. @return false when it is not within `limit`.
    bool finish(const std::string& connection, const std::string& sync, Millis limit = std::chrono::hours(12));
    std::string state_of(const std::string& connection, const std::string& kind, const std::string& external_id);

    std::vector<BookedDocument> documents(const std::string& provider);
    /// The provider's ledger of its first company.
    JsonValue ledger(const std::string& provider);
    std::int64_t throttled(const std::string& provider);
    std::int64_t calls(const std::string& provider, const std::string& operation);

    SimClock& clock() { return clock_; }
    Random& random() { return random_; }
    [[nodiscard]] std::uint64_t seed() const { return seed_; }

 private:
    struct Process;
    void start_process();
    template <class T>
    T wait(boost::asio::awaitable<T> what);

    std::uint64_t seed_;
    SeededRandom random_;
    boost::asio::io_context io_;
    SimClock clock_;
    sandbox::Core sandbox_;
    std::string folder_;
    int generation_ = 0;
    std::string partner_;
    std::unique_ptr<Process> process_;
};

/// JSON of a small invoice or credit note over one item line, amounts none. `total` as decimal text.
std::string a_document(const std::string& contact, const std::string& number, const std::string& item,
                       const std::string& total);
std::string a_contact(const std::string& name);
std::string an_item(const std::string& code);

}  // namespace spillway::test
