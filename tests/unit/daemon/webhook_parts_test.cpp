// The transport of webhooks reaches the public internet and what the operator allows, whatever a name resolves to.

#include "services/spillwayd/webhook_parts.hpp"

#include "services/spillwayd/config.hpp"
#include "tests/unit/http/loopback.hpp"
#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {
namespace {

using connectors::Origin;

boost::asio::awaitable<void> say_ok(tcp::socket& socket) {
    co_await read_until_text(socket, "\r\n\r\n");
    co_await write_text(socket, "HTTP/1.1 204 No Content\r\n\r\n");
}

struct WebhookPartsTest : BooksTest {
    SendResult send(const std::string& origin, webhooks::Allowed allowed) {
        auto vault = oauth::Vault::from_text("k1:" + std::string(64, 'a') + "\n");
        auto made = daemon::make_webhooks(io.get_executor(), *store, *std::move(vault), *clock, random, allowed);
        if (!made.ok()) throw std::runtime_error(made.error().detail);
        return run(io, *clock, made->transport->send(origin, {}, {}));
    }
    SeededRandom random{1};
};

TEST_F(WebhookPartsTest, ANameThatResolvesToThisMachineIsRefusedBeforeAConnection) {
    ScriptedServer server(io, say_ok);
    const std::string port = std::to_string(server.port());
    for (const std::string host : {"localhost", "127.0.0.1", "127.1", "[::ffff:127.0.0.1]"}) {
        const auto sent = send("http://" + host + ":" + port, {});
        EXPECT_EQ(sent.stage, Stage::not_sent) << host;
        EXPECT_EQ(sent.failure, "connect: the address is refused") << host;
    }
    EXPECT_EQ(server.connections, 0);
    const auto place = webhooks::parse_place("localhost:" + port);
    ASSERT_TRUE(place.ok());
    EXPECT_EQ(send("http://localhost:" + port, {*place}).stage, Stage::answered);
    EXPECT_EQ(send("http://127.0.0.1:" + port, {*place}).stage, Stage::not_sent) << "another name of the same place";
    EXPECT_EQ(server.connections, 1);
    server.shut();
    for (int i = 0; i < 20; ++i) io.run_one_for(Millis{2});
}

TEST(WebhookConfig, ReadsTheAllowedPlaces) {
    const auto none = [](const std::string&) { return std::optional<std::string>(); };
    const auto read = daemon::parse_config(
        R"({"state_dir":"/s","webhooks":{"allow":["hooks.intranet:8080","[::1]:80"]}})", "c.json", none);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    ASSERT_EQ(read->webhooks_allow.size(), 2u);
    EXPECT_EQ(read->webhooks_allow[0].host, "hooks.intranet");
    EXPECT_EQ(read->webhooks_allow[0].port, 8080);
    EXPECT_EQ(read->webhooks_allow[1].host, "::1");
    for (const char* bad : {R"({"allow":"a:1"})", R"({"allow":["a"]})", R"({"allow":[7]})", R"({"deny":[]})"})
        EXPECT_FALSE(
            daemon::parse_config(R"({"state_dir":"/s","webhooks":)" + std::string(bad) + "}", "c.json", none).ok())
            << bad;
}

}  // namespace
}  // namespace spillway::test
