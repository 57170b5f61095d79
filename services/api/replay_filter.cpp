#include "services/api/replay_filter.hpp"

#include <algorithm>

#include "services/api/call.hpp"

namespace spillway::api {
namespace {

Result<std::vector<queue::JobId>> read_ids(const JsonValue& filter) {
    std::vector<queue::JobId> ids;
    const JsonValue* given = filter.find("job_ids");
    if (!given) return ids;
    if (!given->is_array() || given->items().empty() || given->items().size() > queue::sqlite::kReplayedAtOnce)
        return invalid("bad_ids", "must be 1 to 200 ids", "/filter/job_ids");
    for (const JsonValue& item : given->items()) {
        const auto id = item.as_int64();
        if (!id.ok() || *id < 1) return invalid("bad_ids", "must be ids of jobs", "/filter/job_ids");
        ids.push_back(*id);
    }
    std::ranges::sort(ids);
    const auto twice = std::ranges::unique(ids);
    ids.erase(twice.begin(), twice.end());
    return ids;
}

}  // namespace

Result<ReplayFilter> read_replay_filter(const JsonValue& filter) {
    constexpr std::string_view kKnown[] = {"connection_id", "partner_id", "kind", "cause", "key", "job_ids"};
    if (!filter.is_object()) return invalid("wrong_type", "must be an object", "/filter");
    for (const JsonMember& member : filter.members())
        if (std::ranges::find(kKnown, member.name) == std::end(kKnown))
            return invalid("unknown_member", "unknown member", pointer_to("/filter", member.name));
    ReplayFilter read;
    const std::pair<const char*, std::optional<std::string>*> texts[] = {{"connection_id", &read.connection},
                                                                         {"partner_id", &read.partner},
                                                                         {"kind", &read.parked.kind},
                                                                         {"cause", &read.parked.cause},
                                                                         {"key", &read.parked.key}};
    for (const auto& [name, target] : texts) {
        auto text = optional_text(filter, name, 400);
        if (!text.ok()) {
            Error error = text.error();
            error.pointer = "/filter" + error.pointer;
            return error;
        }
        *target = *std::move(text);
    }
    auto ids = read_ids(filter);
    if (!ids.ok()) return std::move(ids).error();
    read.parked.ids = *std::move(ids);
    return read;
}

Result<queue::sqlite::ParkedFilter> lanes_resolved(queue::sqlite::Connection& connection, const ReplayFilter& filter,
                                                   const std::string& partner) {
    if (!partner.empty() && filter.partner && *filter.partner != partner)
        return Error{ErrorKind::not_found, "not_found", "there is no such partner"};
    auto parked = filter.parked;
    const std::string of = partner.empty() ? filter.partner.value_or("") : partner;
    if (filter.connection) {
        const auto owner = store::get_connection(connection, ConnectionId(*filter.connection));
        if (!owner || (!of.empty() && owner->partner.value != of))
            return Error{ErrorKind::not_found, "not_found", "there is no such connection"};
        parked.lanes = std::vector{*filter.connection};
    } else if (!of.empty()) {
        parked.lanes = store::lanes_of(connection, PartnerId(of));
    }
    return parked;
}

}  // namespace spillway::api
