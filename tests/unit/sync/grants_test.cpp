// Tokens are rotated once and never lost: a refresh that a stop interrupts is stored all the same.

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <filesystem>

#include "services/sync/grants.hpp"
#include "tests/support/run.hpp"

namespace spillway::test {
namespace {

/// A token endpoint that takes two seconds and rotates the refresh token each time.
class TokenEndpoint final : public Transport {
 public:
    explicit TokenEndpoint(Clock& clock) : clock_(clock) {}
    boost::asio::awaitable<SendResult> send(std::string, HttpRequest, SendLimits) override {
        const auto number = std::to_string(++asked);
        const bool slept = co_await clock_.sleep_for(Millis{2'000});
        if (!slept) co_return SendResult{Stage::sending, {}, "cancelled"};
        HttpResponse answer;
        answer.status = 200;
        answer.body = R"({"access_token":"access-)" + number + R"(","refresh_token":"refresh-)" + number +
                      R"(","expires_in":1800,"token_type":"Bearer"})";
        co_return SendResult{Stage::answered, std::move(answer), {}};
    }
    int asked = 0;

 private:
    Clock& clock_;
};

struct GrantsTest : ::testing::Test {
    GrantsTest() {
        auto file = sync::GrantFile::open(path, *oauth::Vault::from_text("k1:" + std::string(64, '7') + "\n"));
        if (!file.ok()) throw std::runtime_error(file.error().detail);
        keeper.emplace(
            sync::GrantKeeper::Parts{io.get_executor(), io.get_executor(), std::move(*file), endpoint, clock, random});
        auto app = *oauth::default_app("xero");
        app.client_id = "app";
        app.client_secret = Secret("secret");
        app.redirect_uri = "http://localhost:1/callback";
        keeper->add_app(app);
        id = consent().id;
    }
    ~GrantsTest() override {
        keeper.reset();
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }
    /// A person gives consent.
    sync::Grant consent() {
        auto exchanging = start(io, keeper->exchange("xero", "code", ""));
        clock.run_until([&] { return exchanging.ended(); });
        auto exchanged = exchanging.take();
        if (!exchanged.ok()) throw std::runtime_error(exchanged.error().detail);
        exchanged->grant.subject = "user";
        auto keeping = start(io, keeper->keep(std::move(exchanged->grant)));
        clock.run_until([&] { return keeping.ended(); });
        auto kept = keeping.take();
        if (!kept.ok()) throw std::runtime_error(kept.error().detail);
        return *kept;
    }
    std::string stored_refresh_token() {
        auto file = sync::GrantFile::open(path, *oauth::Vault::from_text("k1:" + std::string(64, '7') + "\n"));
        auto grants = (*file)->load();
        return grants.ok() && grants->size() == 1 ? grants->front().refresh.reveal() : "";
    }

    std::string path =
        (std::filesystem::temp_directory_path() / ("spillway-grants-" + SystemRandom().hex128())).string();
    boost::asio::io_context io{1};
    SimClock clock{io};
    SeededRandom random{5};
    TokenEndpoint endpoint{clock};
    std::optional<sync::GrantKeeper> keeper;
    GrantId id;
};

TEST_F(GrantsTest, ARefreshThatAStopInterruptsIsStoredAllTheSame) {
    ASSERT_EQ(stored_refresh_token(), "refresh-1");
    clock.run_for(std::chrono::minutes(40));
    boost::asio::cancellation_signal stop;
    bool ended = false;
    boost::asio::co_spawn(
        io, keeper->token(id),
        boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, Result<Secret>) { ended = true; }));
    clock.run_for(Millis{500});
    ASSERT_EQ(endpoint.asked, 2);
    stop.emit(boost::asio::cancellation_type::total);
    clock.run_for(Millis{5'000});
    EXPECT_TRUE(ended);
    // The provider has rotated it: the old one would be dead at the next start.
    EXPECT_EQ(stored_refresh_token(), "refresh-2");
}

TEST_F(GrantsTest, WhoAsksWhileARefreshIsUnderWayWaitsForIt) {
    clock.run_for(std::chrono::minutes(40));
    std::vector<Pending<Result<Secret>>> asking;
    for (int i = 0; i < 5; ++i) asking.push_back(start(io, keeper->token(id)));
    clock.run_for(Millis{5'000});
    for (auto& one : asking) {
        ASSERT_TRUE(one.ended());
        const auto token = one.take();
        ASSERT_TRUE(token.ok());
        EXPECT_EQ(token->reveal(), "access-2");
    }
    EXPECT_EQ(endpoint.asked, 2) << "parallel refreshes would kill each other's tokens";
}

}  // namespace
}  // namespace spillway::test
