// Replays of more jobs than one step takes: accepted, carried on, stopped, and carried on after a crash.

#include <set>

#include "schema/runtime/task_group.hpp"
#include "tests/unit/api/api_fixture.hpp"

namespace spillway::test {
namespace {

constexpr int kJobs = 450;
constexpr const char* kAll = R"({"filter":{"connection_id":"con_a"}})";

struct ReplaysApi : ApiTest {
    void SetUp() override {
        auto parked = commit([](queue::Transaction& transaction) {
            for (int at = 0; at < kJobs; ++at) {
                queue::NewJob job;
                job.lane = "con_a";
                job.kind = "push.contact";
                job.key = "contact/C" + std::to_string(at);
                job.body = "1";
                auto made = transaction.enqueue(job);
                if (!made.ok()) return Result<void>(std::move(made).error());
            }
            return success();
        });
        ASSERT_TRUE(parked.ok());
        park_all("total_mismatch");
    }
    void TearDown() override { finish(stop(tasks, *clock)); }
    static boost::asio::awaitable<bool> stop(TaskGroup& group, Clock& clock) {
        co_await group.stop(clock, Millis{0});
        co_return true;
    }
    void park_all(const std::string& cause) {
        auto claims = store->claim("con_a", "push.contact", kJobs);
        auto settled = commit([&](queue::Transaction& transaction) {
            for (const auto& claim : claims) {
                auto parked = transaction.settle(claim, queue::Settlement::parked(cause, ""));
                if (!parked.ok()) return parked;
            }
            return success();
        });
        ASSERT_TRUE(settled.ok());
    }
    std::int64_t parked() {
        return read<std::int64_t>([](store::Connection& connection) {
            return connection.database().execAndGet("SELECT count(*) FROM jobs WHERE state = 5").getInt64();
        });
    }
    void carry_on() {
        tasks.spawn(replayer.run(), "replays");
        clock->run_for(Millis{0});
    }
    JsonValue shown(const JsonValue& replay) { return json(get("/v1/replays/" + replay["id"].string_or(""))); }

    TaskGroup tasks{io.get_executor(), "test"};
};

}  // namespace

TEST_F(ReplaysApi, ALongOneIsAcceptedAndGoesOnByItself) {
    HttpHeaders headers;
    headers.set("Idempotency-Key", "once");
    const auto answer = send("POST", "/v1/replays", kPartnerA, kAll, headers);
    EXPECT_EQ(answer.status, 202);
    const auto accepted = json(answer);
    EXPECT_EQ(accepted["state"].text(), "running");
    EXPECT_EQ(accepted["matched"].int64_or(0), kJobs);
    EXPECT_EQ(accepted["replay"].int64_or(0), 200) << "the first step goes before the answer";
    EXPECT_EQ(accepted["by_cause"]["total_mismatch"].int64_or(0), kJobs);
    EXPECT_EQ(parked(), kJobs - 200);
    park_all("total_mismatch");  // what it has let go fails again
    carry_on();
    EXPECT_EQ(parked(), 200) << "no job runs again twice, and the rest did";
    const auto done = shown(accepted);
    EXPECT_EQ(done["state"].text(), "done");
    EXPECT_EQ(done["jobs"].int64_or(0), kJobs);
    EXPECT_EQ(done["matched"].int64_or(0), kJobs);
    EXPECT_FALSE(done["finished_at"].is_null());
    const auto again = send("POST", "/v1/replays", kPartnerA, kAll, headers);
    EXPECT_EQ(json(again)["id"].text(), accepted["id"].text());
    clock->run_for(Millis{0});
    EXPECT_EQ(parked(), 200) << "the same request begins nothing new";
    std::set<std::string> types;
    const auto events = json(get("/v1/events", kPartnerA));
    for (const JsonValue& event : events["items"].items()) types.emplace(event["type"].text());
    EXPECT_TRUE(types.contains("replay.done"));
}

TEST_F(ReplaysApi, OneThatIsUnderWayIsStopped) {
    const auto accepted = json(send("POST", "/v1/replays", kPartnerA, kAll));
    const std::string cancel = "/v1/replays/" + accepted["id"].string_or("") + "/cancel";
    EXPECT_EQ(send("POST", cancel, kPartnerB).status, 404);
    EXPECT_EQ(json(send("POST", cancel, kPartnerA))["state"].text(), "cancelled");
    carry_on();
    EXPECT_EQ(parked(), kJobs - 200);
    EXPECT_EQ(shown(accepted)["jobs"].int64_or(0), 200);
    EXPECT_EQ(json(send("POST", cancel, kPartnerA))["state"].text(), "cancelled") << "stopping it twice is fine";
    const auto rest = json(send("POST", "/v1/replays", kAdmin, kAll));
    clock->run_for(Millis{0});
    EXPECT_EQ(shown(rest)["state"].text(), "done");
    EXPECT_EQ(code(send("POST", "/v1/replays/" + rest["id"].string_or("") + "/cancel", kAdmin)), "already_ended");
    EXPECT_EQ(parked(), 0);
}

TEST_F(ReplaysApi, OneGoesOnWhereACrashLeftIt) {
    const auto accepted = json(send("POST", "/v1/replays", kPartnerA, kAll));
    EXPECT_EQ(shown(accepted)["jobs"].int64_or(0), 200);
    // Nobody carried it on before the end of the process: its row is all that is left of it.
    api::Replayer next(io.get_executor(), *store, *clock);
    TaskGroup later(io.get_executor(), "later");
    later.spawn(next.run(), "replays");
    clock->run_for(Millis{0});
    EXPECT_EQ(shown(accepted)["state"].text(), "done");
    EXPECT_EQ(parked(), 0);
    finish(stop(later, *clock));
}

TEST_F(ReplaysApi, ItWaitsWhileTheDiskIsFull) {
    const auto accepted = json(send("POST", "/v1/replays", kPartnerA, kAll));
    free_bytes = 0;
    carry_on();
    EXPECT_EQ(shown(accepted)["state"].text(), "running");
    free_bytes = std::int64_t{1} << 40;
    clock->run_for(Millis{1'500});
    EXPECT_EQ(shown(accepted)["state"].text(), "done");
    EXPECT_EQ(parked(), 0);
}

}  // namespace spillway::test
