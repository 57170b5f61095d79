#pragma once
// Consents that were started and not yet finished: what ties a provider's redirect to who asked for it.

#include "schema/ids.hpp"
#include "services/store/sql.hpp"

namespace spillway::store {

struct ConsentRow {
    std::string state;  ///< 128 random bits; single use
    PartnerId partner;
    std::string provider;
    std::string verifier;     ///< PKCE, where the app has no secret
    ConnectionId connection;  ///< a reconnect names the connection; else empty
    std::string return_url;
    WallTime created{};
};

/// How long a person may take to consent.
inline constexpr Millis kConsentAge{30 * 60 * 1000};

void insert_consent(Connection& connection, const ConsentRow& row);
/// Reads and deletes it: a state works once. Nothing for an unknown one or one older than kConsentAge.
std::optional<ConsentRow> take_consent(Connection& connection, const std::string& state, WallTime now);

}  // namespace spillway::store
