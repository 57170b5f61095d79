#pragma once
// Which parked jobs a replay is about: as its caller writes it, kept with the replay, and as the queue understands it.

#include "queue/sqlite/parked.hpp"
#include "schema/json_value.hpp"
#include "schema/result.hpp"

namespace spillway::api {

struct ReplayFilter {
    std::optional<std::string> connection, partner;
    queue::sqlite::ParkedFilter parked;  ///< without lanes
};

/// Errors: invalid with pointers below "/filter".
Result<ReplayFilter> read_replay_filter(const JsonValue& filter);
/// With the lanes that it means now; those of `partner` only, where it is not empty.
/// Errors: not_found for a connection or partner that is none of `partner`'s.
Result<queue::sqlite::ParkedFilter> lanes_resolved(queue::sqlite::Connection& connection, const ReplayFilter& filter,
                                                   const std::string& partner);

}  // namespace spillway::api
