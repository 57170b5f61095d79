#include "services/sync/linking.hpp"

#include <algorithm>

#include "services/store/connections.hpp"
#include "services/store/partners.hpp"

namespace spillway::sync {

Result<void> check_partner(store::Connection& connection, const PartnerId& partner) {
    const auto row = store::get_partner(connection, partner);
    if (!row) return Error{ErrorKind::not_found, "no_partner", "no partner " + partner.value};
    if (row->state == "suspended") return Error{ErrorKind::conflict, "partner_suspended", "the partner is suspended"};
    return success();
}

std::string organisation_of(std::string_view provider, std::string_view tenant) {
    return std::string(provider) + "/" + std::string(tenant);
}

Error disconnecting() {
    return {ErrorKind::conflict, "disconnecting", "the organisation is just being disconnected: try again in a moment"};
}

Error tenant_linked(std::string_view organisation) {
    return {ErrorKind::conflict, "tenant_linked", std::string(organisation) + " is linked already"};
}

Result<Tenant> own_tenant(const std::vector<Tenant>& tenants, std::string_view id, std::string_view name) {
    const auto own = std::ranges::find(tenants, id, &Tenant::id);
    if (own == tenants.end())
        return Error{ErrorKind::conflict, "other_tenant",
                     "consent was given for another organisation than " + std::string(name)};
    return *own;
}

Result<void> check_consent(store::Connection& connection, const store::ConsentRow& consent,
                           const std::vector<Tenant>& tenants, bool exclusive) {
    auto allowed = check_partner(connection, consent.partner);
    if (!allowed.ok()) return allowed;
    if (!consent.connection.empty()) {
        const auto row = store::get_connection(connection, consent.connection);
        if (!row) return Error{ErrorKind::not_found, "no_connection", "no connection " + consent.connection.value};
        const auto own = own_tenant(tenants, row->tenant_id, row->tenant_name);
        if (!own.ok()) return own.error();
    }
    if (!exclusive) return success();
    for (const auto& tenant : tenants) {
        const auto linked = store::find_linked(connection, consent.provider, tenant.id);
        if (linked && linked->id != consent.connection)
            return tenant_linked(tenant.name.empty() ? tenant.id : tenant.name);
    }
    return success();
}

}  // namespace spillway::sync
