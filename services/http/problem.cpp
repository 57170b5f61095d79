#include "services/http/problem.hpp"

#include <boost/beast/http/status.hpp>

#include "schema/json_text.hpp"

namespace spillway::http {

int http_status_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid: return 400;
        case ErrorKind::not_found: return 404;
        case ErrorKind::conflict: return 409;
        case ErrorKind::forbidden: return 403;
        case ErrorKind::rejected: return 422;
        case ErrorKind::throttled: return 429;
        case ErrorKind::unavailable: return 503;
        case ErrorKind::unauthorised: return 409;
        case ErrorKind::unknown: return 504;
        case ErrorKind::cancelled: return 503;
        case ErrorKind::bug: return 500;
    }
    return 500;
}

std::string_view reason_of(int status) {
    const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
    return boost::beast::http::obsolete_reason(known);
}

HttpResponse problem(const Error& error, int status) {
    HttpResponse answer;
    answer.status = status != 0 ? status : http_status_of(error.kind);
    JsonText json;
    json.object().member("type", "about:blank").member("title", reason_of(answer.status));
    json.member("status", answer.status).member("code", error.code);
    const bool shown = error.kind != ErrorKind::bug;
    if (shown && !error.detail.empty()) json.member("detail", error.detail);
    if (shown && !error.pointer.empty()) json.member("pointer", error.pointer);
    if (error.retry_after) {
        json.member("retry_after", error.retry_after->count());
        answer.headers.set("Retry-After", std::to_string(error.retry_after->count()));
    }
    answer.headers.set("Content-Type", "application/problem+json");
    answer.body = std::move(json.close()).take();
    return answer;
}

}  // namespace spillway::http
