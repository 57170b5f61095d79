#pragma once
// The network between the service and the sandbox: byte streams in memory, under the service's own HTTP client and
// before the same HTTP reader that its server uses. Bytes come late and in pieces, connections break at any byte, and
// some swallow everything.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/http/client.hpp"
#include "connectors/http/link.hpp"
#include "schema/random.hpp"
#include "schema/runtime/task_group.hpp"
#include "services/sandbox/core.hpp"
#include "tests/support/fault_vfs.hpp"
#include "tests/support/virtual_clock.hpp"

namespace spillway::test {

/// How often what happens, of a thousand exchanges (or connections); and how long bytes take.
struct NetworkTrouble {
    int refuse = 0;           ///< the connection is refused
    int connect_hangs = 0;    ///< nobody answers the connection
    int cut_request = 0;      ///< reset after some bytes of the request
    int cut_answer = 0;       ///< reset after some bytes of the answer
    int swallow_request = 0;  ///< the request never arrives, and no answer either
    int swallow_answer = 0;   ///< it takes effect, and no answer arrives
    int half_close = 0;       ///< the peer closes a kept connection without a word
    int extra_bytes = 0;      ///< bytes behind the answer that nobody asked for
    int slow_server = 0;      ///< it works on the request for up to `slow_most`
    int slow_answer = 0;      ///< the answer comes up to `late_most` later, which may be after the time-out
    int pieces = 0;           ///< the message comes in pieces, with pauses
    Millis latency_most{0};   ///< of every message
    Millis slow_most{50'000};
    Millis late_most{200'000};
};

/// One request of the service to a provider's API (tokens and consents apart), as it arrived.
struct CallSeen {
    std::string provider, method, path, tenant, body;
    std::string key;     ///< the idempotency key
    bool batch = false;  ///< QuickBooks' batch, which has a limit of its own
    SteadyTime sent;     ///< when it was complete at the provider
    int status = 0;      ///< of the answer; 0: none (yet)
};

/// What a provider answers instead of its model; nothing: the model answers.
using Instead = std::function<std::optional<HttpResponse>(const HttpRequest&)>;

class Connection;

class Network {
 public:
    Network(boost::asio::io_context& io, SimClock& clock, sandbox::Core& core, std::uint64_t seed);
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// For the service's HTTP client.
    boost::asio::awaitable<connectors::OpenedLink> open(connectors::Origin origin, SteadyTime until);
    /// The process behind the open connections has died: what it sent still arrives, and nobody hears the answers.
    void hang_up();
    /// While it is cut, nothing of the service's leaves or arrives.
    void power_of(const FaultVfs* disk) { power_ = disk; }
    /// Decides what the wire does to a request of `bytes` that is about to leave.
    void begin_exchange(Connection& connection, std::size_t bytes);
    /// Ends what is under way at the provider.
    boost::asio::awaitable<void> stop();

    NetworkTrouble trouble{};
    Instead instead{};
    std::function<void(const CallSeen&)> on_arrival{}, on_answer{};
    std::function<void(const std::string& body)> on_other_answer{};  ///< of tokens and consents
    /// All calls that arrived, over all lives of the service.
    std::vector<CallSeen> seen{};
    /// Exchanges in which something happened to the bytes.
    std::uint64_t cuts = 0, swallowed = 0, late = 0;

 private:
    bool happens(int per_mille) { return per_mille > 0 && random_.below(1000) < static_cast<std::uint64_t>(per_mille); }
    Millis drawn(Millis most) { return Millis(random_.below(static_cast<std::uint64_t>(most.count()) + 1)); }
    [[nodiscard]] bool is_powerless() const { return power_ != nullptr && power_->is_cut(); }
    boost::asio::awaitable<void> serve(std::shared_ptr<Connection> connection);
    boost::asio::awaitable<bool> exchange(std::shared_ptr<Connection> connection, HttpRequest request);
    boost::asio::awaitable<HttpResponse> answer(HttpRequest request, bool& dropped);

    boost::asio::io_context& io_;
    SimClock& clock_;
    sandbox::Core& core_;
    SeededRandom random_;
    const FaultVfs* power_ = nullptr;
    std::vector<std::weak_ptr<Connection>> connections_{};
    TaskGroup tasks_;
};

/// The most calls of one kind that any `span` held: `batches_only` counts QuickBooks' batches alone.
int most_within(const std::vector<CallSeen>& seen, const std::string& provider, Millis span, bool batches_only);

}  // namespace spillway::test
