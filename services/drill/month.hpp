#pragma once
// A made-up month end in the shape of the retail-csv format, as dirty as a real wholesaler's by the same rates: credit
// notes, cash sales in very long documents, customer ids like 17850.0, stray spaces, stock codes in two cases, codes
// that are no stock, zero prices, write-offs and lines without a description. Same options, same bytes, everywhere.

#include <cstdint>
#include <string>

namespace spillway::drill {

struct MonthOptions {
    std::size_t documents = 200;  ///< invoices and credit notes; documents that only rules exclude come on top (7 %)
    std::uint64_t seed = 1;
};

/// The CSV text, LF line ends, header first.
std::string generate_month(const MonthOptions& options);

}  // namespace spillway::drill
