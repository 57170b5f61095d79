#pragma once
// Reads CSV text strictly as RFC 4180 says: quoted fields may hold commas, doubled quotes and line breaks; a line ends
// with CR LF or LF; every record has as many fields as the header. What is not so is an error that names the line.

#include <string>
#include <string_view>
#include <vector>

#include "schema/result.hpp"

namespace spillway::csv {

struct Row {
    std::size_t line = 0;  ///< where the record begins in the file, from 1
    std::vector<std::string> fields;
};

struct Table {
    std::vector<std::string> header;
    std::vector<Row> rows;
};

/// The whole text as header and rows. A UTF-8 byte order mark is passed over. An empty text has no header: an error.
/// Errors: invalid/`bad_csv` with "line N: ..." as detail (stray or open quote, text after a closing quote, a lone
/// carriage return, another number of fields than the header has, bytes that are not UTF-8, two columns of one name).
Result<Table> read_csv(std::string_view text);

}  // namespace spillway::csv
