#pragma once
// One row of the file as a typed document line, before any rule has judged it.

#include <string>
#include <vector>

#include "schema/date.hpp"
#include "schema/decimal.hpp"
#include "services/spillway/csv/format.hpp"
#include "services/spillway/csv/reader.hpp"

namespace spillway::csv {

struct SourceLine {
    std::size_t line = 0;  ///< in the file
    std::string document, item, description, customer, country;
    Date date{};
    Decimal quantity, unit_price;
    Decimal exact;  ///< quantity × unit price, not rounded
    bool code_folded = false, code_altered = false, spaces = false, id_decimal = false;
};

/// Every row, in order. Errors: invalid/`missing_column`, invalid/`bad_line`.
Result<std::vector<SourceLine>> read_lines(const Table& table, const Format& format);

Error bad_line(std::size_t line, const std::string& why);

}  // namespace spillway::csv
