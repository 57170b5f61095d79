#pragma once
// Canonical records into Xero's elements.

#include "connectors/provider.hpp"

namespace spillway::xero {

/// See Provider::prepare. Further errors: conflict/`already_gone` (a person ended in the books what we are about to
/// end), conflict/`gone` (the object that is to be updated was voided, deleted or archived in the books),
/// conflict/`allocation_unclear` (which of a credit note's allocations is ours).
Result<PreparedObject> prepare(const Subject& subject, const Step& step, const Mapping& mapping, const Books& books,
                               std::span<const RemoteObject> read);

/// How a contact is known in the books: its external id where Xero takes it (50 of letters, digits and '-'; other
/// characters in a look-up by address are unverified), else a mark of ours.
std::string contact_number(std::string_view external_id);

}  // namespace spillway::xero
