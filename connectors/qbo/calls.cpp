#include "connectors/qbo/calls.hpp"

#include <map>
#include <set>
#include <utility>

#include "connectors/qbo/remote.hpp"
#include "connectors/qbo/words.hpp"
#include "schema/json_text.hpp"

namespace spillway::qbo {
namespace {

/// Bytes of encoded values in one query: long request lines are refused by proxies.
constexpr std::size_t kQueryBytesMax = 4000;

bool is_lone_void(Verb verb, std::string_view entity) { return verb == Verb::void_ && !is_name_list(entity); }

std::string_view operation_word(Verb verb) {
    switch (verb) {
        case Verb::create: return "create";
        case Verb::update: return "update";
        case Verb::void_: return "update";  // of a name list: Active=false
        case Verb::remove: return "delete";
    }
    return "";
}

PreparedCall void_call(std::string_view tenant, const PreparedObject& object, std::string key) {
    PreparedCall call;
    call.method = "POST";
    // An invoice has an operation of its own; a payment is updated with a void included.
    const std::string_view how = object.entity == kInvoice ? "operation=void" : "operation=update&include=void";
    call.target = company_path(tenant) + "/" + path_word(object.entity) + "?" + std::string(how);
    call.body = object.body;
    call.operation = "void " + object.entity;
    call.call_class = CallClass::write;
    call.key = std::move(key);
    return call;
}

PreparedCall batch_call(std::string_view tenant, std::span<const PreparedObject> objects, std::string key) {
    PreparedCall call;
    call.method = "POST";
    call.target = company_path(tenant) + "/batch?";
    JsonText json;
    json.object().key("BatchItemRequest").array();
    for (std::size_t i = 0; i < objects.size(); ++i) {
        json.object().member("bId", std::to_string(i)).member("operation", operation_word(objects[i].verb));
        json.member_raw(objects[i].entity, objects[i].body).close();
    }
    json.close().close();
    call.body = std::move(json).take();
    call.operation = "batch";
    call.call_class = CallClass::batch;
    call.key = std::move(key);
    return call;
}

/// The values searched for in one entity, each once, in a stable order.
using Searches = std::map<std::string, std::set<std::string>>;

void search_names(Searches& searches, const PreparedObject& object) {
    const auto add = [&](std::string_view entity) {
        searches[std::string(entity)].insert({object.marker, object.marker + std::string(kDeletedSuffix)});
    };
    if (object.entity == kItem) return add(kItem);
    for (const std::string_view entity : {kCustomer, kVendor, kEmployee}) add(entity);
}

PreparedCall search_call(std::string_view tenant, std::string_view entity, const std::string& values) {
    std::string statement =
        "select * from " + std::string(entity) + " where " + std::string(marker_field(entity)) + " in (" + values + ")";
    // Without it only active rows of a name list come.
    if (is_name_list(entity)) statement += " and Active in (true, false)";
    return query_call(tenant, entity, statement + " maxresults " + std::to_string(kPageMax));
}

void add_searches(std::vector<PreparedCall>& calls, std::string_view tenant, const Searches& searches) {
    for (const auto& [entity, values] : searches) {
        std::string list;
        std::size_t count = 0, bytes = 0;
        const auto flush = [&] {
            if (count > 0) calls.push_back(search_call(tenant, entity, list));
            list.clear();
            count = bytes = 0;
        };
        for (const std::string& value : values) {
            const std::string literal = query_literal(value);
            const std::size_t size = percent_encode(literal).size();
            if (count == kQueryValuesMax || (count > 0 && bytes + size > kQueryBytesMax)) flush();
            list += (count > 0 ? ", " : "") + literal;
            ++count;
            bytes += size;
        }
        flush();
    }
}

PreparedCall read_call(std::string_view tenant, std::string_view entity, const std::string& id) {
    PreparedCall call;
    call.method = "GET";
    call.target = company_path(tenant) + "/" + path_word(entity) + "/" + percent_encode(id) + "?minorversion=";
    call.target += kMinorVersion;
    call.operation = "read " + std::string(entity);
    return call;
}

}  // namespace

Provider::BatchRule batch_rule_of(const Step& step) {
    if (is_lone_void(step.verb, step.entity)) return {"void " + step.entity, 1};
    if (step.verb == Verb::remove) return {"delete", kBatchSize};
    return {is_name_list(step.entity) ? "names" : "transactions", kBatchSize};
}

bool goes_alone(const PreparedObject& object) { return is_lone_void(object.verb, object.entity); }

PreparedCall write_call(std::string_view tenant, std::span<const PreparedObject> objects, std::string key) {
    SPILLWAY_ASSERT(!objects.empty() && objects.size() <= kBatchMax);
    const bool alone = goes_alone(objects.front());
    SPILLWAY_ASSERT(!alone || objects.size() == 1);
    PreparedCall call =
        alone ? void_call(tenant, objects.front(), std::move(key)) : batch_call(tenant, objects, std::move(key));
    call.target += (call.target.ends_with('?') ? "" : "&") + std::string("minorversion=") + std::string(kMinorVersion);
    call.target += "&requestid=" + percent_encode(call.key);
    call.headers.add("Content-Type", "application/json");
    return call;
}

std::vector<PreparedCall> reads_by_id(std::string_view tenant, std::span<const Link> links) {
    std::vector<PreparedCall> calls;
    std::set<std::pair<std::string, std::string>> seen;
    for (const Link& link : links) {
        if (seen.emplace(link.entity, link.id).second) calls.push_back(read_call(tenant, link.entity, link.id));
    }
    return calls;
}

std::vector<PreparedCall> look_ups(std::string_view tenant, std::span<const PreparedObject> objects) {
    std::vector<Link> known;
    Searches searches;
    for (const PreparedObject& object : objects) {
        if (object.verb != Verb::create)
            known.push_back({object.role, object.entity, object.provider_id, {}, {}});
        else if (is_name_list(object.entity))
            search_names(searches, object);
        else
            searches[object.entity].insert(object.marker);
    }
    std::vector<PreparedCall> calls = reads_by_id(tenant, known);
    add_searches(calls, tenant, searches);
    return calls;
}

}  // namespace spillway::qbo
