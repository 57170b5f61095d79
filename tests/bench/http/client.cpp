#include "tests/bench/http/client.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <memory>
#include <stdexcept>

namespace spillway::bench {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

struct Shared {
    const Load& load;
    Loaded result;
    SteadyClock::time_point until;
    std::int64_t next = 0;
};

/// The length of the complete answer at the front of `text`, 0 while some of it is missing.
std::size_t answer_length(std::string_view text) {
    const auto head = text.find("\r\n\r\n");
    if (head == std::string_view::npos) return 0;
    constexpr std::string_view kLength = "Content-Length: ";
    const auto at = text.find(kLength);
    if (at == std::string_view::npos || at > head) throw std::runtime_error("an answer without a length");
    std::size_t body = 0;
    std::from_chars(text.data() + at + kLength.size(), text.data() + head, body);
    const std::size_t whole = head + 4 + body;
    return text.size() < whole ? 0 : whole;
}

class Caller : public std::enable_shared_from_this<Caller> {
 public:
    Caller(asio::io_context& loop, Shared& shared) : shared_(shared), socket_(loop) {
        socket_.connect(tcp::endpoint(asio::ip::address_v4::loopback(), shared.load.port));
        socket_.set_option(tcp::no_delay(true));
    }

    void send() {
        if (shared_.next >= shared_.load.requests_max || SteadyClock::now() >= shared_.until) return;
        const std::string request = shared_.load.request(shared_.next++);
        answer_.clear();
        sent_ = SteadyClock::now();
        asio::write(socket_, asio::buffer(request));
        read();
    }

 private:
    void read() {
        auto received = [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
            if (error) throw std::runtime_error("the server is gone: " + error.message());
            self->answer_.append(self->space_.data(), bytes);
            self->look();
        };
        socket_.async_read_some(asio::buffer(space_), std::move(received));
    }

    void look() {
        if (answer_length(answer_) == 0) return read();
        int status = 0;
        std::from_chars(answer_.data() + 9, answer_.data() + 12, status);
        if (status != shared_.load.status) throw std::runtime_error("unexpected answer: " + answer_.substr(0, 800));
        shared_.result.latency.add(sent_);
        ++shared_.result.requests;
        send();
    }

    Shared& shared_;
    tcp::socket socket_;
    std::string answer_;
    std::array<char, 8192> space_{};
    SteadyClock::time_point sent_;
};

}  // namespace

Loaded run_load(const Load& load) {
    asio::io_context loop(1);
    const auto start = SteadyClock::now();
    Shared shared{load, {}, start + std::chrono::microseconds(static_cast<std::int64_t>(load.seconds * 1e6))};
    const double cpu = cpu_seconds();
    for (std::size_t at = 0; at < load.connections; ++at) std::make_shared<Caller>(loop, shared)->send();
    loop.run();
    shared.result.seconds = seconds_since(start);
    shared.result.cpu = cpu_seconds() - cpu;
    return std::move(shared.result);
}

std::string http_request(const std::string& method, const std::string& target, const std::string& key,
                         const std::string& body) {
    return fmt::format(
        "{} {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        method, target, key, body.size(), body);
}

}  // namespace spillway::bench
