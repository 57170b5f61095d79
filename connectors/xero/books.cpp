#include "connectors/xero/books.hpp"

#include <algorithm>

#include "connectors/xero/answers.hpp"
#include "connectors/xero/calls.hpp"
#include "connectors/xero/words.hpp"

namespace spillway::xero {
namespace {

Result<JsonValue> good_body(const SendResult& answer) {
    JsonValue body = body_of(answer);
    std::optional<Error> error = whole_call_error(answer, body);
    if (error && error->kind == ErrorKind::unknown) error->kind = ErrorKind::unavailable;  // it was a read
    if (error) return *error;
    return body;
}

// Accounts without a code, as bank accounts may be, are named by their id.
Account read_account(const JsonValue& element) {
    Account account;
    account.id = element["AccountID"].text();
    account.code = element["Code"].string_or("");
    if (account.code.empty()) account.code = account.id;
    account.name = element["Name"].text();
    account.type = element["Type"].text();
    account.active = element["Status"].text() == "ACTIVE";
    account.takes_sales = element["Class"].text() == "REVENUE" || account.type == "SALES" || account.type == "REVENUE";
    // docs "Payments": a bank account, or one with payments enabled.
    account.takes_payments = account.type == "BANK" || element["EnablePaymentsToAccount"].bool_or(false);
    return account;
}

TaxRate read_tax_rate(const JsonValue& element) {
    TaxRate rate;
    rate.code = element["TaxType"].text();
    rate.name = element["Name"].text();
    rate.percent = element["EffectiveRate"].decimal_or({});
    rate.active = element["Status"].text() == "ACTIVE";
    rate.for_sales = element["CanApplyToRevenue"].bool_or(true);
    return rate;
}

bool names(const std::string& text, std::string_view word) {
    return std::search(text.begin(), text.end(), word.begin(), word.end(),
                       [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; }) != text.end();
}

// The best by a score; the first among equals; empty when none scores at all.
template <class T, class Score>
std::string best_code(const std::vector<T>& list, Score score) {
    int best = 0;
    std::string code;
    for (const T& one : list)
        if (const int points = score(one); one.active && points > best) {
            best = points;
            code = one.code;
        }
    return code;
}

template <class T>
const T* known(const std::vector<T>& list, const std::string& code) {
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const T& one) { return one.code == code && one.active; });
    return found == list.end() ? nullptr : &*found;
}

}  // namespace

Result<std::vector<Tenant>> read_tenants(const SendResult& answer) {
    const JsonValue body = body_of(answer);
    // This list is an array, not an envelope.
    if (!(answer.stage == Stage::answered && answer.response.status == 200 && body.is_array())) {
        std::optional<Error> error = whole_call_error(answer, body);
        if (!error)
            error = Error{.kind = ErrorKind::unavailable, .code = "answer_unreadable", .detail = "no list of tenants"};
        if (error->kind == ErrorKind::unknown) error->kind = ErrorKind::unavailable;
        return *error;
    }
    std::vector<Tenant> tenants;
    for (const JsonValue& element : body.items()) {
        if (element["tenantType"].text() != "ORGANISATION") continue;
        Tenant tenant;
        tenant.id = element["tenantId"].text();
        tenant.name = element["tenantName"].text();
        tenant.connection_id = element["id"].text();
        tenants.push_back(std::move(tenant));
    }
    return tenants;
}

std::vector<PreparedCall> books_calls(std::string_view tenant) {
    return {read_call(tenant, "Organisation", "", "GET Organisation"),
            read_call(tenant, "Accounts", "", "GET Accounts"), read_call(tenant, "TaxRates", "", "GET TaxRates")};
}

Result<Books> read_books(std::string_view tenant, std::span<const SendResult> answers) {
    SPILLWAY_ASSERT(answers.size() == 3);
    std::vector<JsonValue> bodies;
    for (const SendResult& answer : answers) {
        Result<JsonValue> body = good_body(answer);
        if (!body) return body.error();
        bodies.push_back(std::move(*body));
    }
    if (bodies[0]["Organisations"].items().empty())
        return Error{
            .kind = ErrorKind::unavailable, .code = "answer_unreadable", .detail = "no organisation in the answer"};
    const JsonValue& organisation = bodies[0]["Organisations"].items().front();
    Books books;
    books.tenant_id = tenant;
    books.name = organisation["Name"].text();
    const Result<Currency> base = Currency::parse(organisation["BaseCurrency"].text());
    if (!base)
        return Error{
            .kind = ErrorKind::unavailable, .code = "books_unreadable", .detail = "the organisation names no currency"};
    books.base_currency = *base;
    books.country = organisation["CountryCode"].text();
    for (const char* lock : {"PeriodLockDate", "EndOfYearLockDate"})
        if (const std::optional<Date> date = date_in(organisation, lock))
            if (!books.locked_until || *date > *books.locked_until) books.locked_until = date;
    for (const JsonValue& element : bodies[1]["Accounts"].items()) books.accounts.push_back(read_account(element));
    for (const JsonValue& element : bodies[2]["TaxRates"].items()) books.tax_rates.push_back(read_tax_rate(element));
    return books;
}

Mapping propose(const Books& books) {
    Mapping mapping;
    mapping.sales_account = best_code(books.accounts, [](const Account& account) {
        return !account.takes_sales ? 0 : 1 + 2 * (account.type == "SALES") + 4 * names(account.name, "sales");
    });
    mapping.payment_account = best_code(books.accounts, [](const Account& account) {
        return !account.takes_payments ? 0 : 1 + 2 * (account.type == "BANK") + 4 * names(account.name, "clearing");
    });
    // Codes differ by country, so the list decides: the highest rate for sales is a country's ordinary one.
    Decimal highest(-1, 0);
    for (const TaxRate& rate : books.tax_rates)
        if (rate.active && rate.for_sales && rate.percent > highest) {
            highest = rate.percent;
            mapping.tax_code = rate.code;
        }
    mapping.rounding_bound = Decimal(1, 2);
    return mapping;
}

std::vector<MappingProblem> check(const Mapping& mapping, const Books& books) {
    std::vector<MappingProblem> problems;
    const auto account = [&](const std::string& pointer, const std::string& code, bool Account::* must) {
        const Account* found = known(books.accounts, code);
        if (!found)
            problems.push_back(
                {pointer, "unknown_account", "\"" + code + "\" is no active account of the organisation"});
        else if (must && !(found->*must))
            problems.push_back({pointer, "wrong_account", "\"" + code + "\" cannot be used for this"});
    };
    const auto tax = [&](const std::string& pointer, const std::string& code) {
        const TaxRate* found = known(books.tax_rates, code);
        if (!found)
            problems.push_back(
                {pointer, "unknown_tax_code", "\"" + code + "\" is no active tax rate of the organisation"});
        else if (!found->for_sales)
            problems.push_back({pointer, "wrong_tax_code", "\"" + code + "\" is not for sales"});
    };
    account("/sales_account", mapping.sales_account, &Account::takes_sales);
    account("/payment_account", mapping.payment_account, &Account::takes_payments);
    tax("/tax_code", mapping.tax_code);
    for (const auto& [word, code] : mapping.accounts) account(pointer_to("/accounts", word), code, nullptr);
    for (const auto& [word, code] : mapping.tax_codes) tax(pointer_to("/tax_codes", word), code);
    return problems;
}

}  // namespace spillway::xero
