#pragma once
// What partners and the platform can follow by cursor.

#include "schema/ids.hpp"
#include "services/store/sql.hpp"

namespace spillway::store {

struct NewEvent {
    WallTime at{};
    PartnerId partner;
    ConnectionId connection;  ///< may be empty
    std::string type;         ///< "record.accepted", "sync.done" ...
    std::string body;         ///< one JSON object
};
struct EventRow {
    std::int64_t seq = 0;
    NewEvent event;
};
struct EventFilter {
    std::optional<std::string> partner, connection;
};

void append_event(Connection& connection, const NewEvent& event);
/// In order, behind `after`.
std::vector<EventRow> list_events(Connection& connection, const EventFilter& filter, std::int64_t after,
                                  std::size_t limit);

/// Changes when a restored store is taken into use; empty until first set.
std::string generation(Connection& connection);
void set_generation(Connection& connection, const std::string& generation);

}  // namespace spillway::store
