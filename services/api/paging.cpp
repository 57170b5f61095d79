#include "services/api/paging.hpp"

#include <charconv>

namespace spillway::api {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

Error bad_cursor() { return invalid("bad_cursor", "`after` must be a cursor that a page gave as `next`"); }

}  // namespace

Result<Page> read_page(const Call& call) {
    Page page;
    if (const auto limit = call.argument("limit")) {
        const auto value = whole_number(*limit);
        if (!value || *value < 1 || *value > static_cast<std::int64_t>(store::kPageMax))
            return invalid("bad_limit", "`limit` must be 1 to 200");
        page.limit = static_cast<std::size_t>(*value);
    }
    if (const auto after = call.argument("after")) {
        if (after->size() > 512) return bad_cursor();
        page.after = *after;
    }
    return page;
}

Result<std::int64_t> number_cursor(const Page& page) {
    if (page.after.empty()) return std::int64_t{0};
    const auto value = whole_number(page.after);
    if (!value) return bad_cursor();
    return *value;
}

Result<std::optional<std::pair<std::int64_t, std::string>>> pair_cursor(const Page& page) {
    using Cursor = std::optional<std::pair<std::int64_t, std::string>>;
    if (page.after.empty()) return Cursor();
    const auto dot = page.after.find('.');
    const auto number = whole_number(std::string_view(page.after).substr(0, dot));
    if (dot == std::string::npos || !number) return bad_cursor();
    return Cursor({*number, page.after.substr(dot + 1)});
}

std::string pair_text(std::int64_t number, std::string_view text) {
    return std::to_string(number) + "." + std::string(text);
}

}  // namespace spillway::api
