// The consent page of the identity service, and the list of connections that consents leave behind.

#include <algorithm>
#include <iterator>
#include <sstream>

#include "schema/json_text.hpp"
#include "services/sandbox/xero/oauth.hpp"
#include "services/sandbox/xero/wire.hpp"

namespace spillway::sandbox::xero {

namespace {

constexpr std::chrono::minutes kCodeLife{5};

constexpr std::string_view kCarried[] = {"client_id",      "redirect_uri",         "scope", "state", "nonce",
                                         "code_challenge", "code_challenge_method"};

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

HttpResponse page(int status, const std::string& body) {
    return {
        status,
        {{"Content-Type", "text/html; charset=utf-8"}, {"X-Frame-Options", "DENY"}, {"Cache-Control", "no-store"}},
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sandbox consent</title></head><body>" +
            body + "</body></html>\n"};
}

HttpResponse redirect(const std::string& uri, const OAuth::Form& parameters) {
    const char joint = uri.find('?') == std::string::npos ? '?' : '&';
    return {302, {{"Location", uri + joint + encode_form(parameters)}, {"Cache-Control", "no-store"}}, ""};
}

/// "2026-10-04T08:00:00.0000000", without a zone, as the connections list has it.
std::string connection_time(WallTime when) { return format_utc(when).substr(0, 19) + ".0000000"; }

}  // namespace

bool OAuth::redirect_allowed(const App& app, const std::string& uri) const {
    if (!app.redirect_uris.empty() && std::ranges::find(app.redirect_uris, uri) == app.redirect_uris.end())
        return false;
    if (uri.starts_with("https://")) return true;
    const auto host_is = [&](std::string_view prefix) {
        return uri.starts_with(prefix) &&
               (uri.size() == prefix.size() || uri[prefix.size()] == ':' || uri[prefix.size()] == '/');
    };
    return host_is("http://localhost") || (switches_.redirect_loopback_ip && host_is("http://127.0.0.1"));
}

std::string OAuth::problem_of(const Form& form) const {
    const auto value = [&](std::string_view name) { return form_value(form, name).value_or(""); };
    const auto app = apps.find(value("client_id"));
    if (app == apps.end()) return "unauthorized_client: unknown client_id";
    if (!redirect_allowed(app->second, value("redirect_uri")))
        return "unauthorized_client: invalid redirect_uri (https, or http://localhost; exactly as registered)";
    if (!value("code_challenge").empty() && value("code_challenge_method") != "S256")
        return "invalid_request: code_challenge_method must be S256";
    if (app->second.secret.empty() && value("code_challenge").empty())
        return "invalid_request: code challenge required";
    if (value("scope").empty()) return "invalid_scope";
    return {};
}

HttpResponse OAuth::authorize_page(const HttpRequest& request) const {
    const auto form = parse_form(request.query());
    if (!form) return page(400, "<h1>Error</h1><p>invalid_request</p>");
    if (form_value(*form, "response_type").value_or("") != "code")
        return page(400, "<h1>Error</h1><p>unsupported_response_type</p>");
    const std::string problem = problem_of(*form);
    if (!problem.empty()) return page(400, "<h1>Error</h1><p>" + escaped(problem) + "</p>");

    std::string body = "<h1>" + escaped(apps.at(*form_value(*form, "client_id")).name) +
                       " wants access to</h1><form method=\"post\" action=\"/identity/connect/authorize\">";
    for (const std::string_view name : kCarried)
        if (const auto value = form_value(*form, name))
            body += "<input type=\"hidden\" name=\"" + std::string(name) + "\" value=\"" + escaped(*value) + "\">";
    body += "<p><label for=\"tenant\">Organisation</label> <select id=\"tenant\" name=\"tenant\">";
    for (const TenantName& tenant : tenants)
        body += "<option value=\"" + tenant.id + "\">" + escaped(tenant.name) + "</option>";
    body += "</select></p><p>Scopes: " + escaped(form_value(*form, "scope").value_or("")) +
            "</p><button name=\"decision\" value=\"allow\">Allow access</button> "
            "<button name=\"decision\" value=\"deny\">Cancel</button></form>";
    return page(200, body);
}

HttpResponse OAuth::authorize(const HttpRequest& request, Now now) {
    const auto form = parse_form(request.body);
    if (!form) return page(400, "<h1>Error</h1><p>invalid_request</p>");
    const std::string problem = problem_of(*form);
    if (!problem.empty()) return page(400, "<h1>Error</h1><p>" + escaped(problem) + "</p>");
    if (form_value(*form, "decision").value_or("") == "allow") return grant_code(*form, now);
    return redirect(*form_value(*form, "redirect_uri"),
                    {{"error", "access_denied"}, {"state", form_value(*form, "state").value_or("")}});
}

HttpResponse OAuth::grant_code(const Form& form, Now now) {
    const auto value = [&](std::string_view name) { return form_value(form, name).value_or(""); };
    std::string tenant = value("tenant");
    if (tenant.empty() && !tenants.empty()) tenant = tenants.front().id;
    const auto known =
        std::ranges::find_if(tenants, [&](const TenantName& one) { return one.id == tenant || one.name == tenant; });
    if (known == tenants.end()) return page(400, "<h1>Error</h1><p>unknown organisation</p>");

    Code code;
    code.client_id = value("client_id");
    code.redirect_uri = value("redirect_uri");
    code.challenge = value("code_challenge");
    code.nonce = value("nonce");
    code.event_id = ids_.guid();
    std::istringstream scopes(value("scope"));
    code.scopes = {std::istream_iterator<std::string>(scopes), {}};
    code.expires = now.wall + kCodeLife;
    connect(code.client_id, known->id, code.event_id, now.wall);
    const std::string text = ids_.token(1);
    codes_[text] = code;
    return redirect(code.redirect_uri, {{"code", text}, {"state", value("state")}, {"scope", value("scope")}});
}

void OAuth::connect(const std::string& client_id, const std::string& tenant_id, const std::string& event_id,
                    WallTime now) {
    event_tenants_[event_id].insert(tenant_id);
    for (Connection& one : connections_) {
        if (one.client_id != client_id || one.tenant_id != tenant_id) continue;
        one.updated = now;  // a tenant that consents again keeps its first event id
        return;
    }
    const auto tenant = std::ranges::find(tenants, tenant_id, &TenantName::id);
    connections_.push_back({ids_.guid(), client_id, tenant_id, tenant->name, event_id, now, now});
}

HttpResponse OAuth::connections(const HttpRequest& request, Now now) {
    const AccessToken* token = token_of(request);
    if (token == nullptr || token->revoked || now.wall >= token->expires)
        return unauthorised("AuthenticationUnsuccessful", ids_);
    if (request.method == "DELETE") {
        const std::string id(request.path().substr(request.path().rfind('/') + 1));
        const auto gone = std::erase_if(
            connections_, [&](const Connection& one) { return one.id == id && one.client_id == token->client_id; });
        return {gone > 0 ? 204 : 404, {}, ""};
    }
    const auto query = parse_form(request.query());
    const auto event = query ? form_value(*query, "authEventId") : std::nullopt;
    JsonText json;
    json.array();
    for (const Connection& one : connections_) {
        if (one.client_id != token->client_id || (event && one.event_id != *event)) continue;
        json.object().member("id", one.id).member("authEventId", one.event_id).member("tenantId", one.tenant_id);
        json.member("tenantType", "ORGANISATION").member("tenantName", one.tenant_name);
        json.member("createdDateUtc", connection_time(one.created));
        json.member("updatedDateUtc", connection_time(one.updated)).close();
    }
    return json_answer(200, std::move(json.close()).take());
}

}  // namespace spillway::sandbox::xero
