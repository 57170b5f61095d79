// Xero's arithmetic: four-place prices, tax per line rounded to two places and then summed.
#include "connectors/xero/totals.hpp"

#include "schema/random.hpp"
#include "tests/unit/connectors/xero_fixture.hpp"

namespace spillway {
namespace {

using namespace xero_test;

struct Row {
    const char* name;
    const char *quantity, *price, *amount;  // amount: stated, or null
    Amounts amounts;
    const char* percent;
    int copies;
    const char *wire_quantity, *wire_price, *wire_amount, *tax, *total;
};
class XeroTotals : public testing::TestWithParam<Row> {};
TEST_P(XeroTotals, PredictsWhatXeroComputes) {
    const Row& row = GetParam();
    Document body = document();
    body.amounts = row.amounts;
    Line one = line("x", row.quantity, row.price);
    if (row.amount) one.amount = dec(row.amount);
    body.lines.assign(static_cast<std::size_t>(row.copies), one);
    const auto totals = xero::predict(body, std::vector(body.lines.size(), dec(row.percent)));
    ASSERT_TRUE(totals);
    EXPECT_EQ(totals->lines[0].quantity.to_shortest(), row.wire_quantity);
    EXPECT_EQ(totals->lines[0].unit_amount.to_shortest(), row.wire_price);
    EXPECT_EQ(totals->lines[0].amount.to_string(), row.wire_amount);
    EXPECT_EQ(totals->tax.to_string(), row.tax);
    EXPECT_EQ(totals->total.to_string(), row.total);
}
constexpr Amounts kEx = Amounts::exclusive, kIn = Amounts::inclusive, kNo = Amounts::none;
INSTANTIATE_TEST_SUITE_P(
    Table, XeroTotals,
    testing::Values(
        Row{"plain", "3", "2.55", nullptr, kEx, "20", 1, "3", "2.55", "7.65", "1.53", "9.18"},
        Row{"half_up", "1", "0.125", nullptr, kNo, "0", 1, "1", "0.125", "0.13", "0.00", "0.13"},
        Row{"half_down_negative", "-1", "0.125", nullptr, kNo, "0", 1, "-1", "0.125", "-0.13", "0.00", "-0.13"},
        Row{"tax_half", "1", "0.50", nullptr, kEx, "5", 1, "1", "0.5", "0.50", "0.03", "0.53"},
        Row{"tax_per_line_not_per_document", "1", "0.50", nullptr, kEx, "5", 10, "1", "0.5", "0.50", "0.30", "5.30"},
        Row{"tax_of_negative", "-1", "0.50", nullptr, kEx, "5", 1, "-1", "0.5", "-0.50", "-0.03", "-0.53"},
        Row{"inclusive", "1", "9.18", nullptr, kIn, "20", 1, "1", "9.18", "9.18", "1.53", "9.18"},
        Row{"inclusive_rounds_net", "1", "0.10", nullptr, kIn, "20", 3, "1", "0.1", "0.10", "0.06", "0.30"},
        Row{"inclusive_zero_rate", "2", "1.00", nullptr, kIn, "0", 1, "2", "1", "2.00", "0.00", "2.00"},
        Row{"odd_rate", "1", "10.00", nullptr, kEx, "8.875", 1, "1", "10", "10.00", "0.89", "10.89"},
        Row{"four_places_kept", "100", "0.0312", nullptr, kNo, "0", 1, "100", "0.0312", "3.12", "0.00", "3.12"},
        Row{"five_places_still_fit", "2", "1.00004", nullptr, kNo, "0", 1, "2", "1", "2.00", "0.00", "2.00"},
        Row{"five_places_fold", "1000", "0.12345", nullptr, kNo, "0", 1, "1", "123.45", "123.45", "0.00", "123.45"},
        Row{"stated_amount_rules", "3", "3.33", "10.00", kNo, "0", 1, "1", "10", "10.00", "0.00", "10.00"},
        Row{"fine_quantity_folds", "0.12345", "100", nullptr, kNo, "0", 1, "1", "12.35", "12.35", "0.00", "12.35"},
        Row{"free", "5", "0", nullptr, kEx, "20", 1, "5", "0", "0.00", "0.00", "0.00"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(XeroTotals, OverridesTheTaxOnlyWhereTheStatedOneDiffers) {
    Document body = document();
    body.lines[0].tax = dec("1.53");
    EXPECT_FALSE(xero::predict(body, {dec("20")})->lines[0].tax);
    body.lines[0].tax = dec("1.54");
    const auto totals = xero::predict(body, {dec("20")});
    EXPECT_EQ(totals->lines[0].tax, dec("1.54"));
    EXPECT_EQ(totals->total, dec("9.19"));
    body.total = dec("9.19");
    const auto object = first_object(invoice_subject(body));
    EXPECT_NE(object.body.find("\"TaxType\":\"OUTPUT2\",\"TaxAmount\":1.54}"), std::string::npos) << object.body;
}

TEST(XeroTotals, SaysInTheTextWhatAFoldedLineWas) {
    Document body = document();
    body.amounts = Amounts::none;
    body.lines[0] = line("Wire", "1000", "0.12345");
    body.total = dec("123.45");
    const auto object = first_object(invoice_subject(body));
    EXPECT_NE(
        object.body.find(
            "\"Description\":\"Wire (1000 x 0.12345)\",\"Quantity\":1,\"UnitAmount\":123.45,\"LineAmount\":123.45"),
        std::string::npos)
        << object.body;
}

TEST(XeroTotals, AlwaysSendsAProductThatIsTheLineAmount) {
    SeededRandom random(7);
    for (int i = 0; i < 20'000; ++i) {
        Document body = document();
        body.amounts = Amounts::none;
        Line one = line("x", "1", "1");
        one.quantity =
            Decimal(static_cast<std::int64_t>(random.below(18'000)) - 9'000, static_cast<int>(random.below(7)));
        one.unit_price = Decimal(static_cast<std::int64_t>(random.below(1'000'000)), static_cast<int>(random.below(9)));
        body.lines = {one};
        const auto totals = xero::predict(body, {Decimal{}});
        ASSERT_TRUE(totals);
        const auto& wire = totals->lines[0];
        EXPECT_LE(wire.unit_amount.shortest().scale(), 4);
        EXPECT_LE(wire.quantity.shortest().scale(), 4);
        EXPECT_EQ(*multiply(wire.quantity, wire.unit_amount, 2, Rounding::half_away_from_zero), wire.amount);
        EXPECT_EQ(totals->total, wire.amount);
    }
}

}  // namespace
}  // namespace spillway
