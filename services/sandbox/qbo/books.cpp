#include "services/sandbox/qbo/books.hpp"

#include <algorithm>

#include "schema/json_value.hpp"

namespace spillway::sandbox::qbo {

const std::string* Object::field(std::string_view name) const {
    const auto found = std::ranges::find(fields, name, [](const Field& f) { return f.property->name; });
    return found == fields.end() ? nullptr : &found->json;
}

void Object::set_field(const Property* property, std::string json) {
    const auto found = std::ranges::find(fields, property, &Field::property);
    if (json.empty()) {
        if (found != fields.end()) fields.erase(found);
    } else if (found != fields.end()) {
        found->json = std::move(json);
    } else {
        fields.push_back({property, std::move(json)});
    }
}

Object* Company::find(Kind kind, std::int64_t id) {
    auto& rows = rows_[index(kind)];
    const auto found = rows.find(id);
    return found == rows.end() ? nullptr : &found->second;
}

const Object* Company::find(Kind kind, std::int64_t id) const { return const_cast<Company*>(this)->find(kind, id); }

std::vector<std::int64_t> Company::by_key(Kind kind, std::string_view key) const {
    std::vector<std::int64_t> ids;
    const auto [first, last] = keys_[index(kind)].equal_range(folded(key));
    for (auto it = first; it != last; ++it) ids.push_back(it->second);
    std::ranges::sort(ids);
    return ids;
}

const std::vector<std::int64_t>& Company::by_customer(Kind kind, std::int64_t customer) const {
    static const std::vector<std::int64_t> kNone;
    const auto found = customers_[index(kind)].find(customer);
    return found == customers_[index(kind)].end() ? kNone : found->second;
}

std::int64_t Company::next_id(Kind kind) {
    // Transactions share one sequence, and so do customers, vendors and employees.
    const Kind sequence = is_transaction(kind) ? Kind::invoice : is_person(kind) ? Kind::customer : kind;
    return ++last_ids_[index(sequence)];
}

void Company::put(Object object) {
    const std::size_t at = index(object.kind);
    const auto old = rows_[at].find(object.id);
    if (old != rows_[at].end()) unindex(old->second);
    if (!object.key.empty()) keys_[at].emplace(folded(object.key), object.id);
    if (object.customer != 0) {
        auto& ids = customers_[at][object.customer];
        ids.insert(std::ranges::upper_bound(ids, object.id), object.id);
    }
    const std::int64_t id = object.id;
    rows_[at].insert_or_assign(id, std::move(object));
}

void Company::erase(Kind kind, std::int64_t id, WallTime when) {
    const auto found = rows_[index(kind)].find(id);
    if (found == rows_[index(kind)].end()) return;
    unindex(found->second);
    rows_[index(kind)].erase(found);
    tombstones.push_back({kind, id, when});
}

void Company::unindex(const Object& object) {
    const std::size_t at = index(object.kind);
    const auto [first, last] = keys_[at].equal_range(folded(object.key));
    const auto entry = std::find_if(first, last, [&](const auto& e) { return e.second == object.id; });
    if (entry != last) keys_[at].erase(entry);
    if (object.customer != 0) std::erase(customers_[at][object.customer], object.id);
}

std::string text_field(const Object& object, std::string_view name) {
    const std::string* json = object.field(name);
    if (json == nullptr) return {};
    const Result<JsonValue> value = parse_json(*json);
    return value.ok() ? value->string_or({}) : std::string();
}

}  // namespace spillway::sandbox::qbo
