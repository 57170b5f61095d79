#include <fmt/format.h>

#include "services/drill/tie_out.hpp"
#include "services/spillway/csv/report.hpp"

namespace spillway::drill {
namespace {

using csv::grouped;

/// calls ÷ records to 4 places; 0 where there is nothing to divide by.
Decimal ratio(std::int64_t calls, std::size_t records) {
    if (records == 0) return {0, 4};
    const auto result =
        divide(Decimal(calls, 0), Decimal(static_cast<std::int64_t>(records), 0), 4, Rounding::half_away_from_zero);
    return result.ok() ? *result : Decimal(0, 4);
}

Decimal money(Decimal amount) { return amount.rounded(2, Rounding::half_away_from_zero); }

void append_details(JsonText& json, const TieOut& tie_out) {
    std::size_t left = kDetailsMax;
    json.key("details").array();
    for (const Side& side : tie_out.sides) {
        for (const auto* list : {&side.differences, &side.duplicates}) {
            for (const Difference& one : *list) {
                if (left == 0) break;
                --left;
                json.object().member("provider", one.provider).member("kind", to_string(one.kind));
                json.member("what", one.what).member("name", one.name).member("detail", one.detail).close();
            }
        }
    }
    json.close();
}

/// member `name`: {provider: value(side)}
template <class Value>
void append_by_side(JsonText& json, std::string_view name, const TieOut& tie_out, Value value) {
    json.key(name).object();
    for (const Side& side : tie_out.sides) json.member(side.provider, value(side));
    json.close();
}

}  // namespace

std::string report_json(const TieOut& tie_out) {
    JsonText json;
    json.object().key("source").object().member("documents", tie_out.source->imported.documents);
    json.member("total", money(tie_out.source->imported.total));
    json.member("credit_notes", tie_out.source->credit_notes.documents);
    json.member("credit_notes_total", money(tie_out.source->credit_notes.total));
    json.member("contacts", tie_out.source->contacts.size()).member("items", tie_out.source->items.size()).close();
    std::int64_t throttled = 0;
    for (const Side& side : tie_out.sides) {
        json.key(side.provider).object().member("documents", side.documents).member("total", money(side.total)).close();
        throttled += side.throttled;
    }
    json.key("excluded");
    csv::append_rules(json, tie_out.source->excluded);
    json.member("differences", tie_out.differences()).member("duplicates", tie_out.duplicates());
    append_by_side(json, "calls", tie_out, [](const Side& side) { return side.calls; });
    append_by_side(json, "calls_per_record", tie_out,
                   [](const Side& side) { return ratio(side.document_calls, side.documents); });
    append_by_side(json, "calls_per_record_all", tie_out,
                   [](const Side& side) { return ratio(side.calls, side.records); });
    json.member("throttled", throttled).member("parked", tie_out.circumstances.parked);
    if (tie_out.circumstances.seconds)
        json.member("seconds", *tie_out.circumstances.seconds);
    else
        json.key("seconds").null();
    json.member("exact", tie_out.exact());
    append_details(json, tie_out);
    return std::move(json.close()).take();
}

std::string report_text(const TieOut& tie_out) {
    const auto row = [](std::string_view name, std::size_t documents, Decimal total) {
        return fmt::format("  {:<8} {:>9} documents {:>16}\n", name, grouped(documents), grouped(total));
    };
    std::string text = "Tie-out\n" + row("source", tie_out.source->imported.documents, tie_out.source->imported.total);
    for (const Side& side : tie_out.sides) text += row(side.provider, side.documents, side.total);
    for (const csv::RuleTally& one : tie_out.source->excluded)
        text += fmt::format("  excluded by {}: {} documents, {} lines, {}\n", one.rule, grouped(one.tally.documents),
                            grouped(one.tally.lines), grouped(one.tally.total));
    for (const Side& side : tie_out.sides)
        text += fmt::format("  {}: {} calls, {} per record ({} per invoice or credit note), {} of them 429\n",
                            side.provider, grouped(static_cast<std::size_t>(side.calls)),
                            ratio(side.calls, side.records).to_string(),
                            ratio(side.document_calls, side.documents).to_string(), side.throttled);
    std::size_t left = 20;
    for (const Side& side : tie_out.sides)
        for (const auto* list : {&side.differences, &side.duplicates})
            for (const Difference& one : *list) {
                if (left == 0) break;
                --left;
                text += fmt::format("  ! {} {} {} {}{}{}\n", one.provider, to_string(one.kind), one.what, one.name,
                                    one.detail.empty() ? "" : ": ", one.detail);
            }
    text += fmt::format("  {} differences, {} duplicates, {} parked: {}\n", grouped(tie_out.differences()),
                        grouped(tie_out.duplicates()), grouped(tie_out.circumstances.parked),
                        tie_out.exact() ? "exact" : "NOT EXACT");
    return text;
}

}  // namespace spillway::drill
