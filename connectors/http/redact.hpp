#pragma once
// What a log or a support bundle may show of a request or an answer: names stay, secret values become "***".

#include <string>
#include <string_view>

#include "schema/runtime/http_message.hpp"

namespace spillway::connectors {

/// A copy with the values of credentials masked: Authorization (its scheme stays), Proxy-Authorization, Cookie,
/// Set-Cookie, and every field whose name contains "token", "secret", "api-key" or "signature".
HttpHeaders redact_headers(const HttpHeaders& headers);
/// Masks secret fields (tokens, client_secret, code, code_verifier, password, assertion, state) of a form or query
/// text.
std::string redact_form(std::string_view text);
/// The same for the string members of a JSON text, at any depth, without parsing it: a broken text is masked as well.
std::string redact_json(std::string_view text);
/// A target whose query is redacted as a form.
std::string redact_target(std::string_view target);

}  // namespace spillway::connectors
