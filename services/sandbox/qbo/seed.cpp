#include "services/sandbox/qbo/seed.hpp"

#include <initializer_list>

#include "schema/assert.hpp"
#include "schema/json_text.hpp"
#include "services/sandbox/qbo/query.hpp"

namespace spillway::sandbox::qbo {
namespace {

/// A name-list object out of its properties' JSON; the made-up time of its making is the seed's.
std::int64_t add(Company& company, Kind kind, std::string_view name,
                 std::initializer_list<std::pair<std::string_view, std::string>> properties) {
    Object object{kind};
    std::string quoted;
    append_json_string(quoted, name);
    object.key = name;
    object.set_field(find_property(info(kind), "Name"), quoted);
    for (const auto& [property, json] : properties) {
        const Property* known = find_property(info(kind), property);
        SPILLWAY_ASSERT(known != nullptr);
        object.set_field(known, json);
    }
    object.id = company.next_id(kind);
    object.created = object.updated = parse_utc("2026-01-01T08:00:00Z").value();
    const std::int64_t id = object.id;
    company.put(std::move(object));
    return id;
}

void add_account(Company& company, std::string_view name, std::string_view type, std::string_view sub_type,
                 std::string_view classification) {
    const auto quoted = [](std::string_view text) { return "\"" + std::string(text) + "\""; };
    add(company, Kind::account, name,
        {{"AccountType", quoted(type)},
         {"AccountSubType", quoted(sub_type)},
         {"Classification", quoted(classification)},
         {"SubAccount", "false"},
         {"CurrencyRef", reference_json(company.currency, {})}});
}

void add_accounts(Company& company) {
    add_account(company, "Sales of Product Income", "Income", "SalesOfProductIncome", "Revenue");
    add_account(company, "Services", "Income", "ServiceFeeIncome", "Revenue");
    add_account(company, "Discounts given", "Income", "DiscountsRefundsGiven", "Revenue");
    add_account(company, "Undeposited Funds", "Other Current Asset", "UndepositedFunds", "Asset");
    add_account(company, "Current Account", "Bank", "Checking", "Asset");
    add_account(company, "Payments Clearing", "Bank", "CashOnHand", "Asset");
    add_account(company, company.us ? "Accounts Receivable (A/R)" : "Debtors", "Accounts Receivable",
                "AccountsReceivable", "Asset");
    add_account(company, company.us ? "Accounts Payable (A/P)" : "Creditors", "Accounts Payable", "AccountsPayable",
                "Liability");
    add_account(company, "Inventory Asset", "Other Current Asset", "Inventory", "Asset");
    add_account(company, company.us ? "Sales Tax Agency Payable" : "VAT Control", "Other Current Liability",
                "GlobalTaxPayable", "Liability");
    add_account(company, "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs", "Expense");
    add_account(company, "Bank charges", "Expense", "BankCharges", "Expense");
}

std::string rate_list(std::int64_t rate) {
    return R"({"TaxRateDetail":[{"TaxRateRef":{"value":")" + std::to_string(rate) +
           R"("},"TaxTypeApplicable":"TaxOnAmount","TaxOrder":0}]})";
}

/// A tax code with one rate of the same percentage for sales.
void add_tax(Company& company, std::string_view code, std::string_view rate_name, Decimal percent, bool taxable) {
    const std::int64_t rate = add(company, Kind::tax_rate, rate_name,
                                  {{"RateValue", percent.to_string()},
                                   {"AgencyRef", reference_json("1", {})},
                                   {"SpecialTaxType", taxable ? "\"NONE\"" : "\"ZERO_RATE\""},
                                   {"DisplayType", "\"ReadOnly\""}});
    const std::int64_t id = add(company, Kind::tax_code, code,
                                {{"Taxable", taxable ? "true" : "false"},
                                 {"TaxGroup", "true"},
                                 {"Hidden", "false"},
                                 {"SalesTaxRateList", rate_list(rate)},
                                 {"PurchaseTaxRateList", R"({"TaxRateDetail":[]})"}});
    company.tax_codes[id] = {std::string(code), {{rate, percent}}};
}

