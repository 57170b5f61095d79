// The providers' side of the world: their books, other people's hands, faults.

#include <algorithm>
#include <stdexcept>

#include "schema/sha256.hpp"
#include "tests/simulation/world.hpp"

namespace spillway::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

JsonValue World::ledger(const std::string& provider, std::size_t company) {
    auto parsed = parse_json(sandbox("GET", "/_sandbox/" + provider + "/ledger").body);
    if (!parsed.ok()) throw std::runtime_error("the ledger cannot be read");
    return (*parsed)["tenants"].items().at(company);
}

std::vector<BookedDocument> World::documents(const std::string& provider) {
    const auto tenant = ledger(provider);
    std::vector<BookedDocument> out;
    for (const auto& document : tenant["documents"].items())
        out.push_back({document["type"].string_or(""), document["number"].string_or(""),
                       document["contact"].string_or(""), document["status"].string_or(""),
                       document["net"].decimal_or({}), document["total"].decimal_or({})});
    return out;
}

std::int64_t World::throttled(const std::string& provider) {
    auto parsed = parse_json(sandbox("GET", "/_sandbox/" + provider + "/ledger").body);
    return (*parsed)["calls"]["throttled"].int64_or(-1);
}

std::int64_t World::calls(const std::string& provider, const std::string& operation) {
    auto parsed = parse_json(sandbox("GET", "/_sandbox/" + provider + "/ledger").body);
    return operation.empty() ? (*parsed)["calls"]["total"].int64_or(0)
                             : (*parsed)["calls"]["by_operation"][operation].int64_or(0);
}

void World::faults(const std::string& rules) {
    const auto answer = sandbox("PUT", "/_sandbox/faults", R"({"rules":[)" + rules + "]}");
    if (answer.status != 200) throw std::runtime_error(answer.body);
}

void World::configure(const std::string& provider, const std::string& settings) {
    const auto answer = sandbox("POST", "/_sandbox/" + provider + "/configure", settings);
    if (answer.status != 200) throw std::runtime_error(answer.body);
}

/// A token of another app, so that the service's own consent and limits stay as they are.
std::string World::bookkeeper(const std::string& provider) {
    const bool xero = provider == "xero";
    configure(provider, xero ? R"({"app":{"client_id":"bookkeeper","client_secret":"theirs","tier":"core"}})"
                             : R"({"apps":{"bookkeeper":"theirs"}})");
    const std::string back = "https://bookkeeper.example/back";
    const auto consent = sandbox("POST", xero ? "/identity/connect/authorize" : "/connect/oauth2",
                                 encode_form({{"client_id", "bookkeeper"},
                                              {"redirect_uri", back},
                                              {"response_type", "code"},
                                              {"state", "s"},
                                              {"scope", xero ? "accounting.transactions accounting.contacts "
                                                               "accounting.invoices accounting.payments "
                                                               "accounting.settings offline_access"
                                                             : "com.intuit.quickbooks.accounting"},
                                              {xero ? "tenant" : "realm", ledger(provider)["id"].string_or("")},
                                              {"decision", "allow"}}));
    const std::string location(consent.headers.find("Location").value_or(""));
    const auto code = form_value(parse_form(location.substr(location.find('?') + 1)).value_or(Fields{}), "code");
    if (!code) throw std::runtime_error("no code for the bookkeeper: " + consent.body + location);
    HttpRequest exchange;
    exchange.method = "POST";
    exchange.target = xero ? "/connect/token" : "/oauth2/v1/tokens/bearer";
    exchange.headers.add("Content-Type", "application/x-www-form-urlencoded");
    exchange.headers.add("Authorization", "Basic " + base64_encode("bookkeeper:theirs"));
    exchange.body = encode_form({{"grant_type", "authorization_code"}, {"code", *code}, {"redirect_uri", back}});
    const auto answer = sandbox(std::move(exchange));
    const auto parsed = parse_json(answer.body);
    if (!parsed.ok() || answer.status != 200) throw std::runtime_error("no token for the bookkeeper: " + answer.body);
    return (*parsed)["access_token"].string_or("");
}

HttpResponse World::by_hand(const std::string& provider, const std::string& method, const std::string& target,
                            const std::string& body) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers.add("Authorization", "Bearer " + bookkeeper(provider));
    request.headers.add("Accept", "application/json");
    if (!body.empty()) request.headers.add("Content-Type", "application/json");
    if (provider == "xero") request.headers.add("xero-tenant-id", ledger(provider)["id"].string_or(""));
    request.body = body;
    return sandbox(std::move(request));
}

std::string World::book_foreign_invoice(const std::string& provider, const std::string& number) {
    const auto tenant = ledger(provider);
    if (provider == "xero") {
        const auto made = by_hand(
            provider, "POST", "/api.xro/2.0/Invoices",
            R"({"Type":"ACCREC","Contact":{"Name":"Stranger of )" + number + R"("},"InvoiceNumber":")" + number +
                R"(","Status":"AUTHORISED","Date":"2026-01-30","DueDate":"2026-02-28","LineAmountTypes":"NoTax","LineItems":[)"
                R"({"Description":"Theirs","Quantity":1,"UnitAmount":1.00,"AccountCode":"200"}]})");
        const auto booked = parse_json(made.body);
        if (made.status != 200 || !booked.ok()) throw std::runtime_error(made.body);
        return (*booked)["Invoices"].items().at(0)["InvoiceID"].string_or("");
    }
    const std::string company = "/v3/company/" + tenant["id"].string_or("");
    const auto customer =
        by_hand(provider, "POST", company + "/customer", R"({"DisplayName":"Stranger of )" + number + "\"}");
    const auto parsed = parse_json(customer.body);
    if (!parsed.ok() || customer.status != 200) throw std::runtime_error("no customer: " + customer.body);
    const auto id = (*parsed)["Customer"]["Id"].string_or("");
    const auto item = tenant["items"].items().at(0)["id"].string_or("");
    const auto made = by_hand(
        provider, "POST", company + "/invoice",
        R"({"CustomerRef":{"value":")" + id + R"("},"DocNumber":")" + number +
            R"(","GlobalTaxCalculation":"NotApplicable","Line":[{"Amount":1.00,"DetailType":"SalesItemLineDetail",)"
            R"("SalesItemLineDetail":{"ItemRef":{"value":")" +
            item + R"("}}}]})");
    const auto booked = parse_json(made.body);
    if (made.status != 200 || !booked.ok()) throw std::runtime_error(made.body);
    return (*booked)["Invoice"]["Id"].string_or("");
}

int most_within(const std::vector<CallSeen>& seen, const std::string& provider, Millis span, bool batches_only) {
    std::vector<SteadyTime> times;
    for (const auto& call : seen)
        if (call.provider == provider && (call.batch || !batches_only)) times.push_back(call.sent);
    std::sort(times.begin(), times.end());
    std::size_t most = 0;
    for (std::size_t first = 0, last = 0; last < times.size(); ++last) {
        while (times[last] - times[first] >= span) ++first;
        most = std::max(most, last - first + 1);
    }
    return static_cast<int>(most);
}

}  // namespace spillway::test
