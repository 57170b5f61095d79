#pragma once
// The model under a virtual clock, and the few calls that most tests make.

#include <memory>
#include <string>
#include <string_view>

#include "schema/json_value.hpp"
#include "services/sandbox/provider_model.hpp"

namespace spillway::sandbox {

inline const std::string kUk = "9341452000000001";
inline const std::string kUs = "9341452000000002";

struct Reply {
    int status = 0;
    HttpHeaders headers;
    std::string text;
    JsonValue json;  ///< null when the body is not JSON

    /// The first error's code in either shape of fault, or of a batch item; empty when there is none.
    [[nodiscard]] std::string code() const;
    [[nodiscard]] std::string detail() const;
};

class World {
 public:
    World();

    Reply send(HttpRequest request);
    /// An API call with the token of the realm; waits 100 ms first, so that plain tests meet no limit.
    Reply call(const std::string& method, const std::string& path, const std::string& body = {},
               const std::string& realm = kUk);
    Reply post(const std::string& path, const std::string& body, const std::string& realm = kUk) {
        return call("POST", path, body, realm);
    }
    Reply get(const std::string& path, const std::string& realm = kUk) { return call("GET", path, {}, realm); }
    Reply query(const std::string& statement, const std::string& realm = kUk);

    /// Consents and exchanges; the answer of the token endpoint.
    Reply connect(const std::string& realm);
    /// Consents; the code.
    std::string consent(const std::string& realm);
    Reply token(const std::string& form, const std::string& basic = {}, HttpHeaders extra = {});
    void use_token(const std::string& realm, const std::string& value);

    std::string customer(const std::string& name, const std::string& realm = kUk);
    std::string item(const std::string& name, const std::string& realm = kUk);
    /// The body of an invoice or credit memo: one line of `amount` with the tax code.
    std::string document(const std::string& number, const std::string& amount, const std::string& tax_code = "1",
                         const std::string& extra = {});
    std::string invoice(const std::string& number, const std::string& amount, const std::string& tax_code = "3");
    std::string credit_memo(const std::string& number, const std::string& amount);

    /// @return the problem, as configure() words it.
    std::string set(const std::string& json);
    void pass(Millis span);
    JsonValue ledger();

    std::unique_ptr<ProviderModel> model;
    Now now;
    std::string customer_id, item_id;  ///< of the UK company: "Acme" and "Widget"

 private:
    std::string uk_token_, us_token_;
};

/// Base64 of "sandbox-qbo-client:sandbox-qbo-secret".
extern const std::string kBasic;

}  // namespace spillway::sandbox
