#include "services/store/events.hpp"

#include "services/store/meta.hpp"

namespace spillway::store {
namespace {

EventRow read_event(SQLite::Statement& row) {
    return {integer(row, 0),
            {time(row, 1), PartnerId(text(row, 2)), ConnectionId(text(row, 3)), text(row, 4), text(row, 5)}};
}

}  // namespace

void append_event(Connection& connection, const NewEvent& event) {
    run(connection, "INSERT INTO events (at_ms, partner_id, connection_id, type, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        event.at, event.partner.value, event.connection.value, event.type, event.body);
}

std::vector<EventRow> list_events(Connection& connection, const EventFilter& filter, std::int64_t after,
                                  std::size_t limit) {
    // Two statements: with one partner its index finds the page, without it the sequence does.
    if (filter.partner)
        return rows(query(connection,
                          "SELECT seq, at_ms, partner_id, connection_id, type, body FROM events"
                          " WHERE partner_id = ?1 AND seq > ?2 AND (?3 IS NULL OR connection_id = ?3)"
                          " ORDER BY seq LIMIT ?4",
                          *filter.partner, after, filter.connection, limit),
                    read_event);
    return rows(query(connection,
                      "SELECT seq, at_ms, partner_id, connection_id, type, body FROM events"
                      " WHERE seq > ?1 AND (?2 IS NULL OR connection_id = ?2) ORDER BY seq LIMIT ?3",
                      after, filter.connection, limit),
                read_event);
}

std::string generation(Connection& connection) { return meta(connection, "generation"); }

void set_generation(Connection& connection, const std::string& generation) {
    set_meta(connection, "generation", generation);
}

}  // namespace spillway::store
