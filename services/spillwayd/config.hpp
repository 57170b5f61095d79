#pragma once
// The daemon's configuration: one JSON file, some of it overridable by environment variables, all of it checked before
// anything starts.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "connectors/oauth/oauth.hpp"
#include "schema/clock.hpp"
#include "schema/result.hpp"
#include "schema/runtime/log.hpp"
#include "schema/secret.hpp"
#include "services/spillwayd/nightly.hpp"
#include "services/webhooks/target.hpp"

namespace spillway::daemon {

struct ProviderConfig {
    oauth::OAuthApp app;
    std::string api_origin;            ///< "https://api.xero.com"
    std::optional<int> calls_per_day;  ///< of the app's tier, an organisation (Xero); none: the provider's usual
};

/// The payment database whose outbox is read: a PostgreSQL, or a SQLite file.
struct RelayConfig {
    std::string conninfo;  ///< libpq's, without the password
    Secret password;
    std::string schema;       ///< of the outbox; empty: by the role's search_path
    std::string sqlite_file;  ///< instead of conninfo
    Millis poll_max{500};     ///< between two looks at an outbox without news
    Millis statement_limit{250};
    Millis long_transaction{60'000};  ///< from then on an open transaction there is named in an alert
};

struct Config {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8787;
    std::string state_dir;         ///< the database, the grants and, by default, the key files
    std::string public_url;        ///< where callers and browsers reach the service; default http://localhost:<port>
    std::string admin_key_file;    ///< made with a random key when missing; default <state_dir>/admin.key
    std::string secrets_key_file;  ///< seals the grants; made when missing; default <state_dir>/secrets.key
    std::string backup_dir;        ///< where `spillway backup` writes; default <state_dir>/backups
    LogLevel log_level = LogLevel::info;
    std::map<std::string, ProviderConfig> providers;
    std::optional<RelayConfig> relay;  ///< none: records come by the API alone
    webhooks::Allowed webhooks_allow;  ///< where webhooks may go although it is not public, not https or not port 443
    RetentionDays retention;
    NightlySettings nightly;
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Reads and checks everything. SPILLWAY_ADDRESS, SPILLWAY_PORT, SPILLWAY_STATE_DIR, SPILLWAY_PUBLIC_URL,
/// SPILLWAY_LOG_LEVEL, SPILLWAY_XERO_CLIENT_SECRET, SPILLWAY_QBO_CLIENT_SECRET and SPILLWAY_RELAY_PASSWORD win over the
/// file. Errors: invalid with one line that names the file and the JSON pointer. Live credentials that would go to a
/// host outside the provider's own list are an error here already.
Result<Config> read_config(const std::string& path, const Environment& environment);

/// The same from text; `path` is for messages.
Result<Config> parse_config(std::string_view text, const std::string& path, const Environment& environment);

}  // namespace spillway::daemon
