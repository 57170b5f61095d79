#include "tests/unit/sandbox_qbo/world.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "schema/date.hpp"
#include "services/sandbox/qbo/qbo_model.hpp"

namespace spillway::sandbox {

const std::string kBasic = "Basic c2FuZGJveC1xYm8tY2xpZW50OnNhbmRib3gtcWJvLXNlY3JldA==";

namespace {
constexpr std::string_view kRedirect = "http://127.0.0.1/callback";

const JsonValue& first_error(const JsonValue& json) {
    const JsonValue& service = json["Fault"]["Error"];
    const JsonValue& gateway = json["fault"]["error"];
    static const JsonValue kNone;
    if (!service.items().empty()) return service.items().front();
    return gateway.items().empty() ? kNone : gateway.items().front();
}
}  // namespace

std::string Reply::code() const { return first_error(json)["code"].string_or(""); }
std::string Reply::detail() const { return first_error(json)["Detail"].string_or(""); }

World::World() : model(make_qbo_model(7)), now{parse_utc("2026-03-02T12:00:00Z").value(), SteadyTime{}} {
    use_token(kUk, connect(kUk).json["access_token"].string_or(""));
    use_token(kUs, connect(kUs).json["access_token"].string_or(""));
    customer_id = customer("Acme");
    item_id = item("Widget");
}

Reply World::send(HttpRequest request) {
    const HttpResponse response = model->handle(request, now);
    Result<JsonValue> json = parse_json(response.body);
    return {response.status, response.headers, response.body, json.ok() ? *std::move(json) : JsonValue()};
}

Reply World::call(const std::string& method, const std::string& path, const std::string& body,
                  const std::string& realm) {
    pass(Millis(200));
    HttpRequest request{method, "/v3/company/" + realm + path, {{"Content-Type", "application/json"}}, body};
    request.headers.set("Authorization", "Bearer " + (realm == kUs ? us_token_ : uk_token_));
    return send(std::move(request));
}

Reply World::query(const std::string& statement, const std::string& realm) {
    return get("/query?query=" + percent_encode(statement), realm);
}

std::string World::consent(const std::string& realm) {
    const std::string form = encode_form({{"client_id", "sandbox-qbo-client"},
                                          {"redirect_uri", std::string(kRedirect)},
                                          {"scope", "com.intuit.quickbooks.accounting"},
                                          {"state", "s1"},
                                          {"realm", realm},
                                          {"decision", "allow"}});
    const Reply reply =
        send({"POST", "/connect/oauth2", {{"Content-Type", "application/x-www-form-urlencoded"}}, form});
    const std::string location(reply.headers.find("Location").value_or(""));
    const auto query = parse_form(location.substr(location.find('?') + 1));
    EXPECT_EQ(reply.status, 302);
    EXPECT_EQ(form_value(*query, "state"), "s1");
    EXPECT_EQ(form_value(*query, "realmId"), realm);
    return form_value(*query, "code").value_or("");
}

Reply World::connect(const std::string& realm) {
    return token(encode_form(
        {{"grant_type", "authorization_code"}, {"code", consent(realm)}, {"redirect_uri", std::string(kRedirect)}}));
}

Reply World::token(const std::string& form, const std::string& basic, HttpHeaders extra) {
    HttpRequest request{"POST", "/oauth2/v1/tokens/bearer", std::move(extra), form};
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.headers.set("Authorization", basic.empty() ? kBasic : basic);
    return send(std::move(request));
}

void World::use_token(const std::string& realm, const std::string& value) {
    (realm == kUs ? us_token_ : uk_token_) = value;
}

std::string World::customer(const std::string& name, const std::string& realm) {
    return post("/customer", R"({"DisplayName":")" + name + "\"}", realm).json["Customer"]["Id"].string_or("");
}

std::string World::item(const std::string& name, const std::string& realm) {
    return post("/item", R"({"Name":")" + name + R"(","Type":"Service","IncomeAccountRef":{"value":"1"}})", realm)
        .json["Item"]["Id"]
        .string_or("");
}

std::string World::document(const std::string& number, const std::string& amount, const std::string& tax_code,
                            const std::string& extra) {
    return R"({"CustomerRef":{"value":")" + customer_id + R"("},"DocNumber":")" + number +
           R"(","TxnDate":"2026-03-01","GlobalTaxCalculation":"TaxExcluded","Line":[{"Amount":)" + amount +
           R"(,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":")" + item_id +
           R"("},"TaxCodeRef":{"value":")" + tax_code + R"("}}}])" + extra + "}";
}

std::string World::invoice(const std::string& number, const std::string& amount, const std::string& tax_code) {
    return post("/invoice", document(number, amount, tax_code)).json["Invoice"]["Id"].string_or("");
}

std::string World::credit_memo(const std::string& number, const std::string& amount) {
    return post("/creditmemo", document(number, amount, "3")).json["CreditMemo"]["Id"].string_or("");
}

std::string World::set(const std::string& json) { return model->configure(nlohmann::json::parse(json)); }

void World::pass(Millis span) {
    now.wall += span;
    now.steady += span;
}

JsonValue World::ledger() { return parse_json(model->ledger().dump()).value(); }

}  // namespace spillway::sandbox
