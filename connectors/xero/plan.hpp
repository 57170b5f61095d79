#pragma once
// Which objects a record still needs.

#include "connectors/provider.hpp"

namespace spillway::xero {

/// The subject's link of that role; null where there is none.
const Link* link_of(const Subject& subject, std::string_view role);
std::vector<Step> plan(const Subject& subject);
/// See Provider::reads_before. Reading an allocation shows its credit note too.
std::vector<std::string> reads_before(const Step& step);

}  // namespace spillway::xero
