#pragma once
// Partners: the platform's customers.

#include "schema/ids.hpp"
#include "services/store/sql.hpp"

namespace spillway::store {

struct PartnerRow {
    PartnerId id;
    std::string name;
    std::string state = "active";  ///< active | suspended
    WallTime created{};
};

void insert_partner(Connection& connection, const PartnerRow& partner);
std::optional<PartnerRow> get_partner(Connection& connection, const PartnerId& id);
/// In id order after `after`; of one partner only, when given.
std::vector<PartnerRow> list_partners(Connection& connection, const std::optional<PartnerId>& only,
                                      const std::string& after, std::size_t limit);
/// @return false when there is no such partner.
bool set_partner_state(Connection& connection, const PartnerId& id, const std::string& state);

}  // namespace spillway::store
