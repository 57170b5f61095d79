#pragma once
// Contacts as documents see them.

#include "services/sandbox/xero/api.hpp"

namespace spillway::sandbox::xero {

/// The contact that a document names by id, number or name; one that only has a new name is created. nullptr with
/// errors, or with `not_found`, in `played`.
const Contact* contact_for_document(Call& call, const JsonValue& sent, bool customer, Played& played);
void write_contact(Call& call, JsonText& json, const Contact& contact);

}  // namespace spillway::sandbox::xero
