#include "schema/record_json.hpp"

#include <gtest/gtest.h>

#include "record_samples.hpp"
#include "schema/json_value.hpp"

namespace spillway {
namespace {

using namespace samples;

TEST(ReadRecord, ReadsEveryMemberOfEveryKind) {
    for (const RecordKind kind : kKinds) {
        const auto record = read_record(kind, samples::of(kind));
        ASSERT_TRUE(record.ok()) << to_string(kind) << ": " << record.error().code << " " << record.error().pointer;
        EXPECT_EQ(record->kind(), kind);
        EXPECT_EQ(write_record(*record), samples::of(kind));
        EXPECT_EQ(record->source_version, 7);
        // The sample has every member of the kind, so the text above proves that none is dropped.
        const auto tree = parse_json(samples::of(kind));
        for (const Member& member : members_of(shape_of(kind)))
            EXPECT_NE(tree->find(member.name), nullptr) << to_string(kind) << " " << member.name;
    }
    const auto tree = parse_json(samples::invoice());
    for (const Member& member : members_of(Shape::line))
        EXPECT_NE((*tree)["lines"].items()[0].find(member.name), nullptr) << member.name;
}

TEST(ReadRecord, ReadsTheShortestRecordOfEveryKind) {
    const std::pair<RecordKind, const char*> rows[] = {
        {RecordKind::contact, R"({"name":"A"})"},
        {RecordKind::item, R"({"code":"A","name":"B"})"},
        {RecordKind::invoice, R"({"contact":"c","number":"1","date":"2010-12-01","currency":"JPY","amounts":"none",)"
                              R"("lines":[{"description":"x","quantity":1,"unit_price":1}],"total":1})"},
        {RecordKind::credit_note,
         R"({"contact":"c","number":"1","date":"2010-12-01","currency":"GBP","amounts":"none",)"
         R"("lines":[{"description":"x","quantity":1,"unit_price":1}],"total":1})"},
        {RecordKind::payment, R"({"contact":"c","date":"2010-12-01","currency":"GBP","amount":1})"},
    };
    for (const auto& [kind, text] : rows) {
        const auto record = read_record(kind, text);
        ASSERT_TRUE(record.ok()) << text << record.error().code;
        EXPECT_EQ(read_record(kind, write_record(*record)).value(), *record);
    }
    const auto contact = read_record(RecordKind::contact, rows[0].second);
    EXPECT_EQ(write_record(*contact), R"({"name":"A","customer":true,"supplier":false})");
}

TEST(ReadRecord, KeepsWhatTheCallerWrote) {
    const std::string text = with(samples::invoice(), R"("quantity":3,"unit_price":2.555)",
                                  R"("quantity":"3.0000000000","unit_price":"2.5550")");
    const auto record = read_record(RecordKind::invoice, text);
    ASSERT_TRUE(record.ok()) << record.error().code;
    const Line& line = document_of(*record)->lines[0];
    EXPECT_EQ(line.quantity.to_string(), "3.0000000000");
    EXPECT_EQ(line.unit_price.to_string(), "2.5550");
    EXPECT_EQ(write_record(*record), samples::invoice());
}

TEST(ReadRecord, BringsAmountsToTheMinorUnit) {
    const auto record =
        read_record(RecordKind::invoice, with(samples::invoice(), R"("total":15.2)", R"("total":15.2000000000)"));
    ASSERT_TRUE(record.ok()) << record.error().code;
    EXPECT_EQ(document_of(*record)->total.to_string(), "15.20");
    EXPECT_EQ(document_of(*record)->lines[1].tax->to_string(), "1.00");
}

TEST(ReadRecord, TakesTextsOfEveryScriptAndCountsCharacters) {
    std::string wide;
    for (int i = 0; i < 255; ++i) wide += "\xE2\x82\xAC";
    EXPECT_TRUE(read_record(RecordKind::contact, R"({"name":")" + wide + "\"}").ok());
    EXPECT_EQ(read_record(RecordKind::contact, R"({"name":"x)" + wide + "\"}").error().code, "text_too_long");
    EXPECT_TRUE(read_record(RecordKind::contact, R"({"name":"a\tb\nc \ud83d\ude00"})").ok());
}

TEST(ReadRecord, NamesTheCodeAndThePointerOfEveryFault) {
    for (const Fault& fault : shape_faults()) {
        const std::string sample = samples::of(fault.kind);
        const std::string text = fault.from == sample ? fault.to : with(sample, fault.from, fault.to);
        ASSERT_TRUE(!text.empty() || fault.to.empty()) << "not in the sample: " << fault.from;
        const auto record = read_record(fault.kind, text);
        ASSERT_FALSE(record.ok()) << text;
        EXPECT_EQ(record.error().kind, ErrorKind::invalid);
        EXPECT_EQ(record.error().code, fault.code) << text << "\n" << record.error().detail;
        EXPECT_EQ(record.error().pointer, fault.pointer) << text << "\n" << record.error().code;
    }
}

TEST(ReadRecord, TheDeepestAllowedIsStillRead) {
    const auto nested = [](std::size_t depth) {
        return R"({"name":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
    };
    EXPECT_EQ(read_record(RecordKind::contact, nested(16)).error().code, "wrong_type");
    EXPECT_EQ(read_record(RecordKind::contact, nested(17)).error().code, "json_too_deep");
}

std::string invoice_of_lines(std::size_t count, std::string_view description) {
    std::string lines;
    for (std::size_t i = 0; i < count; ++i)
        lines += (i == 0 ? R"({"description":")" : R"(,{"description":")") + std::string(description) +
                 R"(","quantity":1,"unit_price":1})";
    return R"({"contact":"c","number":"1","date":"2010-12-01","currency":"GBP","amounts":"none","lines":[)" + lines +
           R"(],"total":)" + std::to_string(count) + "}";
}

TEST(ReadRecord, BoundsLinesAndBytes) {
    EXPECT_TRUE(read_record(RecordKind::invoice, invoice_of_lines(10'000, "x")).ok());
    EXPECT_EQ(read_record(RecordKind::invoice, invoice_of_lines(10'001, "x")).error().code, "too_many_elements");
    const auto large = read_record(RecordKind::invoice, invoice_of_lines(2'000, std::string(4'000, 'x')));
    EXPECT_EQ(large.error().code, "json_too_large");
    EXPECT_EQ(large.error().pointer, "");
    std::string padded = kItem;
    padded.resize(kRecordBytesMax, ' ');
    EXPECT_TRUE(read_record(RecordKind::item, padded).ok());
    EXPECT_FALSE(read_record(RecordKind::item, padded + " ").ok());
}

}  // namespace
}  // namespace spillway
