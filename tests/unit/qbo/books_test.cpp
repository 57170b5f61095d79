#include <gtest/gtest.h>

#include "tests/unit/qbo/builders.hpp"

namespace spillway {
namespace {

using namespace qbo_test;

std::string rows(const std::string& entity, const std::string& content) {
    return R"({"QueryResponse":{")" + entity + "\":[" + content + "]}}";
}

std::vector<SendResult> company(const std::string& country, const std::string& preferences) {
    return {
        answered(200, rows("CompanyInfo", R"({"CompanyName":"Acme","Country":")" + country + "\"}")),
        answered(200, rows("Preferences", preferences)),
        answered(
            200,
            rows(
                "Account",
                R"({"Id":"1","Name":"Sales of Product Income","AccountType":"Income","Active":true},)"
                R"({"Id":"3","Name":"Old","AccountType":"Income","Active":false},)"
                R"({"Id":"4","Name":"Undeposited Funds","AccountType":"Other Current Asset","AccountSubType":"UndepositedFunds"},)"
                R"({"Id":"5","Name":"Stock","AccountType":"Other Current Asset","AccountSubType":"Inventory"})")),
        answered(
            200,
            rows(
                "TaxCode",
                R"({"Id":"2","Name":"20.0% S","SalesTaxRateList":{"TaxRateDetail":[{"TaxRateRef":{"value":"8"}}]}},)"
                R"({"Id":"6","Name":"Two","SalesTaxRateList":{"TaxRateDetail":[{"TaxRateRef":{"value":"8"}},{"TaxRateRef":{"value":"9"}}]}},)"
                R"({"Id":"7","Name":"Bought","SalesTaxRateList":{"TaxRateDetail":[]}})")),
        answered(200, rows("TaxRate", R"({"Id":"8","RateValue":20},{"Id":"9","RateValue":2.5})")),
        answered(200, rows("Item", R"({"Id":"11","Name":"Services","Type":"Service","Active":true})"))};
}

const std::string kPreferences =
    R"({"SalesFormsPrefs":{"CustomTxnNumbers":true},"CurrencyPrefs":{"HomeCurrency":{"value":"GBP"}},)"
    R"("AccountingInfoPrefs":{"BookCloseDate":"2010-11-30"},"TaxPrefs":{"UsingSalesTax":true}})";

TEST(QboBooks, AreAskedForInSixQueries) {
    const auto calls = make_qbo()->books_calls("9130");
    ASSERT_EQ(calls.size(), 6u);
    EXPECT_EQ(calls[0].target, "/v3/company/9130/query?query=select%20%2A%20from%20CompanyInfo&minorversion=75");
    EXPECT_EQ(calls[2].target,
              "/v3/company/9130/query?query=select%20%2A%20from%20Account%20maxresults%201000&minorversion=75");
    for (const PreparedCall& call : calls) EXPECT_EQ(call.call_class, CallClass::read);
}

TEST(QboBooks, AreReadFromTheAnswers) {
    const Books books = make_qbo()->read_books("9130", company("GB", kPreferences)).value();
    EXPECT_EQ(books.tenant_id, "9130");
    EXPECT_EQ(books.name, "Acme");
    EXPECT_EQ(books.country, "GB");
    EXPECT_EQ(books.base_currency.code, "GBP");
    EXPECT_EQ(books.locked_until, day("2010-11-30"));
    EXPECT_TRUE(books.custom_numbers);
    EXPECT_FALSE(books.us_sales_tax);
    ASSERT_EQ(books.accounts.size(), 5u);
    EXPECT_TRUE(books.accounts[0].takes_sales);
    EXPECT_FALSE(books.accounts[1].active);
    EXPECT_TRUE(books.accounts[2].takes_payments);
    EXPECT_FALSE(books.accounts[3].takes_payments);
    EXPECT_EQ(books.accounts[4].code, "item:11");
    ASSERT_EQ(books.tax_rates.size(), 3u);
    EXPECT_EQ(books.tax_rates[0].percent, dec("20"));
    EXPECT_EQ(books.tax_rates[1].percent, dec("22.5"));
    EXPECT_FALSE(books.tax_rates[2].for_sales);
}

TEST(QboBooks, OfTheUnitedStatesKnowTaxAndNonAlone) {
    const Books taxed = make_qbo()->read_books("9130", company("US", R"({"TaxPrefs":{"UsingSalesTax":true}})")).value();
    EXPECT_TRUE(taxed.us_sales_tax);
    EXPECT_EQ(taxed.base_currency.code, "USD");
    ASSERT_EQ(taxed.tax_rates.size(), 2u);
    EXPECT_EQ(taxed.tax_rates[0].code, "TAX");
    EXPECT_EQ(make_qbo()->propose(taxed).tax_code, "NON");
    const Books untaxed =
        make_qbo()->read_books("9130", company("US", R"({"TaxPrefs":{"UsingSalesTax":false}})")).value();
    ASSERT_EQ(untaxed.tax_rates.size(), 1u);
    EXPECT_EQ(untaxed.tax_rates[0].code, "NON");
}

