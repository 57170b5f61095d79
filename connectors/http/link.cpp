#include "connectors/http/link.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <vector>

#include "schema/runtime/deadline.hpp"

namespace spillway::connectors {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view kTooLate = "no answer within the time limit";

void close_socket(tcp::socket& socket) {
    error_code ignored;  // closing a closed socket is fine
    socket.close(ignored);
}

/// An idle connection has nothing to say: bytes are a TLS alert or a stray answer, an end is an end.
bool stale_socket(tcp::socket& socket) {
    if (!socket.is_open()) return true;
    char byte = 0;
    const auto seen = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return !(seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

class PlainLink final : public Link {
 public:
    explicit PlainLink(tcp::socket socket) : socket_(std::move(socket)) {}

    asio::awaitable<IoResult> read_some(std::span<char> into) override {
        const auto [error, bytes] = co_await socket_.async_read_some(asio::buffer(into.data(), into.size()), kTuple);
        co_return IoResult{error, bytes};
    }

    asio::awaitable<IoResult> write(std::string_view bytes) override {
        const auto [error, sent] = co_await asio::async_write(socket_, asio::buffer(bytes), kTuple);
        co_return IoResult{error, sent};
    }

    void close() override { close_socket(socket_); }
    bool stale() override { return stale_socket(socket_); }

 private:
    tcp::socket socket_;
};

class TlsLink final : public Link {
 public:
    TlsLink(tcp::socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}

    asio::awaitable<error_code> handshake(std::string host) {
        error_code not_address;
        asio::ip::make_address(host, not_address);
        // RFC 6066 3: server_name carries names, never addresses.
        if (not_address && SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str()) != 1)
            co_return asio::error::invalid_argument;
        stream_.set_verify_callback(asio::ssl::host_name_verification(host));
        const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::client, kTuple);
        co_return error;
    }

    /// The reason that a certificate was refused for, in OpenSSL's words; empty when it was not.
    std::string refusal() {
        const auto verdict = SSL_get_verify_result(stream_.native_handle());
        return verdict == X509_V_OK ? std::string{} : X509_verify_cert_error_string(verdict);
    }

    asio::awaitable<IoResult> read_some(std::span<char> into) override {
        const auto [error, bytes] = co_await stream_.async_read_some(asio::buffer(into.data(), into.size()), kTuple);
        co_return IoResult{error, bytes};
    }

    asio::awaitable<IoResult> write(std::string_view bytes) override {
        if (!stream_.next_layer().is_open()) co_return IoResult{asio::error::bad_descriptor, 0};
        const auto [error, sent] = co_await asio::async_write(stream_, asio::buffer(bytes), kTuple);
        co_return IoResult{error, error ? std::max<std::size_t>(sent, 1) : sent};
    }

    void close() override { close_socket(stream_.next_layer()); }
    bool stale() override { return stale_socket(stream_.next_layer()); }

 private:
    asio::ssl::stream<tcp::socket> stream_;
};

struct Resolved {
    std::vector<tcp::endpoint> endpoints{};
    std::string failure{};
};

/// A look-up blocks a thread of Asio's and cannot be interrupted, so it is left behind when the time is over.
struct Lookup {
    tcp::resolver resolver;
    asio::steady_timer done;  ///< never expires; cancelling it tells that there is a result
    error_code error = asio::error::timed_out;
    tcp::resolver::results_type results{};

