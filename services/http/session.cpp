#include "services/http/session.hpp"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "schema/runtime/deadline.hpp"
#include "schema/runtime/log.hpp"
#include "services/http/problem.hpp"
#include "services/http/response_head.hpp"

namespace spillway::http {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr Millis kIdleTimeout{75'000};
constexpr Millis kLingerTimeout{2'000};

ReadLimits read_limits(const ServerLimits& limits) {
    return {limits.header_bytes_max, limits.body_bytes_max, limits.body_part_bytes};
}

/// A handler may throw before its first suspension, too; here that becomes the coroutine's exception.
asio::awaitable<Reply> call_handler(std::shared_ptr<const ServerContext> context, HttpRequest request) {
    auto reply = context->handler(std::move(request));
    co_return co_await std::move(reply);
}

std::string what_of(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "not a std::exception";
    }
}

}  // namespace

/// Frames each chunk for the peer.
class Session::Stream final : public ResponseStream {
 public:
    explicit Stream(Session& session) : session_(session) {}

    asio::awaitable<bool> write(std::string chunk) override {
        if (session_.gone_ || session_.stopping_) co_return false;
        if (chunk.empty()) co_return true;  // an empty chunk would end the answer
        auto framed = session_.http11_ ? chunk_frame(chunk) : std::move(chunk);
        const bool sent = co_await session_.send(std::move(framed));
        co_return sent && !session_.stopping_;
    }

 private:
    Session& session_;
};

class Session::Rest final : public BodyRest {
 public:
    explicit Rest(Session& session) : session_(session) {}

    asio::awaitable<Result<std::string>> next() override {
        if (session_.body_ == ReadState::part)
            co_await session_.read_body();
        else if (session_.body_ == ReadState::done)
            co_return std::string();
        if (session_.body_ == ReadState::failed) co_return invalid("cut_body", "the body did not come to its end");
        co_return session_.reader_.take_part();
    }

