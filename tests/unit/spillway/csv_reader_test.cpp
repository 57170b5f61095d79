#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/spillway/csv/reader.hpp"

using namespace spillway;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(CsvReader, KeepsWhatQuotesHold) {
    const auto table = csv::read_csv(
        "\xEF\xBB\xBF"
        "a,b\r\n\"x,1\",\"say \"\"hi\"\"\"\r\n\"two\nlines\",\r\nlast,\"\"");
    ASSERT_TRUE(table.ok()) << table.error().detail;
    EXPECT_THAT(table->header, ElementsAre("a", "b"));
    ASSERT_EQ(table->rows.size(), 3u);
    EXPECT_THAT(table->rows[0].fields, ElementsAre("x,1", "say \"hi\""));
    EXPECT_THAT(table->rows[1].fields, ElementsAre("two\nlines", ""));
    EXPECT_THAT(table->rows[2].fields, ElementsAre("last", ""));
}

TEST(CsvReader, CountsLinesAcrossQuotedBreaks) {
    const auto table = csv::read_csv("a,b\n\"1\n2\n3\",x\nlast,y\n");
    ASSERT_TRUE(table.ok());
    EXPECT_EQ(table->rows[0].line, 2u);
    EXPECT_EQ(table->rows[1].line, 5u);
}

TEST(CsvReader, NamesTheLineOfWhatIsWrong) {
    struct Case {
        const char* text;
        const char* detail;
    };
    const Case cases[] = {
        {"", "line 1: the file is empty"},
        {"a,b\n1\n", "line 2: 1 fields where the header has 2"},
        {"a,b\n1,2\n1,2,3\n", "line 3: 3 fields"},
        {"a,b\n\n", "line 2: 1 fields"},
        {"a,b\n1,\"2\n\n", "line 2: a quote that is never closed"},
        {"a,b\n\"x\ny\"z,2\n", "line 3: text after a closing quote"},
        {"a,b\n1,x\"y\n", "line 2: a quote inside"},
        {"a,b\n1\r2,3\n", "line 2: a carriage return"},
        {"a,b\n1,\xFF\n", "line 2: bytes that are not UTF-8"},
        {"a,a\n", "two columns are named 'a'"},
    };
    for (const Case& one : cases) {
        const auto table = csv::read_csv(one.text);
        ASSERT_FALSE(table.ok()) << one.text;
        EXPECT_EQ(table.error().kind, ErrorKind::invalid);
        EXPECT_THAT(table.error().detail, HasSubstr(one.detail));
    }
}
