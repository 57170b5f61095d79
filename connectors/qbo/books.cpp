#include "connectors/qbo/books.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "connectors/qbo/answers.hpp"
#include "connectors/qbo/coding.hpp"
#include "connectors/qbo/fault.hpp"
#include "connectors/qbo/words.hpp"

namespace spillway::qbo {
namespace {

struct Question {
    std::string_view entity, rest;
};

constexpr auto kQuestions = std::to_array<Question>({
    {"CompanyInfo", ""},
    {"Preferences", ""},
    {"Account", " maxresults 1000"},
    {"TaxCode", " maxresults 1000"},
    {"TaxRate", " maxresults 1000"},
    // A company may have thousands of items; these are the usual names of the first service.
    {"Item", " where Name in ('Services', 'Sales', 'Hours') maxresults 10"},
});

/// Far beyond any realmId seen (16 to 19 digits).
constexpr std::size_t kRealmDigitsMax = 30;

Error unreadable(const SendResult& answer, const std::optional<Fault>& fault) {
    if (answer.stage != Stage::answered) return Error{ErrorKind::unavailable, "no_answer", answer.failure};
    const AnswerFacts facts = facts_of(answer.response);
    Error error{ErrorKind::unavailable, "books_unreadable", "HTTP " + std::to_string(facts.http_status)};
    if (fault) {
        error.detail = words_of(*fault);
        const Error said = outcome_of(*fault, facts).error;
        if (said.kind == ErrorKind::throttled || said.kind == ErrorKind::unauthorised)
            error.kind = said.kind, error.code = said.code;
    }
    if (facts.http_status == 401 || (facts.http_status == 403 && error.kind != ErrorKind::throttled))
        error.kind = ErrorKind::unauthorised;
    if (facts.http_status == 429) error.kind = ErrorKind::throttled;
    if (error.kind == ErrorKind::throttled) error.retry_after = facts.retry_after;
    error.http_status = facts.http_status;
    error.request_id = facts.request_id;
    return error;
}

/// The rows of each question's answer.
Result<std::vector<std::vector<JsonValue>>> rows_of(std::span<const SendResult> answers) {
    if (answers.size() != kQuestions.size()) return Error{ErrorKind::bug, "answers_missing", "not an answer per call"};
    std::vector<std::vector<JsonValue>> rows;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const Result<JsonValue> body = parse_json(answers[i].response.body);
        const std::optional<Fault> fault = body ? fault_in(*body) : read_fault(answers[i].response.body);
        const JsonValue* response = body ? body->find("QueryResponse") : nullptr;
        if (answers[i].stage != Stage::answered || answers[i].response.status != 200 || fault || response == nullptr)
            return unreadable(answers[i], fault);
        rows.push_back((*response)[kQuestions[i].entity].items());
    }
    return rows;
}

Account read_account(const JsonValue& row) {
    const std::string type = row["AccountType"].string_or("");
    Account account{row["Id"].string_or(""), row["Id"].string_or(""), row["Name"].string_or(""), type};
    account.active = row["Active"].bool_or(true);
    account.takes_sales = type == "Income" || type == "Other Income";
    account.takes_payments = type == "Bank" || row["AccountSubType"].text() == "UndepositedFunds";
    return account;
}

Account read_service(const JsonValue& row) {
    Account account{row["Id"].string_or(""), std::string(kItemPrefix) + row["Id"].string_or(""),
                    row["Name"].string_or(""), "Item"};
    account.active = row["Active"].bool_or(true);
    return account;
}

/// A code's percentage is the sum of its sales rates.
TaxRate read_tax_code(const JsonValue& row, const std::map<std::string, Decimal>& percents) {
    TaxRate rate;
    rate.code = row["Id"].string_or("");
    rate.name = row["Name"].string_or("");
    rate.active = row["Active"].bool_or(true);
    const std::vector<JsonValue>& parts = row["SalesTaxRateList"]["TaxRateDetail"].items();
    rate.for_sales = !parts.empty();
    for (const JsonValue& part : parts) {
        const auto found = percents.find(part["TaxRateRef"]["value"].string_or(""));
        if (found != percents.end()) rate.percent += found->second;
    }
    return rate;
}

std::vector<TaxRate> read_tax(const std::vector<JsonValue>& codes, const std::vector<JsonValue>& rates) {
    std::map<std::string, Decimal> percents;
    for (const JsonValue& rate : rates) percents[rate["Id"].string_or("")] = rate["RateValue"].decimal_or({});
    std::vector<TaxRate> read;
    for (const JsonValue& code : codes) read.push_back(read_tax_code(code, percents));
    return read;
}

/// Lines in the US say TAX or NON and nothing else; what TAX comes to is not known beforehand.
std::vector<TaxRate> us_tax(bool using_sales_tax) {
    std::vector<TaxRate> rates;
    if (using_sales_tax) rates.push_back({"TAX", "Taxable", {}, true, true});
    rates.push_back({"NON", "Not taxable", {}, true, true});
    return rates;
}

Result<void> put_preferences(const JsonValue& preferences, Books& books) {
    books.custom_numbers = preferences["SalesFormsPrefs"]["CustomTxnNumbers"].bool_or(true);
    if (const Result<Currency> home = Currency::parse(preferences["CurrencyPrefs"]["HomeCurrency"]["value"].text()))
        books.base_currency = *home;
    else if (books.us_sales_tax)
        books.base_currency = Currency{"USD"};
    else
        return Error{ErrorKind::unavailable, "books_unreadable", "the preferences name no home currency"};
    if (const Result<Date> closed = Date::parse(preferences["AccountingInfoPrefs"]["BookCloseDate"].text()))
        books.locked_until = *closed;
    return success();
}

const Account* find_account(const Books& books, std::string_view code) {
    const auto found = std::ranges::find(books.accounts, code, &Account::code);
    return found == books.accounts.end() ? nullptr : &*found;
}

/// The first active account that fits, one with the usual name before others.
template <class Fits>
std::string choose(const Books& books, std::string_view usual, Fits fits) {
    std::string chosen;
    for (const Account& account : books.accounts) {
        if (!account.active || !fits(account)) continue;
        if (account.name == usual) return account.code;
        if (chosen.empty()) chosen = account.code;
    }
    return chosen;
}

class Problems {
 public:
    void add(std::string pointer, std::string code, std::string detail) {
        found_.push_back({std::move(pointer), std::move(code), std::move(detail)});
    }
    const Account* account(const Books& books, const std::string& code, const std::string& pointer) {
        const Account* account = find_account(books, code);
        if (account == nullptr)
            add(pointer, "account_unknown", "QuickBooks has no account with id '" + code + "'");
        else if (!account->active)
            add(pointer, "account_inactive", "the account '" + account->name + "' is inactive");
        return account;
    }
    void tax_code(const Books& books, const std::string& code, const std::string& pointer) {
        const auto rate = std::ranges::find(books.tax_rates, code, &TaxRate::code);
        if (rate == books.tax_rates.end())
            add(pointer, "tax_code_unknown", "QuickBooks has no tax code with id '" + code + "'");
        else if (!rate->active || !rate->for_sales)
            add(pointer, "tax_code_not_for_sales", "the tax code '" + rate->name + "' cannot stand on sales");
    }
    std::vector<MappingProblem> take() && { return std::move(found_); }

