#pragma once
// Which provider objects a record still needs, in order. Computed from the record's links alone, so a plan broken off
// anywhere goes on.

#include <vector>

#include "connectors/provider.hpp"

namespace spillway::qbo {

/// See Provider::plan. The document inside a negative invoice becomes a CreditMemo (record_rules.hpp); a payment or an
/// allocation changes by remove and create; a record that changes its entity is removed and created.
std::vector<Step> plan_steps(const Subject& subject);

/// See Provider::reads_before. Every write to an existing object carries its SyncToken, which rises when others write
/// or link; before an allocation goes, its credit memo is looked at too.
std::vector<std::string> roles_read_before(const Step& step);

/// The names under which a contact's objects are kept: the vendor of a contact that is, or was, a customer too gets a
/// suffix, since names are unique over customers, vendors and employees together.
std::string display_name(const Subject& subject, std::string_view role);
inline constexpr std::string_view kSupplierSuffix = " (supplier)";

}  // namespace spillway::qbo
