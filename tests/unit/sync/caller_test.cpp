// A call that is answered with 401 goes a second time: whoever keeps the intent hears of each send.

#include "services/sync/caller.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "connectors/xero/xero.hpp"
#include "tests/support/run.hpp"
#include "tests/support/virtual_clock.hpp"

namespace spillway::test {
namespace {

/// Refuses the first token; every later send is answered with 200.
struct RefusesOnce final : Transport {
    boost::asio::awaitable<SendResult> send(std::string, HttpRequest, SendLimits) override {
        const int status = sends++ == 0 ? 401 : 200;
        co_return SendResult{Stage::answered, HttpResponse{status, {}, "{}"}, {}};
    }
    int sends = 0;
};

struct Renewing final : sync::TokenSource {
    boost::asio::awaitable<Result<Secret>> token(GrantId) override { co_return Secret("old"); }
    boost::asio::awaitable<Result<Secret>> renew(GrantId, Secret) override { co_return Secret("new"); }
};

struct CallerTest : testing::Test {
    /// Sends one write; `allowed` says which of the sends may go.
    Result<SendResult> send(const std::vector<bool>& allowed) {
        sync::Caller caller(*xero, transport, tokens, clock, pacer,
                            {"https://xero.example", "tenant", GrantId("grant")},
                            nothing_to_keep<std::vector<pacing::DayRow>>(), nothing_to_keep<Millis>());
        sync::Caller::BeforeSend before = [&](std::vector<pacing::DayRow>) { return ask(allowed.at(asked++)); };
        PreparedCall call;
        call.method = "POST";
        call.target = "/api.xro/2.0/Contacts";
        call.call_class = CallClass::write;
        auto sending = start(io, caller.call(std::move(call), pacing::Urgency::bulk, std::move(before)));
        clock.run_for(std::chrono::minutes(2));
        return sending.take();
    }

    template <class T>
    static std::function<boost::asio::awaitable<Result<void>>(T)> nothing_to_keep() {
        return [](T) -> boost::asio::awaitable<Result<void>> { co_return success(); };
    }
    static boost::asio::awaitable<Result<void>> ask(bool allowed) {
        if (allowed) co_return success();
        co_return Error{ErrorKind::cancelled, "not_sending", "the connection does not send now"};
    }

    boost::asio::io_context io;
    SimClock clock{io};
    std::unique_ptr<Provider> xero = make_xero();
    pacing::AppBudget budget{xero->limits()};
    pacing::Pacer pacer{xero->limits(), budget};
    RefusesOnce transport;
    Renewing tokens;
    std::size_t asked = 0;
};

TEST_F(CallerTest, ASecondSendWithANewTokenIsAskedForToo) {
    const auto answer = send({true, true});
    ASSERT_TRUE(answer.ok()) << answer.error().detail;
    EXPECT_EQ(answer->response.status, 200);
    EXPECT_EQ(asked, 2u);
    EXPECT_EQ(transport.sends, 2);
}

TEST_F(CallerTest, NothingLeavesWhenTheSecondSendIsNotAllowedAnyMore) {
    const auto answer = send({true, false});
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, "not_sending");
    EXPECT_EQ(transport.sends, 1);
}

}  // namespace
}  // namespace spillway::test
