#pragma once
// Real sockets over loopback in one process: a raw client that says whatever bytes it likes, and a scripted server.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <string>

#include "tests/support/run.hpp"

namespace spillway::test {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

inline constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

inline void discard_code(const boost::system::error_code&) {}  // what a test does not care about, by name

/// A client without manners.
class RawClient {
 public:
    RawClient(asio::io_context& io, SimClock& clock, std::uint16_t port) : io_(io), clock_(clock), socket_(io) {
        socket_.connect({asio::ip::address_v4::loopback(), port});  // loopback: the kernel answers at once
    }

    void say(std::string bytes) {
        boost::system::error_code error;
        asio::write(socket_, asio::buffer(bytes), error);
        discard_code(error);
    }
    /// Reads until `heard` ends with or contains `text`; false when the connection ends before that.
    bool hear(const std::string& text) {
        while (heard.find(text) == std::string::npos)
            if (!read_more()) return false;
        return true;
    }
    /// Reads to the end of the connection.
    const std::string& hear_all() {
        while (read_more()) {
        }
        return heard;
    }
    /// Starts to hear until the end in the background.
    Pending<bool> listen() { return start(io_, drain()); }
    void finish_sending() { socket_.shutdown(tcp::socket::shutdown_send); }
    void hang_up() { socket_.close(); }

    std::string heard;
    bool reset = false;  ///< the connection ended by a reset rather than orderly

 private:
    bool read_more() { return run(io_, clock_, read_some()); }

    asio::awaitable<bool> read_some() {
        char bytes[4096];
        const auto [error, count] = co_await socket_.async_read_some(asio::buffer(bytes), kTuple);
        heard.append(bytes, count);
        if (error == asio::error::connection_reset) reset = true;
        co_return !error;
    }

    asio::awaitable<bool> drain() {
        bool more = true;
        while (more) more = co_await read_some();
        co_return true;
    }

    asio::io_context& io_;
    SimClock& clock_;
    tcp::socket socket_;
};

/// A server that does with each connection what the test's script says.
class ScriptedServer {
 public:
    using Script = std::function<asio::awaitable<void>(tcp::socket&)>;

    ScriptedServer(asio::io_context& io, Script script)
        : script_(std::move(script)), acceptor_(io, {asio::ip::address_v4::loopback(), 0}) {
        start(io, serve(io));
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::string origin() const { return "http://127.0.0.1:" + std::to_string(port()); }
    void shut() { acceptor_.close(); }

    int connections = 0;

 private:
    asio::awaitable<void> serve(asio::io_context& io) {
        for (;;) {
            auto [error, socket] = co_await acceptor_.async_accept(kTuple);
            if (error) co_return;
            ++connections;
            start(io, one(std::move(socket)));
        }
    }

    asio::awaitable<void> one(tcp::socket socket) {
        auto work = script_(socket);
        co_await std::move(work);
    }

    Script script_;
    tcp::acceptor acceptor_;
};

/// Reads from a stream until `text` has come, or its end.
template <class Stream>
asio::awaitable<std::string> read_until_text(Stream& stream, std::string text) {
    std::string heard;
    char bytes[4096];
    while (heard.find(text) == std::string::npos) {
        const auto [error, count] = co_await stream.async_read_some(asio::buffer(bytes), kTuple);
        heard.append(bytes, count);
        if (error) break;
    }
    co_return heard;
}

template <class Stream>
asio::awaitable<void> write_text(Stream& stream, std::string text) {
    const auto [error, count] = co_await asio::async_write(stream, asio::buffer(text), kTuple);
    discard_code(error);
}

}  // namespace spillway::test
