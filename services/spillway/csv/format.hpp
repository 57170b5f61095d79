#pragma once
// A mapping file: which column of a CSV holds what, and what becomes of lines that cannot stand in the books as they
// are. JSON; retail-csv (deploy/formats/retail-csv.json) is compiled in, and serves as the example for others.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "schema/money.hpp"
#include "schema/record.hpp"
#include "schema/result.hpp"

namespace spillway::csv {

/// Column names; the optional ones may be missing from a file's mapping.
struct Columns {
    std::string document, item, description, quantity, date, unit_price, customer;
    std::optional<std::string> country;
};

/// What happens to a line or document that a rule is about.
enum class Action { keep, drop, refuse };

struct Rules {
    Action zero_price = Action::drop;  ///< lines with a price of zero: keep, drop or refuse the file
    Action write_off = Action::drop;   ///< of those, a negative quantity outside a credit note
    bool cash_sales = true;            ///< documents without a customer go to one contact; else the file is refused
    bool negative_total_is_credit_note = true;  ///< a negative document without the prefix; else the file is refused
    bool customer_id_decimal = true;            ///< "17850.0" is customer 17850
    bool item_code_ignores_case = true;         ///< codes are upper-cased
};

struct Format {
    std::string name;
    Columns columns;
    std::string date_format;  ///< YYYY, MM or M, DD or D, hh, mm, ss and whatever stands between; see read_date
    Currency currency;
    Amounts amounts = Amounts::none;
    std::string credit_note_prefix;     ///< of the document number; empty: only the sign decides
    std::optional<int> due_days;        ///< absent: invoices have no due date
    std::string contact_name = "{id}";  ///< "Customer {id}"
    std::string cash_sales_id = "cash-sales", cash_sales_name = "Cash sales";
    std::set<std::string> not_stock;  ///< codes (upper case) that are no goods: counted, and items all the same
    std::map<std::string, std::string> countries;  ///< the file's words to ISO 3166-1 alpha-2
    Rules rules;
};

/// Reads a mapping file. Errors: invalid with the JSON pointer (unknown or missing member, wrong type, bad value).
Result<Format> read_format(std::string_view json);

/// The text of a format that is compiled in, by name ("retail-csv"); nothing for others.
std::optional<std::string_view> built_in_format(std::string_view name);

/// Reads a date by a format's pattern. MM, DD, hh, mm, ss are exactly two digits, M, D, h one or two, YYYY four; the
/// time is checked and dropped: a document's date is a plain date. Errors: invalid/`bad_date`.
Result<Date> read_date(std::string_view pattern, std::string_view text);

}  // namespace spillway::csv
