#pragma once
// The provider transport port: one HTTP request out, one answer or a failure with the stage that it reached. Production
// speaks TLS (connectors/http), tests are in memory.

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "schema/clock.hpp"
#include "schema/result.hpp"
#include "schema/runtime/http_message.hpp"

namespace spillway {

/// How far a request got. Before `sending` nothing can have taken effect; from `sending` on, anything may have.
enum class Stage {
    not_sent,  ///< resolve, connect or handshake failed, or cancelled before the first byte
    sending,   ///< at least one byte of the request left
    answered,  ///< a complete, well-formed answer was read
};

struct SendResult {
    Stage stage = Stage::not_sent;
    HttpResponse response{};  ///< meaningful only when answered
    std::string failure{};    ///< for people, when not answered: "connect: connection refused"
};

struct SendLimits {
    Millis connect{10'000};  ///< resolve + connect + handshake
    Millis total{130'000};   ///< from the call to the complete answer; above QBO's own 120 s server time-out
    std::size_t body_bytes_max = 16u << 20;
};

class Transport {
 public:
    virtual ~Transport() = default;
    /// Sends to `origin` ("https://api.xero.com", "http://127.0.0.1:8080"). Never retries, never follows redirects.
    /// Cancellation: before the first byte not_sent, after it `sending`.
    virtual boost::asio::awaitable<SendResult> send(std::string origin, HttpRequest request, SendLimits limits) = 0;
};

}  // namespace spillway
