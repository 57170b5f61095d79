#include "connectors/http/client.hpp"

#include <gmock/gmock.h>

#include "connectors/http/origin.hpp"
#include "schema/runtime/task_group.hpp"
#include "services/http/server.hpp"
#include "tests/unit/http/loopback.hpp"

namespace spillway::connectors {
namespace {

namespace asio = boost::asio;
using test::ScriptedServer;
using test::tcp;
using testing::HasSubstr;

class ClientTest : public testing::Test {
 protected:
    void SetUp() override { renew({}); }

    void renew(TransportOptions options) {
        auto created = HttpTransport::create(io_.get_executor(), clock_, std::move(options));
        ASSERT_TRUE(created.ok());
        transport_ = std::move(created).value();
    }

    SendResult send(std::string origin, HttpRequest request = {}, SendLimits limits = {}) {
        return test::run(io_, clock_, transport_->send(std::move(origin), std::move(request), limits));
    }

    void settle() {
        for (int i = 0; i < 20; ++i) io_.run_one_for(Millis{2});
    }

    asio::io_context io_{1};
    test::SimClock clock_{io_};
    std::unique_ptr<HttpTransport> transport_;
};

asio::awaitable<http::Reply> echo(HttpRequest request) {
    co_return HttpResponse{201, {{"X-Method", request.method}}, request.body};
}

/// Reads one request and says `answer`; closes afterwards.
asio::awaitable<void> answer_once(tcp::socket& socket, std::string answer) {
    co_await test::read_until_text(socket, "\r\n\r\n");
    co_await test::write_text(socket, answer);
}

asio::awaitable<void> close_at_once(tcp::socket&) { co_return; }

asio::awaitable<void> never_answer(tcp::socket& socket) { co_await test::read_until_text(socket, "no such text"); }

/// Answers without reading what is long, and closes its sending side, as a server that refuses a body does.
asio::awaitable<void> refuse_early(tcp::socket& socket) {
    co_await test::write_text(socket, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    socket.shutdown(tcp::socket::shutdown_send);
    co_await test::read_until_text(socket, "no such text");
}

constexpr auto kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST_F(ClientTest, AThousandRequestsShareOneConnection) {
    http::ServerLimits limits;
    limits.connections_max = 1;  // a second connection would be answered 503
    auto server = std::move(http::listen(io_.get_executor(), "127.0.0.1", 0, echo, clock_, limits)).value();
    const auto origin = "http://127.0.0.1:" + std::to_string(server->port());
    for (int i = 0; i < 1000; ++i) {
        const auto result = send(origin, {.method = "POST", .body = std::to_string(i)});
        ASSERT_EQ(result.stage, Stage::answered) << result.failure;
        ASSERT_EQ(result.response.status, 201);
        ASSERT_EQ(result.response.body, std::to_string(i));
    }
    EXPECT_EQ(transport_->idle_connections(), 1u);
    const auto head = send(origin, {.method = "HEAD"});
    EXPECT_EQ(head.response.headers.find("X-Method"), "HEAD");
    test::run(io_, clock_, server->stop(Millis{0}));
}

TEST_F(ClientTest, ABigBodyGoesBothWays) {
    auto server = std::move(http::listen(io_.get_executor(), "127.0.0.1", 0, echo, clock_, {})).value();
    const auto origin = "http://127.0.0.1:" + std::to_string(server->port());
    const std::string body(5u << 20, 'b');
    const auto result = send(origin, {.method = "POST", .body = body});
    EXPECT_EQ(result.response.body, body);
    const auto over = send(origin, {.method = "POST", .body = body}, {.body_bytes_max = (5u << 20) - 1});
    EXPECT_EQ(over.stage, Stage::sending);
    EXPECT_THAT(over.failure, HasSubstr("is over"));
    const auto refused = send(origin, {.method = "POST", .body = std::string(33u << 20, 'b')});
    EXPECT_EQ(refused.stage, Stage::answered) << refused.failure;
    EXPECT_EQ(refused.response.status, 413);
    test::run(io_, clock_, server->stop(Millis{0}));
}

TEST_F(ClientTest, TellsHowFarARequestGot) {
    struct Case {
        const char* name;
        ScriptedServer::Script script;
        Stage stage;
        const char* failure;
    };
    const auto says = [](std::string answer) {
        return [answer](tcp::socket& socket) { return answer_once(socket, answer); };
    };
    const std::vector<Case> cases = {
        {"closed at once", close_at_once, Stage::sending, ""},
        {"closed after the request", says(""), Stage::sending, "before a complete answer"},
        {"cut in the head", says("HTTP/1.1 20"), Stage::sending, "before a complete answer"},
        {"cut in the body", says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), Stage::sending,
         "before a complete"},
        {"no http", says("SSH-2.0-OpenSSH_9.2\r\n\r\n"), Stage::sending, "malformed"},
        {"too much", says("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"), Stage::sending, "is over"},
        {"whole", says(kAnswer), Stage::answered, ""},
        {"ended by the end", says("HTTP/1.1 200 OK\r\n\r\nok"), Stage::answered, ""},
        {"interim first", says(std::string("HTTP/1.1 100 Continue\r\n\r\n") + kAnswer), Stage::answered, ""},
        {"early refusal", refuse_early, Stage::answered, ""},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.name);
        ScriptedServer server(io_, one.script);
        const auto result = send(server.origin(), {.method = "POST", .body = "x"});
        EXPECT_EQ(result.stage, one.stage) << result.failure;
        EXPECT_THAT(result.failure, HasSubstr(one.failure));
        if (one.stage == Stage::answered && result.response.status == 200) EXPECT_EQ(result.response.body, "ok");
        server.shut();
        settle();
    }
}

TEST_F(ClientTest, SaysNotSentWhenNothingCouldLeave) {
    ScriptedServer closed(io_, close_at_once);
    const auto origin = closed.origin();
    closed.shut();
    settle();
    EXPECT_EQ(send(origin).stage, Stage::not_sent);
    EXPECT_THAT(send(origin).failure, HasSubstr("connect: "));
    EXPECT_THAT(send("http://" + std::string(70, 'a')).failure, HasSubstr("resolve: "));
    ScriptedServer server(io_, close_at_once);
    for (const std::string bad : {"ftp://a", "http://a/path", "http://u@a", "127.0.0.1", "http://", "http://a:0"})
        EXPECT_THAT(send(bad).failure, HasSubstr("not an origin")) << bad;
    const std::vector<HttpRequest> unsafe = {{.method = "GET /x HTTP/1.1\r\nA:"},
                                             {.target = "/a b"},
                                             {.target = "a"},
                                             {.headers = {{"A", "x\r\nB: y"}}},
                                             {.headers = {{"A b", "x"}}}};
    for (const auto& request : unsafe) EXPECT_THAT(send(server.origin(), request).failure, HasSubstr("cannot be sent"));
    EXPECT_EQ(server.connections, 0);
    server.shut();
    settle();
}

/// Answers `times` requests on each connection, then reads one more and closes without an answer.
asio::awaitable<void> answer_then_close(tcp::socket& socket, int times, bool read_one_more) {
    for (int i = 0; i < times; ++i) co_await answer_once(socket, kAnswer);
    if (read_one_more) co_await test::read_until_text(socket, "\r\n\r\n");
}

TEST_F(ClientTest, ReplacesAKeptConnectionThatThePeerHasClosed) {
    ScriptedServer server(io_, [](tcp::socket& socket) { return answer_then_close(socket, 1, false); });
    EXPECT_EQ(send(server.origin()).stage, Stage::answered);
    settle();
    EXPECT_EQ(transport_->idle_connections(), 1u);
    EXPECT_EQ(send(server.origin()).stage, Stage::answered);
    EXPECT_EQ(server.connections, 2);
    server.shut();
    settle();
}

TEST_F(ClientTest, NeverRetriesOnceBytesLeftOnAKeptConnection) {
    ScriptedServer server(io_, [](tcp::socket& socket) { return answer_then_close(socket, 1, true); });
    EXPECT_EQ(send(server.origin()).stage, Stage::answered);
    const auto second = send(server.origin());
    EXPECT_EQ(second.stage, Stage::sending);
    EXPECT_EQ(server.connections, 1);
    server.shut();
    settle();
}

TEST_F(ClientTest, NeverKeepsAConnectionWithStrayBytes) {
    ScriptedServer server(io_, [](tcp::socket& socket) { return answer_once(socket, std::string(kAnswer) + "stray"); });
    EXPECT_EQ(send(server.origin()).stage, Stage::answered);
    EXPECT_EQ(transport_->idle_connections(), 0u);
    server.shut();
    settle();
}

TEST_F(ClientTest, ClosesAConnectionThatIdlesTooLong) {
    auto server = std::move(http::listen(io_.get_executor(), "127.0.0.1", 0, echo, clock_, {})).value();
    const auto origin = "http://127.0.0.1:" + std::to_string(server->port());
    send(origin);
    clock_.advance(Millis{29'999});
    settle();
    EXPECT_EQ(transport_->idle_connections(), 1u);
    clock_.advance(Millis{1});
    settle();
    EXPECT_EQ(transport_->idle_connections(), 0u);
    test::run(io_, clock_, server->stop(Millis{0}));
}

TEST_F(ClientTest, AnAnswerThatDoesNotComeInTimeIsSending) {
    ScriptedServer server(io_, never_answer);
    auto pending = test::start(io_, transport_->send(server.origin(), {}, {}));
    ASSERT_TRUE(clock_.turn_until([&] { return server.connections == 1; }));
    settle();
    clock_.advance(Millis{129'999});
    settle();
    EXPECT_FALSE(pending.ended());
    clock_.advance(Millis{1});
    ASSERT_TRUE(clock_.turn_until([&] { return pending.ended(); }));
    const auto result = pending.take();
    EXPECT_EQ(result.stage, Stage::sending);
    EXPECT_THAT(result.failure, HasSubstr("time limit"));
    server.shut();
    settle();
}

TEST_F(ClientTest, AHandshakeThatHangsIsNotSent) {
    ScriptedServer server(io_, never_answer);
    const auto origin = "https://127.0.0.1:" + std::to_string(server.port());
    auto pending = test::start(io_, transport_->send(origin, {}, {}));
    ASSERT_TRUE(clock_.turn_until([&] { return server.connections == 1; }));
    settle();
    clock_.advance(Millis{10'000});
    ASSERT_TRUE(clock_.turn_until([&] { return pending.ended(); }));
    const auto result = pending.take();
    EXPECT_EQ(result.stage, Stage::not_sent);
    EXPECT_THAT(result.failure, HasSubstr("tls: "));
    server.shut();
    settle();
}

TEST_F(ClientTest, OverTheCapARequestWaitsItsTurnWithinItsTime) {
    renew({.connections_per_origin_max = 1});
    ScriptedServer server(io_, never_answer);
    auto first = test::start(io_, transport_->send(server.origin(), {}, {.total = Millis{5'000}}));
    ASSERT_TRUE(clock_.turn_until([&] { return server.connections == 1; }));
    auto hurried = test::start(io_, transport_->send(server.origin(), {}, {.total = Millis{1'000}}));
    auto patient = test::start(io_, transport_->send(server.origin(), {}, {.total = Millis{20'000}}));
    settle();
    EXPECT_EQ(server.connections, 1);
    clock_.advance(Millis{1'000});
    ASSERT_TRUE(clock_.turn_until([&] { return hurried.ended(); }));
    EXPECT_EQ(hurried.take().stage, Stage::not_sent);
    clock_.advance(Millis{4'000});
    ASSERT_TRUE(clock_.turn_until([&] { return server.connections == 2; }));
    EXPECT_EQ(first.take().stage, Stage::sending);
    clock_.advance(Millis{15'000});
    ASSERT_TRUE(clock_.turn_until([&] { return patient.ended(); }));
    EXPECT_EQ(patient.take().stage, Stage::sending);
    server.shut();
    settle();
}

TEST_F(ClientTest, SlowTenantsOfAProviderDoNotHoldUpTheOthers) {
    // As many as 40 connected organisations may have in flight at Xero, whose origin they all share.
    constexpr int kSlow = 200;
    ScriptedServer server(io_, never_answer);
    std::vector<test::Pending<SendResult>> slow;
    for (int i = 0; i < kSlow; ++i) slow.push_back(test::start(io_, transport_->send(server.origin(), {}, {})));
    ASSERT_TRUE(clock_.turn_until([&] { return server.connections == kSlow; }));
    clock_.advance(SendLimits{}.total);
    ASSERT_TRUE(clock_.turn_until([&] { return std::ranges::all_of(slow, [](auto& one) { return one.ended(); }); }));
    server.shut();
    settle();
}

asio::awaitable<void> send_into(HttpTransport& transport, std::string origin, std::optional<SendResult>& result) {
    result = co_await transport.send(origin, {}, {});
}

TEST_F(ClientTest, ACancelledRequestTellsWhetherBytesLeft) {
    renew({.connections_per_origin_max = 1});
    ScriptedServer server(io_, never_answer);
    std::optional<SendResult> sending, waiting, late;
    TaskGroup group(io_.get_executor(), "test");
    group.spawn(send_into(*transport_, server.origin(), sending), "sending");
    ASSERT_TRUE(clock_.turn_until([&] { return server.connections == 1; }));
    settle();
    group.spawn(send_into(*transport_, server.origin(), waiting), "waiting");
    settle();
    group.cancel(asio::cancellation_type::terminal);
    ASSERT_TRUE(clock_.turn_until([&] { return group.size() == 0; }));
    EXPECT_EQ(sending.value().stage, Stage::sending);
    EXPECT_EQ(waiting.value().stage, Stage::not_sent);
    EXPECT_EQ(group.failures(), 0u);
    server.shut();
    settle();
}

TEST(Origin, ReadsSchemeHostAndPort) {
    struct Case {
        const char *text, *key, *host_field;
    };
    for (const Case& one :
         {Case{"https://api.Xero.com", "https://api.xero.com:443", "api.xero.com"},
          Case{"http://127.0.0.1:8080/", "http://127.0.0.1:8080", "127.0.0.1:8080"},
          Case{"https://[::1]:9", "https://[::1]:9", "[::1]:9"}, Case{"http://a:80", "http://a:80", "a"}}) {
        const auto origin = parse_origin(one.text);
        ASSERT_TRUE(origin) << one.text;
        EXPECT_EQ(origin->key(), one.key);
        EXPECT_EQ(origin->host_field(), one.host_field);
    }
    for (const char* bad : {"", "https://", "http://a:70000", "http://a b", "http://[::1", "http://a?x", "HTTP://a"})
        EXPECT_FALSE(parse_origin(bad)) << bad;
}

}  // namespace
}  // namespace spillway::connectors
