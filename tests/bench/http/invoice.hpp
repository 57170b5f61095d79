#pragma once
// A valid invoice of 1 KiB, numbered; what every HTTP figure submits.

#include <cstdint>
#include <string>

namespace spillway::bench {

constexpr std::int64_t kContacts = 200;

/// "INV-00001234"
std::string invoice_id(std::int64_t number);
std::string contact_id(std::int64_t number);
/// The canonical JSON of an invoice with four lines and tax, for one of the contacts.
std::string invoice_json(std::int64_t number);
std::string contact_json(std::int64_t number);

}  // namespace spillway::bench
