#include "schema/runtime/log.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <thread>

namespace spillway {
namespace {

class LogTest : public testing::Test {
 protected:
    void SetUp() override {
        previous_ = set_log_sink([this](std::string_view line) { lines_.emplace_back(line); });
    }
    void TearDown() override {
        set_log_level(LogLevel::info);
        set_log_sink(previous_);
    }
    nlohmann::json only_line() const {
        return lines_.size() == 1 ? nlohmann::json::parse(lines_[0]) : nlohmann::json{};
    }

    std::vector<std::string> lines_;
    LogSink previous_;
};

TEST_F(LogTest, ALineIsOneJsonObjectWithItsFields) {
    log_warn("lane_paused", {{"conn", "con_1"}, {"attempt", 3}, {"sent", false}, {"dur_ms", Millis{250}}});
    const auto line = only_line();
    EXPECT_EQ(line["level"], "warn");
    EXPECT_EQ(line["event"], "lane_paused");
    EXPECT_EQ(line["conn"], "con_1");
    EXPECT_EQ(line["attempt"], 3);
    EXPECT_EQ(line["sent"], false);
    EXPECT_EQ(line["dur_ms"], 250);
    EXPECT_THAT(line["ts"].get<std::string>(), testing::MatchesRegex("....-..-..T..:..:..\\....Z"));
}

TEST_F(LogTest, WhateverATextHoldsTheLineStaysValid) {
    using namespace std::string_literals;
    const auto text = "quote\" slash\\ line\n tab\t nul\0 bell\a \xc3\xa9 \xff\xc0\xaf"s;
    log_info("odd", {{"text", text}});
    EXPECT_EQ(lines_.at(0).find('\n'), std::string::npos);
    EXPECT_THAT(only_line()["text"].get<std::string>(), testing::HasSubstr("quote\" slash\\ line\n tab\t"));
}

TEST_F(LogTest, DropsWhatIsUnderTheLevel) {
    log_debug("hidden");
    set_log_level(LogLevel::error);
    log_warn("hidden_too");
    log_error("shown");
    EXPECT_EQ(only_line()["event"], "shown");
}

TEST_F(LogTest, NeverShowsASecret) {
    const Secret secret("canary-4711");
    log_info("token", {{"token", secret}});
    EXPECT_EQ(only_line()["token"], "***");
    EXPECT_EQ(lines_[0].find("canary"), std::string::npos);
}

TEST_F(LogTest, LinesOfManyThreadsDoNotMix) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([] {
            for (int i = 0; i < 100; ++i) log_info("busy", {{"n", i}});
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(lines_.size(), 400u);
    for (const auto& line : lines_) EXPECT_TRUE(nlohmann::json::accept(line));
}

TEST(LogLimiter, LetsOneThroughPerSpanAndCountsTheRest) {
    LogLimiter limiter(Millis{1000});
    const SteadyTime start{Millis{5000}};
    EXPECT_EQ(limiter.permit(start), 0u);
    EXPECT_EQ(limiter.permit(start + Millis{1}), std::nullopt);
    EXPECT_EQ(limiter.permit(start + Millis{999}), std::nullopt);
    EXPECT_EQ(limiter.permit(start + Millis{1000}), 2u);
}

TEST(LogLevelWords, ReadBack) {
    for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error})
        EXPECT_EQ(log_level_from(to_string(level)), level);
    EXPECT_EQ(log_level_from("loud"), std::nullopt);
}

}  // namespace
}  // namespace spillway
