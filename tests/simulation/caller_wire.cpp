#include "tests/simulation/caller_wire.hpp"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>

#include "schema/runtime/http_reader.hpp"

namespace spillway::test {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

std::string wire_text(const HttpRequest& request) {
    std::string text = request.method + ' ' + request.target + " HTTP/1.1\r\nHost: spillway.example\r\n";
    for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n\r\n";
    return text + request.body;
}

/// Both ends of a connection; the kernel's bytes need no virtual time.
std::pair<tcp::socket, tcp::socket> socket_pair(asio::io_context& io) {
    int ends[2] = {};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("no socket pair");
    std::pair<tcp::socket, tcp::socket> sockets{tcp::socket(io), tcp::socket(io)};
    sockets.first.assign(tcp::v4(), ends[0]);
    sockets.second.assign(tcp::v4(), ends[1]);
    return sockets;
}

}  // namespace

asio::awaitable<std::optional<HttpResponse>> CallerWire::call(std::shared_ptr<const http::ServerContext> server,
                                                              HttpRequest request) {
    auto [own, theirs] = socket_pair(io_);
    auto session = std::make_shared<http::Session>(std::move(server), std::move(theirs));
    std::erase_if(live_, [](const auto& weak) { return weak.expired(); });
    live_.push_back(session);
    ++sessions_;
    asio::co_spawn(io_, http::Session::run(session), [this](std::exception_ptr) { --sessions_; });
    session.reset();

    auto text = wire_text(request);
    const bool breaks = chance(8), in_pieces = chance(50), hangs_up_after = chance(8), half_closes = chance(10);
    if (breaks) text.resize(random_.below(text.size()));
    while (!text.empty()) {
        const auto size = in_pieces ? 1 + random_.below(text.size()) : text.size();
        const auto [failure, sent] = co_await asio::async_write(own, asio::buffer(text.data(), size), kTuple);
        if (failure) co_return std::nullopt;
        text.erase(0, sent);
        if (in_pieces) co_await clock_.sleep_for(Millis(random_.below(200)));
    }
    boost::system::error_code ignored;
    if (half_closes) own.shutdown(tcp::socket::shutdown_send, ignored);
    if (breaks || hangs_up_after) {
        ++broken_;
        co_await clock_.sleep_for(Millis(random_.below(50)));
        own.close(ignored);
        co_return std::nullopt;
    }
    HttpResponseReader reader(ReadLimits{64u << 10, 32u << 20});
    reader.begin();
    for (;;) {
        const auto state = reader.advance();
        if (state == ReadState::done) break;
        if (state == ReadState::failed) co_return std::nullopt;
        if (state != ReadState::need_more) continue;
        const auto space = reader.space();
        const auto most = in_pieces ? 1 + random_.below(space.size()) : space.size();
        const auto [failure, got] = co_await own.async_read_some(asio::buffer(space.data(), most), kTuple);
        if (failure)
            reader.peer_closed();
        else
            reader.received(got);
    }
    own.close(ignored);
    co_return reader.take();
}

void CallerWire::hang_up() {
    for (const auto& weak : live_)
        if (const auto session = weak.lock()) session->abort();
    live_.clear();
}

}  // namespace spillway::test
