#pragma once
// The small dirty file under tests/data/retail, and lines in its shape.

#include <fstream>
#include <sstream>
#include <string>

#include "services/spillway/csv/import.hpp"

namespace spillway::test {

inline std::string dirty_file() { return std::string(SPILLWAY_SOURCE_DIR) + "/tests/data/retail/dirty.csv"; }

inline std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

inline csv::Format retail() { return csv::read_format(*csv::built_in_format("retail-csv")).value(); }

inline const std::string kRetailHeader =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

inline Result<csv::Import> import_lines(const std::string& lines, const csv::Format& format = retail()) {
    return csv::import_csv(kRetailHeader + lines, format);
}

/// The tally of a rule; empty where the rule met nothing.
inline csv::Tally tally(const std::vector<csv::RuleTally>& rules, std::string_view rule) {
    for (const csv::RuleTally& one : rules)
        if (one.rule == rule) return one.tally;
    return {};
}

inline csv::Tally tally_of(std::size_t documents, std::size_t lines, std::string_view total) {
    return {documents, lines, Decimal::parse(total).value()};
}

}  // namespace spillway::test