 private:
    std::vector<MappingProblem> found_;
};

}  // namespace

Result<PreparedCall> company_call(std::string_view realm) {
    const bool digits = std::ranges::all_of(realm, [](char c) { return c >= '0' && c <= '9'; });
    if (realm.empty() || realm.size() > kRealmDigitsMax || !digits)
        return invalid("bad_realm", "the callback names no company: realmId is a number");
    PreparedCall call{.method = "GET", .target = {}, .body = {}};
    call.target = company_path(realm) + "/companyinfo/" + std::string(realm) + "?minorversion=";
    call.target += kMinorVersion;
    call.operation = "read CompanyInfo";
    return call;
}

Result<std::vector<Tenant>> read_claimed_company(std::string_view realm, const SendResult& answer) {
    const Result<JsonValue> body = parse_json(answer.response.body);
    const std::optional<Fault> fault = body ? fault_in(*body) : read_fault(answer.response.body);
    const JsonValue* company = body ? body->find("CompanyInfo") : nullptr;
    if (answer.stage != Stage::answered || answer.response.status != 200 || fault || company == nullptr) {
        Error error = unreadable(answer, fault);
        if (error.kind != ErrorKind::unauthorised) return error;
        // 403 with code 3100, as reported: no right to this company. The token is new, so a 401 says no more.
        error.kind = ErrorKind::forbidden;
        error.code = "other_company";
        error.detail = "the consent does not open the company that the callback names";
        return error;
    }
    return std::vector<Tenant>{Tenant{std::string(realm), (*company)["CompanyName"].string_or(""), {}}};
}

