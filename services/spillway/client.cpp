#include "services/spillway/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "connectors/http/client.hpp"
#include "connectors/http/origin.hpp"
#include "schema/runtime/real_clock.hpp"

namespace spillway::cli {

using boost::asio::awaitable;

namespace {

constexpr Millis kRetryPause{500};
constexpr std::size_t kAnswerBytesMax = 256u << 20;  // a ledger of a large month

Error not_reachable(const std::string& origin, const std::string& why) {
    return Error{ErrorKind::unavailable, "not_reachable", origin + " does not answer (" + why + ")"};
}

/// What the caller did wrong is `invalid`, whatever the status says of it.
ErrorKind kind_of(int status) {
    switch (status) {
        case 400:
        case 401:
        case 403:
        case 404:
        case 413:
        case 422: return ErrorKind::invalid;
        case 409: return ErrorKind::conflict;
        case 503: return ErrorKind::unavailable;
        default: return ErrorKind::bug;
    }
}

}  // namespace

struct Client::Core {
    boost::asio::io_context io{1};
    RealClock clock;
    std::unique_ptr<connectors::HttpTransport> transport;
    std::string url;
    Secret key;
    Millis patience{0};

    /// Runs a coroutine to its end. The loop may hold idle connections' timers, so it is not run until empty.
    template <class T>
    T wait(awaitable<T> work) {
        std::optional<T> result;
        std::exception_ptr failure;
        bool ended = false;
        boost::asio::co_spawn(io, std::move(work), [&](std::exception_ptr problem, T value) {
            failure = problem;
            result = std::move(value);
            ended = true;
        });
        io.restart();
        while (!ended && io.run_one() > 0) {
        }
        if (failure) std::rethrow_exception(failure);
        return *std::move(result);
    }
};

Client::Client(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::create(std::string url, Secret key) {
    while (url.ends_with('/')) url.pop_back();
    if (!connectors::parse_origin(url))
        return invalid("bad_url", "'" + url + "' is no http or https address of a service");
    auto core = std::make_unique<Core>();
    auto transport = connectors::HttpTransport::create(core->io.get_executor(), core->clock);
    if (!transport.ok()) return transport.error();
    core->transport = *std::move(transport);
    core->url = std::move(url);
    core->key = std::move(key);
    return std::unique_ptr<Client>(new Client(std::move(core)));
}

Result<HttpResponse> Client::send(const std::string& origin, HttpRequest request) {
    if (!connectors::parse_origin(origin))
        return invalid("bad_url", "'" + origin + "' is no http or https address of a service");
    SendLimits limits;
    limits.body_bytes_max = kAnswerBytesMax;
    const SteadyTime until = now() + core_->patience;
    for (;;) {
        SendResult sent = core_->wait(core_->transport->send(origin, request, limits));
        const bool answered = sent.stage == Stage::answered;
        // A service that is starting or too busy for a moment is as good as one that does not answer yet.
        const bool not_now = !answered || (sent.response.status == 503 && now() < until);
        if (!not_now) return std::move(sent.response);
        if (now() >= until) return not_reachable(origin, sent.failure);
        sleep(kRetryPause);
    }
}

Result<HttpResponse> Client::send(HttpRequest request) {
    if (!core_->key.empty()) request.headers.set("Authorization", "Bearer " + core_->key.reveal());
    return send(core_->url, std::move(request));
}

namespace {

Result<JsonValue> as_json(const Result<HttpResponse>& response) {
    if (!response.ok()) return response.error();
    if (response->status >= 400) return problem_of(*response);
    Result<JsonValue> json = parse_json(response->body, {.bytes_max = kAnswerBytesMax, .values_max = 100'000'000});
    if (!json.ok()) return Error{ErrorKind::bug, "bad_answer", "the service's answer is no JSON"};
    return json;
}

HttpRequest with_json(std::string method, std::string target, std::string json) {
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    if (!json.empty()) request.headers.set("Content-Type", "application/json");
    request.body = std::move(json);
    return request;
}

}  // namespace

Result<JsonValue> Client::get(std::string target) { return as_json(send(with_json("GET", std::move(target), {}))); }

Result<JsonValue> Client::post(std::string target, std::string json) {
    return as_json(send(with_json("POST", std::move(target), std::move(json))));
}

Result<JsonValue> Client::patch(std::string target, std::string json) {
    return as_json(send(with_json("PATCH", std::move(target), std::move(json))));
}

Result<std::vector<JsonValue>> Client::all(const std::string& target) {
    std::vector<JsonValue> items;
    const char joint = target.find('?') == std::string::npos ? '?' : '&';
    std::string after;
    do {
        const auto page = get(target + joint + "limit=200" + (after.empty() ? "" : "&after=" + percent_encode(after)));
        if (!page.ok()) return page.error();
        items.insert(items.end(), (*page)["items"].items().begin(), (*page)["items"].items().end());
        after = (*page)["next"].string_or("");
    } while (!after.empty());
    return items;
}

void Client::set_patience(Millis patience) { core_->patience = patience; }
void Client::sleep(Millis span) { core_->wait(core_->clock.sleep_for(span)); }
SteadyTime Client::now() const { return core_->clock.steady_now(); }
const std::string& Client::url() const { return core_->url; }

Error problem_of(const HttpResponse& response) {
    Error error{kind_of(response.status), "http_" + std::to_string(response.status), ""};
    error.http_status = response.status;
    if (const auto json = parse_json(response.body); json.ok()) {
        error.code = (*json)["code"].string_or(error.code);
        error.detail = (*json)["detail"].string_or((*json)["title"].string_or(""));
        error.pointer = (*json)["pointer"].string_or("");
    }
    if (error.detail.empty()) error.detail = "the answer was " + std::to_string(response.status);
    if (!error.pointer.empty()) error.detail = error.pointer + ": " + error.detail;
    return error;
}

}  // namespace spillway::cli
