#pragma once
// OAuth 2.0 authorization code flow for both providers: addresses, requests and answers. No I/O; who sends, stores and
// retries is the caller's affair.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/transport.hpp"
#include "schema/secret.hpp"

namespace spillway::oauth {

/// Where credentials and tokens may go. `live` ones open real books.
enum class Mark { live, sandbox };

/// One OAuth client at one provider.
struct OAuthApp {
    std::string provider;  ///< "xero", "qbo"
    std::string client_id;
    Secret client_secret;  ///< empty: a public client, which proves itself by PKCE (Xero's "mobile or desktop app")
    std::string authorize_url, token_url, revoke_url;
    std::string scopes;  ///< separated by spaces
    std::string redirect_uri;
    Mark mark = Mark::sandbox;
};

/// The provider's own addresses and the scopes that Spillway needs; client and redirect address left empty, marked
/// live. Nothing for an unknown provider.
std::optional<OAuthApp> default_app(std::string_view provider);

/// Whether credentials or tokens of that provider with that mark may be sent to `origin` ("https://api.xero.com"). Live
/// ones go to the provider's own hosts by https and to nothing else, whatever a configuration says.
bool may_send(std::string_view provider, Mark mark, std::string_view origin);
/// The origin of an absolute address: scheme, host and port without path. Errors: invalid/`bad_url`.
Result<std::string> origin_of(std::string_view url);

/// base64url(SHA-256(verifier)), RFC 7636.
std::string challenge_of(std::string_view verifier);
/// Where a person gives consent. @param verifier  43..128 characters for a public client; ignored where there is a
/// secret.
std::string consent_url(const OAuthApp& app, std::string_view state, std::string_view verifier);

/// A request with the origin that it goes to.
struct TokenRequest {
    std::string origin;
    HttpRequest request;
};
/// Errors of all three: forbidden/`live_credentials_elsewhere` (see may_send), invalid/`bad_url`.
Result<TokenRequest> exchange_request(const OAuthApp& app, std::string_view code, std::string_view verifier);
Result<TokenRequest> refresh_request(const OAuthApp& app, const Secret& refresh_token);
/// Ends a whole grant. For Xero that is every organisation of that user: to drop one, delete its connection instead.
Result<TokenRequest> revoke_request(const OAuthApp& app, const Secret& refresh_token);

struct Tokens {
    Secret access, refresh;
    std::chrono::seconds access_life{1800};
    std::chrono::seconds refresh_life{};  ///< Xero names none: 60 days unused, from its OAuth 2.0 FAQ
    std::string user_id;                  ///< xero_userid of the access token; one grant per user and app
    std::string event_id;  ///< authentication_event_id of the access token: tells the tenants of this consent
};
/// Errors: unauthorised/`invalid_grant` (the code or refresh token is dead; re-read the stored token before giving up,
/// another refresher may have rotated it); rejected/`invalid_client` and the like (configuration); throttled (429);
/// unavailable (not sent, 503); unknown/`token_answer_lost` (sent and no usable answer: a refresh may have rotated the
/// token; the old one may be tried again, for 30 minutes at Xero).
Result<Tokens> read_tokens(const OAuthApp& app, const SendResult& answer);

}  // namespace spillway::oauth
