// A call that is answered with 401 goes a second time: whoever keeps the intent hears of each send.

#include "services/sync/caller.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "connectors/xero/xero.hpp"
#include "schema/runtime/task_group.hpp"
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
        sync::Caller caller(*xero, transport, tokens, clock, pacer, turns,
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

    static boost::asio::awaitable<void> into(boost::asio::awaitable<Result<SendResult>> call,
                                             std::optional<Result<SendResult>>& answer) {
        answer = co_await std::move(call);
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
    sync::AppTurns turns;
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
    EXPECT_FALSE(pacer.reserve_day(clock.steady_now(), clock.wall_now()).empty())
        << "the day counts that came with the refused send were not stored";
}

TEST_F(CallerTest, AStopWhileTheIntentIsWrittenSendsNothing) {
    sync::Caller caller(*xero, transport, tokens, clock, pacer, turns,
                        {"https://xero.example", "tenant", GrantId("grant")},
                        nothing_to_keep<std::vector<pacing::DayRow>>(), nothing_to_keep<Millis>());
    // A commit is not cut short by a stop.
    boost::asio::steady_timer stored(io, boost::asio::steady_timer::time_point::max());
    sync::Caller::BeforeSend before = [&](std::vector<pacing::DayRow>) -> boost::asio::awaitable<Result<void>> {
        auto commit = [&]() -> boost::asio::awaitable<void> {
            boost::system::error_code ignored;
            co_await stored.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
        };
        co_await boost::asio::co_spawn(
            io, commit(),
            boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(), boost::asio::use_awaitable));
        co_return success();
    };
    PreparedCall call;
    call.call_class = CallClass::write;
    std::optional<Result<SendResult>> answer;
    TaskGroup group(io.get_executor(), "test");
    group.spawn(into(caller.call(std::move(call), pacing::Urgency::bulk, std::move(before)), answer), "call");
    clock.run_for(Millis{10});
    group.cancel(boost::asio::cancellation_type::terminal);
    clock.run_for(Millis{10});
    stored.cancel();
    clock.run_for(Millis{10});
    ASSERT_TRUE(answer);
    ASSERT_FALSE(answer->ok());
    EXPECT_EQ(answer->error().code, "stopping");
    EXPECT_EQ(transport.sends, 0);
    EXPECT_EQ(pacer.in_flight(), 0);
}

}  // namespace
}  // namespace spillway::test
