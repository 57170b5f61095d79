#include "services/sandbox/qbo/oauth.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <chrono>

#include "schema/json_text.hpp"
#include "schema/json_value.hpp"

namespace spillway::sandbox::qbo {
namespace {

using std::chrono::seconds;

constexpr seconds kCodeLifetime{600};                     // assumed
constexpr seconds kHardLifetime{5 * 365 * 24 * 60 * 60};  // about five years

HttpResponse json_response(int status, std::string body) {
    return {
        status, {{"Content-Type", "application/json;charset=UTF-8"}, {"Cache-Control", "no-store"}}, std::move(body)};
}

HttpResponse oauth_error(int status, std::string_view error, std::string_view description) {
    JsonText json;
    json.object().member("error", error).member("error_description", description).close();
    return json_response(status, std::move(json).take());
}

HttpResponse html(int status, std::string_view body) {
    return {status,
            {{"Content-Type", "text/html;charset=UTF-8"}},
            "<!doctype html><title>Intuit (sandbox)</title>" + std::string(body)};
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
    while (text.ends_with('=')) text.remove_suffix(1);
    const std::size_t length = text.size() * 3 / 4;
    std::string padded(text);
    padded.resize((text.size() + 3) / 4 * 4, 'A');
    std::string out(padded.size() / 4 * 3, '\0');
    const int made =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(padded.data()), static_cast<int>(padded.size()));
    if (made < 0) return std::nullopt;
    out.resize(length);
    return out;
}

std::string query_joined(const std::string& uri, const std::vector<std::pair<std::string, std::string>>& form) {
    return uri + (uri.find('?') == std::string::npos ? "?" : "&") + encode_form(form);
}

/// The body's fields, which come as a form or (from intuit-oauth's revoke) as JSON.
std::vector<std::pair<std::string, std::string>> body_fields(const HttpRequest& request) {
    if (const auto type = request.headers.find("Content-Type"); type && type->find("json") != std::string_view::npos) {
        std::vector<std::pair<std::string, std::string>> fields;
        const Result<JsonValue> body = parse_json(request.body);
        if (!body.ok()) return fields;
        for (const JsonMember& member : body->members()) fields.emplace_back(member.name, member.value.string_or({}));
        return fields;
    }
    return parse_form(request.body).value_or(std::vector<std::pair<std::string, std::string>>{});
}

}  // namespace

OAuth::OAuth(const Settings& settings, std::uint64_t seed) : settings_(settings), seed_(seed), random_(seed) {
    reset();
}

void OAuth::reset() {
    random_ = SeededRandom(seed_);
    codes_.clear();
    grants_.clear();
    refresh_values_.clear();
    accesses_.clear();
    apps_.clear();
    add_app(std::string(kDefaultClientId), std::string(kDefaultClientSecret));
}

bool OAuth::owns(std::string_view path) {
    return path == "/connect/oauth2" || path.starts_with("/oauth2/v1/tokens/") ||
           path.starts_with("/v2/oauth2/tokens/") || path == "/v1/openid_connect/userinfo" ||
           path.starts_with("/.well-known/openid_configuration") ||
           path.starts_with("/.well-known/openid_sandbox_configuration");
}

HttpResponse OAuth::handle(const HttpRequest& request, Now now,
                           const std::vector<std::pair<std::string, std::string>>& companies) {
    const std::string_view path = request.path();
    if (path.starts_with("/.well-known/")) return discovery(request);
    if (path == "/v1/openid_connect/userinfo") return user_info(request, now.wall);
    if (path == "/connect/oauth2" && request.method == "GET")
        return consent_page(parse_form(request.query()).value_or(Form{}), companies);
    if (request.method != "POST") return oauth_error(405, "invalid_request", "Method not allowed");
    if (path == "/connect/oauth2") return decide(body_fields(request), now.wall, companies);
    if (path == "/oauth2/v1/tokens/bearer") return token(request, now.wall);
    if (path == "/v2/oauth2/tokens/revoke") return revoke(request);
    return oauth_error(404, "invalid_request", "Unknown path");
}