Company company_of(std::string_view realm, std::string_view name, std::string_view country, std::string_view currency) {
    Company company;
    company.realm = realm;
    company.name = name;
    company.country = country;
    company.currency = currency;
    company.us = country == "US";
    add_accounts(company);
    for (const std::string_view term : {"Due on receipt", "Net 15", "Net 30"})
        add(company, Kind::term, term,
            {{"Type", "\"STANDARD\""},
             {"DueDays", term == "Net 30"   ? "30"
                         : term == "Net 15" ? "15"
                                            : "0"}});
    for (const std::string_view method : {"Cash", "Cheque", "Card"}) add(company, Kind::payment_method, method, {});
    return company;
}

}  // namespace

Company uk_company() {
    Company company = company_of(kUkRealm, "Sandbox Company_UK_1", "GB", "GBP");
    add_tax(company, "20.0% S", "20.0% S (Sales)", Decimal(20, 0), true);
    add_tax(company, "5.0% R", "5.0% R (Sales)", Decimal(5, 0), true);
    add_tax(company, "0.0% Z", "0.0% Z (Sales)", Decimal(0, 0), true);
    add_tax(company, "Exempt", "Exempt (Sales)", Decimal(0, 0), true);
    add_tax(company, "No VAT", "No VAT (Sales)", Decimal(0, 0), false);
    return company;
}

Company us_company() {
    Company company = company_of(kUsRealm, "Sandbox Company_US_1", "US", "USD");
    add_tax(company, "California", "California", Decimal(8, 0), true);
    add_tax(company, "Tucson", "Tucson City", Decimal(91, 1), true);
    return company;
}

std::string company_info_json(const Company& company) {
    JsonText json;
    json.object()
        .member("CompanyName", company.name)
        .member("LegalName", company.name)
        .member("Country", company.country);
    json.key("CompanyAddr").object().member("Id", "1").member("CountryCode", company.us ? "USA" : "GBR").close();
    json.member("FiscalYearStartMonth", company.us ? "January" : "April").member("SupportedLanguages", "en");
    json.key("NameValue").array();
    const auto pair = [&](std::string_view name, std::string_view value) {
        json.object().member("Name", name).member("Value", value).close();
    };
    pair("SubscriptionStatus", company.subscription_status);
    pair("OfferingSku", "QuickBooks Online Plus");
    pair("CompanyType", "");
    json.close().member("domain", "QBO").member("sparse", false).member("Id", "1").member("SyncToken", "0");
    json.key("MetaData")
        .object()
        .member("CreateTime", "2026-01-01T00:00:00-08:00")
        .member("LastUpdatedTime", "2026-01-01T00:00:00-08:00")
        .close();
    json.close();
    return std::move(json).take();
}

std::string preferences_json(const Company& company) {
    JsonText json;
    json.object();
    json.key("SalesFormsPrefs")
        .object()
        .member("CustomTxnNumbers", company.custom_txn_numbers)
        .member("AllowDeposit", false);
    json.member("AutoApplyCredit", false).member("AutoApplyPayments", false).close();
    json.key("CurrencyPrefs").object().member("MultiCurrencyEnabled", company.multi_currency);
    json.key("HomeCurrency").object().member("value", company.currency).close().close();
    // No PartnerTaxEnabled: automated sales tax is off, as in companies of the old model.
    json.key("TaxPrefs").object().member("UsingSalesTax", true).close();
    json.key("AccountingInfoPrefs")
        .object()
        .member("ClassTrackingPerTxn", false)
        .member("ClassTrackingPerTxnLine", false);
    json.member("TrackDepartments", false).member("FirstMonthOfFiscalYear", company.us ? "January" : "April");
    if (company.book_close_date) json.member("BookCloseDate", company.book_close_date->to_string());
    json.close().key("VendorAndPurchasesPrefs").object().member("UseCustomTxnNumbers", false).close();
    json.member("domain", "QBO").member("sparse", false).member("Id", "1").member("SyncToken", "0");
    json.key("MetaData")
        .object()
        .member("CreateTime", "2026-01-01T00:00:00-08:00")
        .member("LastUpdatedTime", "2026-01-01T00:00:00-08:00")
        .close();
    json.close();
    return std::move(json).take();
}

}  // namespace spillway::sandbox::qbo
