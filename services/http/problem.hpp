#pragma once
// Errors as answers: RFC 9457 problem+json.

#include "schema/error.hpp"
#include "schema/runtime/http_message.hpp"

namespace spillway::http {

/// The status that a waiting caller gets: invalid 400, not_found 404, conflict 409, forbidden 403, throttled 429,
/// unavailable 503, unauthorised 409 (the grant of a connection; our own 401 is made by hand), unknown 504, cancelled
/// 503, bug 500, rejected 422 (only where someone waits for a provider's answer).
int http_status_of(ErrorKind kind);

/// The words of a status: "Not Found".
std::string_view reason_of(int status);

/// {"type":"about:blank","title":…,"status":…,"code":…,"detail":…,"pointer":…}; empty members are left out. A `bug`
/// never shows its detail. retry_after becomes the Retry-After header. `status` 0 means the kind's own.
HttpResponse problem(const Error& error, int status = 0);

}  // namespace spillway::http
