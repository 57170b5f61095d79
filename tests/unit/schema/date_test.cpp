#include "schema/date.hpp"

#include <gtest/gtest.h>

namespace spillway {
namespace {

TEST(Date, ReadsCalendarDaysOnly) {
    for (const char* text : {"2010-12-01", "2000-02-29", "2024-02-29", "0001-01-01", "9999-12-31"}) {
        const auto date = Date::parse(text);
        ASSERT_TRUE(date.ok()) << text;
        EXPECT_EQ(date->to_string(), text);
    }
    for (const char* text : {"", "2010-12-1", "2010-12-32", "2010-13-01", "2010-00-10", "2010-01-00", "1900-02-29",
                             "2023-02-29", "2010/12/01", "20101201", "2010-12-01T00:00:00Z", " 2010-12-01",
                             "01-12-2010", "+010-12-01", "-010-12-01", "0000-01-01", "2010-12-0x"}) {
        const auto date = Date::parse(text);
        ASSERT_FALSE(date.ok()) << text;
        EXPECT_EQ(date.error().code, "bad_date");
    }
}

TEST(Date, ComparesInCalendarOrder) {
    EXPECT_LT(*Date::parse("2010-12-01"), *Date::parse("2011-01-01"));
    EXPECT_LT(*Date::parse("2010-09-30"), *Date::parse("2010-10-01"));
}

TEST(Utc, ReadsZonesFractionsAndLeapSeconds) {
    const std::pair<const char*, const char*> rows[] = {
        {"2010-12-01T08:26:00Z", "2010-12-01T08:26:00.000Z"},
        {"2010-12-01t08:26:00z", "2010-12-01T08:26:00.000Z"},
        {"2010-12-01T08:26:00", "2010-12-01T08:26:00.000Z"},
        {"2010-12-01T08:26:00.1", "2010-12-01T08:26:00.100Z"},
        {"2010-12-01T08:26:00.1239999Z", "2010-12-01T08:26:00.123Z"},
        {"2010-12-01T08:26:00-07:00", "2010-12-01T15:26:00.000Z"},
        {"2011-01-01T00:15:00+05:30", "2010-12-31T18:45:00.000Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
    };
    for (const auto& [text, wanted] : rows) {
        const auto when = parse_utc(text);
        ASSERT_TRUE(when.ok()) << text;
        EXPECT_EQ(format_utc(*when), wanted) << text;
    }
    EXPECT_EQ(to_ms(*parse_utc("1970-01-01T00:00:00Z")), 0);
}

TEST(Utc, RefusesWhatIsNoTime) {
    for (const char* text :
         {"", "2010-12-01", "2010-12-01T", "2010-12-01T08:26", "2010-12-01T24:00:00Z", "2010-12-01T08:60:00Z",
          "2010-12-01T08:26:61Z", "2010-12-01T08:26:00.Z", "2010-12-01T08:26:00+0530", "2010-12-01T08:26:00+24:00",
          "2010-12-01T08:26:00ZZ", "2010-02-30T08:26:00Z", "2010-12-01 08:26:00", "2010-12-01T08:26:00 Z"}) {
        const auto when = parse_utc(text);
        ASSERT_FALSE(when.ok()) << text;
        EXPECT_EQ(when.error().code, "bad_time");
    }
}

}  // namespace
}  // namespace spillway
