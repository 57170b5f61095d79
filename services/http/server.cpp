#include "services/http/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <map>

#include "schema/runtime/deadline.hpp"
#include "schema/runtime/log.hpp"
#include "schema/runtime/task_group.hpp"
#include "services/http/problem.hpp"
#include "services/http/response_head.hpp"
#include "services/http/session.hpp"

namespace spillway::http {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kRefusalsMax = 64;  ///< polite refusals at one time; over it a newcomer is just closed
constexpr Millis kRefusalTimeout{1'000};
constexpr Millis kAcceptPause{100};
constexpr Millis kLogEvery{10'000};

/// The listener and its sessions; shared with their coroutines, so that it outlives them.
struct Core {
    std::shared_ptr<const ServerContext> context;
    tcp::acceptor acceptor;
    std::map<const Session*, std::weak_ptr<Session>> sessions{};
    std::size_t refusals = 0;
    LogLimiter refused_log{kLogEvery};
    LogLimiter accept_log{kLogEvery};
    bool stopping = false;
    TaskGroup group;

    Core(std::shared_ptr<const ServerContext> shared, tcp::acceptor listening)
        : context(std::move(shared)), acceptor(std::move(listening)), group(acceptor.get_executor(), "http_server") {}

    template <class Fn>
    void each_session(Fn fn) {
        const auto now = sessions;  // a session may end while we walk
        for (const auto& [key, weak] : now)
            if (const auto session = weak.lock()) fn(*session);
    }

    void stop_soon() {
        stopping = true;
        group.close();
        boost::system::error_code ignored;
        acceptor.close(ignored);
        each_session([](Session& session) { session.stop_soon(); });
        group.cancel(asio::cancellation_type::total);
    }

    void cut() {
        each_session([](Session& session) { session.abort(); });
        group.cancel(asio::cancellation_type::terminal);
    }
};

/// Registers a session for as long as its coroutine lives.
struct Registration {
    std::shared_ptr<Core> core;
    std::shared_ptr<Session> session;

    Registration(std::shared_ptr<Core> where, std::shared_ptr<Session> what)
        : core(std::move(where)), session(std::move(what)) {
        core->sessions.emplace(session.get(), session);
    }
    ~Registration() { core->sessions.erase(session.get()); }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
};

asio::awaitable<void> run_session(std::shared_ptr<Registration> registration) {
    const auto session = registration->session;
    co_await Session::run(session);
}

struct RefusalCount {
    std::shared_ptr<Core> core;
    explicit RefusalCount(std::shared_ptr<Core> where) : core(std::move(where)) { ++core->refusals; }
    ~RefusalCount() { --core->refusals; }
    RefusalCount(const RefusalCount&) = delete;
    RefusalCount& operator=(const RefusalCount&) = delete;
};

/// Over the cap: a 503 without reading the request, then the peer's bytes are dropped until it has seen the answer.
asio::awaitable<void> refuse(std::shared_ptr<Core> core, tcp::socket socket) {
    const RefusalCount count(core);
    boost::system::error_code ignored;
    auto& clock = core->context->clock;
    const auto until = clock.steady_now() + kRefusalTimeout;
    const Deadline deadline(socket.get_executor(), clock, until, [&socket] {
        boost::system::error_code closing;
        socket.close(closing);
    });
    Error busy{ErrorKind::unavailable, "too_many_connections", "the server has no connection to spare"};
    busy.retry_after = std::chrono::seconds(1);
    const auto response = problem(busy);
    const Framing framing{.content_length = response.body.size()};
    const auto head = response_head(response, framing, clock.wall_now());
    const auto bytes = head.value_or("") + response.body;
    const auto [error, written] = co_await asio::async_write(socket, asio::buffer(bytes), kTuple);
    if (error || written < bytes.size()) co_return;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    std::vector<char> discarded(16u << 10);
    for (;;) {
        const auto [end, read] = co_await socket.async_read_some(asio::buffer(discarded), kTuple);
        if (end || read == 0) co_return;
    }
}

void admit(const std::shared_ptr<Core>& core, tcp::socket socket) {
    if (core->sessions.size() < core->context->limits.connections_max) {
        auto session = std::make_shared<Session>(core->context, std::move(socket));
        auto registration = std::make_shared<Registration>(core, std::move(session));
        core->group.spawn(run_session(std::move(registration)), "session");
        return;
    }
    if (const auto held = core->refused_log.permit(core->context->clock.steady_now()))
        log_warn("connection_refused", {{"open", core->sessions.size()}, {"suppressed", *held}});
    if (core->refusals < kRefusalsMax) core->group.spawn(refuse(core, std::move(socket)), "refusal");
}

asio::awaitable<void> accept_loop(std::shared_ptr<Core> core) {
    while (!core->stopping) {
        auto [error, socket] = co_await core->acceptor.async_accept(kTuple);
        if (core->stopping) co_return;
        if (!error) {
            admit(core, std::move(socket));
            continue;
        }
        auto& clock = core->context->clock;
        if (const auto held = core->accept_log.permit(clock.steady_now()))
            log_error("accept_failed", {{"detail", error.message()}, {"suppressed", *held}});
        co_await clock.sleep_for(kAcceptPause);  // out of descriptors, mostly: do not spin
    }
}

class TcpServer final : public Server {
 public:
    TcpServer(std::shared_ptr<Core> core, std::uint16_t port) : core_(std::move(core)), port_(port) {
        core_->group.spawn(accept_loop(core_), "accept");
    }
    ~TcpServer() override {
        core_->stop_soon();
        core_->cut();
    }

    std::uint16_t port() const override { return port_; }

    asio::awaitable<void> stop(Millis grace) override {
        const auto core = core_;
        core->stop_soon();
        auto& clock = core->context->clock;
        const auto end = clock.steady_now() + grace;
        const Deadline deadline(core->acceptor.get_executor(), clock, end, [core] { core->cut(); });
        co_await core->group.join();
    }

 private:
    std::shared_ptr<Core> core_;
    std::uint16_t port_;
};

Error listen_error(const boost::system::error_code& error, const std::string& where) {
    if (error == asio::error::address_in_use)
        return Error{ErrorKind::conflict, "port_taken", where + " is in use by another program"};
    return invalid("bad_address", where + ": " + error.message());
}

}  // namespace

Result<std::unique_ptr<Server>> listen(asio::any_io_executor executor, std::string address, std::uint16_t port,
                                       Handler handler, Clock& clock, ServerLimits limits) {
    const auto where = address + ":" + std::to_string(port);
    boost::system::error_code error;
    const auto ip = asio::ip::make_address(address, error);
    if (error) return invalid("bad_address", "'" + address + "' is not an IP address");
    const tcp::endpoint endpoint(ip, port);
    tcp::acceptor acceptor(executor);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return listen_error(error, where);
    const auto bound = acceptor.local_endpoint(error);
    if (error) return listen_error(error, where);
    auto context = std::make_shared<const ServerContext>(std::move(handler), clock, limits);
    auto core = std::make_shared<Core>(std::move(context), std::move(acceptor));
    std::unique_ptr<Server> server = std::make_unique<TcpServer>(std::move(core), bound.port());
    return server;
}

}  // namespace spillway::http
