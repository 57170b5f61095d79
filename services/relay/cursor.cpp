#include "services/relay/cursor.hpp"

namespace spillway::relay {

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::first: return "first";
        case Verdict::go_on: return "go_on";
        case Verdict::behind: return "behind";
        case Verdict::failed_over: return "failed_over";
        case Verdict::rewound: return "rewound";
        case Verdict::other: return "other";
    }
    return "go_on";
}

Verdict judge(const std::optional<Cursor>& cursor, const Identity& identity, const Snapshot& now) {
    if (!cursor) return Verdict::first;
    if (identity.system != cursor->identity.system) return Verdict::other;
    // A replica learns of a new timeline late, and lags: neither means that time went back.
    if (identity.replica && identity.timeline < cursor->identity.timeline) return Verdict::behind;
    if (identity.timeline != cursor->identity.timeline) return Verdict::failed_over;
    const Snapshot& reached = cursor->target ? *cursor->target : cursor->seen;
    if (identity.replica) return now.xmax < reached.xmax ? Verdict::behind : Verdict::go_on;
    return contradicts(reached, now) ? Verdict::rewound : Verdict::go_on;
}

bool last_row_proves_rewind(const Cursor& cursor, const std::optional<OutboxRow>& found, WallTime now, Millis kept) {
    if (cursor.last_event.empty()) return false;
    if (found) return found->event_id != cursor.last_event;
    return now - cursor.last_at < kept;
}

void begin_step(Cursor& cursor, const Snapshot& now) {
    const Snapshot trusted = cursor.identity.replica ? gated_by_xmin(now) : now;
    Snapshot target = joined(cursor.seen, trusted);
    cursor.after = 0;
    if (target == cursor.seen)
        cursor.target.reset();
    else
        cursor.target = std::move(target);
}

void end_step(Cursor& cursor) {
    if (cursor.target) cursor.seen = *std::move(cursor.target);
    cursor.target.reset();
    cursor.after = 0;
    cursor.reread_since.reset();
}

Cursor start_over(const Identity& identity, std::optional<WallTime> since) {
    Cursor cursor;
    cursor.identity = identity;
    cursor.seen = Snapshot::nothing();
    cursor.reread_since = since;
    return cursor;
}

}  // namespace spillway::relay
