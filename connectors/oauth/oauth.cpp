#include "connectors/oauth/oauth.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "schema/json_value.hpp"
#include "schema/sha256.hpp"

namespace spillway::oauth {
namespace {

// Xero: XeroAPI/Xero-OpenAPI xero-identity.yaml and XeroAPI/xero-prompt-library, read in 2026. Scopes: Xero's developer
// FAQ "Granular Scopes"; the broad ones no longer exist for new apps.
constexpr std::string_view kXeroScopes =
    "offline_access openid accounting.invoices accounting.payments accounting.contacts accounting.settings";
// QuickBooks Online: Intuit's OAuth 2.0 page and discovery document, read in 2026.
constexpr std::string_view kQboScopes = "com.intuit.quickbooks.accounting";

constexpr std::array<std::string_view, 3> kXeroHosts{"https://api.xero.com", "https://identity.xero.com",
                                                     "https://login.xero.com"};
constexpr std::array<std::string_view, 4> kQboHosts{"https://quickbooks.api.intuit.com",
                                                    "https://oauth.platform.intuit.com", "https://appcenter.intuit.com",
                                                    "https://developer.api.intuit.com"};

using Form = std::vector<std::pair<std::string, std::string>>;

Result<TokenRequest> form_request(const OAuthApp& app, const std::string& url, Form form) {
    Result<std::string> origin = origin_of(url);
    if (!origin) return origin.error();
    if (!may_send(app.provider, app.mark, *origin))
        return Error{ErrorKind::forbidden, "live_credentials_elsewhere",
                     "live credentials of " + app.provider + " are never sent to " + *origin};
    std::string target = url.substr(origin->size());
    TokenRequest out{.origin = std::move(*origin), .request = {.method = "POST"}};
    out.request.target = target.empty() ? "/" : std::move(target);
    out.request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    out.request.headers.add("Accept", "application/json");
    if (app.client_secret.empty()) {
        form.emplace_back("client_id", app.client_id);
    } else {  // RFC 6749 section 2.3.1: both parts are form-encoded before they are joined
        const std::string pair = percent_encode(app.client_id) + ":" + percent_encode(app.client_secret.reveal());
        out.request.headers.add("Authorization", "Basic " + base64_encode(pair));
    }
    out.request.body = encode_form(form);
    return out;
}

// The claims of a JSON Web Token, unverified: it came to us over TLS from the issuer, and is used for names only.
JsonValue claims_of(std::string_view token) {
    const auto first = token.find('.');
    const auto second = token.find('.', first == std::string_view::npos ? first : first + 1);
    if (second == std::string_view::npos) return {};
    const Result<std::string> payload = base64url_decode(token.substr(first + 1, second - first - 1));
    if (!payload) return {};
    Result<JsonValue> claims = parse_json(*payload, {.bytes_max = 64u << 10});
    return claims ? std::move(*claims) : JsonValue{};
}

Error refusal(const SendResult& answer, const JsonValue& body) {
    const int status = answer.response.status;
    Error error{ErrorKind::unknown, "token_answer_lost", "the token endpoint answered " + std::to_string(status)};
    error.http_status = status;
    const std::string word(body["error"].text());
    if (!word.empty()) error.detail += ": " + word;
    if (const auto why = body["error_description"].text(); !why.empty()) error.detail += " (" + std::string(why) + ")";
    const auto is = [&](ErrorKind kind, std::string code) {
        error.kind = kind;
        error.code = std::move(code);
    };
    if (word == "invalid_grant")
        is(ErrorKind::unauthorised, "invalid_grant");
    else if (status == 429)
        is(ErrorKind::throttled, "token_endpoint_throttled");
    else if (status == 503)
        is(ErrorKind::unavailable, "token_endpoint_unavailable");
    else if (status >= 400 && status < 500)
        is(ErrorKind::rejected, word.empty() ? "token_request_refused" : word);
    if (const auto wait = answer.response.headers.find("Retry-After"); wait && error.kind == ErrorKind::throttled) {
        int seconds = 0;
        if (std::from_chars(wait->data(), wait->data() + wait->size(), seconds).ec == std::errc{})
            error.retry_after = std::chrono::seconds(seconds);
    }
    return error;
}

}  // namespace

std::optional<OAuthApp> default_app(std::string_view provider) {
    OAuthApp app;
    app.provider = provider;
    app.mark = Mark::live;
    if (provider == "xero") {
        app.authorize_url = "https://login.xero.com/identity/connect/authorize";
        app.token_url = "https://identity.xero.com/connect/token";
        app.revoke_url = "https://identity.xero.com/connect/revocation";
        app.scopes = kXeroScopes;
        return app;
    }
    if (provider == "qbo") {
        app.authorize_url = "https://appcenter.intuit.com/connect/oauth2";
        app.token_url = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer";
        app.revoke_url = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke";
        app.scopes = kQboScopes;
        return app;
    }
    return std::nullopt;
}

bool may_send(std::string_view provider, Mark mark, std::string_view origin) {
    if (mark == Mark::sandbox) return true;
    const auto listed = [origin](std::span<const std::string_view> hosts) {
        return std::find(hosts.begin(), hosts.end(), origin) != hosts.end();
    };
    if (provider == "xero") return listed(kXeroHosts);
    if (provider == "qbo") return listed(kQboHosts);
    return false;
}

Result<std::string> origin_of(std::string_view url) {
    const Error bad = invalid("bad_url", "an absolute http or https address without user information is needed");
    const auto scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) return bad;
    const std::string_view scheme = url.substr(0, scheme_end);
    if (scheme != "https" && scheme != "http") return bad;
    const std::string_view rest = url.substr(scheme_end + 3);
    const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    // Neither "user@host" nor anything else that could make two readers see two hosts.
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' || c == '[' ||
               c == ']';
    };
    if (host.empty() || !std::all_of(host.begin(), host.end(), allowed)) return bad;
    return std::string(url.substr(0, scheme_end + 3 + host.size()));
}

