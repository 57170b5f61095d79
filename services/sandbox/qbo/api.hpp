#pragma once
// The accounting API under /v3/company/{realm}: routes, batches, change data capture and the memory of requestids.
// Authorisation and limits are done before.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/runtime/http_message.hpp"
#include "services/sandbox/qbo/rules.hpp"

namespace spillway::sandbox::qbo {

/// A request to the API, taken apart.
struct ApiCall {
    const HttpRequest& http;
    std::string realm, resource, id;  ///< /v3/company/{realm}/{resource}/{id}
    std::vector<std::pair<std::string, std::string>> query;

    [[nodiscard]] std::string parameter(std::string_view name) const;
    /// Reads are metered by Intuit; "GET invoice", "POST batch".
    [[nodiscard]] bool is_read() const { return http.method == "GET" || resource == "query"; }
    [[nodiscard]] std::string operation() const { return http.method + " " + resource; }
};

ApiCall api_call(const HttpRequest& request);

/// Plays a call to its end. Never throws.
HttpResponse answer_call(const Scene& scene, const ApiCall& call);

/// A batch; used by answer_call.
HttpResponse answer_batch(const Scene& scene, const ApiCall& call);
/// The value of "CDCResponse".
std::string changes_json(const Scene& scene, const ApiCall& call);

}  // namespace spillway::sandbox::qbo
