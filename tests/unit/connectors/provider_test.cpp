#include "connectors/provider.hpp"

#include <gtest/gtest.h>

namespace spillway {
namespace {

TEST(ProviderWords, VerbsRoundTrip) {
    for (const Verb verb : {Verb::create, Verb::update, Verb::void_, Verb::remove})
        EXPECT_EQ(verb_from(to_string(verb)), verb);
    EXPECT_FALSE(verb_from("delete"));
}

TEST(Mapping, RoundTrips) {
    Mapping mapping;
    mapping.sales_account = "200";
    mapping.payment_account = "091";
    mapping.tax_code = "OUTPUT2";
    mapping.accounts = {{"sales \"wholesale\"", "201"}};
    mapping.tax_codes = {{"zero", "ZERORATEDOUTPUT"}};
    mapping.rounding_bound = Decimal(5, 2);
    mapping.document_status = "draft";
    const std::string text = write_mapping(mapping);
    EXPECT_EQ(text,
              "{\"sales_account\":\"200\",\"payment_account\":\"091\",\"tax_code\":\"OUTPUT2\",\"accounts\":{\"sales "
              "\\\"wholesale\\\"\":\"201\"},\"tax_codes\":{\"zero\":\"ZERORATEDOUTPUT\"},\"rounding_bound\":0.05,"
              "\"document_status\":\"draft\"}");
    const auto read = read_mapping(text);
    ASSERT_TRUE(read);
    EXPECT_EQ(write_mapping(*read), text);
}

TEST(Mapping, RefusesWhatItDoesNotKnowAndNamesThePlace) {
    struct Row {
        const char *text, *code, *pointer;
    };
    for (const Row& row :
         {Row{"{\"sale_account\":\"1\"}", "unknown_member", "/sale_account"},
          Row{"{\"sales_account\":1}", "wrong_type", "/sales_account"},
          Row{"{\"accounts\":{\"a\":1}}", "wrong_type", "/accounts/a"},
          Row{"{\"accounts\":[]}", "wrong_type", "/accounts"},
          Row{"{\"rounding_bound\":\"x\"}", "bad_decimal", "/rounding_bound"},
          Row{"{\"rounding_bound\":-1}", "out_of_range", "/rounding_bound"},
          Row{"{\"document_status\":\"paid\"}", "unknown_word", "/document_status"}, Row{"[]", "wrong_type", ""}}) {
        const auto read = read_mapping(row.text);
        ASSERT_FALSE(read) << row.text;
        EXPECT_EQ(read.error().code, row.code) << row.text;
        EXPECT_EQ(read.error().pointer, row.pointer) << row.text;
    }
}

TEST(Books, RoundTrip) {
    Books books;
    books.tenant_id = "t-1";
    books.name = "Demo";
    books.base_currency = Currency{"NZD"};
    books.country = "NZ";
    books.locked_until = *Date::parse("2010-11-30");
    books.custom_numbers = false;
    books.us_sales_tax = true;
    Account account;
    account.id = "a-1";
    account.code = "200";
    account.active = false;
    account.takes_sales = true;
    books.accounts.push_back(account);
    TaxRate rate;
    rate.code = "OUTPUT2";
    rate.percent = Decimal(200, 1);
    rate.for_sales = false;
    books.tax_rates.push_back(rate);
    const std::string text = write_books(books);
    const auto read = read_books_text(text);
    ASSERT_TRUE(read);
    EXPECT_EQ(write_books(*read), text);
    EXPECT_EQ(read->locked_until, books.locked_until);
    EXPECT_TRUE(read->accounts.at(0).takes_sales && !read->accounts.at(0).active);
    EXPECT_EQ(read->tax_rates.at(0).percent, Decimal(20, 0));
}

TEST(PreparedObject, RoundTripsItsExactBody) {
    PreparedObject object;
    object.verb = Verb::update;
    object.role = "document";
    object.entity = "Invoices";
    object.body = "{\"Total\": 1.10,\t\"x\":\"\\u00e9\"}";
    object.marker = "INV \"1\"";
    object.provider_id = "p";
    object.provider_version = "3";
    object.counterparty = "c";
    object.total = Decimal(110, 2);
    object.date = *Date::parse("2010-12-01");
    object.extra = "{}";
    const auto read = read_object(write_object(object));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->verb, Verb::update);
    EXPECT_EQ(read->body, object.body);
    EXPECT_EQ(read->marker, object.marker);
    EXPECT_EQ(read->total->to_string(), "1.10");
    EXPECT_EQ(read->date, object.date);
    EXPECT_EQ(write_object(*read), write_object(object));
}

TEST(PreparedObject, RefusesAnUnknownVerb) { EXPECT_EQ(read_object("{\"verb\":\"merge\"}").error().pointer, "/verb"); }

}  // namespace
}  // namespace spillway
