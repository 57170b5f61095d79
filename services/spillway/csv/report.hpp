#pragma once
// What an import decided, as JSON and for people.

#include <string>

#include "schema/json_text.hpp"
#include "services/spillway/csv/import.hpp"

namespace spillway::csv {

/// {"file":{documents,lines,total},"imported":{...},"credit_notes":{...},"contacts":N,"items":N,"rounding":D,
///  "amounts":"none","excluded":{rule:{...}},"decided":{rule:{...}},"adds_up":true}; totals are exact numbers.
void append_report(JsonText& json, const Import& import, const Format& format);
/// rule -> tally, as append_report writes it.
void append_rules(JsonText& json, const std::vector<RuleTally>& rules);

/// The same as a few lines of text.
std::string report_text(const Import& import, const Format& format);

/// "748,957.02": two places at least, thousands with commas.
std::string grouped(Decimal amount);
std::string grouped(std::size_t count);

}  // namespace spillway::csv
