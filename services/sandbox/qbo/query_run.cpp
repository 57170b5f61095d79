#include <algorithm>
#include <optional>

#include "schema/json_text.hpp"
#include "services/sandbox/qbo/faults.hpp"
#include "services/sandbox/qbo/query.hpp"
#include "services/sandbox/qbo/writes.hpp"

namespace spillway::sandbox::qbo {
namespace {

[[noreturn]] void refuse_query(const std::string& what) {
    refuse("4001", "Invalid query : QueryValidationError: " + what);
}

/// A value that sorts and compares: numbers as numbers, times as milliseconds, all else as text without case.
struct Value {
    bool is_number = false;
    Decimal number;
    std::string text;
    auto compare(const Value& other) const { return is_number ? number <=> other.number : text <=> other.text; }
};

Value number_value(Decimal number) { return {true, number, {}}; }

enum class Domain { id, time, number, text };

Domain domain_of(const Property& property) {
    if (property.name == "Id" || property.shape == Shape::ref) return Domain::id;
    if (property.name.starts_with("MetaData.")) return Domain::time;
    const bool amount = property.name == "Balance" || property.name == "CurrentBalance";
    return amount || property.shape == Shape::number ? Domain::number : Domain::text;
}

Value value_of(const Object& object, const Property& property) {
    if (property.name == "Id") return number_value({object.id, 0});
    if (property.name == "MetaData.CreateTime") return number_value({to_ms(object.created), 0});
    if (property.name == "MetaData.LastUpdatedTime") return number_value({to_ms(object.updated), 0});
    if (property.name == "Balance") return number_value(object.open);
    if (property.name == "Active") return {false, {}, object.active ? "true" : "false"};
    if (property.name == "TxnDate") return {false, {}, object.date.to_string()};
    if (property.name == info(object.kind).key || property.name == "FullyQualifiedName")
        return {false, {}, folded(object.key)};
    if (property.shape == Shape::ref) return number_value({reference_id(object, property.name), 0});
    const std::string text = text_field(object, property.name);
    if (property.shape == Shape::number)
        return number_value(Decimal::parse(text).ok() ? *Decimal::parse(text) : Decimal());
    return {false, {}, folded(text)};
}

Value literal_of(const Property& property, const std::string& text) {
    if (domain_of(property) == Domain::text) return {false, {}, folded(text)};
    if (domain_of(property) == Domain::time) {
        const Result<WallTime> time = parse_utc(text.size() == 10 ? text + "T00:00:00Z" : text);
        if (!time.ok()) refuse_query("'" + text + "' is not a time");
        return number_value({to_ms(*time), 0});
    }
    const Result<Decimal> number = Decimal::parse(text);
    if (!number.ok()) refuse_query("'" + text + "' is not a number");
    return number_value(*number);
}

/// `pattern` with % for any run of characters.
bool like(std::string_view text, std::string_view pattern) {
    std::size_t t = 0, p = 0, star = std::string_view::npos, mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '%') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++t, ++p;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '%') ++p;
    return p == pattern.size();
}

/// A condition whose property is known to be queryable and whose values are typed.
struct Test {
    const Property* property;
    Operator op;
    std::vector<Value> values;

    [[nodiscard]] bool holds(const Object& object) const {
        const Value value = value_of(object, *property);
        const auto equals = [&](const Value& other) { return value.compare(other) == 0; };
        switch (op) {
            case Operator::equal:
            case Operator::in: return std::ranges::any_of(values, equals);
            case Operator::less: return value.compare(values[0]) < 0;
            case Operator::greater: return value.compare(values[0]) > 0;
            case Operator::less_equal: return value.compare(values[0]) <= 0;
            case Operator::greater_equal: return value.compare(values[0]) >= 0;
            case Operator::like: return !value.is_number && like(value.text, values[0].text);
        }
        return false;
    }
};

const Property& queryable(const Scene& scene, const KindInfo& kind, const std::string& name) {
    // A reference may also be filtered by its value.
    const std::string base = name.ends_with(".value") ? name.substr(0, name.size() - 6) : name;
    const Property* property = find_property(kind, base);
    bool allowed = property != nullptr && property->queryable;
    if (property != nullptr && kind.kind == Kind::item && name == "Sku") allowed = scene.settings.item_sku_queryable;
    if (property != nullptr && kind.kind == Kind::payment && name == "TotalAmt")
        allowed = scene.settings.payment_total_queryable;
    if (property != nullptr && kind.kind == Kind::credit_memo && name == "DueDate") allowed = false;
    if (!allowed) refuse_query("property '" + name + "' is not queryable");
    return *property;
}

