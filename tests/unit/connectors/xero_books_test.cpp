// The organisation: tenants, lists, the proposed mapping and its check.
#include "tests/unit/connectors/xero_fixture.hpp"

namespace spillway {
namespace {

using namespace xero_test;

TEST(XeroBooks, ListsOrganisationsAndNoPractices) {
    const auto call = provider().tenants_call({});
    ASSERT_TRUE(call.ok());
    EXPECT_EQ(call->method + " " + call->target, "GET /connections");
    EXPECT_EQ(provider().tenants_call({.realm = {}, .event_id = "e 1"})->target, "/connections?authEventId=e%201");
    EXPECT_EQ(provider().tenants_call({.realm = "9130", .event_id = {}})->target, "/connections")
        << "what the callback says is of no interest here";
    const auto tenants = provider().read_tenants(
        {}, answered(200,
                     "[{\"id\":\"c1\",\"tenantId\":\"t1\",\"tenantType\":\"ORGANISATION\",\"tenantName\":\"Demo\"},"
                     "{\"id\":\"c2\",\"tenantId\":\"t2\",\"tenantType\":\"PRACTICE\",\"tenantName\":\"P\"}]"));
    ASSERT_TRUE(tenants);
    ASSERT_EQ(tenants->size(), 1u);
    EXPECT_EQ(tenants->at(0).id, "t1");
    EXPECT_EQ(tenants->at(0).connection_id, "c1");
    EXPECT_EQ(provider().read_tenants({}, answered(401, "{}")).error().kind, ErrorKind::unauthorised);
    EXPECT_EQ(provider().read_tenants({}, answered(200, "{}")).error().kind, ErrorKind::unavailable);
    EXPECT_EQ(provider().read_tenants({}, answered(500, "")).error().kind, ErrorKind::unavailable);
}

std::vector<SendResult> lists() {
    return {
        answered(
            200,
            "{\"Organisations\":[{\"Name\":\"Demo\",\"BaseCurrency\":\"NZD\",\"CountryCode\":\"NZ\",\"PeriodLockDate\":"
            "\"/Date(1288483200000+0000)/\",\"EndOfYearLockDate\":\"/Date(1269993600000+0000)/\"}]}"),
        answered(200,
                 "{\"Accounts\":[{\"AccountID\":\"a1\",\"Name\":\"Everyday\",\"Type\":\"BANK\",\"Status\":\"ACTIVE\"},"
                 "{\"AccountID\":\"a2\",\"Code\":\"200\",\"Name\":\"Sales\",\"Type\":\"REVENUE\",\"Class\":\"REVENUE\","
                 "\"Status\":"
                 "\"ACTIVE\"},{\"AccountID\":\"a3\",\"Code\":\"260\",\"Name\":\"Other\",\"Type\":\"REVENUE\",\"Class\":"
                 "\"REVENUE\","
                 "\"Status\":\"ACTIVE\"},{\"AccountID\":\"a4\",\"Code\":\"091\",\"Name\":\"Card "
                 "Clearing\",\"Type\":\"CURRENT\","
                 "\"EnablePaymentsToAccount\":true,\"Status\":\"ACTIVE\"},{\"AccountID\":\"a5\",\"Code\":\"199\","
                 "\"Name\":\"Sales "
                 "before\",\"Type\":\"SALES\",\"Status\":\"ARCHIVED\"}]}"),
        answered(200,
                 "{\"TaxRates\":[{\"TaxType\":\"NONE\",\"Name\":\"No\",\"EffectiveRate\":0.0000,\"Status\":\"ACTIVE\","
                 "\"CanApplyToRevenue\":true},{\"TaxType\":\"OUTPUT2\",\"Name\":\"15%\",\"EffectiveRate\":15.0000,"
                 "\"Status\":"
                 "\"ACTIVE\",\"CanApplyToRevenue\":true},{\"TaxType\":\"INPUT2\",\"Name\":\"in\",\"EffectiveRate\":16,"
                 "\"Status\":"
                 "\"ACTIVE\",\"CanApplyToRevenue\":false},{\"TaxType\":\"OLD\",\"Name\":\"old\",\"EffectiveRate\":30,"
                 "\"Status\":"
                 "\"DELETED\",\"CanApplyToRevenue\":true}]}")};
}

TEST(XeroBooks, ReadsTheListsAndTheLaterLock) {
    std::vector<std::string> targets;
    for (const PreparedCall& call : provider().books_calls(kTenant)) targets.push_back(call.target);
    EXPECT_EQ(targets, (std::vector<std::string>{"/api.xro/2.0/Organisation", "/api.xro/2.0/Accounts",
                                                 "/api.xro/2.0/TaxRates"}));
    const auto books = provider().read_books(kTenant, lists());
    ASSERT_TRUE(books);
    EXPECT_EQ(books->name, "Demo");
    EXPECT_EQ(books->base_currency.code, "NZD");
    EXPECT_EQ(books->locked_until, day("2010-10-31"));
    ASSERT_EQ(books->accounts.size(), 5u);
    EXPECT_EQ(books->accounts[0].code, "a1") << "a bank account without a code is named by its id";
    EXPECT_TRUE(books->accounts[0].takes_payments && !books->accounts[0].takes_sales);
    EXPECT_TRUE(books->accounts[3].takes_payments);
    EXPECT_FALSE(books->accounts[4].active);
    EXPECT_EQ(books->tax_rates[1].percent, dec("15"));
    EXPECT_FALSE(books->tax_rates[2].for_sales);
}

TEST(XeroBooks, AreNotReadWithoutTheBaseCurrency) {
    for (const char* organisation : {"{\"Name\":\"Demo\"}", "{\"Name\":\"Demo\",\"BaseCurrency\":\"\"}"}) {
        auto answers = lists();
        answers[0] = answered(200, std::string("{\"Organisations\":[") + organisation + "]}");
        const auto books = provider().read_books(kTenant, answers);
        ASSERT_FALSE(books) << organisation;
        EXPECT_EQ(books.error().code, "books_unreadable");
    }
}

TEST(XeroBooks, PassesOnWhyAListCouldNotBeRead) {
    auto answers = lists();
    answers[1] = answered(429, "");
    EXPECT_EQ(provider().read_books(kTenant, answers).error().kind, ErrorKind::throttled);
    answers[1] = answered(500, "");
    EXPECT_EQ(provider().read_books(kTenant, answers).error().kind, ErrorKind::unavailable);
}

TEST(XeroBooks, ProposesAMappingThatPassesItsOwnCheck) {
    const Books books = *provider().read_books(kTenant, lists());
    const Mapping mapping = provider().propose(books);
    EXPECT_EQ(mapping.sales_account, "200");
    EXPECT_EQ(mapping.payment_account, "091");
    EXPECT_EQ(mapping.tax_code, "OUTPUT2");
    EXPECT_TRUE(provider().check(mapping, books).empty());
    EXPECT_FALSE(provider().check(provider().propose(Books{}), Books{}).empty()) << "nothing to propose is no mapping";
}

TEST(XeroBooks, NamesEveryProblemOfAMapping) {
    Mapping mapping = xero_test::mapping();
    mapping.sales_account = "091";
    mapping.payment_account = "nowhere";
    mapping.tax_code = "RRINPUT";
    std::vector<std::string> problems;
    for (const auto& problem : provider().check(mapping, books()))
        problems.push_back(problem.pointer + " " + problem.code);
    EXPECT_EQ(problems, (std::vector<std::string>{"/sales_account wrong_account", "/payment_account unknown_account",
                                                  "/tax_code wrong_tax_code", "/accounts/closed unknown_account",
                                                  "/tax_codes/gone unknown_tax_code"}));
}

TEST(XeroBooks, LinksToTheObjectInXero) {
    EXPECT_EQ(provider().object_url(link("document", "Invoices", "i")),
              "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID=i");
    EXPECT_EQ(provider().object_url(link("document", "CreditNotes", "n")),
              "https://go.xero.com/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=n");
    EXPECT_EQ(provider().object_url(link("allocation:x", "Allocations", "n/i")),
              "https://go.xero.com/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=n");
    EXPECT_EQ(provider().object_url(link("contact", "Contacts", "c")), "https://go.xero.com/Contacts/View/c");
    EXPECT_EQ(provider().object_url(link("payment:x", "Payments", "p")), "");
}

}  // namespace
}  // namespace spillway
