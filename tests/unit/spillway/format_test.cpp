#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/spillway/sample.hpp"

using namespace spillway;
using testing::HasSubstr;

namespace {

const std::string kLedger = R"({"name":"ledger","columns":{"document":"No","item":"Sku","description":"Text",
  "quantity":"Qty","date":"Day","unit_price":"Price","customer":"Who"},"date_format":"D.M.YYYY","currency":"EUR"})";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    return text.replace(text.find(what), what.size(), with);
}

}  // namespace

TEST(CsvFormat, ReadsAnyColumnsInAnyOrder) {
    const auto format = csv::read_format(kLedger);
    ASSERT_TRUE(format.ok()) << format.error().detail;
    const auto import =
        csv::import_csv("Who,Day,Extra,No,Sku,Text,Qty,Price\nBob,3.1.2026,-,R1,a1,Thing,2,1.5\n", *format);
    ASSERT_TRUE(import.ok()) << import.error().detail;
    const Document& document = *document_of(import->documents.at(0).record);
    EXPECT_EQ(document.date.to_string(), "2026-01-03");
    EXPECT_EQ(document.currency.code, "EUR");
    EXPECT_EQ(document.total, Decimal(3, 0));
    EXPECT_EQ(std::get<Contact>(import->contacts.at(0).record.body).name, "Bob");
}

TEST(CsvFormat, SaysWhichColumnIsMissing) {
    const auto format = csv::read_format(kLedger);
    const auto import = csv::import_csv("Who,Day,No,Sku,Text\nBob,3.1.2026,R1,a1,Thing\n", *format);
    ASSERT_FALSE(import.ok());
    EXPECT_EQ(import.error().code, "missing_column");
    EXPECT_THAT(import.error().detail, HasSubstr("Qty, Price"));
}

TEST(CsvFormat, NamesThePlaceOfAMistake) {
    struct Case {
        std::string text;
        const char* pointer;
    };
    const Case cases[] = {
        {"[]", ""},
        {"{", ""},
        {replaced(kLedger, "\"name\"", "\"nome\""), "/name"},
        {replaced(kLedger, "\"Qty\"", "7"), "/columns/quantity"},
        {replaced(kLedger, "\"EUR\"", "\"euro\""), "/currency"},
        {replaced(kLedger, "\"currency\"", "\"amounts\":\"inclusive\",\"currency\""), "/amounts"},
        {replaced(kLedger, "\"currency\"", "\"due_days\":-1,\"currency\""), "/due_days"},
        {replaced(kLedger, "\"currency\"", "\"rules\":{\"zero_price\":\"hide\"},\"currency\""), "/rules/zero_price"},
        {replaced(kLedger, "\"currency\"", "\"rules\":{\"zero\":\"drop\"},\"currency\""), "/rules/zero"},
        {replaced(kLedger, "\"currency\"", "\"contact_name\":\"Customer\",\"currency\""), "/contact_name"},
        {replaced(kLedger, "\"currency\"", "\"countries\":{\"Spain\":\"esp\"},\"currency\""), "/countries"},
    };
    for (const Case& one : cases) {
        const auto format = csv::read_format(one.text);
        ASSERT_FALSE(format.ok()) << one.text;
        EXPECT_EQ(format.error().kind, ErrorKind::invalid);
        EXPECT_EQ(format.error().pointer, one.pointer) << one.text;
    }
}

TEST(CsvFormat, ReadsDatesByPattern) {
    struct Case {
        const char* pattern;
        const char* text;
        const char* date;  ///< null: refused
    };
    const Case cases[] = {
        {"YYYY-MM-DD hh:mm:ss", "2010-12-01 08:26:00", "2010-12-01"},
        {"YYYY-MM-DD hh:mm:ss", "2010-12-01", nullptr},
        {"YYYY-MM-DD", "2010-12-01 08:26:00", nullptr},
        {"YYYY-MM-DD hh:mm:ss", "2010-12-01 24:26:00", nullptr},
        {"M/D/YYYY h:mm", "12/1/2010 8:26", "2010-12-01"},
        {"M/D/YYYY", "13/1/2010", nullptr},
        {"DD.MM.YYYY", "1.12.2010", nullptr},
        {"YYYY-MM-DD", "2011-02-29", nullptr},
        {"YYYYMMDD", "20120229", "2012-02-29"},
        {"YYYY-MM", "2012-02", nullptr},
    };
    for (const Case& one : cases) {
        const auto date = csv::read_date(one.pattern, one.text);
        ASSERT_EQ(date.ok(), one.date != nullptr) << one.pattern << " " << one.text;
        if (one.date != nullptr) EXPECT_EQ(date->to_string(), one.date);
    }
}

TEST(CsvFormat, ShipsRetailCsvAsItStandsInTheFolder) {
    const auto built_in = csv::built_in_format("retail-csv");
    ASSERT_TRUE(built_in);
    EXPECT_EQ(*built_in, test::read_text(std::string(SPILLWAY_SOURCE_DIR) + "/deploy/formats/retail-csv.json"));
    EXPECT_FALSE(csv::built_in_format("retail"));
}
