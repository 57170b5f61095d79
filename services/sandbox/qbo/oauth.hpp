#pragma once
// Intuit's OAuth 2.0: the consent page, tokens and their rotation, revocation, the discovery document.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "schema/random.hpp"
#include "schema/runtime/http_message.hpp"
#include "services/sandbox/provider_model.hpp"
#include "services/sandbox/qbo/settings.hpp"

namespace spillway::sandbox::qbo {

inline constexpr std::string_view kDefaultClientId = "sandbox-qbo-client";
inline constexpr std::string_view kDefaultClientSecret = "sandbox-qbo-secret";

class OAuth {
 public:
    OAuth(const Settings& settings, std::uint64_t seed);

    [[nodiscard]] static bool owns(std::string_view path);
    /// Any request whose path this owns. @param companies  realm and name, for the consent page.
    HttpResponse handle(const HttpRequest& request, Now now,
                        const std::vector<std::pair<std::string, std::string>>& companies);

    /// Whose access token a request carries; nothing when it is missing, unknown, expired or revoked.
    struct Bearer {
        std::string client_id, realm;
    };
    [[nodiscard]] std::optional<Bearer> bearer(const HttpRequest& request, WallTime now) const;

    void add_app(std::string client_id, std::string secret) { apps_[std::move(client_id)] = std::move(secret); }
    /// Revokes every grant of a realm, as its administrator does in the QuickBooks UI.
    void revoke_realm(const std::string& realm);
    /// Ends the access tokens of a realm before their time; refresh tokens stay.
    void expire_access_tokens(const std::string& realm);
    void reset();

 private:
    struct Code {
        std::string client_id, realm, redirect_uri, grant;
        WallTime expires;
        bool used = false;
    };
    /// One consent: (app, realm). Its refresh value changes now and then.
    struct Grant {
        std::string client_id, realm;
        std::string refresh_value, old_value;
        WallTime value_issued, old_until, expires, hard_expires;
        bool revoked = false;
    };
    struct Access {
        std::string grant;
        WallTime expires;
    };
    using Form = std::vector<std::pair<std::string, std::string>>;

    HttpResponse consent_page(const Form& form,
                              const std::vector<std::pair<std::string, std::string>>& companies) const;
    HttpResponse decide(const Form& form, WallTime now,
                        const std::vector<std::pair<std::string, std::string>>& companies);
    HttpResponse token(const HttpRequest& request, WallTime now);
    HttpResponse exchange(const Form& form, const std::string& client, WallTime now, bool hard);
    HttpResponse refresh(const Form& form, const std::string& client, WallTime now, bool hard);
    HttpResponse issue(const std::string& grant_id, WallTime now, bool hard);
    HttpResponse revoke(const HttpRequest& request);
    HttpResponse user_info(const HttpRequest& request, WallTime now) const;
    static HttpResponse discovery(const HttpRequest& request);
    [[nodiscard]] std::optional<std::string> client_of(const HttpRequest& request) const;
    std::string secret_text(std::string_view prefix);

    const Settings& settings_;
    std::uint64_t seed_;
    SeededRandom random_;
    std::unordered_map<std::string, std::string> apps_;
    std::unordered_map<std::string, Code> codes_;
    std::unordered_map<std::string, Grant> grants_;
    std::unordered_map<std::string, std::string> refresh_values_;  ///< each value ever given -> grant
    std::unordered_map<std::string, Access> accesses_;
};

}  // namespace spillway::sandbox::qbo
