#include "services/spill/entry.hpp"

#include "schema/json_text.hpp"
#include "schema/json_value.hpp"
#include "schema/record_json.hpp"

namespace spillway::spill {
namespace {

/// A record and what is around it.
constexpr JsonLimits kLimits{.bytes_max = kRecordLimits.bytes_max + 16'384,
                             .depth_max = kRecordLimits.depth_max + 1,
                             .values_max = kRecordLimits.values_max + 32};

Error bad(std::string_view what) { return invalid("bad_entry", "the entry has no readable " + std::string(what)); }

}  // namespace

std::string write_entry(const Entry& entry) {
    JsonText json;
    json.object().member("connection", entry.intake.connection.value).member("kind", to_string(entry.kind));
    json.member("external_id", entry.external_id.value).member("principal", entry.intake.principal);
    json.member("at_ms", to_ms(entry.intake.now)).member("priority", queue::to_string(entry.intake.priority));
    if (entry.keyed) {
        json.member("route", entry.keyed->route).member("key", entry.keyed->key);
        json.member("body_hash", entry.keyed->body_hash);
    }
    if (!entry.record.empty()) json.member_raw("record", entry.record);
    json.close();
    return std::move(json).take();
}

Result<Entry> read_entry(std::string_view text) {
    const auto json = parse_json(text, kLimits);
    if (!json.ok()) return bad("JSON");
    Entry entry;
    entry.intake.connection = ConnectionId((*json)["connection"].string_or(""));
    entry.intake.principal = (*json)["principal"].string_or("");
    entry.intake.now = from_ms((*json)["at_ms"].int64_or(0));
    entry.external_id = ExternalId((*json)["external_id"].string_or(""));
    const auto kind = record_kind_from((*json)["kind"].text());
    const auto priority = queue::priority_from((*json)["priority"].text());
    if (!kind) return bad("kind");
    if (!priority) return bad("priority");
    if (entry.intake.connection.empty() || entry.external_id.empty()) return bad("record");
    entry.kind = *kind;
    entry.intake.priority = *priority;
    if (json->find("key"))
        entry.keyed = Entry::Keyed{(*json)["route"].string_or(""), (*json)["key"].string_or(""),
                                   (*json)["body_hash"].string_or("")};
    if (const JsonValue* record = json->find("record")) entry.record = write_json(*record);
    return entry;
}

std::string spilled_answer(const Entry& entry) {
    JsonText json;
    json.object().member("connection_id", entry.intake.connection.value).member("kind", to_string(entry.kind));
    json.member("external_id", entry.external_id.value).member("outcome", "spilled").close();
    return std::move(json).take();
}

std::string record_name(const ConnectionId& connection, RecordKind kind, const ExternalId& external_id) {
    return connection.value + "\n" + store::record_key(kind, external_id.value);
}

std::string key_name(const std::string& principal, const std::string& route, const std::string& key) {
    return principal + "\n" + route + "\n" + key;
}

}  // namespace spillway::spill
