#pragma once
// The one HTTP/1.1 server of the daemon and of the sandbox: a listener, its sessions, limits, and a two-step stop.
// Everything runs on the io_context's one thread. Beast is instantiated only by schema/runtime/http_reader.cpp.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <variant>

#include "schema/clock.hpp"
#include "schema/result.hpp"
#include "schema/runtime/http_message.hpp"

namespace spillway {

/// What of a request's body is still to come, for handlers that take a large one in as it comes. Read only by the
/// handler, while it runs; when it answers before the end, the connection ends with its answer.
class BodyRest {
 public:
    virtual ~BodyRest() = default;
    /// The next piece; an empty one is the end. On an error return at once: the server itself answers whoever sent
    /// half a body, or too much.
    virtual boost::asio::awaitable<Result<std::string>> next() = 0;
};

}  // namespace spillway

namespace spillway::http {

/// Where a streaming handler writes; each call waits until the bytes are with the kernel, so a slow reader slows its
/// own handler.
class ResponseStream {
 public:
    virtual ~ResponseStream() = default;
    /// Sends one chunk (chunked transfer encoding). @return false when the peer is gone or the server stops: return at
    /// once.
    virtual boost::asio::awaitable<bool> write(std::string chunk) = 0;
};

/// A streamed answer: the head goes out first, then `body` writes chunks until it returns. Used for server-sent events.
struct StreamedResponse {
    HttpResponse head;  ///< its body is ignored
    std::function<boost::asio::awaitable<void>(ResponseStream&)> body;
};

/// What a handler may also do instead of answering: cut the connection without a byte (the sandbox's "answer lost").
struct DropConnection {};

using Reply = std::variant<HttpResponse, StreamedResponse, DropConnection>;
using Handler = std::function<boost::asio::awaitable<Reply>(HttpRequest)>;

struct ServerLimits {
    std::size_t header_bytes_max = 16u << 10;
    std::size_t body_bytes_max = 32u << 20;  ///< over it: 413
    /// Bodies are read before anybody knows whose they are: of those over this size so many at a time, the rest is 503.
    std::size_t large_body_bytes = 1u << 20;
    std::size_t large_bodies_max = 16;
    /// A body over it reaches its handler in parts of about that size (HttpRequest::rest). Never, unless asked for.
    std::size_t body_part_bytes = std::numeric_limits<std::size_t>::max();
    std::size_t connections_max = 512;  ///< over it: accepted and closed at once after a 503
    Millis header_timeout{15'000};      ///< from the first byte; idle keep-alive: 75 s
    Millis body_timeout{60'000};
};

class Server {
 public:
    virtual ~Server() = default;
    /// The port in use (the one asked for, or the free one that was found for 0).
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    /// Stops accepting, lets requests in work finish for at most `grace`, then cuts them. Twice and never are both
    /// fine.
    virtual boost::asio::awaitable<void> stop(Millis grace) = 0;
};

/// Binds at once, so that a taken port is known before anything else starts.
/// Errors: conflict/`port_taken`; invalid/`bad_address`.
Result<std::unique_ptr<Server>> listen(boost::asio::any_io_executor executor, std::string address, std::uint16_t port,
                                       Handler handler, Clock& clock, ServerLimits limits);

}  // namespace spillway::http
