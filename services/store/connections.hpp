#pragma once
// Connections: a partner's link to one organisation. The id names the lane too.

#include "schema/ids.hpp"
#include "services/store/sql.hpp"

namespace spillway::store {

struct ConnectionRow {
    ConnectionId id;
    PartnerId partner;
    std::string provider;         ///< xero | qbo
    std::string state = "setup";  ///< setup | active | paused | needs_reauth | disconnected
    std::string state_reason;
    std::string posting = "on_sync";  ///< setup | on_sync | automatic | scheduled
    std::string tenant_id, tenant_name, tenant_link;
    GrantId grant;
    std::string mapping;  ///< JSON (write_mapping); empty: none yet
    std::string books;    ///< JSON (write_books); empty: not read yet
    std::int64_t accepted_seq = 0, released_seq = 0;
    WallTime created{}, changed{};
};

/// What intake needs of a connection: without its books and mapping, which may be long.
struct ConnectionGist {
    ConnectionId id;
    PartnerId partner;
    std::string state, posting;  ///< as in ConnectionRow
};

struct ConnectionFilter {
    std::optional<std::string> partner, provider, state;
};

void insert_connection(Connection& connection, const ConnectionRow& row);
/// Writes every column but id, partner, provider, created and accepted_seq (intake alone raises that).
/// @return false when there is no such connection.
bool update_connection(Connection& connection, const ConnectionRow& row);
std::optional<ConnectionRow> get_connection(Connection& connection, const ConnectionId& id);
std::optional<ConnectionGist> get_connection_gist(Connection& connection, const ConnectionId& id);
/// All of them, disconnected ones included.
std::vector<ConnectionGist> all_connection_gists(Connection& connection);
/// Why nothing is accepted for a connection that is no longer linked.
Error disconnected();
/// In id order after `after`.
std::vector<ConnectionRow> list_connections(Connection& connection, const ConnectionFilter& filter,
                                            const std::string& after, std::size_t limit);
/// The connection that links this organisation now (disconnected ones do not).
std::optional<ConnectionRow> find_linked(Connection& connection, const std::string& provider,
                                         const std::string& tenant_id);
/// The connections that wait for this grant's consent to be given again.
std::vector<ConnectionRow> waiting_for(Connection& connection, const GrantId& grant);
/// Organisations that a partner was linked to once, and nobody is now.
std::vector<std::string> left_tenants(Connection& connection, const PartnerId& partner, const std::string& provider);
/// The lanes of a partner, disconnected ones included; bounded by what one partner may own.
std::vector<std::string> lanes_of(Connection& connection, const PartnerId& partner);

}  // namespace spillway::store
