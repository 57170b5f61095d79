#include "services/sandbox/xero/oauth.hpp"

#include <algorithm>

#include "schema/json_text.hpp"
#include "services/sandbox/xero/wire.hpp"

namespace spillway::sandbox::xero {

namespace {

constexpr std::chrono::minutes kAccessLife{30};
constexpr std::chrono::minutes kRotationGrace{30};
constexpr std::chrono::days kRefreshLife{60};

HttpResponse oauth_error(std::string_view code) {
    JsonText json;
    json.object().member("error", code).close();
    return json_answer(400, std::move(json).take());
}

std::string joined(const std::set<std::string>& scopes) {
    std::string text;
    for (const std::string& scope : scopes) text += (text.empty() ? "" : " ") + scope;
    return text;
}

std::int64_t seconds(WallTime when) { return to_ms(when) / 1000; }

/// Base address that callers see: Xero's own where the request was made for its host, else this sandbox's.
std::string issuer_of(const HttpRequest& request) {
    const std::string host(request.headers.find("Host").value_or("localhost"));
    return host.ends_with(".xero.com") ? "https://identity.xero.com" : "http://" + host;
}

std::string value_of(const OAuth::Form& form, std::string_view name) { return form_value(form, name).value_or(""); }

}  // namespace

HttpResponse OAuth::handle(const HttpRequest& request, Now now) {
    const std::string_view path = request.path();
    if (path == "/identity/connect/authorize")
        return request.method == "POST" ? authorize(request, now) : authorize_page(request);
    if (path == "/connect/token" && request.method == "POST") return token(request, now);
    if (path == "/connect/revocation" && request.method == "POST") return revocation(request);
    if (path == "/connections" || path.starts_with("/connections/")) return connections(request, now);
    if (path == "/.well-known/openid-configuration") return discovery(request);
    if (path == "/.well-known/openid-configuration/jwks") return json_answer(200, signer_.key_set());
    return {404, {}, ""};
}

const App* OAuth::authenticate(const HttpRequest& request, const Form& form) const {
    std::string id = value_of(form, "client_id");
    std::string secret = value_of(form, "client_secret");
    const auto header = request.headers.find("Authorization");
    if (header && header->starts_with("Basic ")) {
        const std::string pair = base64_decode(header->substr(6));
        const auto colon = pair.find(':');
        if (colon == std::string::npos) return nullptr;
        id = percent_decode(pair.substr(0, colon)).value_or("");
        secret = percent_decode(pair.substr(colon + 1)).value_or("");
    }
    const auto app = apps.find(id);
    return app != apps.end() && app->second.secret == secret ? &app->second : nullptr;
}

HttpResponse OAuth::token(const HttpRequest& request, Now now) {
    const auto form = parse_form(request.body);
    if (!form) return oauth_error("invalid_request");
    const App* app = authenticate(request, *form);
    if (app == nullptr) return oauth_error("invalid_client");
    const std::string type = value_of(*form, "grant_type");
    if (type == "authorization_code") return exchange(*app, *form, issuer_of(request), now);
    if (type == "refresh_token") return refresh(*app, *form, issuer_of(request), now);
    return oauth_error(type == "client_credentials" ? "unauthorized_client" : "unsupported_grant_type");
}

HttpResponse OAuth::exchange(const App& app, const Form& form, const std::string& issuer, Now now) {
    const auto at = codes_.find(value_of(form, "code"));
    if (at == codes_.end()) return oauth_error("invalid_grant");
    const Code code = at->second;
    codes_.erase(at);  // single use, also when the rest of the request is wrong
    if (code.client_id != app.client_id || now.wall >= code.expires ||
        code.redirect_uri != value_of(form, "redirect_uri"))
        return oauth_error("invalid_grant");
    const std::string verifier = value_of(form, "code_verifier");
    const bool proven = code.challenge.empty() ? !app.secret.empty() : pkce_challenge(verifier) == code.challenge;
    return proven ? issue(code, issuer, now) : oauth_error("invalid_grant");
}

HttpResponse OAuth::refresh(const App& app, const Form& form, const std::string& issuer, Now now) {
    const auto at = refresh_.find(value_of(form, "refresh_token"));
    if (at == refresh_.end() || at->second.client_id != app.client_id) return oauth_error("invalid_grant");
    RefreshToken& old = at->second;
    if (now.wall - old.used_last >= kRefreshLife) return oauth_error("invalid_grant");
    if (old.rotated && now.wall - *old.rotated >= kRotationGrace) return oauth_error("invalid_grant");
    if (!old.rotated) old.rotated = now.wall;
    Code grant;
    grant.client_id = app.client_id;
    grant.event_id = old.event_id;
    grant.scopes = old.scopes;
    return issue(grant, issuer, now);
}

HttpResponse OAuth::issue(const Code& grant, const std::string& issuer, Now now) {
    const WallTime expires = now.wall + kAccessLife;
    JsonText claims;
    claims.object().member("nbf", seconds(now.wall)).member("exp", seconds(expires)).member("iat", seconds(now.wall));
    claims.member("iss", issuer).member("aud", issuer + "/resources").member("client_id", grant.client_id);
    claims.member("sub", user_id_).member("auth_time", seconds(now.wall)).member("xero_userid", user_id_);
    claims.member("global_session_id", grant.event_id).member("authentication_event_id", grant.event_id);
    claims.member("jti", ids_.token(1)).key("scope").array();
    for (const std::string& scope : grant.scopes) claims.value(scope);
    const std::string access = signer_.sign(std::move(claims.close().close()).take());
    access_[access] = {grant.client_id, grant.event_id, grant.scopes, expires};

    JsonText json;
    json.object()
        .member("access_token", access)
        .member("expires_in", std::int64_t{1800})
        .member("token_type", "Bearer");
    if (grant.scopes.contains("offline_access")) {
        const std::string fresh = ids_.token(2);
        refresh_[fresh] = {grant.client_id, grant.event_id, grant.scopes, now.wall, std::nullopt};
        json.member("refresh_token", fresh);
    }
    if (grant.scopes.contains("openid")) {
        JsonText id;
        id.object().member("nbf", seconds(now.wall)).member("exp", seconds(now.wall) + 300);
        id.member("iat", seconds(now.wall))
            .member("iss", issuer)
            .member("aud", grant.client_id)
            .member("sub", user_id_);
        id.member("auth_time", seconds(now.wall)).member("xero_userid", user_id_);
        if (!grant.nonce.empty()) id.member("nonce", grant.nonce);
        if (grant.scopes.contains("email")) id.member("email", "demo@example.com");
        json.member("id_token", signer_.sign(std::move(id.close()).take()));
    }
    json.member("scope", joined(grant.scopes)).close();
    HttpResponse answer = json_answer(200, std::move(json).take());
    answer.headers.set("Cache-Control", "no-store");
    return answer;
}

HttpResponse OAuth::revocation(const HttpRequest& request) {
    const auto form = parse_form(request.body);
    const App* app = form ? authenticate(request, *form) : nullptr;
    if (app == nullptr) return oauth_error("invalid_client");
    // A refresh token stands for the user: all of its connections to the app go with it.
    if (refresh_.contains(value_of(*form, "token"))) {
        std::erase_if(connections_, [&](const Connection& one) { return one.client_id == app->client_id; });
        std::erase_if(refresh_, [&](const auto& one) { return one.second.client_id == app->client_id; });
        for (auto& [text, access] : access_)
            if (access.client_id == app->client_id) access.revoked = true;
    }
    return {200, {}, ""};
}

HttpResponse OAuth::discovery(const HttpRequest& request) const {
    const std::string issuer = issuer_of(request);
    const bool real = issuer.starts_with("https://");
    JsonText json;
    json.object().member("issuer", issuer).member("jwks_uri", issuer + "/.well-known/openid-configuration/jwks");
    json.member("authorization_endpoint",
                (real ? std::string("https://login.xero.com") : issuer) + "/identity/connect/authorize");
    json.member("token_endpoint", issuer + "/connect/token");
    json.member("revocation_endpoint", issuer + "/connect/revocation");
    const auto list = [&json](std::string_view name, std::initializer_list<std::string_view> values) {
        json.key(name).array();
        for (const auto value : values) json.value(value);
        json.close();
    };
    list("response_types_supported", {"code"});
    list("subject_types_supported", {"public"});
    list("id_token_signing_alg_values_supported", {"RS256"});
    list("code_challenge_methods_supported", {"S256"});
    list("token_endpoint_auth_methods_supported", {"client_secret_basic", "client_secret_post"});
    list("grant_types_supported", {"authorization_code", "refresh_token"});
    json.close();
    return json_answer(200, std::move(json).take());
}

const AccessToken* OAuth::token_of(const HttpRequest& request) const {
    const auto header = request.headers.find("Authorization");
    if (!header || !header->starts_with("Bearer ")) return nullptr;
    const auto at = access_.find(std::string(header->substr(7)));
    return at == access_.end() ? nullptr : &at->second;
}

bool OAuth::connected(const std::string& client_id, const std::string& tenant_id) const {
    return std::ranges::any_of(
        connections_, [&](const Connection& one) { return one.client_id == client_id && one.tenant_id == tenant_id; });
}

void OAuth::expire_access_tokens(WallTime now) {
    for (auto& [text, access] : access_) access.expires = std::min(access.expires, now);
}

void OAuth::revoke(const std::string& tenant_id) {
    const auto hit = [&](const std::string& event_id) {
        return tenant_id.empty() || event_tenants_[event_id].contains(tenant_id);
    };
    for (auto& [text, access] : access_) access.revoked |= hit(access.event_id);
    std::erase_if(refresh_, [&](const auto& one) { return hit(one.second.event_id); });
    disconnect(tenant_id);
}

void OAuth::disconnect(const std::string& tenant_id) {
    std::erase_if(connections_, [&](const Connection& one) { return tenant_id.empty() || one.tenant_id == tenant_id; });
}

}  // namespace spillway::sandbox::xero
