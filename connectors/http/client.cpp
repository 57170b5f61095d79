#include "connectors/http/client.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "connectors/http/link.hpp"
#include "connectors/http/pool.hpp"
#include "schema/runtime/deadline.hpp"
#include "schema/runtime/http_head.hpp"
#include "schema/runtime/http_reader.hpp"

namespace spillway::connectors {

namespace asio = boost::asio;

struct HttpTransport::Core {
    Clock& clock;
    TransportOptions options;
    asio::ssl::context tls;
    std::shared_ptr<Pool> pool;
    LinkOpener open;
};

namespace {

constexpr std::size_t kHeadBytesMax = 64u << 10;
constexpr int kInterimMax = 8;  // 1xx answers before the real one; a peer that sends more is broken

SendResult not_sent(std::string failure) { return {.stage = Stage::not_sent, .failure = std::move(failure)}; }

/// Whether a request can be written without meaning something else to the peer.
bool well_formed(const HttpRequest& request) {
    return is_http_token(request.method) && safe_target(request.target) && safe_headers(request.headers);
}

std::string wire_text(const HttpRequest& request, const Origin& origin, const std::string& user_agent) {
    std::string text = request.method + ' ' + request.target + " HTTP/1.1\r\nHost: " + origin.host_field() + "\r\n";
    append_headers(text, request.headers);
    if (!request.headers.find("User-Agent")) text += "User-Agent: " + user_agent + "\r\n";
    const bool carries_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
    if (carries_body || !request.body.empty())
        text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    text += "\r\n";
    text += request.body;
    return text;
}

struct Answer {
    bool complete = false;
    bool reusable = false;
    HttpResponse response{};
    std::string failure{};
};

std::string describe(const HttpResponseReader& reader, std::size_t body_bytes_max) {
    switch (reader.failure()) {
        case ReadFailure::none:
        case ReadFailure::closed:
        case ReadFailure::cut: return "the peer closed the connection before a complete answer";
        case ReadFailure::body_too_large: return "the answer is over " + std::to_string(body_bytes_max) + " bytes";
        case ReadFailure::head_too_large: return "the answer's head is too large";
        case ReadFailure::unsupported:
        case ReadFailure::malformed: return "a malformed answer: " + reader.failure_text();
    }
    return {};
}

/// Reads one answer. A TLS connection cut without its closing alert reads as an error, never as the end of a message
/// that only its end delimits: an attacker could have cut it. After a complete message nothing more is read.
asio::awaitable<Answer> read_answer(Link& link, bool to_head, std::size_t body_bytes_max) {
    HttpResponseReader reader(ReadLimits{kHeadBytesMax, body_bytes_max});
    reader.begin(to_head);
    Answer answer;
    for (int interim = 0; interim <= kInterimMax;) {
        const auto state = reader.advance();
        if (state == ReadState::need_more) {
            const auto read = co_await link.read_some(reader.space());
            if (!read.error) {
                reader.received(read.bytes);
            } else if (read.error == asio::error::eof) {
                reader.peer_closed();
            } else {
                answer.failure = "read: " + read.error.message();
                co_return answer;
            }
        } else if (state == ReadState::failed) {
            answer.failure = describe(reader, body_bytes_max);
            co_return answer;
        } else if (state == ReadState::head) {
            answer.reusable = reader.keep_alive();
        } else {
            answer.response = reader.take();
            if (answer.response.status >= 200 || answer.response.status == 101) break;
            ++interim;
            reader.begin(to_head);
        }
    }
    answer.complete = answer.response.status >= 200;
    if (!answer.complete) answer.failure = "no final answer, only interim ones";
    reader.begin();
    if (reader.started()) answer.reusable = false;  // bytes behind the message: the peer has lost count
    co_return answer;
}

/// Writes, reads, and tells how far it got. `reusable` tells whether the link may carry another request.
asio::awaitable<SendResult> exchange(Link& link, std::string text, bool to_head, std::size_t body_bytes_max,
                                     bool& reusable) {
    SendResult result;
    const auto written = co_await link.write(text);
    if (written.bytes > 0) result.stage = Stage::sending;
    if (written.error && written.bytes == 0) {
        result.failure = "write: " + written.error.message();
        co_return result;
    }
    // A peer that refuses a long request answers before it has read it all, and closes: the answer may be there.
    auto answer = co_await read_answer(link, to_head, body_bytes_max);
    if (answer.complete) {
        result.stage = Stage::answered;
        result.response = std::move(answer.response);
        reusable = answer.reusable && !written.error;
    } else {
        result.failure = written.error ? "write: " + written.error.message() : answer.failure;
    }
    co_return result;
}

}  // namespace

Result<std::unique_ptr<HttpTransport>> HttpTransport::create(asio::any_io_executor executor, Clock& clock,
                                                             TransportOptions options) {
    try {
        // To read the system's authorities takes tens of milliseconds: not where nothing will ever speak TLS.
        auto tls = options.open_link ? asio::ssl::context(asio::ssl::context::tls_client)
                                     : make_tls_context(options.extra_ca_file);
        auto pool = std::make_shared<Pool>(executor, clock, options.connections_per_origin_max, options.idle_max);
        auto open = std::move(options.open_link);
        auto core = std::make_shared<Core>(clock, std::move(options), std::move(tls), std::move(pool), std::move(open));
        if (!core->open)
            core->open = [raw = core.get()](Origin origin, SteadyTime until) {
                return open_link(std::move(origin), raw->tls, raw->clock, until, raw->options.admits);
            };
        return std::unique_ptr<HttpTransport>(new HttpTransport(std::move(core)));
    } catch (const boost::system::system_error& error) {
        return invalid("ca_file", "'" + options.extra_ca_file + "': " + error.code().message());
    }
}

HttpTransport::HttpTransport(std::shared_ptr<Core> core) : core_(std::move(core)) {}

HttpTransport::~HttpTransport() { core_->pool->shut(); }

std::size_t HttpTransport::idle_connections() const { return core_->pool->idle(); }

namespace {

/// send() itself, in a coroutine in which a cancellation does not throw. Core is a parameter by its parts: it is
/// private.
asio::awaitable<SendResult> perform(std::shared_ptr<Pool> pool, const LinkOpener& open, Clock& clock, Origin origin,
                                    HttpRequest request, std::string text, SendLimits limits) {
    const auto executor = co_await asio::this_coro::executor;
    const auto start = clock.steady_now();
    const auto until = start + limits.total;
    const auto key = origin.key();
    const auto slot = co_await pool->enter(key, until);
    if (!slot) co_return not_sent("no connection to spare within the time limit");
    auto link = pool->take(key);
    if (!link) {
        const auto connect_until = std::min(until, clock.steady_now() + limits.connect);
        auto opened = co_await open(origin, connect_until);
        if (!opened.link) co_return not_sent(std::move(opened.failure));
        link = std::move(opened.link);
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return not_sent("cancelled before the first byte");
    if (clock.steady_now() >= until) co_return not_sent("no connection within the time limit");
    bool reusable = false;
    SendResult result;
    {
        const Deadline deadline(executor, clock, until, [raw = link.get()] { raw->close(); });
        result = co_await exchange(*link, std::move(text), request.method == "HEAD", limits.body_bytes_max, reusable);
        if (deadline.expired()) {
            reusable = false;
            if (result.stage != Stage::answered) result.failure = "no complete answer within the time limit";
        }
    }
    if (reusable) pool->keep(key, std::move(link));
    co_return result;
}

}  // namespace

asio::awaitable<SendResult> HttpTransport::send(std::string origin, HttpRequest request, SendLimits limits) {
    const auto core = core_;
    const auto place = parse_origin(origin);
    if (!place) co_return not_sent("'" + origin + "' is not an origin");
    if (!well_formed(request)) co_return not_sent("the request has a method, target or header that cannot be sent");
    auto text = wire_text(request, *place, core->options.user_agent);
    request.body.clear();  // it is in the text; both together could be 32 MiB
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto result =
        co_await perform(core->pool, core->open, core->clock, *place, std::move(request), std::move(text), limits);
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return result;
}

}  // namespace spillway::connectors
