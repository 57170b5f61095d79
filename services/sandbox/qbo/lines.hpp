#pragma once
// The lines of an invoice or credit memo: read, checked, numbered and written back.

#include <string>
#include <vector>

#include "services/sandbox/qbo/rules.hpp"
#include "services/sandbox/qbo/tax.hpp"

namespace spillway::sandbox::qbo {

enum class TaxMode { us, excluded, inclusive, not_applicable };

struct ReadLines {
    std::string json;  ///< the value of "Line" in answers, the subtotal line included
    std::vector<TaxableLine> taxable;
    int count = 0;  ///< sales lines
};

/// @param old_json  the lines of the stored object: a line whose Id is there keeps it, any other gets a new one.
/// @param us_code   the transaction's tax code in a US company: what a TAX line is taxed by; 0: none.
/// Errors: 2010, 2020, 2050, 2090, 2250, 2500, 6000 (no tax code), 6070, 6090 (kinds of lines not played), 6100, 6440.
ReadLines read_lines(const Scene& scene, const JsonValue& lines, const std::string& old_json, TaxMode mode,
                     std::int64_t us_code);
/// The same lines with every amount and quantity 0, as a voided document shows them.
std::string zeroed_lines(const std::string& json);

}  // namespace spillway::sandbox::qbo
