#include "services/store/connections.hpp"

namespace spillway::store {
namespace {

#define SPILLWAY_CONNECTION_COLUMNS                                                                                    \
    "id, partner_id, provider, state, state_reason, posting, tenant_id, tenant_name, tenant_link, grant_id, mapping, " \
    "books, released_seq, created_ms, changed_ms"
#define SPILLWAY_CONNECTION_SELECT        \
    "SELECT " SPILLWAY_CONNECTION_COLUMNS \
    ", (SELECT accepted FROM connection_seqs WHERE connection_id = id) FROM connections "

ConnectionRow read_connection(SQLite::Statement& row) {
    ConnectionRow out;
    out.id = ConnectionId(text(row, 0));
    out.partner = PartnerId(text(row, 1));
    out.provider = text(row, 2);
    out.state = text(row, 3);
    out.state_reason = text(row, 4);
    out.posting = text(row, 5);
    out.tenant_id = text(row, 6);
    out.tenant_name = text(row, 7);
    out.tenant_link = text(row, 8);
    out.grant = GrantId(text(row, 9));
    out.mapping = text(row, 10);
    out.books = text(row, 11);
    out.released_seq = integer(row, 12);
    out.created = time(row, 13);
    out.changed = time(row, 14);
    out.accepted_seq = integer(row, 15);
    return out;
}

}  // namespace

void insert_connection(Connection& connection, const ConnectionRow& row) {
    run(connection,
        "INSERT INTO connections (" SPILLWAY_CONNECTION_COLUMNS
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        row.id.value, row.partner.value, row.provider, row.state, row.state_reason, row.posting, row.tenant_id,
        row.tenant_name, row.tenant_link, row.grant.value, row.mapping, row.books, row.released_seq, row.created,
        row.changed);
    run(connection, "INSERT INTO connection_seqs (connection_id, accepted) VALUES (?1, ?2)", row.id.value,
        row.accepted_seq);
}

bool update_connection(Connection& connection, const ConnectionRow& row) {
    return run(connection,
               "UPDATE connections SET state = ?2, state_reason = ?3, posting = ?4, tenant_id = ?5, tenant_name = ?6,"
               " tenant_link = ?7, grant_id = ?8, mapping = ?9, books = ?10, released_seq = ?11, changed_ms = ?12"
               " WHERE id = ?1",
               row.id.value, row.state, row.state_reason, row.posting, row.tenant_id, row.tenant_name, row.tenant_link,
               row.grant.value, row.mapping, row.books, row.released_seq, row.changed) == 1;
}

std::optional<ConnectionGist> get_connection_gist(Connection& connection, const ConnectionId& id) {
    // These columns stand before the long ones: no overflow page is read.
    return first_row(query(connection, "SELECT partner_id, state, posting FROM connections WHERE id = ?1", id.value),
                     [&](SQLite::Statement& row) {
                         return ConnectionGist{id, PartnerId(text(row, 0)), text(row, 1), text(row, 2)};
                     });
}

std::vector<ConnectionGist> all_connection_gists(Connection& connection) {
    return rows(
        query(connection, "SELECT id, partner_id, state, posting FROM connections"), [](SQLite::Statement& row) {
            return ConnectionGist{ConnectionId(text(row, 0)), PartnerId(text(row, 1)), text(row, 2), text(row, 3)};
        });
}

Error disconnected() {
    return {ErrorKind::conflict, "disconnected", "the connection is disconnected: connect the organisation again"};
}

std::optional<ConnectionRow> get_connection(Connection& connection, const ConnectionId& id) {
    return first_row(query(connection, SPILLWAY_CONNECTION_SELECT "WHERE id = ?1", id.value), read_connection);
}

std::vector<ConnectionRow> list_connections(Connection& connection, const ConnectionFilter& filter,
                                            const std::string& after, std::size_t limit) {
    return rows(query(connection,
                      SPILLWAY_CONNECTION_SELECT
                      "WHERE id > ?1 AND (?2 IS NULL OR partner_id = ?2)"
                      " AND (?3 IS NULL OR provider = ?3) AND (?4 IS NULL OR state = ?4) ORDER BY id LIMIT ?5",
                      after, filter.partner, filter.provider, filter.state, limit),
                read_connection);
}

std::optional<ConnectionRow> find_linked(Connection& connection, const std::string& provider,
                                         const std::string& tenant_id) {
    return first_row(
        query(connection,
              SPILLWAY_CONNECTION_SELECT "WHERE provider = ?1 AND tenant_id = ?2 AND state <> 'disconnected'", provider,
              tenant_id),
        read_connection);
}

std::vector<ConnectionRow> waiting_for(Connection& connection, const GrantId& grant) {
    return rows(
        query(connection, SPILLWAY_CONNECTION_SELECT "WHERE grant_id = ?1 AND state = 'needs_reauth'", grant.value),
        read_connection);
}

std::vector<std::string> left_tenants(Connection& connection, const PartnerId& partner, const std::string& provider) {
    return rows(query(connection,
                      "SELECT DISTINCT tenant_id FROM connections AS mine WHERE partner_id = ?1 AND provider = ?2"
                      " AND NOT EXISTS (SELECT 1 FROM connections AS linked WHERE linked.provider = mine.provider"
                      " AND linked.tenant_id = mine.tenant_id AND linked.state <> 'disconnected')",
                      partner.value, provider),
                [](SQLite::Statement& row) { return text(row, 0); });
}

std::vector<std::string> lanes_of(Connection& connection, const PartnerId& partner) {
    return rows(
        query(connection, "SELECT id FROM connections WHERE partner_id = ?1 ORDER BY id LIMIT 10000", partner.value),
        [](SQLite::Statement& row) { return text(row, 0); });
}

}  // namespace spillway::store