std::string challenge_of(std::string_view verifier) { return base64url_encode(sha256(verifier)); }

std::string consent_url(const OAuthApp& app, std::string_view state, std::string_view verifier) {
    Form form{{"response_type", "code"},
              {"client_id", app.client_id},
              {"redirect_uri", app.redirect_uri},
              {"scope", app.scopes},
              {"state", std::string(state)}};
    if (app.client_secret.empty()) {
        form.emplace_back("code_challenge", challenge_of(verifier));
        form.emplace_back("code_challenge_method", "S256");
    }
    return app.authorize_url + "?" + encode_form(form);
}

Result<TokenRequest> exchange_request(const OAuthApp& app, std::string_view code, std::string_view verifier) {
    Form form{{"grant_type", "authorization_code"}, {"code", std::string(code)}, {"redirect_uri", app.redirect_uri}};
    if (app.client_secret.empty()) form.emplace_back("code_verifier", std::string(verifier));
    return form_request(app, app.token_url, std::move(form));
}

Result<TokenRequest> refresh_request(const OAuthApp& app, const Secret& refresh_token) {
    return form_request(app, app.token_url,
                        {{"grant_type", "refresh_token"}, {"refresh_token", refresh_token.reveal()}});
}

Result<TokenRequest> revoke_request(const OAuthApp& app, const Secret& refresh_token) {
    return form_request(app, app.revoke_url, {{"token", refresh_token.reveal()}});
}

Result<Tokens> read_tokens(const OAuthApp& app, const SendResult& answer) {
    if (answer.stage == Stage::not_sent)
        return Error{ErrorKind::unavailable, "token_endpoint_unreachable", answer.failure};
    if (answer.stage == Stage::sending) return Error{ErrorKind::unknown, "token_answer_lost", answer.failure};
    const Result<JsonValue> parsed = parse_json(answer.response.body, {.bytes_max = 256u << 10});
    const JsonValue body = parsed ? *parsed : JsonValue{};
    if (answer.response.status != 200) return refusal(answer, body);

    Tokens tokens;
    tokens.access = Secret(std::string(body["access_token"].text()));
    tokens.refresh = Secret(std::string(body["refresh_token"].text()));
    if (tokens.access.empty()) return Error{ErrorKind::unknown, "token_answer_lost", "the answer holds no token"};
    // Without offline_access there is none, and the connection would die within the half hour.
    if (tokens.refresh.empty())
        return Error{ErrorKind::rejected, "no_refresh_token",
                     "the answer holds no refresh token; is offline_access among the scopes?"};
    tokens.access_life = std::chrono::seconds(body["expires_in"].int64_or(1800));
    const std::chrono::seconds unnamed = std::chrono::days(app.provider == "qbo" ? 100 : 60);
    tokens.refresh_life = std::chrono::seconds(body["x_refresh_token_expires_in"].int64_or(unnamed.count()));
    const JsonValue claims = claims_of(tokens.access.reveal());
    tokens.user_id = claims["xero_userid"].text();
    tokens.event_id = claims["authentication_event_id"].text();
    return tokens;
}

}  // namespace spillway::oauth
