#pragma once
// A caller of the service's API over bytes: the server's own session at one end of a socket pair, whose bytes the
// caller sends in pieces, breaks off at any one of them, or hangs up after them.

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "services/http/session.hpp"
#include "tests/support/virtual_clock.hpp"

namespace spillway::test {

class CallerWire {
 public:
    CallerWire(boost::asio::io_context& io, SimClock& clock, Random& random)
        : io_(io), clock_(clock), random_(random) {}

    /// One request on a connection of its own. @return nothing when no complete answer came.
    boost::asio::awaitable<std::optional<HttpResponse>> call(std::shared_ptr<const http::ServerContext> server,
                                                             HttpRequest request);
    /// The server has died: its ends are closed.
    void hang_up();
    /// Sessions that have not ended yet.
    [[nodiscard]] int sessions() const { return sessions_; }
    [[nodiscard]] std::uint64_t broken() const { return broken_; }

 private:
    bool chance(std::uint64_t of_hundred) { return random_.below(100) < of_hundred; }

    boost::asio::io_context& io_;
    SimClock& clock_;
    Random& random_;
    std::vector<std::weak_ptr<http::Session>> live_{};
    int sessions_ = 0;
    std::uint64_t broken_ = 0;
};

}  // namespace spillway::test
