#include "services/spillway/csv/lines.hpp"

#include <algorithm>

#include "schema/sha256.hpp"
#include "schema/utf8.hpp"
#include "services/spillway/csv/import.hpp"

namespace spillway::csv {
namespace {

constexpr Decimal kFactorLimit{10'000'000'000, 0};
/// Products keep up to so many places, and a file's amounts may add up to so much, so that no sum leaves 64 bits.
constexpr int kExactPlaces = 8;
constexpr Decimal kFileLimit{90'000'000'000, 0};

/// A Xero item code has at most 30 characters (developer.xero.com, Items); a QuickBooks item name no colon.
constexpr std::size_t kCodeMax = 30;
constexpr std::size_t kHashDigits = 8;

/// Where the columns of a mapping stand in this file.
struct Places {
    std::size_t document = 0, item = 0, description = 0, quantity = 0, date = 0, unit_price = 0, customer = 0;
    std::optional<std::size_t> country;
};

Result<Places> find_places(const std::vector<std::string>& header, const Columns& columns) {
    Places places;
    std::string missing;
    const auto find = [&](const std::string& name, std::size_t& place) {
        const auto at = std::ranges::find(header, name);
        if (at == header.end()) missing += (missing.empty() ? "" : ", ") + name;
        place = static_cast<std::size_t>(at - header.begin());
    };
    find(columns.document, places.document);
    find(columns.item, places.item);
    find(columns.description, places.description);
    find(columns.quantity, places.quantity);
    find(columns.date, places.date);
    find(columns.unit_price, places.unit_price);
    find(columns.customer, places.customer);
    if (columns.country) find(*columns.country, places.country.emplace());
    if (!missing.empty()) return invalid("missing_column", "line 1: the file has no column " + missing);
    return places;
}

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
    return text;
}

/// A code that both providers take: what cannot stay as it is keeps its beginning and gets a hash of the whole, so that
/// two codes never become one.
std::string fitting_code(const std::string& code) {
    if (code.find(':') == std::string::npos && utf8_length(code).value_or(0) <= kCodeMax) return code;
    std::string fit(utf8_prefix(code, kCodeMax - kHashDigits - 1));
    std::ranges::replace(fit, ':', '-');
    return fit + "-" + upper(sha256_hex(code).substr(0, kHashDigits));
}

/// "17850.0" -> "17850"; anything else stays.
std::string without_decimal(const std::string& id) {
    const auto dot = id.find('.');
    if (dot == std::string::npos || dot == 0 || dot + 1 == id.size()) return id;
    const auto digits = [](char c) { return c >= '0' && c <= '9'; };
    const bool whole = std::all_of(id.begin(), id.begin() + static_cast<long>(dot), digits) &&
                       id.find_first_not_of('0', dot + 1) == std::string::npos;
    return whole ? id.substr(0, dot) : id;
}

Result<Decimal> read_number(const Row& row, std::size_t place, const std::string& column) {
    const Result<Decimal> number = Decimal::parse(row.fields[place]);
    if (!number.ok()) return bad_line(row.line, column + " '" + row.fields[place] + "' is no number");
    if (number->abs() >= kFactorLimit) return bad_line(row.line, column + " is beyond 10,000,000,000");
    return *number;
}

Result<void> read_amounts(const Row& row, const Places& places, const Columns& columns, SourceLine& line) {
    const Result<Decimal> quantity = read_number(row, places.quantity, columns.quantity);
    if (!quantity.ok()) return quantity.error();
    const Result<Decimal> price = read_number(row, places.unit_price, columns.unit_price);
    if (!price.ok()) return price.error();
    line.quantity = *quantity;
    line.unit_price = *price;
    const int scale = quantity->shortest().scale() + price->shortest().scale();
    if (scale > kExactPlaces) return bad_line(row.line, "more than 8 decimal places in quantity times price");
    const Result<Decimal> exact = multiply(*quantity, *price, scale, Rounding::half_away_from_zero);
    if (!exact.ok() || exact->abs() > kFileLimit) return bad_line(row.line, "the amount is too large");
    line.exact = *exact;
    return success();
}

void read_texts(const Row& row, const Places& places, const Rules& rules, SourceLine& line) {
    const std::string& given = row.fields[places.item];
    const std::string tidied = tidy(given);
    line.item = rules.item_code_ignores_case ? upper(tidied) : tidied;
    line.code_folded = line.item != tidied;
    const std::string fit = fitting_code(line.item);
    line.code_altered = fit != line.item;
    line.item = fit;
    line.description = tidy(row.fields[places.description]);
    line.spaces = tidied != given || line.description != row.fields[places.description];
    line.customer = tidy(row.fields[places.customer]);
    if (rules.customer_id_decimal) {
        const std::string whole = without_decimal(line.customer);
        line.id_decimal = whole != line.customer;
        line.customer = whole;
    }
    if (places.country) line.country = tidy(row.fields[*places.country]);
}

Result<SourceLine> read_line(const Row& row, const Places& places, const Format& format) {
    SourceLine line;
    line.line = row.line;
    line.document = tidy(row.fields[places.document]);
    if (line.document.empty()) return bad_line(row.line, "no " + format.columns.document);
    read_texts(row, places, format.rules, line);
    if (auto amounts = read_amounts(row, places, format.columns, line); !amounts.ok()) return amounts.error();
    const Result<Date> date = read_date(format.date_format, row.fields[places.date]);
    if (!date.ok()) return bad_line(row.line, date.error().detail);
    line.date = *date;
    return line;
}

}  // namespace

Error bad_line(std::size_t line, const std::string& why) {
    return invalid("bad_line", "line " + std::to_string(line) + ": " + why);
}

Result<std::vector<SourceLine>> read_lines(const Table& table, const Format& format) {
    const Result<Places> places = find_places(table.header, format.columns);
    if (!places.ok()) return places.error();
    std::vector<SourceLine> lines;
    lines.reserve(table.rows.size());
    Decimal gross;
    for (const Row& row : table.rows) {
        Result<SourceLine> line = read_line(row, *places, format);
        if (!line.ok()) return line.error();
        gross += line->exact.abs();
        if (gross > kFileLimit) return bad_line(row.line, "the file's amounts add up to more than 90,000,000,000");
        lines.push_back(*std::move(line));
    }
    return lines;
}

std::string tidy(std::string_view text) {
    std::string out;
    bool space = false;
    while (!text.empty()) {
        const auto character = first_character(text);
        const std::size_t bytes = character ? character->bytes : 1;
        const char32_t c = character ? character->code_point : U'?';
        if (c == U' ' || c == U'\t' || c == U'\n' || c == U'\r' || c == 0xA0 || is_refused_control(c)) {
            space = !out.empty();
        } else {
            if (space) out += ' ';
            space = false;
            out += text.substr(0, bytes);
        }
        text.remove_prefix(bytes);
    }
    return out;
}

}  // namespace spillway::csv