std::vector<PreparedCall> company_calls(std::string_view tenant) {
    std::vector<PreparedCall> calls;
    for (const auto& [entity, rest] : kQuestions)
        calls.push_back(query_call(tenant, entity, "select * from " + std::string(entity) + std::string(rest)));
    return calls;
}

Result<Books> read_company(std::string_view tenant, std::span<const SendResult> answers) {
    const Result<std::vector<std::vector<JsonValue>>> rows = rows_of(answers);
    if (!rows) return rows.error();
    const auto& [company, preferences, accounts, codes, rates, services] =
        std::tie((*rows)[0], (*rows)[1], (*rows)[2], (*rows)[3], (*rows)[4], (*rows)[5]);
    if (company.empty() || preferences.empty())
        return Error{ErrorKind::unavailable, "books_unreadable", "no company or no preferences in the answer"};
    Books books;
    books.tenant_id = tenant;
    books.name = company.front()["CompanyName"].string_or("");
    books.country = company.front()["Country"].string_or("");
    books.us_sales_tax = books.country == "US";
    if (Result<void> put = put_preferences(preferences.front(), books); !put) return put.error();
    for (const JsonValue& row : accounts) books.accounts.push_back(read_account(row));
    for (const JsonValue& row : services) books.accounts.push_back(read_service(row));
    const bool using_tax = preferences.front()["TaxPrefs"]["UsingSalesTax"].bool_or(true);
    books.tax_rates = books.us_sales_tax ? us_tax(using_tax) : read_tax(codes, rates);
    return books;
}

Mapping proposed_mapping(const Books& books) {
    Mapping mapping;
    mapping.sales_account = choose(books, "Sales of Product Income", [](const Account& a) { return a.takes_sales; });
    mapping.payment_account = choose(books, "Undeposited Funds", [](const Account& a) { return a.takes_payments; });
    const std::string service = choose(books, "Services", [](const Account& a) { return a.type == "Item"; });
    if (!service.empty()) mapping.accounts[std::string(kNoItemWord)] = service;
    // A line that says nothing of tax is taken as without: a wrong guess shows at once as a total that does not agree.
    for (const TaxRate& rate : books.tax_rates) {
        if (!rate.active || !rate.for_sales) continue;
        if (rate.percent.is_zero() && rate.code != "TAX") {
            mapping.tax_code = rate.code;
            break;
        }
        if (mapping.tax_code.empty()) mapping.tax_code = rate.code;
    }
    mapping.rounding_bound = Decimal(1, 2);
    return mapping;
}

std::vector<MappingProblem> mapping_problems(const Mapping& mapping, const Books& books) {
    Problems problems;
    const Account* sales = problems.account(books, mapping.sales_account, "/sales_account");
    if (sales != nullptr && !sales->takes_sales)
        problems.add("/sales_account", "account_not_for_sales", "'" + sales->name + "' is not an income account");
    const Account* payments = problems.account(books, mapping.payment_account, "/payment_account");
    if (payments != nullptr && !payments->takes_payments)
        problems.add("/payment_account", "account_not_for_payments",
                     "'" + payments->name + "' cannot receive payments");
    // A company without tax set up has no codes at all.
    if (!mapping.tax_code.empty() || !books.tax_rates.empty()) problems.tax_code(books, mapping.tax_code, "/tax_code");
    for (const auto& [word, code] : mapping.tax_codes) problems.tax_code(books, code, pointer_to("/tax_codes", word));
    for (const auto& [word, code] : mapping.accounts) {
        // Items are too many to be listed: an id that does not exist is refused when it is used.
        if (!code.starts_with(kItemPrefix)) problems.account(books, code, pointer_to("/accounts", word));
    }
    if (mapping.rounding_bound.is_negative())
        problems.add("/rounding_bound", "bound_negative", "the bound may not be negative");
    if (mapping.document_status != "authorised")
        problems.add("/document_status", "status_not_supported", "QuickBooks has no drafts: only authorised");
    if (!books.custom_numbers)
        problems.add("", "custom_numbers_off",
                     "QuickBooks would renumber documents: switch on custom transaction numbers");
    return std::move(problems).take();
}

}  // namespace spillway::qbo
