#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <fstream>

#include "connectors/http/client.hpp"
#include "tests/unit/http/certificates.hpp"
#include "tests/unit/http/loopback.hpp"

namespace spillway::connectors {
namespace {

namespace asio = boost::asio;
using test::CertificateWish;
using test::ScriptedServer;
using test::tcp;
using testing::HasSubstr;

/// What the server does after each answer.
enum class Ending { keep, orderly, cut };

struct TlsScript {
    asio::ssl::context context{asio::ssl::context::tls_server};
    std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    Ending ending = Ending::keep;
    int handshakes = 0;
    int requests = 0;
    std::string server_name;
};

asio::awaitable<void> serve_tls(std::shared_ptr<TlsScript> script, tcp::socket& socket) {
    asio::ssl::stream<tcp::socket&> stream(socket, script->context);
    const auto [failed] = co_await stream.async_handshake(asio::ssl::stream_base::server, test::kTuple);
    if (failed) co_return;
    ++script->handshakes;
    const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
    script->server_name = name ? name : "";
    for (;;) {
        const auto heard = co_await test::read_until_text(stream, "\r\n\r\n");
        if (heard.empty()) co_return;
        ++script->requests;
        co_await test::write_text(stream, script->answer);
        if (script->ending == Ending::cut) co_return;
        if (script->ending == Ending::orderly) break;
    }
    const auto [ended] = co_await stream.async_shutdown(test::kTuple);
    test::discard_code(ended);
}

class TlsTest : public testing::Test {
 protected:
    void SetUp() override {
        ca_file_ = testing::TempDir() + "spillway_tls_test_ca_" + std::to_string(::getpid()) + ".pem";
        std::ofstream(ca_file_) << authority_.certificate_pem;
        auto created = HttpTransport::create(io_.get_executor(), clock_, {.extra_ca_file = ca_file_});
        ASSERT_TRUE(created.ok());
        transport_ = std::move(created).value();
    }
    void TearDown() override {
        transport_.reset();
        if (server_) server_->shut();
        for (int i = 0; i < 20; ++i) io_.run_one_for(Millis{2});
        std::remove(ca_file_.c_str());
    }

    std::shared_ptr<TlsScript> serve(const test::Identity& signer, const CertificateWish& wish = {}) {
        const auto identity = make_certificate(signer, wish);
        auto script = std::make_shared<TlsScript>();
        script->context.use_certificate_chain(asio::buffer(identity.certificate_pem));
        script->context.use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem);
        if (server_) server_->shut();
        server_ =
            std::make_unique<ScriptedServer>(io_, [script](tcp::socket& socket) { return serve_tls(script, socket); });
        return script;
    }

    SendResult send(const std::string& host = "localhost") {
        const auto origin = "https://" + host + ":" + std::to_string(server_->port());
        return test::run(io_, clock_, transport_->send(origin, {}, {}));
    }

    asio::io_context io_{1};
    test::SimClock clock_{io_};
    test::Identity authority_ = test::make_authority("a test's authority");
    std::string ca_file_;
    std::unique_ptr<ScriptedServer> server_;
    std::unique_ptr<HttpTransport> transport_;
};

TEST_F(TlsTest, SpeaksToAServerThatItTrustsAndKeepsTheConnection) {
    const auto script = serve(authority_);
    for (int i = 0; i < 5; ++i) {
        const auto result = send();
        ASSERT_EQ(result.stage, Stage::answered) << result.failure;
        EXPECT_EQ(result.response.body, "ok");
    }
    EXPECT_EQ(script->handshakes, 1);
    EXPECT_EQ(script->requests, 5);
    EXPECT_EQ(script->server_name, "localhost");
}

TEST_F(TlsTest, ChecksAnAddressAgainstTheCertificateToo) {
    const auto script = serve(authority_, {.subject_alt_name = "IP:127.0.0.1"});
    EXPECT_EQ(send("127.0.0.1").stage, Stage::answered);
    EXPECT_EQ(script->server_name, "");  // names only
}

TEST_F(TlsTest, SendsNothingToAServerThatItCannotTrust) {
    const auto stranger = test::make_authority("somebody else");
    struct Case {
        const char* name;
        test::Identity signer;
        CertificateWish wish;
        const char* failure;
    };
    const std::vector<Case> cases = {
        {"another host", authority_, {.subject_alt_name = "DNS:other.example"}, "tls: "},
        {"a part of the host", authority_, {.subject_alt_name = "DNS:localhost.example"}, "tls: "},
        {"expired", authority_, {.valid_from_s = -7200, .valid_until_s = -3600}, "expired"},
        {"not yet valid", authority_, {.valid_from_s = 3600, .valid_until_s = 7200}, "not yet valid"},
        {"another authority", stranger, {}, "unable to get local issuer certificate"},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.name);
        const auto script = serve(one.signer, one.wish);
        const auto result = send();
        EXPECT_EQ(result.stage, Stage::not_sent);
        EXPECT_THAT(result.failure, HasSubstr(one.failure));
        EXPECT_EQ(script->requests, 0);
    }
}

TEST_F(TlsTest, RefusesOldProtocols) {
    const auto script = serve(authority_);
    SSL_CTX_set_security_level(script->context.native_handle(), 0);
    SSL_CTX_set_min_proto_version(script->context.native_handle(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(script->context.native_handle(), TLS1_1_VERSION);
    EXPECT_EQ(send().stage, Stage::not_sent);
    EXPECT_EQ(script->requests, 0);
    SSL_CTX_set_max_proto_version(script->context.native_handle(), TLS1_2_VERSION);
    EXPECT_EQ(send().stage, Stage::answered);
}

TEST_F(TlsTest, AConnectionCutAfterACompleteAnswerIsNoError) {
    const auto script = serve(authority_);
    script->ending = Ending::cut;
    EXPECT_EQ(send().stage, Stage::answered);
    for (int i = 0; i < 20; ++i) io_.run_one_for(Millis{2});
    EXPECT_EQ(send().stage, Stage::answered);  // the dead one is noticed before anything is written
    EXPECT_EQ(script->handshakes, 2);
}

TEST_F(TlsTest, AnAnswerThatOnlyItsEndDelimitsMustEndOrderly) {
    const auto script = serve(authority_);
    script->answer = "HTTP/1.1 200 OK\r\n\r\nok";
    script->ending = Ending::cut;
    EXPECT_EQ(send().stage, Stage::sending);
    script->ending = Ending::orderly;
    const auto result = send();
    EXPECT_EQ(result.stage, Stage::answered) << result.failure;
    EXPECT_EQ(result.response.body, "ok");
}

TEST_F(TlsTest, AnUnreadableAuthorityFileIsToldAtOnce) {
    const auto created = HttpTransport::create(io_.get_executor(), clock_, {.extra_ca_file = "/no/such/file.pem"});
    ASSERT_FALSE(created.ok());
    EXPECT_EQ(created.error().code, "ca_file");
}

}  // namespace
}  // namespace spillway::connectors
