#include "services/store/partners.hpp"

namespace spillway::store {
namespace {

PartnerRow read_partner(SQLite::Statement& row) {
    return {PartnerId(text(row, 0)), text(row, 1), text(row, 2), time(row, 3)};
}

}  // namespace

void insert_partner(Connection& connection, const PartnerRow& partner) {
    run(connection, "INSERT INTO partners (id, name, state, created_ms) VALUES (?1, ?2, ?3, ?4)", partner.id.value,
        partner.name, partner.state, partner.created);
}

std::optional<PartnerRow> get_partner(Connection& connection, const PartnerId& id) {
    return first_row(query(connection, "SELECT id, name, state, created_ms FROM partners WHERE id = ?1", id.value),
                     read_partner);
}

std::vector<PartnerRow> list_partners(Connection& connection, const std::optional<PartnerId>& only,
                                      const std::string& after, std::size_t limit) {
    std::optional<std::string> id;
    if (only) id = only->value;
    return rows(query(connection,
                      "SELECT id, name, state, created_ms FROM partners"
                      " WHERE id > ?1 AND (?2 IS NULL OR id = ?2) ORDER BY id LIMIT ?3",
                      after, id, limit),
                read_partner);
}

bool set_partner_state(Connection& connection, const PartnerId& id, const std::string& state) {
    return run(connection, "UPDATE partners SET state = ?2 WHERE id = ?1", id.value, state) == 1;
}

}  // namespace spillway::store