std::vector<Test> tests_of(const Scene& scene, const KindInfo& kind, const Query& query) {
    std::vector<Test> tests;
    bool names_active = false;
    for (const Condition& condition : query.conditions) {
        Test test{&queryable(scene, kind, condition.property), condition.op, {}};
        if (test.property->name == "Id" && test.op != Operator::equal && test.op != Operator::in)
            refuse_query("Id supports only = and IN");
        for (const std::string& text : condition.values) test.values.push_back(literal_of(*test.property, text));
        names_active |= test.property->name == "Active";
        tests.push_back(std::move(test));
    }
    const Property* active = find_property(kind, "Active");
    if (active != nullptr && !names_active) tests.push_back({active, Operator::equal, {Value{false, {}, "true"}}});
    return tests;
}

/// The ids that an index gives for one of the tests; nothing when all objects must be looked at.
std::optional<std::vector<std::int64_t>> indexed(const Company& company, const KindInfo& kind,
                                                 const std::vector<Test>& tests) {
    for (const Test& test : tests) {
        if (test.op != Operator::equal && test.op != Operator::in) continue;
        std::vector<std::int64_t> ids;
        if (test.property->name == "Id") {
            for (const Value& value : test.values)
                ids.push_back(value.number.rounded(0, Rounding::half_to_even).units());
        } else if (test.property->name == kind.key) {
            for (const Value& value : test.values) {
                const auto found = company.by_key(kind.kind, value.text);
                ids.insert(ids.end(), found.begin(), found.end());
            }
        } else if (test.property->name == "CustomerRef" && is_transaction(kind.kind)) {
            for (const Value& value : test.values) {
                const auto& found = company.by_customer(kind.kind, value.number.units());
                ids.insert(ids.end(), found.begin(), found.end());
            }
        } else {
            continue;
        }
        std::ranges::sort(ids);
        ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
        return ids;
    }
    return std::nullopt;
}

std::vector<const Object*> matches(const Scene& scene, const KindInfo& kind, const std::vector<Test>& tests) {
    std::vector<const Object*> found;
    const auto visible_until = scene.now - std::chrono::seconds(scene.settings.query_delay_seconds);
    const auto consider = [&](const Object& object) {
        // Whether a query sees a just-made object at once is stated nowhere.
        if (scene.settings.query_delay_seconds > 0 && object.created > visible_until) return;
        const bool all = std::ranges::all_of(tests, [&](const Test& test) { return test.holds(object); });
        if (all) found.push_back(&object);
    };
    if (const auto ids = indexed(scene.company, kind, tests)) {
        for (const std::int64_t id : *ids) {
            if (const Object* object = scene.company.find(kind.kind, id)) consider(*object);
        }
    } else {
        for (const auto& entry : scene.company.all(kind.kind)) consider(entry.second);
    }
    return found;
}

void sort(const Scene& scene, const KindInfo& kind, const Query& query, std::vector<const Object*>& rows) {
    std::vector<std::pair<const Property*, bool>> orders;
    for (const Order& order : query.orders)
        orders.emplace_back(&queryable(scene, kind, order.property), order.descending);
    // Rows come by id (assumed), and so do those that the orders do not tell apart.
    if (orders.empty()) return;
    std::ranges::sort(rows, [&](const Object* a, const Object* b) {
        for (const auto& [property, descending] : orders) {
            const auto way = value_of(*a, *property).compare(value_of(*b, *property));
            if (way != 0) return descending ? way > 0 : way < 0;
        }
        return a->id < b->id;
    });
}

std::string single_row(const std::string& entity, const std::string& json) {
    return "{\"" + entity + "\":[" + json + "],\"startPosition\":1,\"maxResults\":1}";
}

}  // namespace

std::string run_query(const Scene& scene, std::string_view text) {
    const Query query = parse_query(text);
    if (folded(query.entity) == "companyinfo") return single_row("CompanyInfo", company_info_json(scene.company));
    if (folded(query.entity) == "preferences") return single_row("Preferences", preferences_json(scene.company));
    const KindInfo* kind = kind_by_name(query.entity);
    if (kind == nullptr || (scene.settings.query_entity_case == "exact" && kind->name != query.entity))
        refuse_query("no entity " + query.entity);
    std::vector<const Object*> rows = matches(scene, *kind, tests_of(scene, *kind, query));
    if (query.count) return "{\"totalCount\":" + std::to_string(rows.size()) + "}";
    sort(scene, *kind, query, rows);
    const std::size_t first = std::min(rows.size(), static_cast<std::size_t>(query.start_position - 1));
    const std::size_t last = std::min(rows.size(), first + static_cast<std::size_t>(query.max_results));
    if (first == last) return "{}";
    JsonText json;
    json.object().key(kind->name).array();
    for (std::size_t i = first; i < last; ++i)
        json.raw(object_json(scene.company, *rows[i], scene.settings.query_stale_sync_token));
    json.close().member("startPosition", query.start_position).member("maxResults", last - first).close();
    return std::move(json).take();
}

}  // namespace spillway::sandbox::qbo
