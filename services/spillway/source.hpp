#pragma once
// Opens a CSV by a format's name or file and imports it: shared by import and tie-out.

#include <string>

#include "services/spillway/csv/format.hpp"
#include "services/spillway/csv/import.hpp"

namespace spillway::cli {

struct Source {
    csv::Format format;
    csv::Import import;
};

/// `format`: the name of one that is compiled in (retail-csv), or a mapping file. `file`: a path, "-" for the standard
/// input. Errors: invalid, with the file's name and line in the detail.
Result<Source> open_source(const std::string& format, const std::string& file);

}  // namespace spillway::cli
