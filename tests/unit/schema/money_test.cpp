#include "schema/money.hpp"

#include <gtest/gtest.h>

namespace spillway {
namespace {

TEST(Currency, KnowsTheMinorUnits) {
    const std::pair<const char*, int> rows[] = {{"GBP", 2}, {"USD", 2}, {"EUR", 2}, {"AUD", 2}, {"ZWG", 2}, {"AED", 2},
                                                {"JPY", 0}, {"KRW", 0}, {"ISK", 0}, {"XPF", 0}, {"BIF", 0}, {"KWD", 3},
                                                {"BHD", 3}, {"TND", 3}, {"CLF", 4}, {"UYW", 4}};
    for (const auto& [code, places] : rows) {
        const auto currency = Currency::parse(code);
        ASSERT_TRUE(currency.ok()) << code;
        EXPECT_EQ(currency->code, code);
        EXPECT_EQ(currency->places(), places) << code;
    }
}

TEST(Currency, RefusesWhatIsNoActiveCode) {
    // Among them withdrawn ones, metals, and cuts across two neighbours of the list.
    for (const char* code : {"", "GB", "gbp", "Gbp", "GBPX", "XXX", "XTS", "XAU", "DEM", "HRK", "ZWL", "ED ", " AF",
                             "D A", "EDA", "123", "GBP "}) {
        const auto currency = Currency::parse(code);
        ASSERT_FALSE(currency.ok()) << code;
        EXPECT_EQ(currency.error().code, "bad_currency");
    }
}

}  // namespace
}  // namespace spillway
