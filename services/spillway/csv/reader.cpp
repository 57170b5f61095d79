#include "services/spillway/csv/reader.hpp"

#include <set>

#include "schema/utf8.hpp"

namespace spillway::csv {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Error bad_csv(std::size_t line, const std::string& why) {
    return invalid("bad_csv", "line " + std::to_string(line) + ": " + why);
}

/// A cursor over the text that knows on which line it stands.
class Scanner {
 public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    Result<Row> record() {
        Row row;
        row.line = line_;
        for (;;) {
            Result<std::string> field = rest_.starts_with('"') ? quoted() : plain();
            if (!field.ok()) return field.error();
            if (!utf8_length(*field)) return bad_csv(row.line, "bytes that are not UTF-8");
            row.fields.push_back(*std::move(field));
            if (rest_.starts_with(',')) {
                rest_.remove_prefix(1);
                continue;
            }
            if (auto ended = end_of_line(); !ended.ok()) return ended.error();
            return row;
        }
    }

 private:
    Result<std::string> plain() {
        const std::size_t end = std::min(rest_.find_first_of(",\r\n\""), rest_.size());
        if (end < rest_.size() && rest_[end] == '"')
            return bad_csv(line_, "a quote inside a field that does not begin with one");
        std::string field(rest_.substr(0, end));
        rest_.remove_prefix(end);
        return field;
    }

    Result<std::string> quoted() {
        const std::size_t began = line_;
        std::string field;
        rest_.remove_prefix(1);
        for (;;) {
            const std::size_t end = rest_.find('"');
            if (end == std::string_view::npos) return bad_csv(began, "a quote that is never closed");
            field += rest_.substr(0, end);
            line_ += static_cast<std::size_t>(std::count(rest_.begin(), rest_.begin() + static_cast<long>(end), '\n'));
            rest_.remove_prefix(end + 1);
            if (!rest_.starts_with('"')) break;
            field += '"';
            rest_.remove_prefix(1);
        }
        if (!rest_.empty() && rest_.find_first_of(",\r\n") != 0) return bad_csv(line_, "text after a closing quote");
        return field;
    }

    Result<void> end_of_line() {
        if (rest_.starts_with("\r\n"))
            rest_.remove_prefix(2);
        else if (rest_.starts_with('\r'))
            return bad_csv(line_, "a carriage return without a line feed");
        else if (!rest_.empty())
            rest_.remove_prefix(1);
        ++line_;
        return success();
    }

    std::string_view rest_;
    std::size_t line_ = 1;
};

}  // namespace

Result<Table> read_csv(std::string_view text) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (text.empty()) return bad_csv(1, "the file is empty");
    Scanner scanner(text);
    Result<Row> header = scanner.record();
    if (!header.ok()) return header.error();
    Table table;
    table.header = std::move(header->fields);
    std::set<std::string_view> names;
    for (const std::string& name : table.header)
        if (!names.insert(name).second) return bad_csv(1, "two columns are named '" + name + "'");
    while (!scanner.at_end()) {
        Result<Row> row = scanner.record();
        if (!row.ok()) return row.error();
        if (row->fields.size() != table.header.size())
            return bad_csv(row->line, std::to_string(row->fields.size()) + " fields where the header has " +
                                          std::to_string(table.header.size()));
        table.rows.push_back(*std::move(row));
    }
    return table;
}

}  // namespace spillway::csv
