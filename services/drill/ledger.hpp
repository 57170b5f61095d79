#pragma once
// The sandbox's books as the tie-out compares them: its ledger (services/sandbox/README.md) as plain values.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "schema/decimal.hpp"
#include "schema/json_value.hpp"
#include "schema/result.hpp"

namespace spillway::drill {

struct BookDocument {
    std::string number, contact;
    bool credit_note = false;
    Decimal net;  ///< negative for credit notes
};

struct Books {
    std::string provider;
    std::vector<BookDocument> documents;         ///< voided and deleted ones left out
    std::vector<std::string> contacts, items;    ///< names of active contacts, codes of items
    std::int64_t calls = 0, document_calls = 0;  ///< API calls; those that carried invoices or credit notes
    std::int64_t throttled = 0;
};

/// Reads a provider's ledger; all its organisations together, or the one of that id.
/// Errors: invalid/`bad_ledger`, not_found/`no_such_tenant`.
Result<Books> read_ledger(const JsonValue& ledger, const std::string& tenant = {});

}  // namespace spillway::drill
