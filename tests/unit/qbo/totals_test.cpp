#include "connectors/qbo/totals.hpp"

#include <gtest/gtest.h>

#include "tests/unit/qbo/builders.hpp"

namespace spillway {
namespace {

using namespace qbo_test;

struct Priced {
    const char* amount;
    const char* tax_code;  ///< the caller's word, or null for the default (20 %)
};

Result<Decimal> predicted(Amounts amounts, const std::vector<Priced>& lines) {
    Document content = document();
    content.amounts = amounts;
    content.lines.clear();
    for (const Priced& priced : lines) {
        content.lines.push_back(line("1", priced.amount));
        if (priced.tax_code != nullptr) content.lines.back().tax_code = priced.tax_code;
    }
    const auto coded = qbo::code_document(an_invoice(content), content, mapping(), uk_books());
    if (!coded) return coded.error();
    return coded->total;
}

TEST(QboTotals, RoundTaxOncePerCodeOnTheSumOfItsLines) {
    // Per line 0.004 × 3 would vanish; on the sum it is a penny.
    EXPECT_EQ(predicted(Amounts::exclusive, {{"0.02", nullptr}, {"0.02", nullptr}, {"0.02", nullptr}}).value(),
              dec("0.07"));
    // Half a penny goes away from zero: 0.10 × 5 % = 0.005.
    EXPECT_EQ(predicted(Amounts::exclusive, {{"0.10", "reduced"}}).value(), dec("0.11"));
    // Two codes round apart: 0.10 × 5 % and 0.02 × 20 %.
    EXPECT_EQ(predicted(Amounts::exclusive, {{"0.10", "reduced"}, {"0.02", nullptr}}).value(), dec("0.13"));
    EXPECT_EQ(predicted(Amounts::exclusive, {{"100.00", "none"}, {"10.00", nullptr}}).value(), dec("112.00"));
}

TEST(QboTotals, HoldTheTaxInsideInclusiveAmounts) {
    EXPECT_EQ(predicted(Amounts::inclusive, {{"12.00", nullptr}, {"0.99", "reduced"}}).value(), dec("12.99"));
}

TEST(QboTotals, KnowNoTaxWhereThereIsNone) {
    EXPECT_EQ(predicted(Amounts::none, {{"12.00", nullptr}, {"0.99", nullptr}}).value(), dec("12.99"));
}

TEST(QboTotals, TakeTheNetOfALineFromItsStatedTaxFirst) {
    Line gross = line("1", "10.00");
    qbo::CodedLine coded;
    coded.amount = dec("10.00");
    coded.percent = dec("17.5");
    EXPECT_EQ(qbo::net_of_gross(gross, coded, Currency{"GBP"}).value(), dec("8.51"));
    gross.tax = dec("1.50");
    EXPECT_EQ(qbo::net_of_gross(gross, coded, Currency{"GBP"}).value(), dec("8.50"));
}

TEST(QboTotals, CountNegativeLinesAgainstTheOthers) {
    EXPECT_EQ(predicted(Amounts::exclusive, {{"10.00", nullptr}, {"-2.00", nullptr}}).value(), dec("9.60"));
}

}  // namespace
}  // namespace spillway
