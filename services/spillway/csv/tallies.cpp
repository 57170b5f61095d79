#include "services/spillway/csv/tallies.hpp"

#include <algorithm>

namespace spillway::csv {

Tallies::Entry& Tallies::entry(std::string_view rule) {
    const auto at = std::ranges::find_if(entries_, [&](const Entry& one) { return one.tally.rule == rule; });
    if (at != entries_.end()) return *at;
    entries_.push_back({{std::string(rule), {}}, std::nullopt});
    return entries_.back();
}

void Tallies::count(std::string_view rule, std::size_t document, Decimal amount) {
    Entry& one = entry(rule);
    if (one.last_document != document) ++one.tally.tally.documents;
    one.last_document = document;
    ++one.tally.tally.lines;
    one.tally.tally.total += amount;
}

void Tallies::count_line(std::string_view rule, Decimal amount) {
    Tally& tally = entry(rule).tally.tally;
    ++tally.lines;
    tally.total += amount;
}

void Tallies::count_document(std::string_view rule) { ++entry(rule).tally.tally.documents; }

std::vector<RuleTally> Tallies::take() && {
    std::vector<RuleTally> list;
    for (Entry& one : entries_) list.push_back(std::move(one.tally));
    return list;
}

}  // namespace spillway::csv
