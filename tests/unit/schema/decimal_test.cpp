#include "schema/decimal.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "schema/random.hpp"

namespace spillway {
namespace {

TEST(Decimal, ReadsPlainAndExactExponentText) {
    struct Row {
        const char* text;
        std::int64_t units;
        int scale;
    };
    const Row rows[] = {
        {"0", 0, 0},
        {"-0", 0, 0},
        {"0.00", 0, 2},
        {"12", 12, 0},
        {"-12.340", -12340, 3},
        {"0.0000000001", 1, 10},
        {"2.50", 250, 2},
        {"1e3", 1000, 0},
        {"1.5E+2", 150, 0},
        {"125e-2", 125, 2},
        {"1.00000000000000", 10000000000, 10},              // zeros past the tenth place are dropped
        {"99999999999.0000000000", 999999999990000000, 7},  // and those for which there is no room
        {"9223372036854775807", std::numeric_limits<std::int64_t>::max(), 0},
        {"-922337203.6854775807", -std::numeric_limits<std::int64_t>::max(), 10},
        {"0e-999999999999", 0, 10},
        {"0e999999999999", 0, 0},
    };
    for (const Row& row : rows) {
        const auto number = Decimal::parse(row.text);
        ASSERT_TRUE(number.ok()) << row.text;
        EXPECT_EQ(number->units(), row.units) << row.text;
        EXPECT_EQ(number->scale(), row.scale) << row.text;
    }
}

TEST(Decimal, RefusesWhatIsNoExactNumber) {
    const std::pair<const char*, const char*> rows[] = {
        {"", "bad_decimal"},
        {"-", "bad_decimal"},
        {"+1", "bad_decimal"},
        {".5", "bad_decimal"},
        {"5.", "bad_decimal"},
        {"007", "bad_decimal"},
        {"-01.5", "bad_decimal"},
        {"1,000", "bad_decimal"},
        {" 1", "bad_decimal"},
        {"1 ", "bad_decimal"},
        {"1e", "bad_decimal"},
        {"1e+", "bad_decimal"},
        {"0x10", "bad_decimal"},
        {"NaN", "bad_decimal"},
        {"Infinity", "bad_decimal"},
        {"1.2.3", "bad_decimal"},
        {"--1", "bad_decimal"},
        {"1e1.5", "bad_decimal"},
        {"0.12345678901", "decimal_too_precise"},
        {"1e-11", "decimal_too_precise"},
        {"1e-999999999999", "decimal_too_precise"},
        {"9223372036854775808", "decimal_too_large"},
        {"-9223372036854775808", "decimal_too_large"},
        {"922337203.6854775808", "decimal_too_large"},
        {"1e19", "decimal_too_large"},
        {"1e999999999999", "decimal_too_large"},
        {"123456789012345678901234567890123456789012345", "decimal_too_large"},
    };
    for (const auto& [text, code] : rows) {
        const auto number = Decimal::parse(text);
        ASSERT_FALSE(number.ok()) << text << " read as " << number->to_string();
        EXPECT_EQ(number.error().code, code) << text;
        EXPECT_EQ(number.error().kind, ErrorKind::invalid);
    }
}

TEST(Decimal, WritesKeptAndShortestForms) {
    struct Row {
        Decimal number;
        const char* kept;
        const char* shortest;
    };
    const Row rows[] = {
        {{250, 2}, "2.50", "2.5"},
        {{0, 2}, "0.00", "0"},
        {{-5, 2}, "-0.05", "-0.05"},
        {{1000, 0}, "1000", "1000"},
        {{1000, 3}, "1.000", "1"},
        {{-1000, 1}, "-100.0", "-100"},
        {{1, 10}, "0.0000000001", "0.0000000001"},
        {{std::numeric_limits<std::int64_t>::min(), 0}, "-9223372036854775808", "-9223372036854775808"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(row.number.to_string(), row.kept);
        EXPECT_EQ(row.number.to_shortest(), row.shortest);
    }
}

TEST(Decimal, RoundsBothWays) {
    struct Row {
        Decimal number;
        int scale;
        const char* away;
        const char* even;
    };
    const Row rows[] = {
        {{125, 3}, 2, "0.13", "0.12"},   {{135, 3}, 2, "0.14", "0.14"},    {{-125, 3}, 2, "-0.13", "-0.12"},
        {{1251, 4}, 2, "0.13", "0.13"},  {{1249, 4}, 2, "0.12", "0.12"},   {{-1249, 4}, 2, "-0.12", "-0.12"},
        {{5, 1}, 0, "1", "0"},           {{15, 1}, 0, "2", "2"},           {{-5, 1}, 0, "-1", "0"},
        {{4999, 4}, 0, "0", "0"},        {{9995, 3}, 2, "10.00", "10.00"}, {{5, 10}, 0, "0", "0"},
        {{2, 0}, 4, "2.0000", "2.0000"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(row.number.rounded(row.scale, Rounding::half_away_from_zero).to_string(), row.away);
        EXPECT_EQ(row.number.rounded(row.scale, Rounding::half_to_even).to_string(), row.even);
    }
}

TEST(Decimal, ComparesByValueWhateverTheScale) {
    EXPECT_EQ(Decimal(25, 1), Decimal(250, 2));
    EXPECT_LT(Decimal(249, 2), Decimal(25, 1));
    EXPECT_GT(Decimal(-249, 2), Decimal(-25, 1));
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    EXPECT_GT(Decimal(most, 0), Decimal(most, 10));
    EXPECT_LT(Decimal(-most, 0), Decimal(-most, 10));
}

TEST(Decimal, AddsKeepingTheLargerScale) {
    EXPECT_EQ((Decimal(15, 1) + Decimal(250, 2)).to_string(), "4.00");
    EXPECT_EQ((Decimal(15, 1) - Decimal(250, 2)).to_string(), "-1.00");
    Decimal sum;
    for (int i = 0; i < 10; ++i) sum += Decimal(1, 1);
    EXPECT_EQ(sum, Decimal(1, 0));
}

TEST(DecimalDeathTest, OverflowOfASumIsABug) {
    const Decimal most(std::numeric_limits<std::int64_t>::max(), 0);
    EXPECT_DEATH((void)(most + Decimal(1, 0)), "assertion_failed");
    EXPECT_DEATH((void)most.rounded(1, Rounding::half_to_even), "assertion_failed");
}

TEST(Decimal, MultipliesAndDividesToTheBounds) {
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(multiply({3, 0}, {2555, 3}, 2, Rounding::half_away_from_zero)->to_string(), "7.67");
    EXPECT_EQ(multiply({3, 0}, {2555, 3}, 2, Rounding::half_to_even)->to_string(), "7.66");
    EXPECT_EQ(multiply({most, 0}, {1, 0}, 0, Rounding::half_to_even)->units(), most);
    EXPECT_EQ(multiply({most, 10}, {10, 0}, 9, Rounding::half_to_even)->units(), most);
    EXPECT_EQ(multiply({most, 0}, {2, 0}, 0, Rounding::half_to_even).error().code, "decimal_too_large");
    EXPECT_EQ(multiply({most, 0}, {-most, 0}, 10, Rounding::half_to_even).error().code, "decimal_too_large");
    EXPECT_EQ(divide({1, 0}, {3, 0}, 4, Rounding::half_to_even)->to_string(), "0.3333");
    EXPECT_EQ(divide({2, 0}, {-3, 0}, 4, Rounding::half_to_even)->to_string(), "-0.6667");
    EXPECT_EQ(divide({1, 0}, {8, 0}, 2, Rounding::half_away_from_zero)->to_string(), "0.13");
    EXPECT_EQ(divide({most, 10}, {1, 0}, 0, Rounding::half_to_even)->to_string(), "922337204");
    EXPECT_EQ(divide({most, 0}, {1, 10}, 0, Rounding::half_to_even).error().code, "decimal_too_large");
    EXPECT_EQ(divide({most, 0}, {most, 10}, 0, Rounding::half_to_even)->to_string(), "10000000000");
}

// A slow reference on decimal digits, sharing nothing with the code under test.
using Digits = std::vector<int>;  // least first

Digits digits_of(std::uint64_t value) {
    Digits digits;
    for (; value > 0; value /= 10) digits.push_back(static_cast<int>(value % 10));
    return digits;
}

Digits product_of(const Digits& a, const Digits& b) {
    Digits result(a.size() + b.size() + 1, 0);
    for (std::size_t i = 0; i < a.size(); ++i)
        for (std::size_t j = 0; j < b.size(); ++j) result[i + j] += a[i] * b[j];
    for (std::size_t i = 0; i + 1 < result.size(); ++i) {
        result[i + 1] += result[i] / 10;
        result[i] %= 10;
    }
    return result;
}

Digits round_off(Digits digits, int dropped, Rounding mode) {
    if (dropped <= 0) {
        digits.insert(digits.begin(), static_cast<std::size_t>(-dropped), 0);
        return digits;
    }
    digits.resize(std::max<std::size_t>(digits.size(), static_cast<std::size_t>(dropped) + 1), 0);
    const Digits cut(digits.begin(), digits.begin() + dropped);
    digits.erase(digits.begin(), digits.begin() + dropped);
    bool more_than_half = cut.back() > 5;
    if (cut.back() == 5)
        for (std::size_t i = 0; i + 1 < cut.size(); ++i) more_than_half = more_than_half || cut[i] != 0;
    const bool half = cut.back() == 5 && !more_than_half;
    const bool up = more_than_half || (half && (mode == Rounding::half_away_from_zero || digits.front() % 2 == 1));
    for (std::size_t i = 0; up && i < digits.size(); ++i) {
        if (++digits[i] < 10) return digits;
        digits[i] = 0;
    }
    if (up) digits.push_back(1);
    return digits;
}

std::string text_of(Digits digits, bool negative, int scale) {
    while (!digits.empty() && digits.back() == 0) digits.pop_back();
    const bool zero = digits.empty();
    digits.resize(std::max<std::size_t>(digits.size(), static_cast<std::size_t>(scale) + 1), 0);
    std::string text = negative && !zero ? "-" : "";
    for (std::size_t i = digits.size(); i-- > 0;) {
        text.push_back(static_cast<char>('0' + digits[i]));
        if (i == static_cast<std::size_t>(scale) && scale > 0) text.push_back('.');
    }
    return text;
}

/// A number of 1 to 63 random bits, so that small and large ones are equally likely.
Decimal random_decimal(Random& random) {
    const auto size = static_cast<std::int64_t>(random.next() >> (1 + random.below(63)));
    return {random.below(2) == 0 ? size : -size, static_cast<int>(random.below(Decimal::kScaleMax + 1))};
}

TEST(DecimalProperty, MultiplyAgreesWithASlowReference) {
    SeededRandom random(20101201);
    int fitted = 0;
    for (int round = 0; round < 20'000; ++round) {
        const Decimal a = random_decimal(random);
        const Decimal b = random_decimal(random);
        const int scale = static_cast<int>(random.below(Decimal::kScaleMax + 1));
        const Rounding mode = random.below(2) == 0 ? Rounding::half_away_from_zero : Rounding::half_to_even;
        const bool negative = a.is_negative() != b.is_negative();
        const Digits exact = product_of(digits_of(static_cast<std::uint64_t>(a.abs().units())),
                                        digits_of(static_cast<std::uint64_t>(b.abs().units())));
        const std::string wanted = text_of(round_off(exact, a.scale() + b.scale() - scale, mode), negative, scale);
        const auto product = multiply(a, b, scale, mode);
        const auto bounded = Decimal::parse(wanted);
        if (product.ok()) {
            ++fitted;
            ASSERT_EQ(product->to_string(), wanted) << a.to_string() << " * " << b.to_string();
        } else {
            // What does not fit at its scale may do so without its trailing zeros.
            ASSERT_TRUE(!bounded.ok() || bounded->scale() < scale) << a.to_string() << " * " << b.to_string();
        }
    }
    EXPECT_GT(fitted, 5'000);
}

TEST(DecimalProperty, RoundAgreesWithASlowReference) {
    SeededRandom random(20101202);
    for (int round = 0; round < 20'000; ++round) {
        const Decimal number = random_decimal(random);
        const int scale = static_cast<int>(random.below(static_cast<std::uint64_t>(number.scale()) + 1));
        const Rounding mode = random.below(2) == 0 ? Rounding::half_away_from_zero : Rounding::half_to_even;
        const Digits digits = digits_of(static_cast<std::uint64_t>(number.abs().units()));
        ASSERT_EQ(number.rounded(scale, mode).to_string(),
                  text_of(round_off(digits, number.scale() - scale, mode), number.is_negative(), scale))
            << number.to_string() << " to " << scale;
    }
}

TEST(DecimalProperty, DivideUndoesMultiply) {
    SeededRandom random(20101203);
    for (int round = 0; round < 5'000; ++round) {
        const Decimal a(static_cast<std::int64_t>(random.below(1'000'000'000)), 2);
        const Decimal b(1 + static_cast<std::int64_t>(random.below(1'000'000)), 4);
        const auto product = multiply(a, b, 6, Rounding::half_to_even);
        ASSERT_TRUE(product.ok());
        ASSERT_EQ(divide(*product, b, 2, Rounding::half_to_even)->to_string(), a.to_string());
    }
}

TEST(DecimalProperty, TextAndNumberAreOne) {
    SeededRandom random(20101204);
    for (int round = 0; round < 5'000; ++round) {
        const Decimal number = random_decimal(random);
        const auto again = Decimal::parse(number.to_string());
        ASSERT_TRUE(again.ok()) << number.to_string();
        ASSERT_EQ(*again, number);
        ASSERT_EQ(Decimal::parse(number.to_shortest())->to_shortest(), number.to_shortest());
    }
}

}  // namespace
}  // namespace spillway
