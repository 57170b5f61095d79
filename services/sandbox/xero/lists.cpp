#include "services/sandbox/xero/lists.hpp"

#include <algorithm>
#include <charconv>

namespace spillway::sandbox::xero {

namespace {

constexpr int kPageSizeMax = 1000;

struct Page {
    int number = 1, size = 100;
};

int whole(const std::optional<std::string>& text, int fallback) {
    int value = fallback;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

std::optional<Page> page_of(const Call& call, const ListSource& source) {
    if (!source.paged || (!call.parameter("page") && !call.parameter("pageSize"))) return std::nullopt;
    return Page{std::max(1, whole(call.parameter("page"), 1)),
                std::clamp(whole(call.parameter("pageSize"), 100), 1, kPageSizeMax)};
}

/// Keeps what was changed since the header's time. False for a header that is no time.
bool keep_modified(const Call& call, std::vector<const Row*>& rows) {
    const auto header = call.http.headers.find("If-Modified-Since");
    if (!header) return true;
    const Result<WallTime> since = parse_utc(*header);
    if (!since) return false;
    const WallTime bound = std::chrono::floor<std::chrono::seconds>(*since);  // precise to the second
    std::erase_if(rows, [&](const Row* row) {
        const WallTime at = std::chrono::floor<std::chrono::seconds>(row->updated);
        return call.switches.modified_since_inclusive ? at < bound : at <= bound;
    });
    return true;
}

void hide_fresh(const Call& call, std::vector<const Row*>& rows) {
    const Millis delay{call.switches.read_after_write_ms};
    if (delay > Millis{0}) std::erase_if(rows, [&](const Row* row) { return call.now.wall - row->created < delay; });
}

/// The default order, then the one that was asked for.
void sort(const Call& call, const ListSource& source, std::vector<const Row*>& rows) {
    std::ranges::sort(rows, [](const Row* a, const Row* b) {
        return a->updated != b->updated ? a->updated < b->updated : a->id < b->id;
    });
    const std::string order = call.parameter("order").value_or("");
    if (order.empty()) return;
    const auto space = order.find(' ');
    const std::string name = order.substr(0, space);
    const bool down = space != std::string::npos && folded(order.substr(space + 1)) == "desc";
    if (name == "UpdatedDateUTC") {
        if (down) std::ranges::reverse(rows);
        return;
    }
    std::ranges::sort(rows, [&](const Row* a, const Row* b) {
        const Value left = source.field(*a, name), right = source.field(*b, name);
        if (left != right) return down ? right < left : left < right;
        return a->updated != b->updated ? a->updated < b->updated : a->id < b->id;
    });
}

void write_pagination(JsonText& json, Page page, std::size_t items) {
    const auto size = static_cast<std::size_t>(page.size);
    json.key("pagination").object().member("page", page.number).member("pageSize", page.size);
    json.member("pageCount", (items + size - 1) / size).member("itemCount", items).close();
}

/// One expression names only fields that the entity has.
bool fields_known(const Where& where, const ListSource& source) {
    if (source.rows.empty()) return true;
    for (const auto& all : where.alternatives())
        for (const Where::Term& term : all)
            if (source.field(*source.rows.front(), term.field).index() == 0) return false;
    return true;
}

}  // namespace

std::optional<Where> where_of(const Call& call, bool& bad) {
    const auto text = call.parameter("where");
    if (!text || text->empty()) return std::nullopt;
    auto where = Where::parse(*text);
    bad = !where;
    return where;
}

HttpResponse bad_where() {
    // Number and type from general knowledge of the API, not from its specification.
    return bad_request(16, "QueryParseException", "The where expression could not be read");
}

std::vector<std::string> comma_list(const std::optional<std::string>& text) {
    std::vector<std::string> list;
    if (!text) return list;
    for (std::size_t from = 0; from <= text->size();) {
        const auto comma = std::min(text->find(',', from), text->size());
        if (comma > from) list.push_back(text->substr(from, comma - from));
        from = comma + 1;
    }
    return list;
}

HttpResponse list_answer(Call& call, ListSource& source) {
    bool bad = false;
    const auto where = where_of(call, bad);
    if (bad || (where && !fields_known(*where, source))) return bad_where();
    if (!keep_modified(call, source.rows)) return {412, {}, ""};
    hide_fresh(call, source.rows);
    if (where)
        std::erase_if(source.rows, [&](const Row* row) {
            return !where->matches([&](std::string_view name) { return source.field(*row, name); });
        });
    if (source.rows.empty() && call.switches.modified_since_empty_304 && call.http.headers.find("If-Modified-Since"))
        return {304, {}, ""};
    sort(call, source, source.rows);

    const auto page = page_of(call, source);
    std::size_t first = 0, last = source.rows.size();
    if (page) {
        const auto size = static_cast<std::size_t>(page->size);
        first = std::min(last, static_cast<std::size_t>(page->number - 1) * size);
        last = std::min(last, first + size);
    }
    const bool full = (page || !source.paged) && !call.flag("summaryOnly", false);
    JsonText json;
    open_envelope(call, json);
    if (page) write_pagination(json, *page, source.rows.size());
    json.key(source.collection).array();
    for (std::size_t at = first; at < last; ++at) {
        json.object();
        source.write(json, *source.rows[at], full);
        json.close();
    }
    json.close().close();
    return json_answer(200, std::move(json).take());
}

HttpResponse single_answer(Call& call, const ListSource& source, const Row& row) {
    return collection_answer(call, source.collection, [&](JsonText& json) {
        json.object();
        source.write(json, row, /*full=*/true);
        json.close();
    });
}

}  // namespace spillway::sandbox::xero
