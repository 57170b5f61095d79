#include "services/webhooks/filter.hpp"

namespace spillway::webhooks {
namespace {

constexpr std::size_t kPatternsMax = 32;
constexpr std::size_t kPatternMax = 64;

bool is_pattern(std::string_view text) {
    if (text == "*") return true;
    if (text.ends_with(".*")) text.remove_suffix(2);
    const bool plain = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.") == std::string_view::npos;
    return plain && !text.empty() && text.size() <= kPatternMax && !text.starts_with('.') && !text.ends_with('.');
}

bool fits(std::string_view pattern, std::string_view type) {
    if (pattern == "*") return true;
    if (!pattern.ends_with(".*")) return pattern == type;
    pattern.remove_suffix(1);  // the dot stays: "record.*" is not "records"
    return type.starts_with(pattern);
}

}  // namespace

Result<std::string> read_types(const JsonValue* given) {
    if (given == nullptr) return std::string("*");
    if (!given->is_array() || given->items().empty() || given->items().size() > kPatternsMax)
        return invalid("bad_types", "must be an array of 1 to 32 event types", "/types");
    std::string types;
    for (const JsonValue& one : given->items()) {
        if (!one.is_string() || !is_pattern(one.text()))
            return invalid("bad_types", "a type is exact (sync.done), a family (record.*), or *", "/types");
        if (!types.empty()) types += ' ';
        types += one.text();
    }
    return types;
}

bool wants(std::string_view types, std::string_view type) {
    while (!types.empty()) {
        const auto end = std::min(types.find(' '), types.size());
        if (fits(types.substr(0, end), type)) return true;
        types.remove_prefix(std::min(end + 1, types.size()));
    }
    return false;
}

}  // namespace spillway::webhooks
