// Organisation, accounts, tax rates, currencies: the lists that a connection reads before its first document.

#include <algorithm>

#include "services/sandbox/xero/api.hpp"
#include "services/sandbox/xero/lists.hpp"

namespace spillway::sandbox::xero {

namespace {

constexpr std::string_view kActions[] = {"CreateDraftInvoice", "CreateApprovedInvoice", "CreateDraftBill",
                                         "CreateApprovedBill", "UseMulticurrency"};

void write_account(JsonText& json, const Account& account) {
    json.member("AccountID", account.id);
    if (!account.code.empty()) json.member("Code", account.code);
    json.member("Name", account.name).member("Status", account.status).member("Type", account.type);
    json.member("TaxType", account.tax_type).member("Class", account.account_class);
    if (!account.description.empty()) json.member("Description", account.description);
    if (!account.system_account.empty()) json.member("SystemAccount", account.system_account);
    json.member("EnablePaymentsToAccount", account.payments).member("ShowInExpenseClaims", false);
    if (account.type == "BANK") {
        json.member("BankAccountNumber", account.bank_number).member("BankAccountType", "BANK");
        json.member("CurrencyCode", account.currency);
    }
    json.member("HasAttachments", false)
        .member("UpdatedDateUTC", instant(account.updated))
        .member("AddToWatchlist", false);
}

Value account_field(const Account& account, std::string_view name) {
    if (name == "AccountID") return account.id;
    if (name == "Code") return account.code;
    if (name == "Name") return account.name;
    if (name == "Type") return account.type;
    if (name == "Class") return account.account_class;
    if (name == "Status") return account.status;
    if (name == "SystemAccount") return account.system_account;
    if (name == "EnablePaymentsToAccount") return account.payments;
    return {};
}

HttpResponse list_accounts(Call& call) {
    ListSource source{"Accounts"};
    source.field = [](const Row& row, std::string_view name) {
        return account_field(static_cast<const Account&>(row), name);
    };
    source.write = [](JsonText& json, const Row& row, bool) { write_account(json, static_cast<const Account&>(row)); };
    if (call.path.size() > 1) {
        const Account* account = call.books.accounts.find(call.path[1]);
        return account == nullptr ? not_found() : single_answer(call, source, *account);
    }
    for (const auto& [seq, account] : call.books.accounts.rows()) source.rows.push_back(&account);
    return list_answer(call, source);
}

std::string class_of(std::string_view type) {
    if (type == "REVENUE" || type == "SALES" || type == "OTHERINCOME") return "REVENUE";
    if (type == "EQUITY") return "EQUITY";
    if (type == "CURRLIAB" || type == "LIABILITY" || type == "TERMLIAB" || type == "PAYG") return "LIABILITY";
    if (type == "BANK" || type == "CURRENT" || type == "FIXED" || type == "INVENTORY" || type == "NONCURRENT" ||
        type == "PREPAYMENT")
        return "ASSET";
    if (type == "DEPRECIATN" || type == "DIRECTCOSTS" || type == "EXPENSE" || type == "OVERHEADS") return "EXPENSE";
    return {};
}

/// Code and Name are unique among accounts; messages of the specification.
std::vector<std::string> account_errors(const Call& call, const Account& account) {
    std::vector<std::string> errors;
    const auto taken = [&](const std::string& key) {
        return std::ranges::any_of(call.books.accounts.with(key),
                                   [&](const Account* other) { return other->id != account.id; });
    };
    if (account.name.empty() || taken("name:" + folded(account.name))) errors.push_back("Please enter a unique Name.");
    if (account.type != "BANK" && (account.code.empty() || account.code.size() > 10 || taken("code:" + account.code)))
        errors.push_back("Please enter a unique Code.");
    if (account.account_class.empty()) errors.push_back("Account type is not valid");
    return errors;
}

Played play_account(Call& call, const JsonValue& sent, const std::string& id) {
    Account account;
    if (!id.empty()) {
        const Account* old = call.books.accounts.find(id);
        if (old == nullptr) return Played::missing();
        account = *old;
        if (account.type == "BANK" || !account.system_account.empty())
            return {id, {"System and bank accounts cannot be updated via the API"}, {}, false};
    } else {
        account.id = call.ids.guid();
        account.created = call.now.wall;
        account.type = sent["Type"].string_or("");
        account.tax_type = "NONE";
        account.currency = call.books.organisation.currency;
    }
    account.code = sent["Code"].string_or(account.code);
    account.name = sent["Name"].string_or(account.name);
    account.description = sent["Description"].string_or(account.description);
    account.tax_type = sent["TaxType"].string_or(account.tax_type);
    account.bank_number = sent["BankAccountNumber"].string_or(account.bank_number);
    account.payments = sent["EnablePaymentsToAccount"].bool_or(account.payments);
    account.status = sent["Status"].string_or(account.status);
    account.account_class = class_of(account.type);
    account.updated = call.now.wall;
    Played played{account.id, account_errors(call, account), {}, false};
    if (!played.ok() && id.empty()) played.id = Ids::none();
    if (played.ok()) call.books.accounts.put(std::move(account));
    return played;
}

void write_tax_rate(JsonText& json, const TaxRate& rate) {
    json.object().member("Name", rate.name).member("TaxType", rate.tax_type).member("ReportTaxType", rate.report_type);
    json.member("CanApplyToAssets", true)
        .member("CanApplyToEquity", true)
        .member("CanApplyToExpenses", rate.to_expenses);
    json.member("CanApplyToLiabilities", true).member("CanApplyToRevenue", rate.to_revenue);
    json.member("DisplayTaxRate", rate.percent).member("EffectiveRate", rate.percent).member("Status", "ACTIVE");
    json.key("TaxComponents").array().object().member("Name", rate.name).member("Rate", rate.percent);
    json.member("IsCompound", false).member("IsNonRecoverable", false).close().close().close();
}

void write_organisation(JsonText& json, const Organisation& organisation) {
    const std::string version = organisation.country == "GB" ? "UK" : organisation.country;
    json.object().member("Name", organisation.name).member("LegalName", organisation.name).member("PaysTax", true);
    json.member("Version", version).member("OrganisationType", "COMPANY").member("BaseCurrency", organisation.currency);
    json.member("CountryCode", organisation.country)
        .member("IsDemoCompany", true)
        .member("OrganisationStatus", "ACTIVE");
    json.member("TaxNumber", organisation.tax_number)
        .member("FinancialYearEndDay", 31)
        .member("FinancialYearEndMonth", 12);
    json.member("SalesTaxBasis", "ACCRUALS").member("SalesTaxPeriod", "QUARTERLY");
    json.member("DefaultSalesTax", "Tax Exclusive").member("DefaultPurchasesTax", "Tax Exclusive");
    if (organisation.period_lock) json.member("PeriodLockDate", instant(*organisation.period_lock));
    if (organisation.year_end_lock) json.member("EndOfYearLockDate", instant(*organisation.year_end_lock));
    json.member("CreatedDateUTC", "/Date(" + std::to_string(to_ms(organisation.created)) + ")/");
    json.member("OrganisationEntityType", "COMPANY").member("Timezone", organisation.timezone);
    json.member("ShortCode", organisation.short_code).member("OrganisationID", organisation.id);
    json.member("Edition", "BUSINESS").member("Class", "DEMO");
    for (const std::string_view list : {"Addresses", "Phones", "ExternalLinks"}) json.key(list).array().close();
    json.key("PaymentTerms").object().close().close();
}

}  // namespace

HttpResponse serve_organisation(Call& call) {
    if (call.method() != "GET") return {501, {}, ""};
    if (call.path.size() == 2 && call.path[1] == "Actions") {
        return collection_answer(call, "Actions", [&](JsonText& json) {
            const bool several = call.books.organisation.currencies.size() > 1;
            for (const std::string_view name : kActions) {
                const bool allowed = name != "UseMulticurrency" || several;
                json.object().member("Name", name).member("Status", allowed ? "ALLOWED" : "NOT-ALLOWED").close();
            }
        });
    }
    if (call.path.size() != 1) return not_found();
    return collection_answer(call, "Organisations",
                             [&](JsonText& json) { write_organisation(json, call.books.organisation); });
}

HttpResponse serve_accounts(Call& call) {
    if (call.method() == "GET") return list_accounts(call);
    const std::string id = call.path.size() > 1 ? call.path[1] : "";
    if (call.method() == "PUT" ? !id.empty() : id.empty() || call.method() != "POST") return {501, {}, ""};
    const Result<JsonValue> body = read_body(call);
    if (!body) return malformed_body();
    const auto elements = elements_of(*body, "Accounts");
    if (elements.empty()) return malformed_body();
    const BatchKind kind{
        "Accounts", "AccountID", "", [&](const JsonValue& sent) { return play_account(call, sent, id); },
        [&](JsonText& json, const std::string& row) { write_account(json, *call.books.accounts.find(row)); }};
    return play_one(call, kind, elements.front());
}

HttpResponse serve_tax_rates(Call& call) {
    if (call.method() != "GET") return {501, {}, ""};
    if (call.path.size() > 1 && call.books.tax_rate(call.path[1]) == nullptr) return not_found();
    return collection_answer(call, "TaxRates", [&](JsonText& json) {
        for (const TaxRate& rate : call.books.tax_rates)
            if (call.path.size() < 2 || rate.tax_type == call.path[1]) write_tax_rate(json, rate);
    });
}

HttpResponse serve_currencies(Call& call) {
    if (call.method() == "PUT") {
        const Result<JsonValue> body = read_body(call);
        const auto elements = body ? elements_of(*body, "Currencies") : std::vector<JsonValue>{};
        const std::string code = elements.empty() ? "" : elements.front()["Code"].string_or("");
        if (code.size() != 3) return bad_request(10, "ValidationException", "A validation exception occurred");
        auto& list = call.books.organisation.currencies;
        if (std::ranges::find(list, code) == list.end()) list.push_back(code);
    } else if (call.method() != "GET") {
        return {501, {}, ""};
    }
    return collection_answer(call, "Currencies", [&](JsonText& json) {
        for (const std::string& code : call.books.organisation.currencies)
            json.object().member("Code", code).member("Description", code).close();
    });
}

}  // namespace spillway::sandbox::xero
