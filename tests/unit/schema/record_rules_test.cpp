#include "schema/record_rules.hpp"

#include <gtest/gtest.h>

#include "record_samples.hpp"
#include "schema/record_json.hpp"

namespace spillway {
namespace {

using namespace samples;

TEST(CheckRecord, NamesTheBrokenRule) {
    struct Row {
        RecordKind kind;
        std::string from;
        std::string to;
        const char* code;
        const char* pointer;
    };
    using enum RecordKind;
    const Row rows[] = {
        {contact, R"("customer":true)", R"("customer":false)", "contact_without_role", "/customer"},
        {item, "2.555", "10000000000", "decimal_too_large", "/unit_price"},
        {invoice, "2010-12-31", "2010-11-30", "due_before_date", "/due_date"},
        {invoice, R"("amount":7.67)", R"("amount":7.665)", "too_many_places", "/lines/0/amount"},
        {invoice, R"("tax":1.53)", R"("tax":1.534)", "too_many_places", "/lines/0/tax"},
        {invoice, R"("total":15.2)", R"("total":15.201)", "too_many_places", "/total"},
        {invoice, R"("tax_total":2.53)", R"("tax_total":2.531)", "too_many_places", "/tax_total"},
        {invoice, R"("currency":"GBP")", R"("currency":"JPY")", "too_many_places", "/lines/0/amount"},
        {invoice, R"("amount":7.67)", R"("amount":10000000000)", "amount_too_large", "/lines/0/amount"},
        {invoice, R"("total":15.2)", R"("total":-10000000000)", "amount_too_large", "/total"},
        {invoice, R"("quantity":1)", R"("quantity":10000000000)", "decimal_too_large", "/lines/1/quantity"},
        {invoice, R"("unit_price":5)", R"("unit_price":-10000000000)", "decimal_too_large", "/lines/1/unit_price"},
        {invoice, R"("quantity":1,"unit_price":5)", R"("quantity":100000,"unit_price":100000)", "decimal_too_large",
         "/lines/1"},
        {invoice, R"("total":15.2)", R"("total":15.23)", "total_mismatch", "/total"},
        {invoice, R"("total":15.2)", R"("total":15.17)", "total_mismatch", "/total"},
        {invoice, R"("total":15.2)", R"("total":12.67)", "total_mismatch", "/total"},
        {invoice, R"("exclusive")", R"("inclusive")", "total_mismatch", "/total"},
        {invoice, R"("tax":1.53)", R"("tax":1.5)", "tax_mismatch", "/tax_total"},
        {invoice, R"("exclusive")", R"("none")", "tax_without_amounts", "/lines/0/tax"},
        {credit_note, R"("amount":10.2)", R"("amount":10.21)", "over_applied", "/applies_to"},
        {credit_note, R"("amount":10.2)", R"("amount":0)", "not_positive", "/applies_to/0/amount"},
        {credit_note, "inv-2", "inv-1", "duplicate_application", "/applies_to/1/invoice"},
        {payment, R"("amount":20)", R"("amount":0)", "not_positive", "/amount"},
        {payment, R"("amount":20)", R"("amount":-20)", "not_positive", "/amount"},
        {payment, R"("amount":20)", R"("amount":15.19)", "over_applied", "/applies_to"},
        {payment, R"("amount":20)", R"("amount":20.001)", "too_many_places", "/amount"},
        {payment, R"("amount":15.2)", R"("amount":-1)", "not_positive", "/applies_to/0/amount"},
        {payment, R"("amount":15.2)", R"("amount":15.201)", "too_many_places", "/applies_to/0/amount"},
    };
    for (const Row& row : rows) {
        const std::string text = with(samples::of(row.kind), row.from, row.to);
        ASSERT_FALSE(text.empty()) << "not in the sample: " << row.from;
        const auto record = read_record(row.kind, text);
        ASSERT_FALSE(record.ok()) << text;
        EXPECT_EQ(record.error().code, row.code) << text;
        EXPECT_EQ(record.error().pointer, row.pointer) << text << record.error().code;
    }
}

/// An invoice of one kind of line; tests bend single fields.
Document a_document(Amounts amounts, std::size_t lines) {
    Document document;
    document.contact = "c-1";
    document.number = "1";
    document.date = *Date::parse("2010-12-01");
    document.currency = *Currency::parse("GBP");
    document.amounts = amounts;
    Line line;
    line.description = "x";
    line.quantity = {3, 0};
    line.unit_price = {2555, 3};  // 7.67 rounded
    document.lines.assign(lines, line);
    document.total = *lines_total(document);
    return document;
}

TEST(CheckRecord, StatedTotalMayDifferByAMinorUnitPerLine) {
    for (const std::size_t lines : {1u, 2u, 50u}) {
        Document document = a_document(Amounts::inclusive, lines);
        document.tax_total = {100, 2};
        const auto slack = static_cast<std::int64_t>(lines);
        for (const int sign : {-1, 1}) {
            Document bent = document;
            bent.total += Decimal(sign * slack, 2);
            EXPECT_TRUE(check_record({Invoice{bent}, {}}).ok()) << lines;
            bent.total += Decimal(sign, 2);
            EXPECT_EQ(check_record({Invoice{bent}, {}}).error().code, "total_mismatch") << lines;
        }
    }
}

TEST(CheckRecord, TotalHoldsTheTaxOnlyWhereItIsExclusive) {
    Document document = a_document(Amounts::exclusive, 1);
    document.tax_total = {153, 2};
    EXPECT_EQ(check_record({Invoice{document}, {}}).error().code, "total_mismatch");
    document.total = {920, 2};
    EXPECT_TRUE(check_record({Invoice{document}, {}}).ok());
    document.amounts = Amounts::none;
    EXPECT_EQ(check_record({Invoice{document}, {}}).error().pointer, "/tax_total");
}

TEST(CheckRecord, TakesZeroQuantitiesAndOddZeros) {
    Document document = a_document(Amounts::none, 2);
    document.lines[1].quantity = {};
    document.total = {76700000000, 10};
    document.tax_total = {0, 10};
    EXPECT_TRUE(check_record({Invoice{document}, {}}).ok());
    // At ten places the largest amounts would not fit in 64 bits: sums run in the minor unit.
    document.lines.assign(3, document.lines[0]);
    for (Line& line : document.lines) {
        line.amount = Decimal(9'000'000'000, 0);
        line.tax = Decimal(0, 10);
    }
    document.total = {1, 10};
    EXPECT_EQ(check_record({Invoice{document}, {}}).error().code, "too_many_places");
    document.total = {10'000'000'000, 10};
    EXPECT_EQ(check_record({Invoice{document}, {}}).error().code, "total_mismatch");
}

TEST(CheckRecord, HoldsForRecordsThatWereNeverJson) {
    Document document = a_document(Amounts::none, 1);
    document.lines[0].description.clear();
    EXPECT_EQ(check_record({Invoice{document}, {}}).error().pointer, "/lines/0/description");
    document.lines.clear();
    EXPECT_EQ(check_record({Invoice{document}, {}}).error().code, "too_few_elements");
    Document note = a_document(Amounts::none, 1);
    note.due_date = note.date;
    EXPECT_EQ(check_record({CreditNote{note, {}}, {}}).error().pointer, "/due_date");
    note.due_date.reset();
    note.lines[0].quantity = -note.lines[0].quantity;
    note.total = -note.total;
    EXPECT_EQ(check_record({CreditNote{note, {}}, {}}).error().code, "negative_credit_note");
    EXPECT_EQ(check_record({Contact{}, {}}).error().pointer, "/name");
    EXPECT_EQ(check_record({Item{}, {}}).error().pointer, "/code");
    EXPECT_EQ(check_record({Payment{}, {}}).error().pointer, "/contact");
}

TEST(LineAmount, IsStatedOrRoundedHalfAwayFromZero) {
    struct Row {
        Decimal quantity, price;
        std::optional<Decimal> stated;
        const char* currency;
        const char* amount;
    };
    const Row rows[] = {
        {{3, 0}, {2555, 3}, {}, "GBP", "7.67"},
        {{-3, 0}, {2555, 3}, {}, "GBP", "-7.67"},
        {{3, 0}, {2555, 3}, Decimal{766, 2}, "GBP", "7.66"},
        {{3, 0}, {2555, 3}, Decimal{7, 0}, "GBP", "7.00"},
        {{3, 0}, {2555, 3}, {}, "JPY", "8"},
        {{3, 0}, {2555, 3}, {}, "KWD", "7.665"},
        {{0, 0}, {2555, 3}, {}, "GBP", "0.00"},
        {{1, 10}, {1, 10}, {}, "GBP", "0.00"},
    };
    for (const Row& row : rows) {
        Line line;
        line.quantity = row.quantity;
        line.unit_price = row.price;
        line.amount = row.stated;
        EXPECT_EQ(line_amount(line, *Currency::parse(row.currency))->to_string(), row.amount);
    }
    Line line;
    line.quantity = line.unit_price = {1'000'000, 0};
    EXPECT_EQ(line_amount(line, *Currency::parse("GBP")).error().code, "decimal_too_large");
}

TEST(AsCreditNote, TurnsEverySignOfANegativeInvoice) {
    Invoice invoice{a_document(Amounts::exclusive, 2)};
    invoice.document.due_date = invoice.document.date;
    EXPECT_FALSE(as_credit_note(invoice).has_value());
    for (Line& line : invoice.document.lines) {
        line.quantity = -line.quantity;
        line.tax = Decimal(-153, 2);
    }
    invoice.document.lines[1].amount = Decimal(-766, 2);
    invoice.document.tax_total = {-306, 2};
    invoice.document.total = *lines_total(invoice.document) + invoice.document.tax_total;
    ASSERT_TRUE(check_record({invoice, {}}).ok());

    const auto note = as_credit_note(invoice);
    ASSERT_TRUE(note.has_value());
    EXPECT_TRUE(check_record({*note, {}}).ok());
    EXPECT_EQ(note->document.number, invoice.document.number);
    EXPECT_EQ(note->document.total, -invoice.document.total);
    EXPECT_EQ(note->document.tax_total, Decimal(306, 2));
    EXPECT_EQ(*lines_total(note->document), -*lines_total(invoice.document));
    EXPECT_EQ(*note->document.lines[1].amount, Decimal(766, 2));
    EXPECT_FALSE(note->document.due_date.has_value());
    EXPECT_TRUE(note->applies_to.empty());
}

}  // namespace
}  // namespace spillway