 private:
    Session& session_;
};

Session::Session(std::shared_ptr<const ServerContext> context, tcp::socket socket)
    : context_(std::move(context)), socket_(std::move(socket)), reader_(read_limits(context_->limits)) {}

asio::awaitable<void> Session::run(std::shared_ptr<Session> self) {
    // The first step of a stop reaches a session by stop_soon(), which knows whether a request is in work.
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    boost::system::error_code ignored;  // a peer that is gone already shows at the first read
    self->socket_.set_option(tcp::no_delay(true), ignored);
    self->socket_.non_blocking(true, ignored);  // reads and writes are tried before they are waited for
    co_await self->serve();
    self->close();
}

asio::awaitable<void> Session::serve() {
    auto next = Next::keep;
    while (next == Next::keep && !stopping_ && !gone_) {
        reader_.begin();
        const bool came = co_await wait_for_request();
        if (!came) co_return;
        next = co_await one_request();
        end_count();
    }
    if (next == Next::linger && !gone_) co_await linger();
}

asio::awaitable<bool> Session::wait_for_request() {
    if (reader_.started()) co_return true;  // pipelined behind the last one
    idle_ = true;
    const auto until = context_->clock.steady_now() + kIdleTimeout;
    const Deadline deadline(socket_.get_executor(), context_->clock, until, [this] { close(); });
    const auto [error] = co_await socket_.async_wait(tcp::socket::wait_read, kTuple);
    idle_ = false;
    co_return !error && !stopping_ && !gone_;
}

/// Parses what is there, and reads what the kernel already holds. @return `need_more` when the peer must send first.
ReadState Session::read_at_once(ReadState goal) {
    for (;;) {
        if (crowded_) return ReadState::failed;
        const auto state = reader_.advance();
        if (state == goal || state == ReadState::part || state == ReadState::failed) return state;
        if (state != ReadState::need_more) continue;
        const auto space = reader_.space();
        boost::system::error_code error;
        const auto bytes = socket_.read_some(asio::buffer(space.data(), space.size()), error);
        if (error == asio::error::would_block) return ReadState::need_more;
        received(error, bytes);
    }
}

void Session::received(const boost::system::error_code& error, std::size_t bytes) {
    if (error) return reader_.peer_closed();
    reader_.received(bytes);
    count(bytes);
}

void Session::count(std::size_t bytes) {
    received_ += bytes;
    if (large_ || received_ <= context_->limits.large_body_bytes) return;
    crowded_ = context_->large_bodies >= context_->limits.large_bodies_max;
    if (crowded_) return;
    large_ = true;
    ++context_->large_bodies;
}

void Session::end_count() {
    if (large_) --context_->large_bodies;
    large_ = crowded_ = false;
    received_ = 0;
}

asio::awaitable<ReadState> Session::read_until(ReadState goal, Millis limit) {
    timed_out_ = false;
    auto state = read_at_once(goal);
    if (state != ReadState::need_more) co_return state;  // mostly: a timer costs more than the request
    const auto until = context_->clock.steady_now() + limit;
    // Ending only our receiving side wakes the read as at the peer's end, so a 408 can still be sent.
    const Deadline deadline(socket_.get_executor(), context_->clock, until, [this] {
        boost::system::error_code ignored;
        socket_.shutdown(tcp::socket::shutdown_receive, ignored);
    });
    while (state == ReadState::need_more) {
        const auto space = reader_.space();
        const auto [error, bytes] = co_await socket_.async_read_some(asio::buffer(space.data(), space.size()), kTuple);
        timed_out_ = deadline.expired();
        received(timed_out_ ? asio::error::eof : error, bytes);
        if (timed_out_) co_return ReadState::failed;
        state = read_at_once(goal);
    }
    // The deadline may have passed between two reads: then the end that was seen is of our own making.
    timed_out_ = state == ReadState::failed && deadline.expired();
    co_return state;
}

asio::awaitable<Session::Next> Session::one_request() {
    const auto head = co_await read_until(ReadState::head, context_->limits.header_timeout);
    if (head == ReadState::failed) co_return co_await refuse();
    http11_ = reader_.http11();
    const int wrong = co_await check_head();
    if (wrong != 0) co_return co_await refuse_with(wrong, "bad_request", "the head of the request is not acceptable");
    body_left_ = context_->limits.body_timeout;
    co_await read_body();
    if (body_ == ReadState::failed) co_return co_await refuse();
    auto request = reader_.take();
    if (body_ == ReadState::part) request.rest = std::make_shared<Rest>(*this);
    head_request_ = request.method == "HEAD";
    co_return co_await answer(std::move(request));
}

/// The body, or the next part of it. What it takes to come counts, however many parts it is.
asio::awaitable<void> Session::read_body() {
    const auto begun = context_->clock.steady_now();
    body_ = co_await read_until(ReadState::done, body_left_);
    body_left_ = std::max(Millis{0}, body_left_ - (context_->clock.steady_now() - begun));
}

/// @return the status to refuse with, 0 when all is well; tells a client that waits for it to go on.
asio::awaitable<int> Session::check_head() {
    if (http11_ && reader_.count("Host") != 1) co_return 400;
    const auto expect = reader_.field("Expect");
    if (expect.empty()) co_return 0;
    if (!is_continue(expect)) co_return 417;
    const bool body_waits = reader_.advance() == ReadState::need_more;
    if (http11_ && body_waits) co_await send("HTTP/1.1 100 Continue\r\n\r\n");
    co_return 0;
}

/// Answers a request that could not be read, where there is someone to answer.
asio::awaitable<Session::Next> Session::refuse() {
    if (crowded_) co_return co_await refuse_with(503, "busy", "too many large requests at a time: try again soon");
    if (timed_out_) co_return co_await refuse_with(408, "request_timeout", "the request did not arrive in time");
    switch (reader_.failure()) {
        case ReadFailure::none:
        case ReadFailure::closed:
        case ReadFailure::cut: break;
        case ReadFailure::head_too_large:
            co_return co_await refuse_with(431, "headers_too_large", "the head of the request is too large");
        case ReadFailure::body_too_large:
            co_return co_await refuse_with(413, "body_too_large", "the body is over the limit");
        case ReadFailure::unsupported:
            co_return co_await refuse_with(501, "unsupported_coding", "no transfer coding but chunked is understood");
        case ReadFailure::malformed: co_return co_await refuse_with(400, "malformed_request", reader_.failure_text());
    }
    co_return Next::close;
}

asio::awaitable<Session::Next> Session::refuse_with(int status, std::string code, std::string detail) {
    Error error{ErrorKind::invalid, std::move(code), std::move(detail)};
    if (status == 503) error.retry_after = std::chrono::seconds(2);
    auto response = problem(error, status);
    head_request_ = false;
    co_await send_whole(std::move(response), /*keep=*/false);
    co_return Next::linger;
}

asio::awaitable<Session::Next> Session::answer(HttpRequest request) {
    bool keep = reader_.keep_alive();
    if (!normalise_target(request.target))
        co_return co_await refuse_with(400, "bad_target", "the target must be a path");
    in_handler_ = true;
    auto call = asio::co_spawn(socket_.get_executor(), call_handler(context_, std::move(request)),
                               asio::bind_cancellation_slot(handler_signal_.slot(), kTuple));
    auto [failure, reply] = co_await std::move(call);
    in_handler_ = false;
    if (gone_) co_return Next::close;
    if (body_ == ReadState::failed) co_return co_await refuse();
    const bool unread = body_ == ReadState::part;
    keep = keep && !unread;
    if (failure) {
        log_error("handler_failed", {{"detail", what_of(failure)}});
        reply = problem(Error{ErrorKind::bug, "internal_error", ""});
    }
    if (std::holds_alternative<DropConnection>(reply)) co_return Next::close;
    if (auto* stream = std::get_if<StreamedResponse>(&reply)) co_return co_await send_stream(std::move(*stream), keep);
    const auto next = co_await send_whole(std::get<HttpResponse>(std::move(reply)), keep);
    co_return unread ? Next::linger : next;
}

asio::awaitable<Session::Next> Session::send_whole(HttpResponse response, bool keep) {
    Framing framing{.content_length = response.body.size(), .http11 = http11_};
    framing.keep_alive = keep && !stopping_ && !wants_close(response.headers);
    auto head = response_head(response, framing, context_->clock.wall_now());
    if (!head) {
        log_error("handler_failed", {{"detail", "a header that cannot be sent"}});
        response = problem(Error{ErrorKind::bug, "internal_error", ""});
        framing.content_length = response.body.size();
        head = response_head(response, framing, context_->clock.wall_now());
    }
    auto bytes = std::move(*head);
    if (!head_request_ && may_have_body(response.status)) bytes += response.body;
    const bool sent = co_await send(std::move(bytes));
    co_return sent&& framing.keep_alive ? Next::keep : Next::close;
}

asio::awaitable<Session::Next> Session::send_stream(StreamedResponse response, bool keep) {
    Framing framing{.http11 = http11_};
    framing.chunked = http11_;
    framing.keep_alive = http11_ && keep && !stopping_ && !wants_close(response.head.headers);
    auto head = response_head(response.head, framing, context_->clock.wall_now());
    if (!head) {
        auto broken = problem(Error{ErrorKind::bug, "internal_error", ""});
        co_return co_await send_whole(std::move(broken), keep);
    }
    bool sent = co_await send(std::move(*head));
    if (!sent) co_return Next::close;
    if (!head_request_) {
        const bool complete = co_await run_body(response);
        if (!complete || gone_) co_return Next::close;  // no last chunk: the reader sees that it was cut
        if (http11_) sent = co_await send("0\r\n\r\n");
    }
    co_return sent&& framing.keep_alive ? Next::keep : Next::close;
}

/// @return whether the body came to its own end, or was ended by a stop of the server.
asio::awaitable<bool> Session::run_body(StreamedResponse& response) {
    Stream stream(*this);
    in_handler_ = streaming_ = true;
    watch_peer();
    auto call = asio::co_spawn(socket_.get_executor(), response.body(stream),
                               asio::bind_cancellation_slot(handler_signal_.slot(), kTuple));
    const auto [failure] = co_await std::move(call);
    in_handler_ = streaming_ = false;
    if (watching_) watch_signal_.emit(asio::cancellation_type::terminal);
    if (failure && !gone_ && !stopping_) log_error("stream_failed", {{"detail", what_of(failure)}});
    co_return !failure || stopping_;
}

/// Between two chunks nobody reads from the socket, so a peer that goes would show only at the next write.
void Session::watch_peer() {
    watching_ = true;
    auto woken = [self = shared_from_this()](const boost::system::error_code& error) {
        self->watching_ = false;
        if (error || !self->streaming_) return;
        char byte = 0;
        const auto seen = ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (seen > 0) return;  // the next request, pipelined: the peer is there, and its end shows at a write
        if (seen < 0 && errno == EAGAIN) return self->watch_peer();
        self->gone_ = true;
        self->cancel_handler();
    };
    socket_.async_wait(tcp::socket::wait_read, asio::bind_cancellation_slot(watch_signal_.slot(), std::move(woken)));
}

asio::awaitable<bool> Session::send(std::string bytes) {
    boost::system::error_code failure;
    const auto at_once = socket_.write_some(asio::buffer(bytes), failure);
    if (!failure && at_once == bytes.size()) co_return true;  // mostly: the kernel has room for an answer
    if (failure && failure != asio::error::would_block) {
        gone_ = true;
        co_return false;
    }
    const auto until = context_->clock.steady_now() + context_->limits.body_timeout;
    const Deadline deadline(socket_.get_executor(), context_->clock, until, [this] { close(); });
    const auto rest = asio::buffer(bytes) + at_once;
    const auto [error, written] = co_await asio::async_write(socket_, rest, kTuple);
    if (error) gone_ = true;
    co_return !error && written == rest.size();
}

/// Closing with unread bytes would reset the connection and could destroy our answer before the peer reads it.
asio::awaitable<void> Session::linger() {
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    const auto until = context_->clock.steady_now() + kLingerTimeout;
    const Deadline deadline(socket_.get_executor(), context_->clock, until, [this] { close(); });
    idle_ = true;  // nothing is in work: a stop need not wait for this
    auto left = context_->limits.body_bytes_max;
    std::vector<char> discarded(64u << 10);
    while (left > 0) {
        const auto [error, bytes] = co_await socket_.async_read_some(asio::buffer(discarded), kTuple);
        if (error) break;
        left -= std::min(left, bytes);
    }
    idle_ = false;
}

void Session::stop_soon() {
    stopping_ = true;
    if (idle_) close();
    if (streaming_) cancel_handler();
}

void Session::abort() {
    stopping_ = gone_ = true;
    cancel_handler();
    close();
}

void Session::cancel_handler() {
    if (!in_handler_) return;
    handler_signal_.emit(asio::cancellation_type::terminal);
    // Emitted from outside the loop, Asio carries the signal there by its address: it must live until then.
    asio::post(socket_.get_executor(), [self = shared_from_this()] {});
}

void Session::close() {
    boost::system::error_code ignored;  // closing a closed socket is fine
    socket_.close(ignored);
}

}  // namespace spillway::http
