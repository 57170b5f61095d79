#pragma once
// The fields of an object that are ours: a fingerprint of them as read, what of it changed, and whether an object holds
// what we sent.

#include <string>
#include <string_view>
#include <vector>

#include "schema/json_value.hpp"

namespace spillway::qbo {

/// A short hash per owned field, in a fixed order, joined by '-'. Lines count as one field, with everything that an
/// update would wipe: people's own lines, classes and service dates; what QuickBooks adds (ids, subtotals, balances) is
/// left out. Numbers and empty texts are normalised, so that two reads of one state are equal.
std::string owned_hash(std::string_view entity, const JsonValue& object);

/// The owned fields that differ between two hashes and that `body` would write. Nothing for hashes of another form.
std::vector<std::string> drifted(std::string_view entity, std::string_view before, std::string_view now,
                                 const JsonValue& body);

/// Whether `read` has everything that `sent` set; what it has besides does not count, nor what people wrote behind our
/// note. Members that QuickBooks gives back otherwise (country codes, tax numbers) are not compared.
bool holds(const JsonValue& sent, const JsonValue& read);
/// Whether `sent` has no member that `holds` leaves out.
bool compares_all(const JsonValue& sent);

}  // namespace spillway::qbo
