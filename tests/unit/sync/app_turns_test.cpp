// Lanes of one provider app that share its budget: each gets as much as the next one, however many calls it has under
// way.

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "connectors/xero/xero.hpp"
#include "schema/runtime/task_group.hpp"
#include "services/sync/caller.hpp"
#include "tests/support/run.hpp"

namespace spillway::test {
namespace {

/// Answers after a while.
struct Answers final : Transport {
    explicit Answers(Clock& to_use) : clock(to_use) {}
    boost::asio::awaitable<SendResult> send(std::string, HttpRequest, SendLimits) override {
        co_await clock.sleep_for(Millis{200});
        co_return SendResult{Stage::answered, HttpResponse{200, {}, "{}"}, {}};
    }
    Clock& clock;
};

struct OneToken final : sync::TokenSource {
    boost::asio::awaitable<Result<Secret>> token(GrantId) override { co_return Secret("t"); }
    boost::asio::awaitable<Result<Secret>> renew(GrantId, Secret) override { co_return Secret("t"); }
};

LimitProfile narrow() {
    LimitProfile profile;
    profile.windows = {{.name = "minute", .calls = 60}, {.name = "app_minute", .calls = 10, .app_wide = true}};
    profile.concurrent = 5;
    return profile;
}

struct AppTurnsTest : testing::Test {
    /// One tenant of the app.
    struct Tenant {
        Tenant(AppTurnsTest& test, const std::string& name)
            : pacer(narrow(), test.budget),
              caller(
                  *test.xero, test.transport, test.tokens, test.clock, pacer, test.turns,
                  {"https://xero.example", name, GrantId("grant")},
                  [](std::vector<pacing::DayRow>) -> boost::asio::awaitable<Result<void>> { co_return success(); },
                  [](Millis) -> boost::asio::awaitable<Result<void>> { co_return success(); }) {}
        pacing::Pacer pacer;
        sync::Caller caller;
        int sent = 0;
    };
    Tenant& add() {
        return *tenants.emplace_back(std::make_unique<Tenant>(*this, "t" + std::to_string(tenants.size())));
    }
    /// Sends one call after the other, at most `calls`.
    static boost::asio::awaitable<void> send(Tenant& tenant, int calls) {
        for (int at = 0; at < calls; ++at) {
            const bool stop = co_await stop_requested();
            if (stop) co_return;
            PreparedCall call;
            call.method = "POST";
            call.target = "/api.xro/2.0/Contacts";
            call.call_class = CallClass::write;
            const auto sent = co_await tenant.caller.call(std::move(call), pacing::Urgency::bulk);
            if (sent.ok()) ++tenant.sent;
        }
    }
    void spawn(Tenant& tenant, int flights, int calls = 1'000'000) {
        for (int flight = 0; flight < flights; ++flight) tasks.spawn(send(tenant, calls), "sender");
    }
    int sent() const {
        int all = 0;
        for (const auto& tenant : tenants) all += tenant->sent;
        return all;
    }
    void TearDown() override {
        auto stopping = start(io, tasks.stop(clock, Millis{0}));
        clock.run_for(std::chrono::minutes(2));
        ASSERT_TRUE(stopping.ended());
    }

    boost::asio::io_context io;
    SimClock clock{io};
    std::unique_ptr<Provider> xero = make_xero();
    pacing::AppBudget budget{narrow()};
    sync::AppTurns turns;
    Answers transport{clock};
    OneToken tokens;
    std::vector<std::unique_ptr<Tenant>> tenants;
    TaskGroup tasks{io.get_executor(), "test"};
};

TEST_F(AppTurnsTest, ANoisyLaneGetsNoMoreOfTheAppsBudgetThanAQuietOne) {
    Tenant& noisy = add();
    spawn(noisy, 5);
    for (int quiet = 0; quiet < 4; ++quiet) spawn(add(), 2);
    clock.run_for(std::chrono::minutes(30));
    EXPECT_GE(sent(), 290) << "the budget is used to the full";
    for (const auto& tenant : tenants) EXPECT_NEAR(tenant->sent, sent() / 5, sent() / 50) << "and shared evenly";
}

TEST_F(AppTurnsTest, WhoComesLaterGetsItsShareAtOnceAndAWholeBudgetGoesToWhoeverIsLeft) {
    Tenant& noisy = add();
    spawn(noisy, 5);
    clock.run_for(std::chrono::minutes(10) + std::chrono::seconds(30));
    const int before = noisy.sent;
    EXPECT_GE(before, 98) << "alone it has all of it";
    Tenant& late = add();
    spawn(late, 2, /*calls=*/4);
    clock.run_for(std::chrono::minutes(1));
    EXPECT_NEAR(late.sent, noisy.sent - before, 2) << "half of the next window, although others waited before it";
    clock.run_for(std::chrono::minutes(2));
    EXPECT_EQ(late.sent, 8);
    const int then = noisy.sent;
    clock.run_for(std::chrono::minutes(10));
    EXPECT_GE(noisy.sent - then, 98);
}

TEST_F(AppTurnsTest, ALaneThatItsOwnLimitsHoldBackCostsTheOthersNothing) {
    Tenant& held = add();
    spawn(held, 3);
    Tenant& other = add();
    spawn(other, 1);
    clock.run_for(std::chrono::minutes(3));
    held.pacer.wait_until(clock.steady_now() + std::chrono::hours(1), clock.steady_now());
    clock.run_for(std::chrono::minutes(2));
    const int sent = other.sent;
    const int still = held.sent;
    clock.run_for(std::chrono::minutes(20));
    EXPECT_EQ(held.sent, still);
    EXPECT_GE(other.sent - sent, 198) << "the whole budget";
    clock.run_for(std::chrono::hours(1));
    EXPECT_GT(held.sent, still) << "and it comes back by itself";
}

}  // namespace
}  // namespace spillway::test
