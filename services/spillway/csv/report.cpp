#include "services/spillway/csv/report.hpp"

#include <fmt/format.h>

namespace spillway::csv {
namespace {

Decimal two_places(Decimal amount) {
    const Decimal shortest = amount.shortest();
    return shortest.scale() >= 2 ? shortest : shortest.rounded(2, Rounding::half_away_from_zero);
}

void append_tally(JsonText& json, const Tally& tally) {
    json.object().member("documents", tally.documents).member("lines", tally.lines);
    json.member("total", two_places(tally.total)).close();
}

std::string with_commas(std::string digits) {
    const std::size_t first = digits.starts_with('-') ? 1 : 0;
    const std::size_t point = std::min(digits.find('.'), digits.size());
    for (std::size_t at = point; at > first + 3;) digits.insert(at -= 3, ",");
    return digits;
}

std::string row(std::string_view name, const Tally& tally) {
    return fmt::format("  {:<22} {:>9} documents {:>9} lines {:>16}\n", name, grouped(tally.documents),
                       grouped(tally.lines), grouped(tally.total));
}

std::string_view words_for(Amounts amounts) {
    switch (amounts) {
        case Amounts::exclusive: return "amounts are without tax";
        case Amounts::inclusive: return "amounts include tax";
        case Amounts::none: return "no tax on any line (amounts: none)";
    }
    return {};
}

}  // namespace

std::string grouped(Decimal amount) { return with_commas(two_places(amount).to_string()); }
std::string grouped(std::size_t count) { return with_commas(std::to_string(count)); }

void append_rules(JsonText& json, const std::vector<RuleTally>& rules) {
    json.object();
    for (const RuleTally& one : rules) {
        json.key(one.rule);
        append_tally(json, one.tally);
    }
    json.close();
}

void append_report(JsonText& json, const Import& import, const Format& format) {
    json.object().member("format", format.name).member("currency", format.currency.code);
    json.member("amounts", to_string(format.amounts));
    const std::pair<std::string_view, const Tally*> parts[] = {
        {"file", &import.file}, {"imported", &import.imported}, {"credit_notes", &import.credit_notes}};
    for (const auto& [name, tally] : parts) {
        json.key(name);
        append_tally(json, *tally);
    }
    json.member("contacts", import.contacts.size()).member("items", import.items.size());
    json.member("rounding", two_places(import.rounding));
    json.key("excluded");
    append_rules(json, import.excluded);
    json.key("decided");
    append_rules(json, import.decided);
    json.member("adds_up", import.adds_up()).close();
}

std::string report_text(const Import& import, const Format& format) {
    std::string text = "In the file\n" + row("all", import.file) + "Imported\n";
    text += row("invoices, credit notes", import.imported) + row("of them credit notes", import.credit_notes);
    text += fmt::format("  {} contacts, {} items; {}; {}\n", grouped(import.contacts.size()),
                        grouped(import.items.size()), format.currency.code, words_for(format.amounts));
    text += "Excluded, by rule\n";
    for (const RuleTally& one : import.excluded) text += row(one.rule, one.tally);
    text += row("together", import.excluded_total());
    if (!import.decided.empty()) text += "In the books, by a rule\n";
    for (const RuleTally& one : import.decided) text += row(one.rule, one.tally);
    text += fmt::format("Imported {} + excluded {} + rounding {} {} the file's {}\n", grouped(import.imported.total),
                        grouped(import.excluded_total().total), grouped(import.rounding),
                        import.adds_up() ? "=" : "IS NOT", grouped(import.file.total));
    return text;
}

}  // namespace spillway::csv
