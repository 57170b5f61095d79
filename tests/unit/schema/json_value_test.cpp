#include "schema/json_value.hpp"

#include <gtest/gtest.h>

namespace spillway {
namespace {

JsonValue parsed(std::string_view text) {
    auto value = parse_json(text);
    EXPECT_TRUE(value.ok()) << text;
    return value.ok() ? std::move(*value) : JsonValue();
}

TEST(JsonValue, KeepsNumberTextAndMemberOrder) {
    const char* const text =
        R"({"z":0.10,"a":[1.10,-12.340,12345678901234567890,1e2,-3],"m":{"x":"t\u00e9\n"},"n":null,"b":false})";
    const JsonValue value = parsed(text);
    EXPECT_EQ(write_json(value),
              "{\"z\":0.10,\"a\":[1.10,-12.340,12345678901234567890,1e2,-3],\"m\":{\"x\":\"t\xC3\xA9\\n\"},\"n\":null,"
              "\"b\":false}");
    EXPECT_EQ(value.members().front().name, "z");
    EXPECT_EQ(value["a"].items()[1].as_decimal()->to_string(), "-12.340");
}

TEST(JsonValue, ReadsExactlyOrNotAtAll) {
    const JsonValue v =
        parsed(R"({"n":1.50,"t":"2.50","w":"word","i":7,"f":7.0,"big":1e30,"b":true,"nil":null,"a":[1]})");
    EXPECT_EQ(v["n"].as_decimal()->to_string(), "1.50");
    EXPECT_EQ(v["t"].as_decimal()->to_string(), "2.50");
    EXPECT_EQ(v["w"].as_decimal().error().code, "bad_decimal");
    EXPECT_EQ(v["big"].as_decimal().error().code, "decimal_too_large");
    EXPECT_EQ(v["nil"].as_decimal().error().code, "wrong_type");
    EXPECT_EQ(*v["i"].as_int64(), 7);
    EXPECT_EQ(*v["f"].as_int64(), 7);
    EXPECT_EQ(v["n"].as_int64().error().code, "wrong_type");
    EXPECT_EQ(v["t"].as_int64().error().code, "wrong_type");
    EXPECT_TRUE(*v["b"].as_bool());
    EXPECT_EQ(v["i"].as_bool().error().code, "wrong_type");
    EXPECT_EQ(*v["w"].as_string(), "word");
    EXPECT_EQ(v["i"].as_string().error().detail, "expected string, found number");
    EXPECT_EQ(v["w"].decimal_or({1, 0}), Decimal(1, 0));
    EXPECT_EQ(v["i"].string_or("x"), "7");
    EXPECT_EQ(v["b"].string_or("x"), "x");
    EXPECT_EQ(v["w"].int64_or(-1), -1);
    EXPECT_TRUE(v["w"].bool_or(true));
}

TEST(JsonValue, WhatIsNotThereIsNull) {
    const JsonValue value = parsed(R"({"a":{"b":1}})");
    EXPECT_EQ(value.find("x"), nullptr);
    EXPECT_TRUE(value["x"]["y"]["z"].is_null());
    EXPECT_TRUE(value["a"]["b"]["c"].is_null());
    EXPECT_TRUE(value["a"].items().empty());
    EXPECT_TRUE(value["A"].is_null());
}

TEST(JsonValue, EqualityIgnoresTheOrderOfMembers) {
    EXPECT_EQ(parsed(R"({"a":1,"b":[1,2]})"), parsed(R"({"b":[1,2],"a":1})"));
    for (const char* other :
         {R"({"a":1})", R"({"a":1,"b":[2,1]})", R"({"a":"1","b":[1,2]})", R"({"a":1,"c":[1,2]})", "true"})
        EXPECT_FALSE(parsed(R"({"a":1,"b":[1,2]})") == parsed(other)) << other;
    EXPECT_FALSE(parsed("true") == parsed("false"));
}

TEST(ParseJson, NamesThePlaceOfTheFault) {
    struct Row {
        std::string text;
        const char* code;
        const char* pointer;
    };
    const Row rows[] = {
        {"", "bad_json", ""},
        {"1 2", "bad_json", ""},
        {"{\"a\":[1,2,x]}", "bad_json", "/a/2"},
        {"{\"a\":1,}", "bad_json", ""},
        {"{'a':1}", "bad_json", ""},
        {"[01]", "bad_json", "/1"},
        {"[NaN]", "bad_json", "/0"},
        {"[1] // no", "bad_json", ""},
        {"[\"\xFF\"]", "bad_json", "/0"},
        {"[\"\xED\xA0\x80\"]", "bad_json", "/0"},
        {"[\"\\ud800\"]", "bad_json", "/0"},
        {"[\"a\nb\"]", "bad_json", "/0"},
        {"{\"a\":1e999}", "decimal_too_large", "/a"},
        {"{\"a\":1,\"b\":[{\"c~/d\":1,\"c~/d\":2}]}", "duplicate_member", "/b/0/c~0~1d"},
        {"{\"a\":1,\"\\u0061\":1}", "duplicate_member", "/a"},
        {"[[[[[1]]]]]", "json_too_deep", "/0/0/0/0"},
        {"[1,2,3,4,5,6,7,8]", "json_too_large", "/7"},
        {std::string(101, ' '), "json_too_large", ""},
    };
    for (const Row& row : rows) {
        const auto value = parse_json(row.text, {.bytes_max = 100, .depth_max = 4, .values_max = 7});
        ASSERT_FALSE(value.ok()) << row.text;
        EXPECT_EQ(value.error().code, row.code) << row.text;
        EXPECT_EQ(value.error().pointer, row.pointer) << row.text;
        EXPECT_EQ(value.error().kind, ErrorKind::invalid);
    }
    EXPECT_TRUE(parse_json("[[[[1]]]]", {.depth_max = 4}).ok());
}

TEST(ParseJson, ANulEndsNoText) {
    using std::string_view_literals::operator""sv;
    for (const auto text : {"1\0"sv, "{}\0{"sv, "\0"sv, "[1,\0 2]"sv}) {
        const auto value = parse_json(text);
        ASSERT_FALSE(value.ok());
        EXPECT_EQ(value.error().code, "bad_json");
    }
}

TEST(ParseJson, HostileNestingEndsAtTheBound) {
    EXPECT_EQ(parse_json(std::string(1'000'000, '[')).error().code, "json_too_deep");
}

}  // namespace
}  // namespace spillway
