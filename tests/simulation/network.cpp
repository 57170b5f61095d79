#include "tests/simulation/network.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include "schema/runtime/http_reader.hpp"
#include "schema/runtime/signal.hpp"
#include "services/http/response_head.hpp"

namespace spillway::test {

namespace asio = boost::asio;
using connectors::IoResult;

namespace {

/// One direction of a connection.
struct Pipe {
    explicit Pipe(asio::io_context& io) : changed(io.get_executor()) {}

    std::string bytes{};
    bool ended = false;
    bool reset = false;
    Signal changed;

    void put(std::string_view more) {
        bytes += more;
        changed.notify();
    }
    void end() {
        ended = true;
        changed.notify();
    }
    void break_off() {
        reset = true;
        changed.notify();
    }
};

}  // namespace

/// Both directions. The service's end is a Link, the provider's is served by the network.
class Connection {
 public:
    Connection(Network& network, asio::io_context& io, std::string origin)
        : net(network), up(io), down(io), provider(std::move(origin)) {}

    void hang_up() {
        gone = true;
        up.end();
        down.break_off();
    }
    void break_off() {
        up.break_off();
        down.break_off();
    }

    Network& net;
    Pipe up, down;
    std::string provider;
    bool gone = false;      ///< the service has closed its end, or died
    bool swallows = false;  ///< nothing arrives any more, either way
    std::optional<std::size_t> cut_request_after{};
};

namespace {

asio::awaitable<bool> cancelled_here() {
    const auto state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace

/// The service's end.
class MemoryLink final : public connectors::Link {
 public:
    explicit MemoryLink(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
    ~MemoryLink() override { connection_->hang_up(); }

    asio::awaitable<IoResult> read_some(std::span<char> into) override {
        const auto connection = connection_;
        auto& pipe = connection->down;
        for (;;) {
            if (closed_) co_return IoResult{asio::error::operation_aborted, 0};
            if (pipe.reset) co_return IoResult{asio::error::connection_reset, 0};
            if (!pipe.bytes.empty()) break;
            if (pipe.ended) co_return IoResult{asio::error::eof, 0};
            const bool stop = co_await cancelled_here();
            if (stop) co_return IoResult{asio::error::operation_aborted, 0};
            co_await pipe.changed.wait();
        }
        const auto size = std::min(into.size(), pipe.bytes.size());
        std::copy_n(pipe.bytes.begin(), size, into.begin());
        pipe.bytes.erase(0, size);
        co_return IoResult{{}, size};
    }

    asio::awaitable<IoResult> write(std::string_view bytes) override {
        const auto connection = connection_;
        if (closed_) co_return IoResult{asio::error::bad_descriptor, 0};
        if (connection->up.reset || connection->down.reset) co_return IoResult{asio::error::broken_pipe, 0};
        connection->net.begin_exchange(*connection, bytes.size());
        if (!connection->swallows) {
            const auto most = connection->cut_request_after.value_or(bytes.size());
            connection->up.put(bytes.substr(0, most));
            if (most < bytes.size()) connection->break_off();
        }
        co_return IoResult{{}, bytes.size()};
    }

    void close() override {
        closed_ = true;
        connection_->hang_up();
    }
    bool stale() override {
        const auto& pipe = connection_->down;
        return closed_ || pipe.reset || pipe.ended || !pipe.bytes.empty();
    }

 private:
    std::shared_ptr<Connection> connection_;
    bool closed_ = false;
};

Network::Network(asio::io_context& io, SimClock& clock, sandbox::Core& core, std::uint64_t seed)
    : io_(io), clock_(clock), core_(core), random_(seed), tasks_(io.get_executor(), "network") {}

Network::~Network() = default;

asio::awaitable<void> Network::stop() { co_await tasks_.stop(clock_, Millis{0}); }

void Network::hang_up() {
    for (const auto& weak : connections_)
        if (const auto connection = weak.lock()) connection->hang_up();
    connections_.clear();
}

/// What the wire does to a request that is about to leave.
void Network::begin_exchange(Connection& connection, std::size_t bytes) {
    if (is_powerless() || happens(trouble.swallow_request)) {
        connection.swallows = true;
        ++swallowed;
    } else if (happens(trouble.cut_request)) {
        connection.cut_request_after = random_.below(bytes + 1);
        ++cuts;
    }
}

asio::awaitable<connectors::OpenedLink> Network::open(connectors::Origin origin, SteadyTime until) {
    connectors::OpenedLink opened;
    if (happens(trouble.connect_hangs)) {
        co_await clock_.sleep_until(until);
        opened.failure = "connect: no answer within the time limit";
        co_return opened;
    }
    co_await clock_.sleep_for(drawn(trouble.latency_most));
    if (is_powerless() || happens(trouble.refuse)) {
        opened.failure = "connect: Connection refused";
        co_return opened;
    }
    auto connection = std::make_shared<Connection>(*this, io_, origin.host);
    std::erase_if(connections_, [](const auto& weak) { return weak.expired(); });
    connections_.push_back(connection);
    tasks_.spawn(serve(connection), "serve");
    opened.link = std::make_unique<MemoryLink>(std::move(connection));
    co_return opened;
}

/// The provider's end: requests one after another, until the service goes or something breaks.
asio::awaitable<void> Network::serve(std::shared_ptr<Connection> connection) {
    HttpRequestReader reader(ReadLimits{64u << 10, 32u << 20});
    auto& pipe = connection->up;
    reader.begin();
    for (;;) {
        const bool stop = co_await stop_requested();
        if (stop) co_return;
        const auto state = reader.advance();
        if (state == ReadState::failed) break;
        if (state == ReadState::done) {
            auto request = reader.take();
            reader.begin();
            const bool keep = co_await exchange(connection, std::move(request));
            if (!keep) break;
        } else if (state == ReadState::need_more) {
            if (pipe.reset) break;
            if (!pipe.bytes.empty()) {
                co_await clock_.sleep_for(drawn(trouble.latency_most));
                const auto space = reader.space();
                auto size = std::min(space.size(), pipe.bytes.size());
                if (happens(trouble.pieces)) size = 1 + random_.below(size);
                std::copy_n(pipe.bytes.begin(), size, space.begin());
                pipe.bytes.erase(0, size);
                reader.received(size);
            } else if (pipe.ended) {
                reader.peer_closed();
            } else {
                co_await pipe.changed.wait();
            }
        }
    }
    if (!connection->down.ended) connection->break_off();
}

asio::awaitable<HttpResponse> Network::answer(HttpRequest request, bool& dropped) {
    if (instead) {
        if (auto other = instead(request)) co_return std::move(*other);
    }
    auto reply = co_await core_.serve(std::move(request));
    if (auto* response = std::get_if<HttpResponse>(&reply)) co_return std::move(*response);
    dropped = true;
    co_return HttpResponse{};
}

namespace {

bool is_api(const HttpRequest& request) {
    return request.path().starts_with("/api.xro/") || request.path().starts_with("/v3/company/");
}

CallSeen seen_of(const HttpRequest& request, SteadyTime now) {
    CallSeen call;
    const bool xero = request.path().starts_with("/api.xro/");
    call.provider = xero ? "xero" : "qbo";
    call.method = request.method;
    call.path = request.target;
    call.tenant = std::string(request.headers.find("xero-tenant-id").value_or(""));
    if (!xero) call.tenant = call.path.substr(12, call.path.find('/', 12) - 12);
    call.body = request.body;
    call.key = std::string(request.headers.find("Idempotency-Key").value_or(""));
    if (const auto at = call.path.find("requestid="); at != std::string::npos)
        call.key = call.path.substr(at + 10, call.path.find('&', at) - at - 10);
    call.batch = request.path().ends_with("/batch");
    call.sent = now;
    return call;
}

}  // namespace

/// One request and its answer. @return whether the connection goes on.
asio::awaitable<bool> Network::exchange(std::shared_ptr<Connection> connection, HttpRequest request) {
    const bool api = is_api(request);
    const auto index = seen.size();
    if (api) {
        seen.push_back(seen_of(request, clock_.steady_now()));
        if (on_arrival) on_arrival(seen.back());
    }
    if (happens(trouble.slow_server)) co_await clock_.sleep_for(drawn(trouble.slow_most));
    bool dropped = false;
    auto response = co_await answer(std::move(request), dropped);
    if (api) {
        seen[index].status = dropped ? 0 : response.status;
        if (on_answer) on_answer(seen[index]);
    } else if (on_other_answer) {
        on_other_answer(response.body);
    }
    if (dropped) {
        connection->break_off();
        co_return false;
    }
    const bool close = happens(trouble.half_close);
    http::Framing framing{.content_length = response.body.size()};
    framing.keep_alive = true;
    auto head = http::response_head(response, framing, clock_.wall_now());
    auto bytes = head.value_or("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n");
    if (http::may_have_body(response.status)) bytes += response.body;
    co_await clock_.sleep_for(drawn(trouble.latency_most));
    if (happens(trouble.slow_answer)) {
        ++late;
        co_await clock_.sleep_for(drawn(trouble.late_most));
    }
    if (is_powerless() || happens(trouble.swallow_answer)) {
        ++swallowed;
        connection->swallows = true;
        co_return true;
    }
    if (happens(trouble.cut_answer)) {
        ++cuts;
        connection->down.put(std::string_view(bytes).substr(0, random_.below(bytes.size())));
        // What is in the receiver's buffer it may still read; then it sees the end.
        co_await clock_.sleep_for(Millis{1});
        connection->break_off();
        co_return false;
    }
    while (bytes.size() > 1 && happens(trouble.pieces)) {
        const auto size = 1 + random_.below(bytes.size() - 1);
        connection->down.put(std::string_view(bytes).substr(0, size));
        bytes.erase(0, size);
        co_await clock_.sleep_for(drawn(trouble.latency_most));
    }
    if (happens(trouble.extra_bytes)) bytes += "HTTP/1.1 100 ";
    connection->down.put(bytes);
    if (close) connection->down.end();
    co_return !close;
}

}  // namespace spillway::test