HttpResponse OAuth::consent_page(const Form& form,
                                 const std::vector<std::pair<std::string, std::string>>& companies) const {
    if (!apps_.contains(form_value(form, "client_id").value_or("")))
        return html(400, "<h1>Undefined didn't connect</h1><p>The client id is unknown.</p>");
    if (form_value(form, "redirect_uri").value_or("").empty() ||
        form_value(form, "response_type").value_or("code") != "code")
        return html(400, "<h1>Invalid request</h1><p>redirect_uri and response_type=code are needed.</p>");
    std::string page = "<h1>Connect to a QuickBooks company</h1><form method=\"post\" action=\"/connect/oauth2\">";
    for (const std::string_view name : {"client_id", "redirect_uri", "scope", "state"})
        page += "<input type=\"hidden\" name=\"" + std::string(name) + "\" value=\"" +
                escaped(form_value(form, name).value_or("")) + "\">";
    bool first = true;
    for (const auto& [realm, name] : companies) {
        page += "<p><label><input type=\"radio\" name=\"realm\" value=\"" + realm + "\"" + (first ? " checked" : "") +
                "> " + escaped(name) + "</label></p>";
        first = false;
    }
    page +=
        "<button name=\"decision\" value=\"allow\">Connect</button> <button name=\"decision\" "
        "value=\"deny\">Cancel</button></form>";
    return html(200, page);
}

HttpResponse OAuth::decide(const Form& form, WallTime now,
                           const std::vector<std::pair<std::string, std::string>>& companies) {
    const std::string client = form_value(form, "client_id").value_or("");
    const std::string redirect = form_value(form, "redirect_uri").value_or("");
    const std::string state = form_value(form, "state").value_or("");
    const std::string realm = form_value(form, "realm").value_or("");
    if (!apps_.contains(client) || redirect.empty()) return html(400, "<h1>Invalid request</h1>");
    if (form_value(form, "decision").value_or("") != "allow")
        return {302, {{"Location", query_joined(redirect, {{"error", "access_denied"}, {"state", state}})}}, {}};
    const bool known = std::ranges::any_of(companies, [&](const auto& company) { return company.first == realm; });
    if (!known) return html(400, "<h1>Invalid request</h1><p>No such company.</p>");
    const std::string code = secret_text("AB1");
    codes_[code] = {client, realm, redirect, {}, now + kCodeLifetime};
    return {302, {{"Location", query_joined(redirect, {{"code", code}, {"state", state}, {"realmId", realm}})}}, {}};
}

