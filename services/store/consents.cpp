#include "services/store/consents.hpp"

namespace spillway::store {

void insert_consent(Connection& connection, const ConsentRow& row) {
    run(connection, "DELETE FROM consents WHERE created_ms < ?1", row.created - kConsentAge);
    run(connection,
        "INSERT INTO consents (state, partner_id, provider, verifier, connection_id, return_url, created_ms) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        row.state, row.partner.value, row.provider, row.verifier, row.connection.value, row.return_url, row.created);
}

std::optional<ConsentRow> take_consent(Connection& connection, const std::string& state, WallTime now) {
    auto row = first_row(query(connection,
                               "DELETE FROM consents WHERE state = ?1 RETURNING partner_id, provider, verifier, "
                               "connection_id, return_url, created_ms",
                               state),
                         [&state](SQLite::Statement& found) {
                             return ConsentRow{state,          PartnerId(text(found, 0)),    text(found, 1),
                                               text(found, 2), ConnectionId(text(found, 3)), text(found, 4),
                                               time(found, 5)};
                         });
    if (row && now - row->created > kConsentAge) return std::nullopt;
    return row;
}

}  // namespace spillway::store