TEST(QboBooks, AreNotReadWithoutTheHomeCurrency) {
    const auto books = make_qbo()->read_books("9130", company("GB", R"({"TaxPrefs":{"UsingSalesTax":true}})"));
    ASSERT_FALSE(books.ok());
    EXPECT_EQ(books.error().code, "books_unreadable");
}

TEST(QboBooks, AreNotReadFromAnswersThatDecideNothing) {
    struct Case {
        SendResult answer;
        ErrorKind kind;
    };
    const Case cases[] = {
        {{Stage::sending, {}, "lost"}, ErrorKind::unavailable},
        {answered(401, ""), ErrorKind::unauthorised},
        {answered(429, ""), ErrorKind::throttled},
        {answered(500, "<html/>"), ErrorKind::unavailable},
        {answered(200, R"({"fault":{"error":[{"code":"3100"}],"type":"SERVICE"}})"), ErrorKind::unauthorised},
        {answered(200, "{}"), ErrorKind::unavailable}};
    for (const Case& one : cases) {
        auto answers = company("GB", kPreferences);
        answers[3] = one.answer;
        const auto books = make_qbo()->read_books("9130", answers);
        ASSERT_FALSE(books.ok());
        EXPECT_EQ(books.error().kind, one.kind) << one.answer.response.status;
    }
}

TEST(QboMapping, IsProposedSoThatItPassesItsOwnCheck) {
    const Books books = make_qbo()->read_books("9130", company("GB", kPreferences)).value();
    const Mapping proposed = make_qbo()->propose(books);
    EXPECT_EQ(proposed.sales_account, "1");
    EXPECT_EQ(proposed.payment_account, "4");
    EXPECT_EQ(proposed.tax_code, "2");
    EXPECT_EQ(proposed.accounts.at("line_without_item"), "item:11");
    EXPECT_EQ(proposed.rounding_bound, dec("0.01"));
    EXPECT_TRUE(make_qbo()->check(proposed, books).empty());
    EXPECT_EQ(make_qbo()->propose(uk_books()).tax_code, "5");  // one without tax before others
}

TEST(QboMapping, IsCheckedAgainstTheBooks) {
    struct Case {
        const char *pointer, *code;
        void (*spoil)(Mapping&, Books&);
    };
    const Case cases[] = {
        {"/sales_account", "account_unknown", [](Mapping& m, Books&) { m.sales_account = "99"; }},
        {"/sales_account", "account_not_for_sales", [](Mapping& m, Books&) { m.sales_account = "4"; }},
        {"/sales_account", "account_inactive", [](Mapping&, Books& b) { b.accounts[0].active = false; }},
        {"/payment_account", "account_not_for_payments", [](Mapping& m, Books&) { m.payment_account = "1"; }},
        {"/tax_code", "tax_code_unknown", [](Mapping& m, Books&) { m.tax_code = "99"; }},
        {"/tax_code", "tax_code_not_for_sales", [](Mapping&, Books& b) { b.tax_rates[0].for_sales = false; }},
        {"/tax_codes/a~1b", "tax_code_unknown", [](Mapping& m, Books&) { m.tax_codes["a/b"] = "99"; }},
        {"/accounts/till", "account_unknown", [](Mapping& m, Books&) { m.accounts["till"] = "99"; }},
        {"/rounding_bound", "bound_negative", [](Mapping& m, Books&) { m.rounding_bound = dec("-0.01"); }},
        {"/document_status", "status_not_supported", [](Mapping& m, Books&) { m.document_status = "draft"; }},
        {"", "custom_numbers_off", [](Mapping&, Books& b) { b.custom_numbers = false; }},
    };
    for (const Case& one : cases) {
        Mapping checked = mapping();
        checked.tax_codes.erase("lost");
        Books books = uk_books();
        ASSERT_TRUE(make_qbo()->check(checked, books).empty());
        one.spoil(checked, books);
        const auto problems = make_qbo()->check(checked, books);
        ASSERT_EQ(problems.size(), 1u) << one.code;
        EXPECT_EQ(problems[0].pointer, one.pointer);
        EXPECT_EQ(problems[0].code, one.code);
    }
}

}  // namespace
}  // namespace spillway