std::optional<std::string> OAuth::client_of(const HttpRequest& request) const {
    const auto header = request.headers.find("Authorization");
    if (!header || !header->starts_with("Basic ")) return std::nullopt;
    const auto pair = base64_decode(header->substr(6));
    if (!pair) return std::nullopt;
    const std::size_t colon = pair->find(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto app = apps_.find(pair->substr(0, colon));
    if (app == apps_.end() || app->second != pair->substr(colon + 1)) return std::nullopt;
    return app->first;
}

HttpResponse OAuth::token(const HttpRequest& request, WallTime now) {
    const std::optional<std::string> client = client_of(request);
    if (!client) return oauth_error(401, "invalid_client", "Unknown client or wrong secret");
    const Form form = body_fields(request);
    const bool hard = request.headers.find("x-include-refresh-token-hard-expires-in").value_or("") == "true";
    const std::string type = form_value(form, "grant_type").value_or("");
    if (type == "authorization_code") return exchange(form, *client, now, hard);
    if (type == "refresh_token") return refresh(form, *client, now, hard);
    return oauth_error(400, "unsupported_grant_type", "grant_type is authorization_code or refresh_token");
}

HttpResponse OAuth::exchange(const Form& form, const std::string& client, WallTime now, bool hard) {
    const auto found = codes_.find(form_value(form, "code").value_or(""));
    if (found == codes_.end()) return oauth_error(400, "invalid_grant", "Invalid authorization code");
    Code& code = found->second;
    if (code.used) {
        if (settings_.second_exchange_revokes) grants_.at(code.grant).revoked = true;
        return oauth_error(400, "invalid_grant", "Authorization code was already used");
    }
    if (code.client_id != client || now >= code.expires ||
        form_value(form, "redirect_uri").value_or("") != code.redirect_uri)
        return oauth_error(400, "invalid_grant", "Invalid authorization code");
    code.used = true;
    code.grant = random_.hex128();
    Grant& grant = grants_[code.grant];
    grant.client_id = client;
    grant.realm = code.realm;
    grant.hard_expires = now + kHardLifetime;
    grant.refresh_value = secret_text("RT1-");
    grant.value_issued = now;
    refresh_values_[grant.refresh_value] = code.grant;
    return issue(code.grant, now, hard);
}

HttpResponse OAuth::refresh(const Form& form, const std::string& client, WallTime now, bool hard) {
    const std::string value = form_value(form, "refresh_token").value_or("");
    const auto found = refresh_values_.find(value);
    if (found == refresh_values_.end()) return oauth_error(400, "invalid_grant", "Incorrect or invalid refresh token");
    Grant& grant = grants_.at(found->second);
    const bool current = value == grant.refresh_value;
    const bool in_grace = value == grant.old_value && now < grant.old_until;
    const bool alive = !grant.revoked && now < grant.expires && now < grant.hard_expires && grant.client_id == client;
    if (!alive || (!current && !in_grace)) {
        if (!current && settings_.old_refresh_revokes) grant.revoked = true;
        return oauth_error(400, "invalid_grant", "Incorrect or invalid refresh token");
    }
    if (current && now - grant.value_issued >= seconds(settings_.refresh_rotate_after_seconds)) {
        grant.old_value = grant.refresh_value;
        grant.old_until = now + seconds(settings_.refresh_grace_seconds);
        grant.refresh_value = secret_text("RT1-");
        grant.value_issued = now;
        refresh_values_[grant.refresh_value] = found->second;
    }
    return issue(std::string(found->second), now, hard);
}

HttpResponse OAuth::issue(const std::string& grant_id, WallTime now, bool hard) {
    Grant& grant = grants_.at(grant_id);
    grant.expires = now + seconds(settings_.refresh_token_seconds);
    const std::string access = secret_text("eyJ");
    accesses_[access] = {grant_id, now + seconds(settings_.access_token_seconds)};
    JsonText json;
    json.object().member("token_type", "bearer").member("access_token", access);
    json.member("expires_in", settings_.access_token_seconds).member("refresh_token", grant.refresh_value);
    json.member("x_refresh_token_expires_in", settings_.refresh_token_seconds);
    if (hard)
        json.member("x_refresh_token_hard_expires_in",
                    std::chrono::duration_cast<seconds>(grant.hard_expires - now).count());
    json.close();
    return json_response(200, std::move(json).take());
}

HttpResponse OAuth::revoke(const HttpRequest& request) {
    const std::optional<std::string> client = client_of(request);
    if (!client) return oauth_error(401, "invalid_client", "Unknown client or wrong secret");
    const std::string value = form_value(body_fields(request), "token").value_or("");
    const auto access = accesses_.find(value);
    const auto refresh = refresh_values_.find(value);
    if (access == accesses_.end() && refresh == refresh_values_.end())
        return oauth_error(400, "invalid_request", "Unknown token");
    Grant& grant = grants_.at(access != accesses_.end() ? access->second.grant : refresh->second);
    if (grant.client_id != *client) return oauth_error(400, "invalid_request", "Unknown token");
    grant.revoked = true;  // both tokens die
    return json_response(200, "{}");
}

HttpResponse OAuth::user_info(const HttpRequest& request, WallTime now) const {
    if (!bearer(request, now)) return oauth_error(401, "invalid_token", "Invalid access token");
    return json_response(
        200, R"({"sub":"sandbox-user","email":"demo@example.com","emailVerified":true,"givenName":"Demo"})");
}

HttpResponse OAuth::discovery(const HttpRequest& request) {
    const std::string base = "http://" + std::string(request.headers.find("Host").value_or("127.0.0.1"));
    JsonText json;
    json.object().member("issuer", "https://oauth.platform.intuit.com/op/v1");
    json.member("authorization_endpoint", base + "/connect/oauth2");
    json.member("token_endpoint", base + "/oauth2/v1/tokens/bearer");
    json.member("userinfo_endpoint", base + "/v1/openid_connect/userinfo");
    json.member("revocation_endpoint", base + "/v2/oauth2/tokens/revoke");
    json.key("response_types_supported").array().value("code").close();
    json.key("token_endpoint_auth_methods_supported").array().value("client_secret_basic").close();
    json.key("scopes_supported").array();
    for (const char* scope : {"openid", "email", "profile", "com.intuit.quickbooks.accounting"}) json.value(scope);
    json.close().close();
    return json_response(200, std::move(json).take());
}

std::optional<OAuth::Bearer> OAuth::bearer(const HttpRequest& request, WallTime now) const {
    const auto header = request.headers.find("Authorization");
    if (!header || !header->starts_with("Bearer ")) return std::nullopt;
    const auto access = accesses_.find(std::string(header->substr(7)));
    if (access == accesses_.end() || now >= access->second.expires) return std::nullopt;
    const Grant& grant = grants_.at(access->second.grant);
    if (grant.revoked) return std::nullopt;
    return Bearer{grant.client_id, grant.realm};
}

void OAuth::revoke_realm(const std::string& realm) {
    for (auto& [id, grant] : grants_) {
        if (grant.realm == realm) grant.revoked = true;
    }
}

void OAuth::expire_access_tokens(const std::string& realm) {
    for (auto& [value, access] : accesses_) {
        if (grants_.at(access.grant).realm == realm) access.expires = WallTime{};
    }
}

std::string OAuth::secret_text(std::string_view prefix) {
    return std::string(prefix) + random_.hex128() + random_.hex128();
}

}  // namespace spillway::sandbox::qbo
