#include "services/spillway/csv/catalogue.hpp"

#include <algorithm>

#include "schema/utf8.hpp"

namespace spillway::csv {
namespace {

/// A Xero item's name has at most 50 characters (developer.xero.com, Items); QuickBooks takes 100 and no colon.
constexpr std::size_t kNameMax = 50;

}  // namespace

void Catalogue::see(const SourceLine& line) {
    if (line.item.empty()) return;
    const auto [at, first] = items_.try_emplace(line.item);
    if (first) order_.push_back(line.item);
    if (line.description.empty()) return;
    const auto known = std::ranges::find(at->second, line.description, &Wording::text);
    if (known != at->second.end())
        ++known->lines;
    else
        at->second.push_back({line.description, 1});
}

std::string Catalogue::description_of(const std::string& code) const {
    const auto item = items_.find(code);
    if (item == items_.end() || item->second.empty()) return code;
    return std::ranges::max_element(item->second, {}, &Wording::lines)->text;
}

std::string Catalogue::name_of(const std::string& code) const {
    std::string name = description_of(code);
    std::ranges::replace(name, ':', '-');
    return tidy(utf8_prefix(name, kNameMax));
}

std::vector<NamedRecord> Catalogue::records() const {
    std::vector<NamedRecord> records;
    for (const std::string& code : order_) {
        Item item;
        item.code = code;
        item.name = name_of(code);
        if (const std::string description = description_of(code); description != item.name)
            item.description = description;
        records.push_back({code, {item, std::nullopt}});
    }
    return records;
}

}  // namespace spillway::csv
