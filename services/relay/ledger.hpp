#pragma once
// The relay's own rows, on the queue's connection: they change in the transaction that takes records in.

#include "services/relay/cursor.hpp"
#include "services/store/sql.hpp"

namespace spillway::relay {

/// Something that stays open until a person has seen it.
struct Alarm {
    std::string code;  ///< "payment_db_failed_over", "payment_db_rewound", "payment_db_other"
    std::string detail;
    WallTime since{};
};

struct State {
    std::optional<Cursor> cursor{};
    bool released = false;
    std::optional<Alarm> alarm{};
};

/// A row that can never become a record as it is.
struct Refusal {
    std::int64_t id = 0;
    OutboxRow row;  ///< without body
    Error error;
    WallTime at{};
};

/// Errors: bug/`relay_state` (a row that nothing of ours has written).
Result<State> load_state(store::Connection& connection);
void save_cursor(store::Connection& connection, const Cursor& cursor);
/// The next look finds no cursor.
void drop_cursor(store::Connection& connection);
void save_released(store::Connection& connection, bool released);
void save_alarm(store::Connection& connection, const std::optional<Alarm>& alarm);

/// @return false when the event was there already.
bool remember_event(store::Connection& connection, const std::string& event_id, WallTime now);
/// Forgets at most `limit` events from before that.
void forget_events(store::Connection& connection, WallTime before, std::size_t limit);

void add_refusal(store::Connection& connection, const Refusal& refusal);
/// Newest first, before the id `before` where it is not 0.
std::vector<Refusal> list_refusals(store::Connection& connection, std::int64_t before, std::size_t limit);
/// Refusals are kept in this number; older ones go.
inline constexpr std::int64_t kRefusalsKept = 100'000;

}  // namespace spillway::relay
