#pragma once
// How the server frames an answer: pure functions from values to bytes.

#include <cstdint>
#include <optional>
#include <string>

#include "schema/clock.hpp"
#include "schema/runtime/http_message.hpp"

namespace spillway::http {

struct Framing {
    std::uint64_t content_length = 0;  ///< unused when chunked
    bool chunked = false;
    bool keep_alive = false;
    bool http11 = true;
};

/// Status line and header fields up to the empty line. Nothing when a field could break the framing, or the status is
/// not 200..599.
std::optional<std::string> response_head(const HttpResponse& response, const Framing& framing, WallTime now);
/// Whether an answer of that status has a body at all.
bool may_have_body(int status);
/// One chunk of the chunked transfer coding. `bytes` is not empty.
std::string chunk_frame(const std::string& bytes);
/// Whether the handler asks to end the connection.
bool wants_close(const HttpHeaders& headers);
/// Whether an Expect field asks for 100-continue.
bool is_continue(const std::string& expect);
/// Turns an absolute-form target into origin form. @return false when it is neither.
bool normalise_target(std::string& target);

}  // namespace spillway::http
