#pragma once
// Whether a consent may be used for what it was asked for. Asked before its tokens are stored, so that a consent that
// leads nowhere replaces nothing, and again in the transaction that links.

#include <vector>

#include "connectors/provider.hpp"
#include "schema/result.hpp"
#include "services/store/consents.hpp"

namespace spillway::sync {

/// Errors: not_found/`no_partner`, conflict/`partner_suspended`.
Result<void> check_partner(store::Connection& connection, const PartnerId& partner);
/// Errors: as check_partner; not_found/`no_connection`; conflict/`other_tenant` (a reconnect that names another
/// organisation), conflict/`tenant_linked`.
/// @param tenants  those that the consent opens. @param exclusive  its tokens would take the place of those that the
/// organisation's connection uses now: it must not be another one than that which is reconnected.
Result<void> check_consent(store::Connection& connection, const store::ConsentRow& consent,
                           const std::vector<Tenant>& tenants, bool exclusive);

/// "xero/<tenant id>".
std::string organisation_of(std::string_view provider, std::string_view tenant);
/// While it is being disconnected.
Error disconnecting();
Error tenant_linked(std::string_view organisation);
/// The one of a connection's own organisation. Errors: conflict/`other_tenant`.
Result<Tenant> own_tenant(const std::vector<Tenant>& tenants, std::string_view id, std::string_view name);

}  // namespace spillway::sync
