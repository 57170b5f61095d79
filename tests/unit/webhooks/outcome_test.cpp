#include <gtest/gtest.h>

#include "services/webhooks/outcome.hpp"

namespace spillway::test {
namespace {

using namespace webhooks;

SendResult answered(int status, HttpHeaders headers = {}) {
    SendResult sent;
    sent.stage = Stage::answered;
    sent.response.status = status;
    sent.response.headers = std::move(headers);
    return sent;
}

TEST(Schedule, IsThatOfStandardWebhooksWithUpToATenthMore) {
    SeededRandom random(3);
    Millis least{}, most{};
    for (int attempts = 1; attempts <= 7; ++attempts) {
        const Millis planned = kPauses[attempts - 1];
        least += planned;
        for (int i = 0; i < 200; ++i) {
            const auto pause = pause_after(attempts, random);
            ASSERT_TRUE(pause.has_value());
            EXPECT_GE(*pause, planned);
            EXPECT_LE(*pause, planned + planned / 10);
        }
        most += planned + planned / 10;
    }
    EXPECT_EQ(kPauses[0], Millis{5'000});
    EXPECT_GE(least, std::chrono::hours(27));
    EXPECT_LE(most, std::chrono::hours(31));
    EXPECT_FALSE(pause_after(8, random).has_value());
}

TEST(Outcome, OnlyA2xxIsDelivered) {
    for (const int status : {200, 201, 204, 299}) EXPECT_EQ(judge(answered(status)).kind, Outcome::Kind::delivered);
    for (const int status : {301, 302, 307, 400, 401, 404, 429, 500, 503})
        EXPECT_EQ(judge(answered(status)).kind, Outcome::Kind::failed) << status;
    EXPECT_EQ(judge(answered(410)).kind, Outcome::Kind::gone);
    SendResult cut;
    cut.stage = Stage::sending;
    cut.response.status = 200;  // meaningless: it was not answered
    cut.failure = "read: reset";
    EXPECT_EQ(judge(cut).kind, Outcome::Kind::failed);
    EXPECT_EQ(judge(cut).error, "read: reset");
}

TEST(Outcome, HonoursRetryAfterOf429And503Only) {
    EXPECT_EQ(judge(answered(429, {{"Retry-After", "120"}})).retry_after, Millis{120'000});
    EXPECT_EQ(judge(answered(503, {{"Retry-After", "7"}})).retry_after, Millis{7'000});
    EXPECT_EQ(judge(answered(500, {{"Retry-After", "7"}})).retry_after, std::nullopt);
    EXPECT_EQ(judge(answered(429, {{"Retry-After", "99999999999"}})).retry_after, kRetryAfterMax);
    for (const char* bad : {"", "-1", "soon", "9999999999999999999999"})
        EXPECT_EQ(judge(answered(429, {{"Retry-After", bad}})).retry_after, std::nullopt) << bad;
}

}  // namespace
}  // namespace spillway::test
