#pragma once
// From a CSV of document lines to records: contacts, items, invoices and credit notes. What cannot be a record as it
// stands is decided by named rules, and every rule is counted, so that the imported total, what was excluded and what
// rounding made add up to the file's total exactly. No I/O.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/record.hpp"
#include "schema/result.hpp"
#include "services/spillway/csv/format.hpp"

namespace spillway::csv {

struct Tally {
    std::size_t documents = 0;
    std::size_t lines = 0;
    Decimal total;  ///< net, credit notes negative
    bool operator==(const Tally&) const = default;
};

/// One rule and what it met.
struct RuleTally {
    std::string rule;
    Tally tally;
};

struct NamedRecord {
    std::string external_id;
    Record record;
};

/// The result of an import. Order: as the file first names them.
struct Import {
    std::vector<NamedRecord> contacts, items, documents;
    Tally file;          ///< everything that the file holds
    Tally imported;      ///< invoices and credit notes
    Tally credit_notes;  ///< of those
    Decimal rounding;    ///< what rounding lines to the minor unit took away from the file's total
    /// Lines left out, each counted under one rule, and each document without any line left under the rule that took
    /// its last line.
    std::vector<RuleTally> excluded;
    /// Lines that are in the books, in another shape than in the file; a line may count under several rules.
    std::vector<RuleTally> decided;

    [[nodiscard]] Tally excluded_total() const;
    /// file = imported + excluded + rounding.
    [[nodiscard]] bool adds_up() const;
};

/// Errors: those of read_csv; invalid/`missing_column`; invalid/`bad_line` ("line N: ...": a number or date that is
/// none, a document without a number, two customers on one document, a line that a rule refuses); invalid with the
/// record's own error where a record breaks a rule between its fields.
Result<Import> import_csv(std::string_view text, const Format& format);

/// Trims, turns every run of white space into one space, and drops control characters.
std::string tidy(std::string_view text);

}  // namespace spillway::csv
