#pragma once
// HTTP/1.1 messages out of bytes, without any I/O: the caller reads into space(), says how much came, and advances.
// Its source is the only one that instantiates Beast's parsers.

#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>

#include "schema/runtime/http_message.hpp"

namespace spillway {

enum class ReadState {
    need_more,  ///< read from the peer and tell received() or peer_closed()
    head,       ///< the head is complete (told once a message)
    part,       ///< body_part_bytes of a body have come that is longer: take() or take_part() what there is
    done,       ///< the message is complete; bytes of the next one may be waiting already
    failed,     ///< see failure(); the connection is of no further use
};

enum class ReadFailure {
    none,
    closed,          ///< the peer closed before the first byte of a message: not an error on a kept-alive connection
    cut,             ///< the peer closed in mid-message
    head_too_large,  ///< over head_bytes_max
    body_too_large,  ///< over body_bytes_max, announced or counted
    unsupported,     ///< a transfer coding other than chunked
    malformed,
};

struct ReadLimits {
    std::size_t head_bytes_max = 16u << 10;
    std::size_t body_bytes_max = 16u << 20;
    std::size_t body_part_bytes = std::numeric_limits<std::size_t>::max();
};

namespace impl {
template <bool kRequest>
struct HttpEngine;
}

/// Reads requests (server side) or responses (client side), one after another from one connection.
template <bool kRequest>
class HttpReader {
 public:
    explicit HttpReader(ReadLimits limits);
    ~HttpReader();
    HttpReader(const HttpReader&) = delete;
    HttpReader& operator=(const HttpReader&) = delete;

    /// Starts the next message; keeps bytes that came early. `no_body`: the answer to a HEAD.
    void begin(bool no_body = false);
    /// Where to read into; valid until the next call of any member but received().
    std::span<char> space();
    void received(std::size_t bytes);
    /// The peer ended its side: completes a message that is delimited by the end, fails any other.
    void peer_closed();
    ReadState advance();

    [[nodiscard]] ReadFailure failure() const;
    /// For people: "bad Content-Length".
    [[nodiscard]] std::string failure_text() const;
    /// Whether any byte of the current message has come.
    [[nodiscard]] bool started() const;
    /// After `head`: whether the connection may carry another message after this one.
    [[nodiscard]] bool keep_alive() const;
    /// After `head`: HTTP/1.1 rather than 1.0.
    [[nodiscard]] bool http11() const;
    /// After `head`: the field's value, empty when it is missing. `count` tells how often it is there.
    [[nodiscard]] std::string field(const std::string& name) const;
    [[nodiscard]] std::size_t count(const std::string& name) const;
    /// After `done`, or the first `part`: the message, with the body so far; once.
    std::conditional_t<kRequest, HttpRequest, HttpResponse> take();
    /// After a later `part` or `done`: what of the body came since.
    std::string take_part();

 private:
    std::unique_ptr<impl::HttpEngine<kRequest>> engine_;
};

using HttpRequestReader = HttpReader<true>;
using HttpResponseReader = HttpReader<false>;
extern template class HttpReader<true>;
extern template class HttpReader<false>;

}  // namespace spillway
