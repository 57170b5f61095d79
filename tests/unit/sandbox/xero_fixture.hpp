#pragma once
// A connected Xero model on a time that only the test moves.

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "schema/json_value.hpp"
#include "services/sandbox/xero/xero_model.hpp"

namespace spillway::sandbox {

struct Answer {
    int status = 0;
    HttpHeaders headers;
    std::string text;
    JsonValue json;

    [[nodiscard]] std::string header(std::string_view name) const {
        return std::string(headers.find(name).value_or("-"));
    }
};

class Xero {
 public:
    Xero() { connect(); }

    Answer send(const std::string& method, const std::string& target, const std::string& body = "",
                HttpHeaders headers = {}) {
        HttpRequest request{method, target, std::move(headers), body};
        request.headers.add("Host", "localhost:9");
        const HttpResponse response = model->handle(request, now);
        const Result<JsonValue> parsed = parse_json(response.body);
        return {response.status, response.headers, response.body, parsed ? *parsed : JsonValue{}};
    }
    Answer api(const std::string& method, const std::string& path, const std::string& body = "",
               HttpHeaders headers = {}) {
        headers.add("Authorization", "Bearer " + access);
        headers.add("xero-tenant-id", tenant);
        headers.add("Content-Type", "application/json");
        return send(method, "/api.xro/2.0/" + path, body, std::move(headers));
    }
    Answer keyed(const std::string& method, const std::string& path, const std::string& body, const std::string& key) {
        return api(method, path, body, {{"Idempotency-Key", key}});
    }

    /// Consents as a person would, and takes the tokens.
    void connect(const std::string& organisation = "Demo Company (UK)") {
        take(token({{"grant_type", "authorization_code"}, {"code", code(organisation)}, {"redirect_uri", kRedirect}}));
        const Answer list = send("GET", "/connections", "", {{"Authorization", "Bearer " + access}});
        for (const JsonValue& one : list.json.items())
            if (one["tenantName"].text() == organisation) tenant = one["tenantId"].string_or("");
    }
    std::string code(const std::string& organisation, const std::string& more = "") {
        const Answer answer = send("POST", "/identity/connect/authorize",
                                   consent({{"tenant", organisation}, {"decision", "allow"}}) + more);
        const auto query = parse_form(answer.header("Location").substr(std::string(kRedirect).size() + 1));
        return query ? form_value(*query, "code").value_or("") : "";
    }
    static std::string consent(std::vector<std::pair<std::string, std::string>> more) {
        more.insert(more.end(), {{"client_id", "sandbox-xero-client"},
                                 {"redirect_uri", kRedirect},
                                 {"state", "s1"},
                                 {"scope",
                                  "openid offline_access accounting.settings accounting.contacts "
                                  "accounting.invoices accounting.payments"}});
        return encode_form(more);
    }
    Answer token(std::vector<std::pair<std::string, std::string>> form) {
        form.insert(form.end(), {{"client_id", "sandbox-xero-client"}, {"client_secret", "sandbox-xero-secret"}});
        return send("POST", "/connect/token", encode_form(form));
    }
    void take(const Answer& answer) {
        access = answer.json["access_token"].string_or("");
        refresh = answer.json["refresh_token"].string_or("");
    }
    void pass(Millis span) {
        now.wall += span;
        now.steady += span;
    }
    void configure(const std::string& settings) { ASSERT_EQ(model->configure(nlohmann::json::parse(settings)), ""); }

    /// An approved invoice of one line of 100.00 and 20 % tax: 120.00. @return its id.
    std::string invoice(const std::string& number, const std::string& more = "") {
        return api("PUT", "Invoices?summarizeErrors=false", invoice_body(number, more))
            .json["Invoices"]
            .items()[0]["InvoiceID"]
            .string_or("");
    }
    static std::string invoice_body(const std::string& number, const std::string& more = "") {
        return R"({"Invoices":[{"Type":"ACCREC","InvoiceNumber":")" + number +
               R"(","Contact":{"Name":"Ann"},"Date":"2010-12-01","Status":"AUTHORISED","LineItems":[)" + line() + "]" +
               more + "}]}";
    }
    static std::string line() { return R"({"Description":"Hours","Quantity":1,"UnitAmount":100,"AccountCode":"200"})"; }
    std::string credit_note(const std::string& number) {
        return api("PUT", "CreditNotes?summarizeErrors=false",
                   R"({"CreditNotes":[{"Type":"ACCRECCREDIT","CreditNoteNumber":")" + number +
                       R"(","Contact":{"Name":"Ann"},"Date":"2010-12-05","Status":"AUTHORISED","LineItems":[)" +
                       line() + "]}]}")
            .json["CreditNotes"]
            .items()[0]["CreditNoteID"]
            .string_or("");
    }
    Answer pay(const std::string& invoice_id, const std::string& amount, const std::string& account = "090") {
        return api("PUT", "Payments?summarizeErrors=false",
                   R"({"Payments":[{"Invoice":{"InvoiceID":")" + invoice_id + R"("},"Account":{"Code":")" + account +
                       R"("},"Date":"2010-12-06","Reference":"r","Amount":)" + amount + "}]}");
    }
    Answer allocate(const std::string& note, const std::string& invoice_id, const std::string& amount) {
        return api("PUT", "CreditNotes/" + note + "/Allocations?summarizeErrors=false",
                   R"({"Allocations":[{"Invoice":{"InvoiceID":")" + invoice_id + R"("},"Date":"2010-12-07","Amount":)" +
                       amount + "}]}");
    }
    JsonValue read(const std::string& collection, const std::string& id) {
        const Answer answer = api("GET", collection + "/" + id);
        return answer.json[collection].items().empty() ? JsonValue{} : answer.json[collection].items()[0];
    }

    static constexpr const char* kRedirect = "http://localhost:5/cb";
    std::unique_ptr<ProviderModel> model = make_xero_model(7);
    Now now{from_ms(1'795'000'000'000), SteadyTime{Millis{1'000'000'000}}};
    std::string access, refresh, tenant;
};

/// The first message of the first element of a collection, or "" where it went well.
inline std::string message(const Answer& answer, std::string_view collection) {
    const auto& list = answer.json[answer.status == 400 ? "Elements" : collection].items();
    if (list.empty()) return answer.json["Message"].string_or("no elements");
    const auto& errors = list[0]["ValidationErrors"].items();
    return errors.empty() ? "" : errors[0]["Message"].string_or("");
}

}  // namespace spillway::sandbox
