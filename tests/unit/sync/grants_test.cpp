// Tokens are rotated once and never lost: a refresh that a stop interrupts is stored all the same.

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <filesystem>

#include "services/sync/grants.hpp"
#include "tests/support/run.hpp"
#include "tests/support/slow_executor.hpp"

namespace spillway::test {
namespace {

/// A token endpoint that takes two seconds and rotates the refresh token each time.
class TokenEndpoint final : public Transport {
 public:
    explicit TokenEndpoint(Clock& clock) : clock_(clock) {}
    boost::asio::awaitable<SendResult> send(std::string, HttpRequest request, SendLimits) override {
        const auto number = std::to_string(++asked);
        const bool refuses = refuses_refresh && request.body.find("grant_type=refresh_token") != std::string::npos;
        const bool slept = co_await clock_.sleep_for(Millis{2'000});
        if (!slept) co_return SendResult{Stage::sending, {}, "cancelled"};
        HttpResponse answer;
        answer.status = refuses ? 400 : 200;
        if (refuses) {
            answer.body = R"({"error":"invalid_grant"})";
            co_return SendResult{Stage::answered, std::move(answer), {}};
        }
        answer.body = R"({"access_token":"access-)" + number + R"(","refresh_token":"refresh-)" + number +
                      R"(","expires_in":1800,"token_type":"Bearer"})";
        co_return SendResult{Stage::answered, std::move(answer), {}};
    }
    int asked = 0;
    bool refuses_refresh = false;

 private:
    Clock& clock_;
};

constexpr const char* kOldKey = "k1:7777777777777777777777777777777777777777777777777777777777777777\n";
constexpr const char* kNewKey = "k2:8888888888888888888888888888888888888888888888888888888888888888\n";

oauth::OAuthApp the_app() {
    auto app = *oauth::default_app("xero");
    app.client_id = "app";
    app.client_secret = Secret("secret");
    app.redirect_uri = "http://localhost:1/callback";
    return app;
}

struct GrantsTest : ::testing::Test {
    GrantsTest() {
        start_keeper(the_app());
        id = consent().id;
    }
    ~GrantsTest() override {
        keeper.reset();
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }
    /// The next process, with an app as it is configured now.
    void start_keeper(const oauth::OAuthApp& app, const std::string& keys = kOldKey) {
        keeper.reset();
        auto file = sync::GrantFile::open(path, *oauth::Vault::from_text(keys));
        if (!file.ok()) throw std::runtime_error(file.error().detail);
        keeper.emplace(
            sync::GrantKeeper::Parts{io.get_executor(), disk, std::move(*file), endpoint, clock, random, random});
        keeper->add_app(app);
        const auto loaded = wait(keeper->load());
        if (!loaded.ok()) throw std::runtime_error(loaded.error().detail);
    }
    template <class T>
    T wait(boost::asio::awaitable<T> what) {
        auto pending = start(io, std::move(what));
        clock.run_until([&] { return pending.ended(); });
        return pending.take();
    }
    /// A person gives consent.
    sync::Grant consent() {
        auto kept = wait(keeper->keep(exchanged()));
        if (!kept.ok()) throw std::runtime_error(kept.error().detail);
        return *kept;
    }
    sync::Grant exchanged() {
        auto exchanged = wait(keeper->exchange("xero", "code", ""));
        if (!exchanged.ok()) throw std::runtime_error(exchanged.error().detail);
        exchanged->grant.subject = "user";
        return std::move(exchanged->grant);
    }
    /// A refresh is under way for that long when a person gives consent, which is stored before the refresh's answer,
    /// at it, or after it; both end. @return the consent's refresh token.
    std::string consent_beside_a_refresh(Millis delay) {
        clock.run_for(std::chrono::minutes(40));
        auto grant = exchanged();
        auto consented = grant.refresh.reveal();
        auto refreshing = start(io, keeper->token(id));
        clock.run_for(delay);
        auto keeping = start(io, keeper->keep(std::move(grant)));
        clock.run_until([&] { return refreshing.ended() && keeping.ended(); });
        if (!keeping.take().ok()) throw std::runtime_error("the consent was not stored");
        return consented;
    }
    std::vector<sync::Grant> stored(const std::string& keys = kOldKey) {
        auto file = sync::GrantFile::open(path, *oauth::Vault::from_text(keys));
        auto grants = (*file)->load();
        return grants.ok() ? *grants : std::vector<sync::Grant>{};
    }
    std::string stored_refresh_token() {
        const auto grants = stored();
        return grants.size() == 1 ? grants.front().refresh.reveal() : "";
    }

