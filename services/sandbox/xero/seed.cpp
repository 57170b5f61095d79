// The two demo organisations that every start has: charts of accounts and tax rates in the style of Xero's own.

#include "services/sandbox/xero/books.hpp"

namespace spillway::sandbox::xero {

namespace {

struct SeedAccount {
    const char *code, *name, *type, *account_class, *tax_type, *system_account;
    bool payments;
};

constexpr SeedAccount kUkChart[] = {
    {"090", "Business Bank Account", "BANK", "ASSET", "NONE", "", false},
    {"091", "Business Savings Account", "BANK", "ASSET", "NONE", "", false},
    {"200", "Sales", "REVENUE", "REVENUE", "OUTPUT2", "", false},
    {"260", "Other Revenue", "REVENUE", "REVENUE", "OUTPUT2", "", false},
    {"270", "Interest Income", "REVENUE", "REVENUE", "NONE", "", false},
    {"310", "Cost of Goods Sold", "DIRECTCOSTS", "EXPENSE", "INPUT2", "", false},
    {"400", "Advertising & Marketing", "OVERHEADS", "EXPENSE", "INPUT2", "", false},
    {"404", "Bank Fees", "OVERHEADS", "EXPENSE", "EXEMPTINPUT", "", false},
    {"425", "Postage, Freight & Courier", "OVERHEADS", "EXPENSE", "INPUT2", "", false},
    {"429", "General Expenses", "OVERHEADS", "EXPENSE", "INPUT2", "", false},
    {"497", "Bank Revaluations", "EXPENSE", "EXPENSE", "NONE", "BANKCURRENCYGAIN", false},
    {"498", "Unrealised Currency Gains", "EXPENSE", "EXPENSE", "NONE", "UNREALISEDCURRENCYGAIN", false},
    {"499", "Realised Currency Gains", "EXPENSE", "EXPENSE", "NONE", "REALISEDCURRENCYGAIN", false},
    {"610", "Accounts Receivable", "CURRENT", "ASSET", "NONE", "DEBTORS", false},
    {"620", "Prepayments", "CURRENT", "ASSET", "NONE", "", false},
    {"630", "Inventory", "INVENTORY", "ASSET", "NONE", "", false},
    {"710", "Office Equipment", "FIXED", "ASSET", "INPUT2", "", false},
    {"800", "Accounts Payable", "CURRLIAB", "LIABILITY", "NONE", "CREDITORS", false},
    {"820", "VAT", "CURRLIAB", "LIABILITY", "NONE", "GST", false},
    {"835", "Directors' Loan Account", "CURRLIAB", "LIABILITY", "NONE", "", true},
    {"840", "Historical Adjustment", "CURRLIAB", "LIABILITY", "NONE", "HISTORICAL", false},
    {"855", "Clearing Account", "CURRLIAB", "LIABILITY", "NONE", "", true},
    {"860", "Rounding", "CURRLIAB", "LIABILITY", "NONE", "ROUNDING", false},
    {"877", "Tracking Transfers", "CURRLIAB", "LIABILITY", "NONE", "TRACKINGTRANSFERS", false},
    {"960", "Retained Earnings", "EQUITY", "EQUITY", "NONE", "RETAINEDEARNINGS", false},
    {"970", "Owner A Funds Introduced", "EQUITY", "EQUITY", "NONE", "", true},
};

constexpr SeedAccount kUsChart[] = {
    {"090", "Checking Account", "BANK", "ASSET", "NONE", "", false},
    {"200", "Sales", "REVENUE", "REVENUE", "OUTPUT", "", false},
    {"260", "Other Revenue", "REVENUE", "REVENUE", "NONE", "", false},
    {"500", "Cost of Goods Sold", "DIRECTCOSTS", "EXPENSE", "NONE", "", false},
    {"604", "Bank Fees", "OVERHEADS", "EXPENSE", "NONE", "", false},
    {"120", "Accounts Receivable", "CURRENT", "ASSET", "NONE", "DEBTORS", false},
    {"205", "Accounts Payable", "CURRLIAB", "LIABILITY", "NONE", "CREDITORS", false},
    {"220", "Sales Tax", "CURRLIAB", "LIABILITY", "NONE", "GST", false},
    {"255", "Historical Adjustment", "CURRLIAB", "LIABILITY", "NONE", "HISTORICAL", false},
    {"258", "Clearing Account", "CURRLIAB", "LIABILITY", "NONE", "", true},
    {"259", "Rounding", "CURRLIAB", "LIABILITY", "NONE", "ROUNDING", false},
    {"320", "Retained Earnings", "EQUITY", "EQUITY", "NONE", "RETAINEDEARNINGS", false},
};

// The demo organisations are older than any document that is posted to them.
constexpr WallTime kFounded{std::chrono::sys_days{std::chrono::year{2010} / 1 / 1}};

template <std::size_t N>
void add_accounts(Books& books, Ids& ids, const SeedAccount (&chart)[N]) {
    for (const SeedAccount& seed : chart) {
        Account account;
        account.id = ids.guid();
        account.created = account.updated = kFounded;
        account.code = seed.code;
        account.name = seed.name;
        account.type = seed.type;
        account.account_class = seed.account_class;
        account.tax_type = seed.tax_type;
        account.system_account = seed.system_account;
        account.payments = seed.payments;
        if (account.type == "BANK") {
            account.currency = books.organisation.currency;
            account.bank_number = "200000" + account.code + "12345";
        }
        books.accounts.put(std::move(account));
    }
    books.undo.clear();
}

std::unique_ptr<Books> demo_company(Ids& ids, Organisation organisation) {
    organisation.id = ids.guid();
    organisation.created = kFounded;
    return std::make_unique<Books>(std::move(organisation));
}

}  // namespace

std::unique_ptr<Books> demo_company_uk(Ids& ids) {
    Organisation organisation;
    organisation.name = "Demo Company (UK)";
    organisation.short_code = "!UkD3m";
    organisation.country = "GB";
    organisation.currency = "GBP";
    organisation.tax_number = "GB123456789";
    organisation.timezone = "GMTSTANDARDTIME";
    organisation.currencies = {"GBP", "EUR", "USD"};
    auto books = demo_company(ids, std::move(organisation));
    add_accounts(*books, ids, kUkChart);
    books->tax_rates = {
        {"OUTPUT2", "20% (VAT on Income)", "OUTPUT", {20, 0}, false, true},
        {"INPUT2", "20% (VAT on Expenses)", "INPUT", {20, 0}, true, false},
        {"RROUTPUT", "5% (VAT on Income)", "OUTPUT", {5, 0}, false, true},
        {"RRINPUT", "5% (VAT on Expenses)", "INPUT", {5, 0}, true, false},
        {"ZERORATEDOUTPUT", "Zero Rated Income", "OUTPUT", {0, 0}, false, true},
        {"ZERORATEDINPUT", "Zero Rated Expenses", "INPUT", {0, 0}, true, false},
        {"EXEMPTOUTPUT", "Exempt Income", "OUTPUT", {0, 0}, false, true},
        {"EXEMPTINPUT", "Exempt Expenses", "INPUT", {0, 0}, true, false},
        {"NONE", "No VAT", "NONE", {0, 0}, true, true},
    };
    return books;
}

std::unique_ptr<Books> demo_company_us(Ids& ids) {
    Organisation organisation;
    organisation.name = "Demo Company (US)";
    organisation.short_code = "!UsD3m";
    organisation.country = "US";
    organisation.currency = "USD";
    organisation.tax_number = "101-2-303";
    organisation.timezone = "EASTERNSTANDARDTIME";
    organisation.currencies = {"USD"};
    auto books = demo_company(ids, std::move(organisation));
    add_accounts(*books, ids, kUsChart);
    books->tax_rates = {
        {"OUTPUT", "Tax on Sales", "OUTPUT", {825, 2}, false, true},
        {"INPUT", "Tax on Purchases", "INPUT", {825, 2}, true, false},
        {"NONE", "Tax Exempt", "NONE", {0, 0}, true, true},
    };
    return books;
}

}  // namespace spillway::sandbox::xero