    explicit Lookup(asio::any_io_executor executor)
        : resolver(executor), done(executor, asio::steady_timer::time_point::max()) {}
};

asio::awaitable<Resolved> resolve(Origin origin, Clock& clock, SteadyTime until) {
    Resolved resolved;
    error_code not_address;
    const auto address = asio::ip::make_address(origin.host, not_address);
    if (!not_address) {
        resolved.endpoints.emplace_back(address, origin.port);
        co_return resolved;
    }
    const auto executor = co_await asio::this_coro::executor;
    const auto lookup = std::make_shared<Lookup>(executor);
    lookup->resolver.async_resolve(origin.host, std::to_string(origin.port),
                                   tcp::resolver::numeric_service | tcp::resolver::address_configured,
                                   [lookup](error_code error, tcp::resolver::results_type results) {
                                       lookup->error = error;
                                       lookup->results = std::move(results);
                                       lookup->done.cancel();
                                   });
    // One thread looks up all names: one that nobody waits for any more must not keep its place in the line.
    const Deadline deadline(executor, clock, until, [lookup] {
        lookup->resolver.cancel();
        lookup->error = asio::error::timed_out;
        lookup->done.cancel();
    });
    const auto [woken] = co_await lookup->done.async_wait(kTuple);
    (void)woken;  // always operation_aborted: by the result, the deadline or the caller's cancellation
    for (const auto& entry : lookup->results) resolved.endpoints.push_back(entry.endpoint());
    if (lookup->error == asio::error::timed_out)
        resolved.failure = "resolve: " + std::string(kTooLate);
    else if (lookup->error)
        resolved.failure = "resolve: " + lookup->error.message();
    co_return resolved;
}

struct Connected {
    std::optional<tcp::socket> socket{};
    std::string failure = "connect: no address";
};

asio::awaitable<Connected> connect(std::vector<tcp::endpoint> endpoints, Clock& clock, SteadyTime until) {
    const auto executor = co_await asio::this_coro::executor;
    Connected connected;
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) break;
        // An address that swallows packets must not use up the time of the ones after it.
        const auto now = clock.steady_now();
        const auto share = (until - now) / static_cast<int>(endpoints.size() - i);
        tcp::socket socket(executor);
        const Deadline deadline(executor, clock, now + share, [&socket] { close_socket(socket); });
        const auto [error] = co_await socket.async_connect(endpoints[i], kTuple);
        if (!error && !deadline.expired()) {
            error_code ignored;
            socket.set_option(tcp::no_delay(true), ignored);
            connected.socket = std::move(socket);
            break;
        }
        connected.failure = "connect: " + (deadline.expired() ? std::string(kTooLate) : error.message());
    }
    co_return connected;
}

asio::awaitable<OpenedLink> shake_hands(Origin origin, tcp::socket socket, asio::ssl::context& tls, Clock& clock,
                                        SteadyTime until) {
    const auto executor = co_await asio::this_coro::executor;
    auto link = std::make_unique<TlsLink>(std::move(socket), tls);
    const Deadline deadline(executor, clock, until, [raw = link.get()] { raw->close(); });
    const auto error = co_await link->handshake(origin.host);
    OpenedLink opened;
    if (deadline.expired()) {
        opened.failure = "tls: " + std::string(kTooLate);
    } else if (error) {
        const auto refusal = link->refusal();
        opened.failure = "tls: " + (refusal.empty() ? error.message() : refusal);
    } else {
        opened.link = std::move(link);
    }
    co_return opened;
}

}  // namespace

asio::ssl::context make_tls_context(const std::string& extra_ca_file) {
    asio::ssl::context context(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    context.set_verify_mode(asio::ssl::verify_peer);
    context.set_default_verify_paths();
    if (!extra_ca_file.empty()) context.load_verify_file(extra_ca_file);
    return context;
}

asio::awaitable<OpenedLink> open_link(Origin origin, asio::ssl::context& tls, Clock& clock, SteadyTime until,
                                      AddressFilter admits) {
    OpenedLink opened;
    auto resolved = co_await resolve(origin, clock, until);
    if (resolved.endpoints.empty()) {
        opened.failure = resolved.failure;
        co_return opened;
    }
    // The very addresses that were judged are connected to: a second look-up could give others.
    if (admits)
        std::erase_if(resolved.endpoints,
                      [&](const tcp::endpoint& endpoint) { return !admits(origin, endpoint.address()); });
    if (resolved.endpoints.empty()) {
        opened.failure = "connect: the address is refused";
        co_return opened;
    }
    auto connected = co_await connect(std::move(resolved.endpoints), clock, until);
    if (!connected.socket) {
        opened.failure = connected.failure;
        co_return opened;
    }
    if (origin.tls) co_return co_await shake_hands(origin, std::move(*connected.socket), tls, clock, until);
    opened.link = std::make_unique<PlainLink>(std::move(*connected.socket));
    co_return opened;
}

}  // namespace spillway::connectors
