#pragma once
// The commands, each with what its arguments say. All return an exit code (session.hpp).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/spillway/session.hpp"

namespace spillway::cli {

int show_status(Session& session);

// connections.cpp
struct ConnectOptions {
    std::string provider, partner, organisation;
    bool auto_consent = false;
};
int list_connections(Session& session, const std::string& partner, const std::string& provider);
int connect(Session& session, const ConnectOptions& options);
/// pause, resume or disconnect.
int change_connection(Session& session, const std::string& id, const std::string& verb, const std::string& reason);
int show_mapping(Session& session, const std::string& id);
/// `pairs`: "sales_account=200", "tax_codes.standard=OUTPUT2"; an empty value takes the member away.
int set_mapping(Session& session, const std::string& id, const std::vector<std::string>& pairs);

// import_command.cpp
struct ImportOptions {
    std::string format, file;
    std::vector<std::string> connections;
    bool dry_run = false;
};
int import_file(Session& session, const ImportOptions& options);

// sync_command.cpp
int sync(Session& session, const std::vector<std::string>& connections, bool wait);

// jobs.cpp
struct JobFilter {
    std::string connection, partner, state, kind, cause, key;
    int limit = 50;
};
int list_jobs(Session& session, const JobFilter& filter);
int show_job(Session& session, std::int64_t id);
/// Why it is not running, and what became of it so far.
int explain_job(Session& session, std::int64_t id);
/// Ends one that nothing was sent of yet.
int cancel_job(Session& session, std::int64_t id);
/// Ends a parked one that a person solved; with `provider_id` its record is linked to that object.
int resolve_job(Session& session, std::int64_t id, const std::string& note, const std::string& provider_id);

// replay_command.cpp
struct ReplayOptions {
    std::vector<std::int64_t> ids;
    JobFilter filter;
    std::string cancel;  ///< a replay under way that is to stop
    bool all = false;
    bool dry_run = false;
};
/// A replay that takes more than one step is watched until it has ended.
int replay(Session& session, const ReplayOptions& options);

// holds.cpp
struct HoldOptions {
    std::string connection, kind, reason, until;
    bool all = false;
};
int list_holds(Session& session);
int set_hold(Session& session, const HoldOptions& options);
int lift_hold(Session& session, const HoldOptions& options);
/// The keys that jobs of the connection wait for.
int list_blocked(Session& session, const std::string& connection);

// relay.cpp
int show_relay(Session& session);
int release_relay(Session& session);
int resume_relay(Session& session, bool reread);
int list_refused(Session& session);

// webhooks.cpp
struct WebhookOptions {
    std::string url, connection, partner, state, delivery, since;
    std::vector<std::string> types;
    bool delivered = false;
};
int list_webhooks(Session& session);
int add_webhook(Session& session, const WebhookOptions& options);
int remove_webhook(Session& session, const std::string& id);
int enable_webhook(Session& session, const std::string& id);
int rotate_webhook(Session& session, const std::string& id);
/// Waits for the first attempt.
int ping_webhook(Session& session, const std::string& id);
int list_deliveries(Session& session, const std::string& id, const WebhookOptions& options);
/// Of one delivery, or of all since a time, in steps.
int replay_deliveries(Session& session, const std::string& id, const WebhookOptions& options);

// keys.cpp
int create_partner(Session& session, const std::string& name);
int list_partners(Session& session);
struct KeyOptions {
    std::string name, scope, partner, expires_at;
};
int create_key(Session& session, const KeyOptions& options);
int list_keys(Session& session);
int revoke_key(Session& session, const std::string& id);

// storage.cpp
int show_storage(Session& session);
int back_up(Session& session, const std::string& name);
int check_storage(Session& session, bool full);
/// Of the running service, which goes on meanwhile.
int rebuild_indexes(Session& session);
/// Needs no service: it must be stopped.
int repair_store(Session& session, const std::string& state_dir, bool accept_loss);

// drill_commands.cpp
struct TieOutOptions {
    std::string source, format, sandbox, report, seconds;
};
int tie_out(Session& session, const TieOutOptions& options);
int generate_month(Session& session, std::size_t documents, std::uint64_t seed);

}  // namespace spillway::cli
