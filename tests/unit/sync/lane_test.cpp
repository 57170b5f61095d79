// A lane against a real storage thread: what virtual time cannot show.

#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "connectors/xero/xero.hpp"
#include "schema/record_json.hpp"
#include "services/store/connections.hpp"
#include "services/sync/lane.hpp"
#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {
namespace {

/// Notices a loop that asks for the time without ever coming back: whoever spins does nothing else.
class WatchedClock final : public Clock {
 public:
    explicit WatchedClock(SimClock& clock) : clock_(clock) {}
    WallTime wall_now() const override { return clock_.wall_now(); }
    SteadyTime steady_now() const override {
        if (++asked_ > kAskedMax) throw std::runtime_error("the lane spins");
        return clock_.steady_now();
    }
    boost::asio::awaitable<bool> sleep_until(SteadyTime when) override { return clock_.sleep_until(when); }
    void turned() { asked_ = 0; }

 private:
    static constexpr int kAskedMax = 10'000;
    SimClock& clock_;
    mutable int asked_ = 0;
};

/// Takes what is sent and never answers before it is told to.
class HeldTransport final : public Transport {
 public:
    explicit HeldTransport(Clock& clock) : clock_(clock) {}
    boost::asio::awaitable<SendResult> send(std::string, HttpRequest request, SendLimits) override {
        sent.push_back(std::move(request));
        [[maybe_unused]] const bool slept = co_await clock_.sleep_for(std::chrono::hours(1));
        co_return SendResult{Stage::sending, {}, "no answer"};
    }
    std::vector<HttpRequest> sent;

 private:
    Clock& clock_;
};

struct OneToken final : sync::TokenSource {
    boost::asio::awaitable<Result<Secret>> token(GrantId) override { co_return Secret("token"); }
    boost::asio::awaitable<Result<Secret>> renew(GrantId, Secret) override { co_return Secret("token"); }
};

/// con_a's lane on a store whose commits run on a thread of their own.
struct LaneTest : BooksTest {
    LaneTest() : BooksTest(Storage::thread), watched(*clock), transport(watched) {
        world.emplace(sync::LaneWorld{io.get_executor(), *store, transport, token, watched, random});
        store->on_ready([this](const std::string& lane) {
            if (lane == "con_a" && lane_) lane_->wake();
        });
    }
    ~LaneTest() override {
        store->on_ready({});
        if (lane_) {
            auto stopping = start(io, lane_->stop(Millis{0}));
            turn([&] { return stopping.ended(); });
        }
        lane_.reset();
    }

    void start_lane() {
        auto row = read<store::ConnectionRow>(
            [](store::Connection& connection) { return *store::get_connection(connection, ConnectionId("con_a")); });
        row.posting = "automatic";
        lane_ = std::make_unique<sync::Lane>(
            *world, row,
            sync::Lane::Setup{*xero, "https://xero.example", "app", budget, turns, breaker, /*fresh=*/true, {}, {}});
        lane_->start({}, {});
    }
    /// Turns the loop, at a standstill of time, until `done`.
    bool turn(const std::function<bool()>& done) {
        return clock->turn_until([&] {
            watched.turned();
            return done();
        });
    }
    /// Holds the storage thread inside a commit that changes the job's body, until the returned promise is kept.
    std::shared_ptr<std::promise<void>> hold_storage(const std::string& name) {
        auto release = std::make_shared<std::promise<void>>();
        auto holding = std::make_shared<std::promise<void>>();
        const auto record = *read_record(RecordKind::contact, a_contact(name));
        const store::Intake intake{ConnectionId("con_a"), "key:test", clock->wall_now(), queue::Priority::normal};
        queue::Work work = [=, until = release->get_future().share()](queue::Transaction& transaction) -> Result<void> {
            auto accepted = store::accept_record(transaction, intake, ExternalId("C1"), record);
            holding->set_value();
            until.wait();
            if (!accepted.ok()) return std::move(accepted).error();
            return success();
        };
        held.emplace(start(io, store->commit(queue::CommandClass::intake, std::move(work))));
        // It is handed over at the next turn of the loop.
        auto begun = holding->get_future();
        EXPECT_TRUE(
            clock->turn_until([&] { return begun.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }));
        return release;
    }

    std::unique_ptr<Provider> xero = make_xero();
    pacing::AppBudget budget{xero->limits()};
    sync::AppTurns turns;
    sync::Breaker breaker;
    SeededRandom random{3};
    WatchedClock watched;
    HeldTransport transport;
    OneToken token;
    std::optional<sync::LaneWorld> world;
    std::unique_ptr<sync::Lane> lane_;
    std::optional<Pending<Result<void>>> held;
};

TEST_F(LaneTest, ALaneWhoseJobsStorageHoldsRestsAndGoesOnWhenTheyAreFreed) {
    set_posting("automatic");
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact("Old name")).ok());
    auto release = hold_storage("New name");
    ASSERT_TRUE(store->next_kind("con_a")) << "the job must be offered";
    ASSERT_TRUE(store->claim("con_a", "push.contact", 1).empty()) << "and not be claimable";
    start_lane();
    // The loop turns and comes to rest: whoever spins never comes back to it, or asks for the time for ever.
    watched.turned();
    for (int turns = 0; turns < 100; ++turns) io.poll();
    EXPECT_TRUE(transport.sent.empty());
    release->set_value();
    ASSERT_TRUE(turn([&] { return !transport.sent.empty(); }));
    EXPECT_TRUE(held->ended());
    EXPECT_NE(transport.sent.front().body.find("New name"), std::string::npos) << "the newer body goes";
    EXPECT_EQ(transport.sent.size(), 1u);
}

}  // namespace
}  // namespace spillway::test
