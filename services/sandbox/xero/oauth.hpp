#pragma once
// Xero's identity service: consent page, codes, rotating tokens, revocation, connections. One demo user consents.
// Times: access token 30 min, code 5 min and once, refresh token 60 days and rotating, with 30 minutes of grace for the
// previous one (developer.xero.com, OAuth 2.0 FAQ).

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/sandbox/provider_model.hpp"
#include "services/sandbox/xero/books.hpp"
#include "services/sandbox/xero/signer.hpp"
#include "services/sandbox/xero/switches.hpp"

namespace spillway::sandbox::xero {

struct App {
    std::string client_id = "sandbox-xero-client";
    std::string secret = "sandbox-xero-secret";  ///< empty: an app of the PKCE type
    std::string name = "Spillway Sandbox App";
    std::string tier = "core";
    std::vector<std::string> redirect_uris;  ///< empty: any that the rules allow
};

struct TenantName {
    std::string id, name;
};

struct Connection {
    std::string id, client_id, tenant_id, tenant_name, event_id;
    WallTime created{}, updated{};
};

struct AccessToken {
    std::string client_id, event_id;
    std::set<std::string> scopes;
    WallTime expires{};
    bool revoked = false;
};

class OAuth {
 public:
    using Form = std::vector<std::pair<std::string, std::string>>;
    OAuth(Ids& ids, const Switches& switches) : ids_(ids), switches_(switches), user_id_(ids.guid()) {}

    std::map<std::string, App> apps{{App{}.client_id, App{}}};
    std::vector<TenantName> tenants;

    /// All of /identity, /connect, /connections and /.well-known.
    HttpResponse handle(const HttpRequest& request, Now now);
    /// The token of an API request; nullptr where it is not known.
    [[nodiscard]] const AccessToken* token_of(const HttpRequest& request) const;
    [[nodiscard]] bool connected(const std::string& client_id, const std::string& tenant_id) const;

    void expire_access_tokens(WallTime now);
    /// Kills the tokens of every consent that covered the tenant ("" for all), and removes its connections.
    void revoke(const std::string& tenant_id);
    void disconnect(const std::string& tenant_id);

 private:
    struct Code {
        std::string client_id, redirect_uri, challenge, nonce, event_id;
        std::set<std::string> scopes;
        WallTime expires{};
    };
    struct RefreshToken {
        std::string client_id, event_id;
        std::set<std::string> scopes;
        WallTime used_last{};
        std::optional<WallTime> rotated;
    };

    HttpResponse authorize_page(const HttpRequest& request) const;
    HttpResponse authorize(const HttpRequest& request, Now now);
    HttpResponse grant_code(const Form& form, Now now);
    HttpResponse token(const HttpRequest& request, Now now);
    HttpResponse exchange(const App& app, const Form& form, const std::string& issuer, Now now);
    HttpResponse refresh(const App& app, const Form& form, const std::string& issuer, Now now);
    HttpResponse issue(const Code& grant, const std::string& issuer, Now now);
    HttpResponse revocation(const HttpRequest& request);
    HttpResponse connections(const HttpRequest& request, Now now);
    HttpResponse discovery(const HttpRequest& request) const;
    const App* authenticate(const HttpRequest& request, const Form& form) const;
    [[nodiscard]] std::string problem_of(const Form& form) const;
    [[nodiscard]] bool redirect_allowed(const App& app, const std::string& uri) const;
    void connect(const std::string& client_id, const std::string& tenant_id, const std::string& event_id, WallTime now);

    Ids& ids_;
    const Switches& switches_;
    std::string user_id_;
    Signer signer_;
    std::map<std::string, Code> codes_;
    std::map<std::string, AccessToken> access_;
    std::map<std::string, RefreshToken> refresh_;
    std::map<std::string, std::set<std::string>> event_tenants_;
    std::vector<Connection> connections_;
};

}  // namespace spillway::sandbox::xero
