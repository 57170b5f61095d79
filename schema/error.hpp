#pragma once
// The one error type that every layer speaks. `kind` is closed and decides what happens next; `code` is a stable word
// for documents, metrics and problem+json; `detail` is for people and never holds a secret.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace spillway {

enum class ErrorKind {
    invalid,       ///< our caller sent something wrong; nothing changed; never retry
    not_found,     ///< as in HTTP
    conflict,      ///< as in HTTP
    forbidden,     ///< as in HTTP
    rejected,      ///< the provider read it and said no; permanent: park with the provider's words
    throttled,     ///< not applied, paced; has `retry_after`; costs no attempt
    unavailable,   ///< certainly not applied (refused, never sent, storage busy or full): back off, try again
    unauthorised,  ///< the connection's grant is gone: pause the connection, ask to reconnect
    unknown,       ///< it may have been applied: resolve first, never resend blindly
    cancelled,     ///< we are stopping, or the deadline passed before sending: leave the job as it was
    bug,           ///< an invariant broke: log, park, alert
};

struct Error {
    ErrorKind kind = ErrorKind::bug;
    std::string code;       ///< stable, snake_case: "total_mismatch"
    std::string detail;     ///< for people; may be empty
    std::string pointer{};  ///< the JSON pointer of the offending member, for `invalid`; else empty
    std::optional<std::chrono::seconds> retry_after{};
    int http_status = 0;       ///< of the provider's answer; 0 when there was none
    std::string request_id{};  ///< the provider's id of the request, where it gave one
};

std::string_view to_string(ErrorKind kind);
/// The inverse of to_string; nothing for an unknown word.
std::optional<ErrorKind> error_kind_from(std::string_view word);

inline Error invalid(std::string code, std::string detail, std::string pointer = {}) {
    Error error{ErrorKind::invalid, std::move(code), std::move(detail)};
    error.pointer = std::move(pointer);
    return error;
}

}  // namespace spillway
