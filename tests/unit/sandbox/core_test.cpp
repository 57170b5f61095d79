#include "services/sandbox/core.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

using namespace spillway;
using namespace spillway::sandbox;
using nlohmann::json;

namespace {

/// Sleeping moves the time at once.
class JumpClock final : public Clock {
 public:
    WallTime wall_now() const override { return from_ms(now_.time_since_epoch().count()); }
    SteadyTime steady_now() const override { return now_; }
    boost::asio::awaitable<bool> sleep_until(SteadyTime when) override {
        now_ = std::max(now_, when);
        co_return true;
    }

 private:
    SteadyTime now_{Millis{1'000'000}};
};

/// Counts what reaches it.
class Counter final : public ProviderModel {
 public:
    std::string_view name() const override { return "counter"; }
    bool owns(const HttpRequest& request) const override { return request.path().starts_with("/c/"); }
    bool is_write(const HttpRequest& request) const override { return request.method != "GET"; }
    HttpResponse handle(const HttpRequest&, Now now) override {
        ++handled;
        at = now.steady;
        return {200, {}, "done"};
    }
    std::optional<HttpResponse> begin(const HttpRequest&, Now) override {
        if (open >= 1) return HttpResponse{429, {}, ""};
        ++open;
        return std::nullopt;
    }
    void end(const HttpRequest&) override { --open; }
    void remember(const HttpRequest&, Now, const HttpResponse& answer, bool applied) override {
        remembered = std::to_string(answer.status) + (applied ? " applied" : " not applied");
    }
    json ledger() const override { return {{"handled", handled}}; }
    void reset() override { handled = 0; }
    std::string configure(const json& settings) override { return settings.contains("bad") ? "bad setting" : ""; }

    int handled = 0, open = 0;
    SteadyTime at{};
    std::string remembered;
};

struct Stage {
    Stage() { core.add(std::unique_ptr<ProviderModel>(model)); }
    http::Reply send(const std::string& method, const std::string& target, const std::string& body = "") {
        boost::asio::io_context io;
        auto done =
            boost::asio::co_spawn(io, core.serve(HttpRequest{method, target, {}, body}), boost::asio::use_future);
        io.run();
        return done.get();
    }
    HttpResponse answer(const std::string& method, const std::string& target, const std::string& body = "") {
        http::Reply reply = send(method, target, body);
        return std::holds_alternative<HttpResponse>(reply) ? std::get<HttpResponse>(reply)
                                                           : HttpResponse{0, {}, "dropped"};
    }
    void rules(const std::string& rule) {
        ASSERT_EQ(answer("PUT", "/_sandbox/faults", R"({"rules":[)" + rule + "]}").status, 200);
    }

    JumpClock clock;
    Core core{clock, 1};
    Counter* model = new Counter;
};

}  // namespace

TEST(SandboxCore, RoutesByOwner) {
    Stage stage;
    EXPECT_EQ(stage.answer("GET", "/c/1").body, "done");
    EXPECT_EQ(stage.answer("GET", "/d/1").status, 404);
    EXPECT_EQ(stage.answer("GET", "/_sandboxed").status, 404);
}

TEST(SandboxCore, AnswerLostAndCutDifferInTheirEffect) {
    Stage stage;
    stage.rules(R"({"match":"write","answer_lost":1})");
    EXPECT_EQ(stage.answer("POST", "/c/1").body, "dropped");
    EXPECT_EQ(stage.model->handled, 1);
    EXPECT_EQ(stage.answer("GET", "/c/1").body, "done");
    stage.rules(R"({"cut":1})");
    EXPECT_EQ(stage.answer("POST", "/c/1").body, "dropped");
    EXPECT_EQ(stage.model->handled, 2);
    EXPECT_EQ(stage.model->open, 0) << "each request that began has ended";
}

TEST(SandboxCore, ErrorsWithAndWithoutEffectAreToldToTheModel) {
    Stage stage;
    stage.rules(R"({"error":{"status":500,"body":"oops"}})");
    EXPECT_EQ(stage.answer("POST", "/c/1").body, "oops");
    EXPECT_EQ(stage.model->handled, 0);
    EXPECT_EQ(stage.model->remembered, "500 not applied");
    stage.rules(R"({"error":{"status":502,"effect":"applied"}})");
    EXPECT_EQ(stage.answer("POST", "/c/1").status, 502);
    EXPECT_EQ(stage.model->handled, 1);
    EXPECT_EQ(stage.model->remembered, "502 applied");
}

TEST(SandboxCore, LatencyPassesBeforeTheEffectAndAfterIt) {
    Stage stage;
    const SteadyTime start = stage.clock.steady_now();
    stage.rules(R"({"latency_ms":300,"latency_after_ms":200})");
    EXPECT_EQ(stage.answer("GET", "/c/1").status, 200);
    EXPECT_EQ(stage.model->at - start, Millis{300});
    EXPECT_EQ(stage.clock.steady_now() - start, Millis{500});
}

TEST(SandboxCore, RefusalAtTheBeginningNeedsNoEnd) {
    Stage stage;
    stage.model->open = 1;
    EXPECT_EQ(stage.answer("GET", "/c/1").status, 429);
    EXPECT_EQ(stage.model->open, 1);
    EXPECT_EQ(stage.model->handled, 0);
}

TEST(SandboxCore, ControlPaths) {
    Stage stage;
    stage.answer("GET", "/c/1");
    EXPECT_EQ(json::parse(stage.answer("GET", "/_sandbox/counter/ledger").body)["handled"], 1);
    EXPECT_EQ(json::parse(stage.answer("GET", "/_sandbox/health").body)["providers"][0], "counter");
    struct Case {
        std::string method, target, body;
        int status;
    };
    for (const Case& one :
         {Case{"POST", "/_sandbox/counter/configure", "{}", 200},
          Case{"POST", "/_sandbox/counter/configure", R"({"bad":1})", 400},
          Case{"POST", "/_sandbox/counter/configure", "{", 400}, Case{"GET", "/_sandbox/nobody/ledger", "", 404},
          Case{"PUT", "/_sandbox/faults", "{", 400}, Case{"PUT", "/_sandbox/faults", R"({"rules":[{"cut":2}]})", 400},
          Case{"DELETE", "/_sandbox/faults", "", 405}, Case{"GET", "/_sandbox/faults", "", 200},
          Case{"GET", "/_sandbox", "", 404}, Case{"GET", "/_sandbox/reset", "", 404},
          Case{"POST", "/_sandbox/reset", "", 200}})
        EXPECT_EQ(stage.answer(one.method, one.target, one.body).status, one.status)
            << one.method << one.target << one.body;
    EXPECT_EQ(stage.model->handled, 0);
}
