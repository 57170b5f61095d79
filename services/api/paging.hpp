#pragma once
// Pages by keyset: a cursor is the key of the last row, opaque to the caller.

#include "schema/json_text.hpp"
#include "services/api/call.hpp"

namespace spillway::api {

inline constexpr std::size_t kPageDefault = 50;

struct Page {
    std::size_t limit = kPageDefault;
    std::string after;  ///< empty: from the start
};
/// Reads `limit` and `after`. Errors: invalid/`bad_limit`, invalid/`bad_cursor`.
Result<Page> read_page(const Call& call);
/// A cursor that is one whole number; 0 at the start. Errors: invalid/`bad_cursor`.
Result<std::int64_t> number_cursor(const Page& page);
/// A cursor that is (number, text). Errors: invalid/`bad_cursor`.
Result<std::optional<std::pair<std::int64_t, std::string>>> pair_cursor(const Page& page);
std::string pair_text(std::int64_t number, std::string_view text);

/// {"items":[…],"next":…}: fetch limit + 1 rows, so that the last page is known to be the last.
/// `write` appends one row's value, `key_of` gives its cursor text.
template <class Row, class WriteRow, class KeyOf>
HttpResponse page_response(const std::vector<Row>& rows, std::size_t limit, WriteRow write, KeyOf key_of) {
    JsonText json;
    json.object().key("items").array();
    const std::size_t shown = std::min(rows.size(), limit);
    for (std::size_t i = 0; i < shown; ++i) write(json, rows[i]);
    json.close();
    if (rows.size() > limit) json.member("next", key_of(rows[shown - 1]));
    json.close();
    return json_response(200, std::move(json).take());
}

}  // namespace spillway::api
