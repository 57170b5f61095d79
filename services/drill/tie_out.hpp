#pragma once
// Compares what a month should have become with what stands in the books, document by document. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schema/json_text.hpp"
#include "services/drill/ledger.hpp"
#include "services/spillway/csv/import.hpp"

namespace spillway::drill {

struct Difference {
    enum class Kind { missing, extra, differs, duplicate };
    Kind kind = Kind::missing;
    std::string provider;
    std::string what;    ///< "invoice", "credit_note", "contact", "item"
    std::string name;    ///< number, contact name or item code
    std::string detail;  ///< "net 10.00 at source, 12.00 in the books"; empty where the kind says all
};
std::string_view to_string(Difference::Kind kind);

/// One provider against the source.
struct Side {
    std::string provider;
    std::size_t documents = 0;
    Decimal total;  ///< net, credit notes negative
    std::int64_t calls = 0, document_calls = 0, throttled = 0;
    std::size_t records = 0;              ///< documents, contacts and items of the source that are in the books
    std::vector<Difference> differences;  ///< missing, extra, differing
    std::vector<Difference> duplicates;   ///< each object beyond the first of its name
};

/// A document matches by number; then type, net total and contact must be equal. Contacts match by name and items by
/// code, without regard to case; books may hold contacts and items of their own.
Side compare(const csv::Import& source, const Books& books);

/// What is known beside the books.
struct Circumstances {
    std::size_t parked = 0;
    std::optional<Decimal> seconds;  ///< from the first import to the end of the drain
};

struct TieOut {
    const csv::Import* source = nullptr;
    std::vector<Side> sides;
    Circumstances circumstances;

    [[nodiscard]] std::size_t differences() const;
    [[nodiscard]] std::size_t duplicates() const;
    /// Nothing differs, nothing is twice, nothing is parked, and the import adds up.
    [[nodiscard]] bool exact() const;
};

/// The report as a JSON object: source, xero and qbo (documents, total), excluded (by rule: documents, lines, total),
/// differences, duplicates, calls, calls_per_record (by provider, of invoices and credit notes),
/// calls_per_record_all, throttled, parked, seconds, and the details of what differs (at most kDetailsMax).
std::string report_json(const TieOut& tie_out);
inline constexpr std::size_t kDetailsMax = 200;

/// The same for people.
std::string report_text(const TieOut& tie_out);

}  // namespace spillway::drill
