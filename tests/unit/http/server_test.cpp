#include "services/http/server.hpp"

#include <gmock/gmock.h>

#include <sstream>
#include <stdexcept>

#include "schema/runtime/log.hpp"
#include "tests/unit/http/loopback.hpp"

namespace spillway::http {
namespace {

namespace asio = boost::asio;
using test::RawClient;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\n";

class ServerTest : public testing::Test {
 protected:
    void SetUp() override {
        previous_ = set_log_sink([this](std::string_view line) { log_ += line; });
    }
    void TearDown() override {
        if (server_) test::run(io_, clock_, server_->stop(Millis{0}));
        set_log_sink(previous_);
    }

    /// Echoes method, target and body; some paths misbehave.
    asio::awaitable<Reply> handle(HttpRequest request) {
        ++requests_;
        if (request.target == "/throw") throw std::runtime_error("secret detail");
        if (request.target == "/drop") co_return DropConnection{};
        if (request.target == "/split") co_return HttpResponse{200, {{"X", "a\r\nEvil: b"}}, "x"};
        if (request.target == "/empty") co_return HttpResponse{204};
        if (request.target == "/parts") co_return co_await sizes_of(request);
        if (request.target == "/slow") co_await clock_.sleep_for(Millis{3'000});
        if (request.target == "/for-ever") co_await clock_.sleep_for(std::chrono::hours(100));
        if (request.target == "/stream" || request.target == "/stream-fail") co_return stream(request.target);
        co_return HttpResponse{200, {}, request.method + ' ' + request.target + ' ' + request.body};
    }

    /// The sizes of a body's parts; after "stop" without a look at the rest.
    asio::awaitable<Reply> sizes_of(HttpRequest& request) {
        std::string sizes = std::to_string(request.body.size());
        while (request.rest && !request.body.starts_with("stop")) {
            auto part = co_await request.rest->next();
            sizes += part.ok() ? ' ' + std::to_string(part->size()) : ' ' + part.error().code;
            if (!part.ok() || part->empty()) break;
        }
        last_sizes_ = sizes;
        co_return HttpResponse{200, {}, sizes + '\n'};
    }

    StreamedResponse stream(std::string target) {
        StreamedResponse streamed;
        streamed.head.headers.set("Content-Type", "text/event-stream");
        streamed.body = [this, target](ResponseStream& out) { return write_events(out, target); };
        return streamed;
    }

    asio::awaitable<void> write_events(ResponseStream& out, std::string target) {
        for (int i = 0; i < events_; ++i) {
            const bool sent = co_await out.write("event " + std::to_string(i) + "\n");
            if (!sent) break;
            const bool slept = co_await clock_.sleep_for(Millis{1'000});
            if (!slept) break;
            if (target == "/stream-fail") throw std::runtime_error("secret detail");
        }
        ++streams_ended_;
    }

    void serve(ServerLimits limits = {}) {
        auto handler = [this](HttpRequest request) { return handle(std::move(request)); };
        auto listening = listen(io_.get_executor(), "127.0.0.1", 0, handler, clock_, limits);
        ASSERT_TRUE(listening.ok());
        server_ = std::move(listening).value();
    }

    RawClient client() { return RawClient(io_, clock_, server_->port()); }

    std::string ask(std::string bytes) {
        auto raw = client();
        raw.say(std::move(bytes));
        raw.finish_sending();
        return raw.hear_all();
    }

    /// Lets the sockets settle, so that what was sent is where it should be before time moves.
    void settle() {
        for (int i = 0; i < 20; ++i) io_.run_one_for(Millis{2});
    }

    /// The same for what takes many reads.
    void settle_all() {
        for (int i = 0; i < 30; ++i) settle();
    }

    asio::io_context io_{1};
    test::SimClock clock_{io_};
    std::string log_;
    LogSink previous_;
    int requests_ = 0;
    std::string last_sizes_;
    int events_ = 3;
    int streams_ended_ = 0;
    std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersEveryKindOfRequestAsTheProtocolWants) {
    ServerLimits limits;
    limits.header_bytes_max = 1024;
    limits.body_bytes_max = 20;
    serve(limits);
    const std::string host = "Host: a\r\n";
    struct Case {
        std::string request, status, part;
    };
    const std::vector<Case> cases = {
        {"GET /a?b HTTP/1.1\r\n" + host + "\r\n", "200 OK", "\r\n\r\nGET /a?b "},
        {"GET http://a/x HTTP/1.1\r\n" + host + "\r\n", "200 OK", "\r\n\r\nGET /x "},
        {"POST /p HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\nhi", "200 OK", "Content-Length: 10\r\n\r\n"},
        {"POST /p HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\nhi", "200 OK", "\r\n\r\nPOST /p hi"},
        {"GET / HTTP/1.1\r\n\r\n", "400", "bad_request"},
        {"GET / HTTP/1.1\r\n" + host + host + "\r\n", "400", "bad_request"},
        {"nonsense\r\n\r\n", "400", "malformed_request"},
        {"OPTIONS * HTTP/1.1\r\n" + host + "\r\n", "400", "bad_target"},
        {"GET / HTTP/1.1\r\nHost: " + std::string(2000, 'a') + "\r\n\r\n", "431", "headers_too_large"},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: 21\r\n\r\n", "413", "body_too_large"},
        {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n15\r\n" + std::string(21, 'x') +
             "\r\n0\r\n\r\n",
         "413", "body_too_large"},
        {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", "501", "unsupported_coding"},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400",
         "malformed_request"},
        {"POST / HTTP/1.1\r\n" + host + "Expect: tea\r\nContent-Length: 1\r\n\r\nx", "417", "bad_request"},
        {"GET /empty HTTP/1.1\r\n" + host + "\r\n", "204 No Content", "Date: Mon, 05 Jan 2026 09:00:00 GMT"},
        {"GET /throw HTTP/1.1\r\n" + host + "\r\n", "500", R"("code":"internal_error"})"},
        {"GET /split HTTP/1.1\r\n" + host + "\r\n", "500", "application/problem+json"},
    };
    for (const auto& one : cases) {
        const auto answer = ask(one.request);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + one.status)) << one.request;
        EXPECT_THAT(answer, HasSubstr(one.part)) << one.request;
        EXPECT_EQ(answer.find("secret detail"), std::string::npos);
        EXPECT_EQ(answer.find("Evil"), std::string::npos);
    }
    EXPECT_THAT(log_, HasSubstr("secret detail"));
}

TEST_F(ServerTest, HeadHasTheLengthButNoBody) {
    serve();
    const auto answer = ask("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
    EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrderOnOneConnection) {
    serve();
    const auto answer =
        ask("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
            "GET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const auto first = answer.find("POST /1 x");
    const auto second = answer.find("GET /2");
    const auto third = answer.find("GET /3");
    EXPECT_LT(first, second);
    EXPECT_LT(second, third);
    EXPECT_NE(third, std::string::npos);
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST_F(ServerTest, Http10ClosesAfterTheAnswer) {
    serve();
    auto raw = client();
    raw.say("GET / HTTP/1.0\r\n\r\n");
    EXPECT_THAT(raw.hear_all(), StartsWith("HTTP/1.0 200"));
}

TEST_F(ServerTest, TellsAWaitingClientToContinue) {
    serve();
    auto raw = client();
    raw.say("POST /c HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    ASSERT_TRUE(raw.hear("HTTP/1.1 100 Continue\r\n\r\n"));
    EXPECT_EQ(requests_, 0);
    raw.say("ok");
    EXPECT_TRUE(raw.hear("POST /c ok"));
}

TEST_F(ServerTest, DropsAConnectionWithoutAByte) {
    serve();
    EXPECT_EQ(ask("GET /drop HTTP/1.1\r\nHost: a\r\n\r\n"), "");
    EXPECT_EQ(requests_, 1);
}

TEST_F(ServerTest, ARefusedBodyDoesNotResetTheConnectionBeforeTheAnswerIsRead) {
    ServerLimits limits;
    limits.body_bytes_max = 1'000'000;
    serve(limits);
    auto raw = client();
    raw.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000001\r\n\r\n");
    for (int i = 0; i < 8; ++i) {
        raw.say(std::string(50'000, 'x'));
        settle();
    }
    raw.finish_sending();
    EXPECT_THAT(raw.hear_all(), StartsWith("HTTP/1.1 413"));
    EXPECT_FALSE(raw.reset);
}

TEST_F(ServerTest, MayBeDestroyedWithoutAStop) {
    serve();
    auto busy = client();
    auto streaming = client();
    busy.say("GET /for-ever HTTP/1.1\r\nHost: a\r\n\r\n");
    streaming.say("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(clock_.turn_until([&] { return requests_ == 2; }));
    ASSERT_TRUE(streaming.hear("event 0"));
    settle();
    server_.reset();
    EXPECT_EQ(busy.hear_all(), "");
    EXPECT_TRUE(clock_.turn_until([&] { return streams_ended_ == 1; }));
}

TEST_F(ServerTest, ARequestThatDoesNotArriveInTimeGets408) {
    serve();
    for (const std::string part : {"GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"}) {
        auto raw = client();
        raw.say(part);
        settle();
        clock_.advance(Millis{14'999});
        settle();
        EXPECT_EQ(raw.heard, "");
        clock_.advance(Millis{60'001});
        EXPECT_THAT(raw.hear_all(), StartsWith("HTTP/1.1 408"));
    }
    EXPECT_EQ(requests_, 0);
}

TEST_F(ServerTest, AnIdleConnectionIsClosedWithoutAWord) {
    serve();
    auto raw = client();
    raw.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(raw.hear("GET / "));
    settle();
    clock_.advance(Millis{75'000});
    const auto before = raw.heard;
    EXPECT_EQ(raw.hear_all(), before);
    EXPECT_FALSE(raw.reset);
}

TEST_F(ServerTest, OverTheCapANewcomerGets503AndTheOthersGoOn) {
    ServerLimits limits;
    limits.connections_max = 1;
    serve(limits);
    auto first = client();
    first.say("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(first.hear("GET /1"));
    const auto refused = ask("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(refused, HasSubstr("Retry-After: 1"));
    first.say("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(first.hear("GET /3"));
    first.hang_up();
    settle();
    EXPECT_THAT(ask("GET /4 HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith(kOk));
    EXPECT_THAT(log_, HasSubstr("connection_refused"));
}

TEST_F(ServerTest, OfLargeBodiesSoManyAtATimeAreRead) {
    ServerLimits limits;
    limits.large_body_bytes = 100'000;
    limits.large_bodies_max = 2;
    serve(limits);
    const std::string head = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n";
    const std::string half(150'000, 'x'), rest(50'000, 'y');
    auto first = client(), second = client();
    first.say(head + half);
    second.say(head + half);
    settle_all();
    const auto third = ask(head + half + rest).substr(0, 300);
    EXPECT_THAT(third, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(third, HasSubstr("Retry-After: 2\r\n"));
    EXPECT_THAT(ask("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"), StartsWith(kOk))
        << "small ones pass";
    first.say(rest);
    first.finish_sending();
    EXPECT_EQ(first.hear_all().substr(0, kOk.size()), kOk);
    EXPECT_EQ(ask(head + half + rest).substr(0, kOk.size()), kOk) << "a place is free again";
    second.finish_sending();  // in mid-body
    second.hear_all();
    auto fourth = client();
    fourth.say(head + half);
    settle_all();
    EXPECT_EQ(ask(head + half + rest).substr(0, kOk.size()), kOk) << "and so is that of one who left";
}

TEST_F(ServerTest, ALargeBodyReachesItsHandlerInParts) {
    constexpr std::size_t kPart = 100'000, kRead = 64u << 10, kBody = 1'000'000;
    ServerLimits limits;
    limits.body_part_bytes = kPart;
    serve(limits);
    auto raw = client();
    raw.say("POST /parts HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kBody) + "\r\n\r\n" +
            std::string(kBody, 'x') + "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    ASSERT_TRUE(raw.hear("POST /small hi")) << "the connection is kept";
    std::istringstream sizes(last_sizes_);
    std::size_t sum = 0, parts = 0;
    for (std::size_t size = 0; sizes >> size; ++parts) {
        EXPECT_LE(size, kPart + kRead);
        sum += size;
    }
    EXPECT_EQ(sum, kBody);
    EXPECT_GT(parts, 5u);
}

TEST_F(ServerTest, WhatEndsABodyInPartsIsAnsweredByTheServer) {
    ServerLimits limits;
    limits.body_part_bytes = 100;
    limits.body_bytes_max = 1'000;
    serve(limits);
    const std::string chunked =
        "POST /parts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n12C\r\n" + std::string(300, 'x');
    EXPECT_THAT(ask(chunked + "\r\n384\r\n" + std::string(900, 'x') + "\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 413"));
    EXPECT_THAT(last_sizes_, HasSubstr("cut_body"));
    EXPECT_THAT(ask(chunked + "\r\nnonsense\r\n"), StartsWith("HTTP/1.1 400"));
    EXPECT_EQ(ask(chunked), "") << "cut: nobody is there to be answered";
    auto slow = client();
    slow.say(chunked);
    settle();
    clock_.advance(Millis{60'001});
    EXPECT_THAT(slow.hear_all(), StartsWith("HTTP/1.1 408"));
}

TEST_F(ServerTest, ABodyInPartsHasNoMoreTimeThanAWholeOne) {
    ServerLimits limits;
    limits.body_part_bytes = 100;
    serve(limits);
    auto raw = client();
    const auto begun = clock_.steady_now();
    raw.say("POST /parts HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + std::string(150, 'x'));
    for (int part = 0; part < 2; ++part) {
        settle();
        clock_.advance(Millis{25'000});
        raw.say(std::string(150, 'x'));
    }
    settle();
    clock_.advance(Millis{10'001});
    settle();
    ASSERT_TRUE(raw.hear("HTTP/1.1 408"));
    EXPECT_LT(clock_.steady_now() - begun, Millis{61'000}) << "not at a later part's own limit";
}

TEST_F(ServerTest, AnAnswerBeforeTheEndOfABodyInPartsEndsTheConnection) {
    ServerLimits limits;
    limits.body_part_bytes = 100;
    serve(limits);
    auto raw = client();
    raw.say("POST /parts HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nstop" + std::string(300, 'x'));
    ASSERT_TRUE(raw.hear("Connection: close"));
    raw.say(std::string(99'696, 'x'));
    raw.finish_sending();
    raw.hear_all();
    EXPECT_FALSE(raw.reset);
    EXPECT_THAT(raw.heard, StartsWith(kOk));
}

TEST_F(ServerTest, StreamsInChunksAndKeepsTheConnection) {
    serve();
    auto raw = client();
    raw.say("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(raw.hear("8\r\nevent " + std::to_string(i) + "\n\r\n"));
        settle();
        clock_.advance(Millis{1'000});
    }
    ASSERT_TRUE(raw.hear("\r\n0\r\n\r\n"));
    raw.say("GET /after HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(raw.hear("GET /after"));
}

TEST_F(ServerTest, AStreamEndsAtOnceWhenItsReaderGoes) {
    serve();
    events_ = 1'000'000;
    auto raw = client();
    raw.say("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(raw.hear("event 0"));
    raw.hang_up();
    EXPECT_TRUE(clock_.turn_until([&] { return streams_ended_ == 1; }));  // time stands still: only the end can end it
}

TEST_F(ServerTest, AStreamThatFailsIsCutWithoutALastChunk) {
    serve();
    auto raw = client();
    raw.say("GET /stream-fail HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(raw.hear("event 0"));
    settle();
    clock_.advance(Millis{1'000});
    EXPECT_EQ(raw.hear_all().find("\r\n0\r\n"), std::string::npos);
    EXPECT_THAT(log_, HasSubstr("stream_failed"));
}

TEST_F(ServerTest, StopLetsTheRequestInWorkFinishAndClosesIdleOnes) {
    serve();
    auto busy = client();
    auto idle = client();
    busy.say("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(clock_.turn_until([&] { return requests_ == 1; }));
    settle();
    auto stopped = test::start(io_, server_->stop(Millis{5'000}));
    EXPECT_EQ(idle.hear_all(), "");
    EXPECT_FALSE(stopped.ended());
    clock_.advance(Millis{3'000});
    EXPECT_THAT(busy.hear_all(), HasSubstr("GET /slow"));
    EXPECT_THAT(busy.heard, HasSubstr("Connection: close"));
    EXPECT_TRUE(clock_.turn_until([&] { return stopped.ended(); }));
    EXPECT_THROW(client(), boost::system::system_error);
}

TEST_F(ServerTest, StopCutsWhatOutlivesTheGrace) {
    serve();
    auto busy = client();
    auto streaming = client();
    events_ = 1'000'000;
    busy.say("GET /for-ever HTTP/1.1\r\nHost: a\r\n\r\n");
    streaming.say("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(streaming.hear("event 0"));
    ASSERT_TRUE(clock_.turn_until([&] { return requests_ == 2; }));
    auto stopped = test::start(io_, server_->stop(Millis{5'000}));
    EXPECT_THAT(streaming.hear_all(), testing::EndsWith("0\r\n\r\n"));  // a stream does not wait for the grace
    EXPECT_FALSE(stopped.ended());
    clock_.advance(Millis{5'000});
    EXPECT_TRUE(clock_.turn_until([&] { return stopped.ended(); }));
    EXPECT_EQ(busy.hear_all(), "");
    test::run(io_, clock_, server_->stop(Millis{5'000}));  // twice is fine
}

TEST_F(ServerTest, ATakenPortAndABadAddressAreToldAtOnce) {
    serve();
    auto handler = [this](HttpRequest request) { return handle(std::move(request)); };
    const auto taken = listen(io_.get_executor(), "127.0.0.1", server_->port(), handler, clock_, {});
    ASSERT_FALSE(taken.ok());
    EXPECT_EQ(taken.error().kind, ErrorKind::conflict);
    EXPECT_EQ(taken.error().code, "port_taken");
    for (const char* address : {"no address", "192.0.2.1"}) {
        const auto bad = listen(io_.get_executor(), address, 0, handler, clock_, {});
        ASSERT_FALSE(bad.ok());
        EXPECT_EQ(bad.error().code, "bad_address");
    }
}

}  // namespace
}  // namespace spillway::http
