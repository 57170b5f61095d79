#include "schema/json_text.hpp"

#include <gtest/gtest.h>

#include "schema/json_value.hpp"
#include "schema/random.hpp"
#include "schema/utf8.hpp"

namespace spillway {
namespace {

TEST(JsonText, PutsCommasAndKeepsDecimals) {
    JsonText json;
    json.object().member("total", Decimal(250, 2)).member("absent", std::optional<Decimal>()).member("count", 3);
    json.key("lines").array();
    json.object().member("text", "a").close().array().close().value(true).null().value(-1).value(Decimal(-5, 2));
    json.close().member_raw("raw", R"({"x":1})").member("empty", std::string()).close();
    EXPECT_EQ(std::move(json).take(),
              R"({"total":2.50,"count":3,"lines":[{"text":"a"},[],true,null,-1,-0.05],"raw":{"x":1},"empty":""})");
}

TEST(JsonText, EscapesWhatNeedsIt) {
    const std::pair<std::string, std::string> rows[] = {
        {"plain", "\"plain\""},
        {"q\"b\\s/", "\"q\\\"b\\\\s/\""},
        {"\n\r\t", "\"\\n\\r\\t\""},
        {std::string("\0\x01\x1F\x7F", 4), "\"\\u0000\\u0001\\u001f\\u007f\""},
        {"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "\"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\""},
        {"\xFF"
         "a\xC3",
         "\"\xEF\xBF\xBD"
         "a\xEF\xBF\xBD\""},
        {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},  // a surrogate
    };
    for (const auto& [text, wanted] : rows) {
        std::string out;
        append_json_string(out, text);
        EXPECT_EQ(out, wanted);
    }
}

TEST(JsonTextDeathTest, AHalfWrittenTextIsABug) {
    EXPECT_DEATH((void)std::move(JsonText().object()).take(), "assertion_failed");
    EXPECT_DEATH(JsonText().object().value(1), "assertion_failed");
    EXPECT_DEATH(JsonText().value(1).value(2), "assertion_failed");
    EXPECT_DEATH(JsonText().array().key("x"), "assertion_failed");
    EXPECT_DEATH(JsonText().object().key("x").close(), "assertion_failed");
}

TEST(JsonTextProperty, AnyBytesMakeAJsonString) {
    SeededRandom random(7);
    for (int round = 0; round < 5'000; ++round) {
        std::string bytes;
        for (auto length = random.below(12); length > 0; --length)
            bytes.push_back(static_cast<char>(random.below(256)));
        JsonText json;
        const std::string text = std::move(json.value(bytes)).take();
        const auto parsed = parse_json(text);
        ASSERT_TRUE(parsed.ok()) << text;
        if (utf8_length(bytes)) {
            ASSERT_EQ(parsed->text(), bytes);
        }
    }
}

TEST(Utf8, CountsAndCutsCharacters) {
    EXPECT_EQ(utf8_length("caf\xC3\xA9"), 4u);
    EXPECT_EQ(utf8_length(""), 0u);
    for (const char* text :
         {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8", "\xFF"})
        EXPECT_EQ(utf8_length(text), std::nullopt);
    EXPECT_EQ(utf8_prefix("caf\xC3\xA9!", 4), "caf\xC3\xA9");
    EXPECT_EQ(utf8_prefix("caf\xC3\xA9", 9), "caf\xC3\xA9");
    EXPECT_EQ(utf8_prefix("abc", 0), "");
}

}  // namespace
}  // namespace spillway
