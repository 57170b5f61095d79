#include "services/spillway/source.hpp"

#include "services/spillway/session.hpp"

namespace spillway::cli {
namespace {

Result<csv::Format> open_format(const std::string& name) {
    if (const auto built_in = csv::built_in_format(name)) return csv::read_format(*built_in);
    const Result<std::string> text = read_file(name);
    if (!text.ok())
        return invalid("unknown_format",
                       "'" + name + "' is neither a format that ships (retail-csv) nor a mapping file");
    auto format = csv::read_format(*text);
    if (!format.ok()) return invalid(format.error().code, name + ": " + format.error().detail);
    return format;
}

}  // namespace

Result<Source> open_source(const std::string& format_name, const std::string& file) {
    auto format = open_format(format_name);
    if (!format.ok()) return format.error();
    const auto text = read_file(file);
    if (!text.ok()) return text.error();
    auto import = csv::import_csv(*text, *format);
    if (!import.ok()) return invalid(import.error().code, file + ": " + import.error().detail);
    return Source{*std::move(format), *std::move(import)};
}

}  // namespace spillway::cli