    std::string path =
        (std::filesystem::temp_directory_path() / ("spillway-grants-" + SystemRandom().hex128())).string();
    boost::asio::io_context io{1};
    SimClock clock{io};
    SeededRandom random{5};
    SeededRandom disk_random{6};
    SlowWorker worker{io, clock, disk_random, Millis{0}};
    boost::asio::any_io_executor disk{SlowExecutor(worker)};
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

TEST_F(GrantsTest, GoesToTheAppAloneThatItWasGivenTo) {
    const auto live = the_app();
    auto sandbox = live, other = live;
    sandbox.mark = oauth::Mark::sandbox;
    sandbox.token_url = "http://localhost:9/connect/token";
    other.client_id = "another";
    clock.run_for(std::chrono::minutes(40));
    const int asked = endpoint.asked;
    for (const auto& app : {sandbox, other}) {
        start_keeper(app);
        EXPECT_EQ(wait(keeper->token(id)).error().code, "other_app");
        EXPECT_EQ(wait(keeper->renew(id, Secret("access-1"))).error().kind, ErrorKind::unavailable);
        bool revoked = false;
        boost::asio::co_spawn(io, keeper->revoke(id), [&](std::exception_ptr) { revoked = true; });
        clock.run_until([&] { return revoked; });
        EXPECT_EQ(endpoint.asked, asked) << "sent to " << app.token_url;
    }
    // Once the configuration is right again, it is as good as before.
    start_keeper(live);
    const auto token = wait(keeper->token(id));
    ASSERT_TRUE(token.ok()) << token.error().code;
    EXPECT_EQ(endpoint.asked, asked + 1);
}

TEST_F(GrantsTest, AnAccessTokenThatIsStillGoodGoesToNoOtherAppEither) {
    auto sandbox = the_app();
    sandbox.mark = oauth::Mark::sandbox;
    start_keeper(sandbox);
    EXPECT_EQ(wait(keeper->token(id)).error().code, "other_app");
    // A consent for the new app is a grant of its own.
    const auto fresh = consent();
    EXPECT_NE(fresh.id, id);
    EXPECT_TRUE(wait(keeper->token(fresh.id)).ok());
    EXPECT_EQ(stored().size(), 2u);
}

TEST_F(GrantsTest, OneWithoutAnAppBecomesThePresentAppsOnce) {
    {
        auto file = sync::GrantFile::open(path, *oauth::Vault::from_text(kOldKey));
        auto grants = *(*file)->load();
        ASSERT_EQ(grants.size(), 1u);
        grants.front().app = {};  // as an earlier release stored it
        ASSERT_TRUE((*file)->save(grants, random).ok());
    }
    start_keeper(the_app());
    EXPECT_TRUE(wait(keeper->token(id)).ok());
    auto sandbox = the_app();
    sandbox.mark = oauth::Mark::sandbox;
    start_keeper(sandbox);
    EXPECT_EQ(wait(keeper->token(id)).error().code, "other_app");
}

TEST_F(GrantsTest, AConsentGivenWhileARefreshIsUnderWayIsWhatIsStored) {
    worker.set_most(Millis{3'000});
    for (int delay = 0; delay < 4'000; delay += 250) {
        const auto consented = consent_beside_a_refresh(Millis{delay});
        EXPECT_EQ(stored_refresh_token(), consented) << "kept after " << delay << " ms";
    }
}

TEST_F(GrantsTest, ARefusedRefreshDoesNotEndAConsentGivenMeanwhile) {
    worker.set_most(Millis{3'000});
    endpoint.refuses_refresh = true;
    for (int delay = 0; delay < 4'000; delay += 250) {
        const auto consented = consent_beside_a_refresh(Millis{delay});
        EXPECT_TRUE(wait(keeper->token(id)).ok()) << "kept after " << delay << " ms";
        ASSERT_EQ(stored().size(), 1u);
        EXPECT_FALSE(stored().front().dead) << "kept after " << delay << " ms";
        EXPECT_EQ(stored_refresh_token(), consented) << "kept after " << delay << " ms";
    }
}

TEST_F(GrantsTest, WhatIsSealedUnderAnOlderKeyIsSealedAgain) {
    start_keeper(the_app(), std::string(kNewKey) + kOldKey);
    ASSERT_EQ(stored(kNewKey).size(), 1u) << "the old key can go";
    EXPECT_EQ(stored(kNewKey).front().refresh.reveal(), "refresh-1");
    EXPECT_TRUE(wait(keeper->token(id)).ok());
}

}  // namespace
}  // namespace spillway::test
