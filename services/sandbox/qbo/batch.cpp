// Batches and change data capture.

#include <algorithm>
#include <set>

#include "schema/json_text.hpp"
#include "services/sandbox/qbo/api.hpp"
#include "services/sandbox/qbo/faults.hpp"
#include "services/sandbox/qbo/memory.hpp"
#include "services/sandbox/qbo/query.hpp"
#include "services/sandbox/qbo/writes.hpp"

namespace spillway::sandbox::qbo {
namespace {

constexpr std::size_t kBatchRequestIdMax = 36;
constexpr std::size_t kBatchItemIdMax = 10;
constexpr std::size_t kChangesMax = 1000;  // objects in one CDC answer

std::string member(std::string_view name, const std::string& json) { return "\"" + std::string(name) + "\":" + json; }

std::string play_item(const Scene& scene, const JsonValue& item) {
    if (const JsonValue* query = item.find("Query"))
        return member("QueryResponse", run_query(scene, query->string_or({})));
    const std::string options = folded(item["optionsData"].string_or({}));
    for (const JsonMember& part : item.members()) {
        if (part.name == "bId" || part.name == "operation" || part.name == "optionsData") continue;
        const KindInfo* kind = kind_by_name(part.name);
        if (kind == nullptr || kind->name != part.name) refuse("2000", "Entity " + part.name + " is not supported");
        const std::string operation = item["operation"].string_or({});
        if (operation.empty()) refuse_missing("operation");
        const WriteRequest request{*kind, operation, options.find("void") != std::string::npos,
                                   options.find("allowduplicatedocnum") != std::string::npos, part.value};
        return member(kind->name, write_object(scene, request));
    }
    refuse("2020", "A batch item holds neither an entity nor a query");
}

Remembered outcome_of(const Scene& scene, const JsonValue& item) {
    try {
        return {{}, 200, false, play_item(scene, item)};
    } catch (const Refused& refused) {
        return {{}, 200, true, member("Fault", fault_json(refused.fault))};
    }
}

/// `"bId":"a1","Invoice":{...}`: an item's outcome, from memory when its (requestid, bId) was seen before.
std::string item_json(const Scene& scene, const JsonValue& item, const std::string& request_id) {
    const std::string id = item["bId"].string_or({});
    // Queries are answered anew: nothing says that reads are remembered.
    const bool remember = !request_id.empty() && item.find("Query") == nullptr;
    std::string json;
    append_json_string(json, id);
    json = "\"bId\":" + json + ",";
    try {
        const std::string key = remember ? request_id + "\n" + id : std::string();
        return json + once(scene, key, [&] { return outcome_of(scene, item); }).json;
    } catch (const Refused& refused) {
        return json + member("Fault", fault_json(refused.fault));
    }
}

void check_batch(const Scene& scene, const std::vector<JsonValue>& items, const std::string& request_id) {
    if (items.empty()) refuse_missing("BatchItemRequest");
    if (items.size() > static_cast<std::size_t>(scene.settings.batch_items_max))
        refuse("1040", "A batch has at most " + std::to_string(scene.settings.batch_items_max) +
                           " items; this one has " + std::to_string(items.size()));
    if (request_id.size() > kBatchRequestIdMax) refuse("2130", "The request id of a batch has at most 36 characters");
    std::set<std::string> ids;
    for (const JsonValue& item : items) {
        const std::string id = item["bId"].string_or({});
        if (id.empty()) refuse_missing("bId");
        if (!request_id.empty() && id.size() > kBatchItemIdMax) refuse("2130", "A bId has at most 10 characters");
        if (!ids.insert(id).second) refuse("2030", "bId " + id + " is in the batch twice", "bId");
    }
}

std::string changed_of(const Scene& scene, const KindInfo& kind, WallTime since, std::size_t& room) {
    JsonText json;
    json.object().key(kind.name).array();
    std::size_t count = 0;
    for (const auto& entry : scene.company.all(kind.kind)) {
        if (room == 0) break;
        if (entry.second.updated < since) continue;
        json.raw(object_json(scene.company, entry.second));
        ++count, --room;
    }
    for (const Tombstone& gone : scene.company.tombstones) {
        if (room == 0) break;
        if (gone.kind != kind.kind || gone.when < since) continue;
        json.object().member("domain", "QBO").member("status", "Deleted").member("Id", std::to_string(gone.id));
        json.key("MetaData").object().member("LastUpdatedTime", pacific_time(gone.when)).close().close();
        ++count, --room;
    }
    if (count == 0) return "{}";
    json.close().member("startPosition", 1).member("maxResults", count).close();
    return std::move(json).take();
}

}  // namespace

HttpResponse answer_batch(const Scene& scene, const ApiCall& call) {
    const Result<JsonValue> body = parse_json(call.http.body);
    if (!body.ok()) refuse("2010", "The request's body cannot be read: " + body.error().detail);
    const auto& items = (*body)["BatchItemRequest"].items();
    const std::string request_id = call.parameter("requestid");
    check_batch(scene, items, request_id);
    std::string answer = "{\"BatchItemResponse\":[";
    for (const JsonValue& item : items) {
        if (&item != &items.front()) answer += ",";
        answer += "{" + item_json(scene, item, request_id) + "}";
    }
    answer += "],\"time\":\"" + pacific_time(scene.now) + "\"}";
    return {200, {{"Content-Type", "application/json;charset=UTF-8"}}, std::move(answer)};
}

std::string changes_json(const Scene& scene, const ApiCall& call) {
    std::string since_text = call.parameter("changedSince");
    std::ranges::replace(since_text, ' ', '+');  // an offset's + that was not encoded
    const Result<WallTime> since = parse_utc(since_text.size() == 10 ? since_text + "T00:00:00Z" : since_text);
    if (!since.ok()) refuse("2060", "Invalid date in changedSince", "changedSince");
    std::string rest = call.parameter("entities");
    std::size_t room = kChangesMax;
    std::string groups;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        const KindInfo* kind = kind_by_name(rest.substr(0, end));
        const bool covered = kind != nullptr && kind->kind != Kind::tax_code && kind->kind != Kind::tax_rate;
        if (!covered) refuse("2000", "Entity " + rest.substr(0, end) + " is not supported");
        groups += (groups.empty() ? "" : ",") + changed_of(scene, *kind, *since, room);
        rest.erase(0, end + 1);
    }
    return "[{\"QueryResponse\":[" + (groups.empty() ? "{}" : groups) + "]}]";
}

}  // namespace spillway::sandbox::qbo
